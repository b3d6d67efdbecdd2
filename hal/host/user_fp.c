/* The FPU state of user contexts.
 *
 * While one context keeps running in one stub its FPU state stays there (live).  It moves to hal_user.fp when another context takes
 * the stub or somebody asks.  hal_user.fp_tag names the stub: slot + 1; it holds only while that stub's fp_owner is this context.
 * Layout: struct _xstate of the Linux signal frame: XSAVE area, with the software-reserved bytes at 464, and a magic number after it.
 */
#include <hal/host/stub.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hal/host/user_fp.h>
#include <hal/upcall.h>
#include <hal/user.h>

enum {
    FX_SIZE = 512,
    FX_MXCSR = 24,
    FX_MXCSR_MASK = 28,
    FX_SW = 464,
    XSTATE_BV = 512,
    XCOMP_BV = 520,
    HDR_END = 576,
};
#define FX_MAGIC1     0x46505853u
#define XSTATE_FP_SSE 3ull

static uint32_t
get32(const uint8_t *p, size_t off)
{
    uint32_t v;

    memcpy(&v, p + off, sizeof(v));
    return v;
}

static uint64_t
get64(const uint8_t *p, size_t off)
{
    uint64_t v;

    memcpy(&v, p + off, sizeof(v));
    return v;
}

static bool
has_xsave(void)
{
    return stub_host.fp_size > FX_SIZE;
}

static void *
image_alloc(void)
{
    /* In RAM where it fits, which is everywhere but with AMX. */
    return stub_host.fp_size <= PAGE_SIZE ? kernel_table_page_alloc() : malloc(stub_host.fp_size);
}

static void
image_free(void *image)
{
    if (stub_host.fp_size <= PAGE_SIZE)
        kernel_table_page_free(image);
    else
        free(image);
}

static struct stub *
live_in(const struct hal_user *u)
{
    struct stub *s = u->fp_tag != 0 ? stub_by_slot((unsigned)u->fp_tag - 1) : NULL;

    return s != NULL && s->fp_owner == u ? s : NULL;
}

/* The last two parts are ours to write: what the host would refuse must never get there. */
static void
seal(uint8_t *image)
{
    memcpy(image + FX_SW, stub_host.fp_init + FX_SW, FX_SIZE - FX_SW);
    if (has_xsave())
        memcpy(image + stub_host.fp_size - 4, stub_host.fp_init + stub_host.fp_size - 4, 4);
}

int
host_fp_init(struct hal_user *u)
{
    if (u->fp == NULL)
        u->fp = image_alloc();
    if (u->fp == NULL)
        return -ENOMEM;
    host_fp_drop(u);
    memcpy(u->fp, stub_host.fp_init, stub_host.fp_size);
    return 0;
}

/* The image of `u` into `image`. */
static void
image_get(const struct hal_user *u, void *image)
{
    struct stub *s = live_in(u);

    if (s != NULL && stub_host.ops->fp_read(s, image))
        seal(image);
    else
        memcpy(image, u->fp != NULL ? u->fp : stub_host.fp_init, stub_host.fp_size);
}

int
host_fp_copy(struct hal_user *child, const struct hal_user *parent)
{
    child->fp_tag = 0;
    if (child->fp == NULL)
        child->fp = image_alloc();
    if (child->fp == NULL)
        return -ENOMEM;
    image_get(parent, child->fp);
    return 0;
}

void
host_fp_drop(struct hal_user *u)
{
    struct stub *s = live_in(u);

    if (s != NULL)
        s->fp_owner = NULL;
    u->fp_tag = 0;
}

void
host_fp_free(struct hal_user *u)
{
    host_fp_drop(u);
    if (u->fp != NULL)
        image_free(u->fp);
    u->fp = NULL;
}

void
host_fp_forget(struct stub *s, bool save)
{
    struct hal_user *u = s->fp_owner;

    if (u == NULL)
        return;
    if (save && stub_host.ops->fp_read(s, u->fp))
        seal(u->fp);
    u->fp_tag = 0;
    s->fp_owner = NULL;
}

bool
host_fp_load(struct hal_user *u, struct stub *s)
{
    struct stub *other = live_in(u);

    if (other == s)
        return true;
    host_fp_forget(s, true);
    if (other != NULL)
        host_fp_forget(other, true);
    if (!stub_host.ops->fp_write(s, u->fp))
        return false;
    s->fp_owner = u;
    u->fp_tag = s->slot + 1;
    return true;
}

size_t
hal_user_fp_size(void)
{
    return stub_host.fp_size;
}

void
hal_user_fp_get(const struct hal_user *u, void *buf, size_t size)
{
    struct stub *s = live_in(u);

    if (s != NULL)
        host_fp_forget(s, true);
    memcpy(buf, u->fp, size < stub_host.fp_size ? size : stub_host.fp_size);
}

/* What XRSTOR and the host's sigreturn would refuse. */
static bool
image_ok(const uint8_t *image, size_t size)
{
    uint32_t mask = get32(stub_host.fp_init, FX_MXCSR_MASK);

    if (get32(image, FX_MXCSR) & ~(mask != 0 ? mask : 0xffbfu))
        return false;
    if (size < HDR_END)
        return true;
    for (size_t off = XCOMP_BV; off < HDR_END; off += 8) {
        if (get64(image, off) != 0)
            return false;
    }
    return (get64(image, XSTATE_BV) & ~get64(stub_host.fp_init, FX_SW + 8)) == 0;
}

int
hal_user_fp_set(struct hal_user *u, const void *buf, size_t size)
{
    const uint8_t *image = buf;
    uint8_t *fp = u->fp;
    bool whole;

    if (size < FX_SIZE || fp == NULL)
        return -EINVAL;
    /* As the host does it: without the magic number only the FXSAVE part counts. */
    whole = has_xsave() && size >= stub_host.fp_size && get32(image, FX_SW) == FX_MAGIC1;
    if (!image_ok(image, whole ? stub_host.fp_size : FX_SIZE))
        return -EINVAL;
    host_fp_drop(u);
    if (whole) {
        memcpy(fp, image, stub_host.fp_size);
    } else {
        uint64_t bv = XSTATE_FP_SSE;

        memcpy(fp, stub_host.fp_init, stub_host.fp_size);
        memcpy(fp, image, FX_SIZE);
        if (has_xsave()) {
            bv |= get64(stub_host.fp_init, XSTATE_BV);
            memcpy(fp + XSTATE_BV, &bv, sizeof(bv));
        }
    }
    seal(fp);
    return 0;
}

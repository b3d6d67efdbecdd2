/* The FPU state of user contexts.
 *
 * While one context keeps running in one stub its FPU state stays there (live).  It moves to hal_user.fp when another context takes
 * the stub or somebody asks.  hal_user.fp_tag names the stub: slot + 1; it holds only while that stub's fp_owner is this context.
 * Layout: hal/port/x86_64/fp_image.h.
 */
#include <hal/host/stub.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hal/host/user_fp.h>
#include <hal/port/x86_64/fp_image.h>
#include <hal/upcall.h>
#include <hal/user.h>

static struct fp_format
format(void)
{
    return (struct fp_format){ .size = stub_host.fp_size, .init = stub_host.fp_init };
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
    const struct fp_format f = format();

    fp_image_seal(&f, image);
}

void
hal_user_complete(const struct hal_user *u)
{
    struct stub *s = live_in(u);

    if (s != NULL)
        (void)stub_settle(s); /* if it is lost, hal_user_run() will say so */
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

    if (s != NULL && stub_settle(s) && stub_host.ops->fp_read(s, image))
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
    if (save && !stub_settle(s))
        return; /* lost, and forgotten with it */
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
    if (!stub_settle(s))
        return false;
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

int
hal_user_fp_set(struct hal_user *u, const void *buf, size_t size)
{
    const struct fp_format f = format();
    int rc;

    if (u->fp == NULL)
        return -EINVAL;
    hal_user_complete(u);
    rc = fp_image_set(&f, u->fp, buf, size);
    if (rc == 0)
        host_fp_drop(u);
    return rc;
}

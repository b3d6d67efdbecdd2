/* See fp_image.h.  Layout: Intel SDM volume 1, 13.4; the words of Linux: arch/x86/include/uapi/asm/sigcontext.h, struct _fpx_sw_bytes. */
#include <hal/port/x86_64/fp_image.h>

enum {
    FX_FCW = 0,
    FX_MXCSR = 24,
    FX_MXCSR_MASK = 28,
    XSTATE_BV = 512,
    XCOMP_BV = 520,
    HDR_END = 576,
    EINVAL = 22,

    SW_MAGIC1 = FP_SW,
    SW_EXTENDED_SIZE = FP_SW + 4,
    SW_XFEATURES = FP_SW + 8,
    SW_XSTATE_SIZE = FP_SW + 16,
};
#define MAGIC1        0x46505853u
#define MAGIC2        0x46505845u
#define XSTATE_FP_SSE 3ull
#define FCW_INIT      0x037fu
#define MXCSR_INIT    0x1f80u
#define MXCSR_MASK    0xffbfu /* where FXSAVE leaves 0 */

TRUSTED_BEGIN(context)
static uint32_t
get32(const uint8_t *p, size_t off)
{
    uint32_t v;

    __builtin_memcpy(&v, p + off, sizeof v);
    return v;
}

static uint64_t
get64(const uint8_t *p, size_t off)
{
    uint64_t v;

    __builtin_memcpy(&v, p + off, sizeof v);
    return v;
}

static void
put32(uint8_t *p, size_t off, uint32_t v)
{
    __builtin_memcpy(p + off, &v, sizeof v);
}

static void
put64(uint8_t *p, size_t off, uint64_t v)
{
    __builtin_memcpy(p + off, &v, sizeof v);
}

static void
copy(uint8_t *to, const uint8_t *from, size_t off, size_t len)
{
    __builtin_memcpy(to + off, from + off, len);
}
TRUSTED_END

static bool
has_xsave(const struct fp_format *f)
{
    return f->size > FP_FX_SIZE;
}

void
fp_image_make_init(uint8_t *init, size_t size, uint64_t xcr0)
{
    uint32_t mask = get32(init, FX_MXCSR_MASK); /* FXSAVE left it there */

    __builtin_memset(init, 0, size);
    put32(init, FX_FCW, FCW_INIT); /* and the status word, 0 */
    put32(init, FX_MXCSR, MXCSR_INIT);
    put32(init, FX_MXCSR_MASK, mask);
    if (size <= FP_FX_SIZE)
        return;
    put32(init, SW_MAGIC1, MAGIC1);
    put32(init, SW_EXTENDED_SIZE, (uint32_t)size);
    put64(init, SW_XFEATURES, xcr0);
    put32(init, SW_XSTATE_SIZE, (uint32_t)(size - FP_MAGIC2_SIZE));
    put64(init, XSTATE_BV, xcr0 & XSTATE_FP_SSE);
    put32(init, size - FP_MAGIC2_SIZE, MAGIC2);
}

void
fp_image_seal(const struct fp_format *f, uint8_t *image)
{
    copy(image, f->init, FP_SW, FP_FX_SIZE - FP_SW);
    if (has_xsave(f))
        copy(image, f->init, f->size - FP_MAGIC2_SIZE, FP_MAGIC2_SIZE);
}

/* What XRSTOR would refuse. */
static bool
image_ok(const struct fp_format *f, const uint8_t *image, size_t size)
{
    uint32_t mask = get32(f->init, FX_MXCSR_MASK);

    if (get32(image, FX_MXCSR) & ~(mask != 0 ? mask : MXCSR_MASK))
        return false;
    if (size < HDR_END)
        return true;
    for (size_t off = XCOMP_BV; off < HDR_END; off += 8) {
        if (get64(image, off) != 0)
            return false;
    }
    return (get64(image, XSTATE_BV) & ~get64(f->init, SW_XFEATURES)) == 0;
}

int
fp_image_set(const struct fp_format *f, uint8_t *image, const void *from, size_t size)
{
    const uint8_t *in = from;
    bool whole;

    if (size < FP_FX_SIZE)
        return -EINVAL;
    /* As Linux does it: without the magic number only the FXSAVE part counts. */
    whole = has_xsave(f) && size >= f->size && get32(in, SW_MAGIC1) == MAGIC1;
    if (!image_ok(f, in, whole ? f->size : FP_FX_SIZE))
        return -EINVAL;
    if (whole) {
        __builtin_memcpy(image, in, f->size);
    } else {
        __builtin_memcpy(image, f->init, f->size);
        __builtin_memcpy(image, in, FP_FX_SIZE);
        if (has_xsave(f))
            put64(image, XSTATE_BV, XSTATE_FP_SSE | get64(f->init, XSTATE_BV));
    }
    fp_image_seal(f, image);
    return 0;
}

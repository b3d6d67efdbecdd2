/* The FPU state of user contexts: the CPU keeps that of the last one that ran (the kernel uses none of these registers) until another
 * runs or somebody asks.  XSAVE where the CPU has it, FXSAVE elsewhere. */
#include <hal/x86_64/user_fp.h>

#include <hal/port/x86_64/fp_image.h>
#include <hal/power.h>
#include <hal/upcall.h>
#include <hal/x86_64/cpu.h>
#include <hal/x86_64/x86.h>

enum { IMAGE_MAX = PAGE_SIZE, EINVAL = 22, ENOMEM = 12 };

static uint8_t init[IMAGE_MAX] __attribute__((aligned(64)));
static struct fp_format format = { .init = init };

TRUSTED_BEGIN(context)
static void
save(void *image)
{
    uint64_t mask = x86_features.xcr0;

    if (x86_features.xsave)
        __asm__ volatile("xsave64 (%0)"
                         :
                         : "r"(image), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32))
                         : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" : : "r"(image) : "memory");
}

static void
restore(const void *image)
{
    uint64_t mask = x86_features.xcr0;

    if (x86_features.xsave)
        __asm__ volatile("xrstor64 (%0)"
                         :
                         : "r"(image), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32))
                         : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" : : "r"(image) : "memory");
}

static void
reset(void *image)
{
    __asm__ volatile("fninit\n\tfxsave64 (%0)" : : "r"(image) : "memory");
}
TRUSTED_END

void
x86_fp_setup(void)
{
    format.size = x86_features.xsave ? x86_features.xsave_size + FP_MAGIC2_SIZE : FP_FX_SIZE;
    if (format.size > IMAGE_MAX)
        hal_panic("the processor's FPU state is too large");
    reset(init); /* for MXCSR_MASK */
    fp_image_make_init(init, format.size, x86_features.xcr0);
}

/* Have the state of `u` in memory. */
static void
sync(const struct hal_user *u)
{
    if (x86_this_cpu()->fp_owner != u)
        return;
    save(u->fp);
    fp_image_seal(&format, u->fp);
}

static void
drop(const struct hal_user *u)
{
    if (x86_this_cpu()->fp_owner == u)
        x86_this_cpu()->fp_owner = NULL;
}

int
x86_fp_init(struct hal_user *u)
{
    if (u->fp == NULL)
        u->fp = kernel_table_page_alloc();
    if (u->fp == NULL)
        return -ENOMEM;
    drop(u);
    __builtin_memcpy(u->fp, init, format.size);
    return 0;
}

int
x86_fp_copy(struct hal_user *child, const struct hal_user *parent)
{
    drop(child);
    if (child->fp == NULL)
        child->fp = kernel_table_page_alloc();
    if (child->fp == NULL)
        return -ENOMEM;
    if (parent->fp != NULL)
        sync(parent);
    __builtin_memcpy(child->fp, parent->fp != NULL ? parent->fp : init, format.size);
    return 0;
}

void
x86_fp_free(struct hal_user *u)
{
    drop(u);
    if (u->fp != NULL)
        kernel_table_page_free(u->fp);
    u->fp = NULL;
}

void
x86_fp_load(struct hal_user *u)
{
    struct x86_cpu *cpu = x86_this_cpu();

    if (cpu->fp_owner == u)
        return;
    if (cpu->fp_owner != NULL)
        sync(cpu->fp_owner);
    restore(u->fp);
    cpu->fp_owner = u;
}

size_t
hal_user_fp_size(void)
{
    return format.size;
}

void
hal_user_fp_get(const struct hal_user *u, void *buf, size_t size)
{
    sync(u);
    __builtin_memcpy(buf, u->fp, size < format.size ? size : format.size);
}

int
hal_user_fp_set(struct hal_user *u, const void *buf, size_t size)
{
    int rc;

    if (u->fp == NULL)
        return -EINVAL;
    rc = fp_image_set(&format, u->fp, buf, size);
    if (rc == 0)
        drop(u);
    return rc;
}

/* Kernel contexts, and what the contract asks of a CPU that this one has not. */
#include <hal/cpu.h>
#include <hal/dma.h>

#include <hal/cortex_m/cortex_m.h>
#include <hal/layout.h>
#include <hal/space.h>

enum { CTX_STACK = 2048, SAVED_WORDS = 9, EINVAL = 22 };

void cm_ctx_switch(uintptr_t *save, uintptr_t load);
void cm_ctx_begin(void);

size_t
hal_ctx_stack_size(void)
{
    return CTX_STACK;
}

TRUSTED_BEGIN(context)
void
hal_ctx_init(struct hal_ctx *ctx, void *stack, size_t size, void (*entry)(void *arg), void *arg)
{
    uintptr_t top = ((uintptr_t)stack + size) & ~(uintptr_t)7;
    uint32_t *sp = (uint32_t *)top - SAVED_WORDS; /* r4 .. r11, pc */

    __builtin_memset(sp, 0, SAVED_WORDS * sizeof *sp);
    sp[0] = (uintptr_t)entry;
    sp[1] = (uintptr_t)arg;
    sp[SAVED_WORDS - 1] = (uintptr_t)cm_ctx_begin;
    *ctx =
        (struct hal_ctx){ .sp = (uintptr_t)sp, .stack_base = (uintptr_t)stack, .stack_size = size };
}
TRUSTED_END

void
hal_ctx_switch(struct hal_ctx *from, struct hal_ctx *to, bool from_dies unused_param)
{
    cm_ctx_switch(&from->sp, to->sp);
}

void
hal_guard_page(void *page unused_param, bool guard unused_param)
{
}

unsigned
hal_cpu_id(void)
{
    return 0;
}

/* No source of randomness: the clock is all there is. */
uint64_t
hal_cpu_random(void)
{
    return systick_now();
}

const char *
hal_cpu_name(void)
{
    return "ARM Cortex-M3";
}

size_t
hal_backtrace(uintptr_t *pcs unused_param, size_t max unused_param)
{
    return 0;
}

int
hal_dma_grant(const char *dev unused_param, paddr_t pa unused_param, size_t len unused_param,
              enum hal_dma_dir dir unused_param, dma_addr_t *addr_out unused_param)
{
    return -EINVAL; /* nothing here has a DMA engine */
}

void
hal_dma_revoke(const char *dev unused_param, dma_addr_t addr unused_param, size_t len unused_param)
{
}

void
hal_dma_release(const void *p unused_param, size_t len unused_param)
{
}

void
hal_dma_acquire(const void *p unused_param, size_t len unused_param)
{
}

bool
hal_layout(unsigned n unused_param, struct hal_extent *out unused_param)
{
    return false;
}

/* --- the memory map --- */

TRUSTED_BEGIN(memory)
void *
hal_phys_ptr(paddr_t pa)
{
    return (void *)(uintptr_t)pa.v;
}
TRUSTED_END

paddr_t
hal_ptr_phys(const void *p)
{
    return paddr((uintptr_t)p);
}

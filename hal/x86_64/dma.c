/* DMA on a PC without an IOMMU: devices see physical addresses, caches are coherent.  A grant is not enforced.
 *
 * All RAM that the kernel is given lies below 4 GiB (boot_data.c). */
#include <hal/dma.h>

#include <hal/space.h>
#include <hal/x86_64/paging.h>
#include <hal/x86_64/trace.h>

enum { EINVAL = 22 };

int
hal_dma_grant(const char *dev unused_param, paddr_t pa, size_t len,
              enum hal_dma_dir dir unused_param, dma_addr_t *addr_out)
{
    if (len == 0 || !x86_is_ram(pa, len))
        return -EINVAL;
    *addr_out = (dma_addr_t){ pa.v };
    return 0;
}

void
hal_dma_revoke(const char *dev unused_param, dma_addr_t addr unused_param, size_t len unused_param)
{
}

/* Stores are seen in order by devices, and loads are not taken before the register access that saw the transfer end: the compiler is
 * what must be held. */
void
hal_dma_release(const void *p, size_t len)
{
    x86_trace_release(p, len);
    __atomic_signal_fence(__ATOMIC_RELEASE);
}

void
hal_dma_acquire(const void *p, size_t len)
{
    __atomic_signal_fence(__ATOMIC_ACQUIRE);
    x86_trace_acquire(p, len);
}

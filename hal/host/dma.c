/* DMA of the hosted machine: coherent, and every device access is checked against the live grants. */
#include <errno.h>
#include <stdatomic.h>

#include <hal/dma.h>
#include <sim/ram.h>

#include "host.h"

int
hal_dma_grant(const char *dev, paddr_t pa, size_t len, enum hal_dma_dir dir, dma_addr_t *addr_out)
{
    int rc = sim_dma_grant(host.sim, dev, pa.v, len, dir);

    if (rc == 0)
        *addr_out = (dma_addr_t){ pa.v };
    return rc;
}

void
hal_dma_revoke(const char *dev, dma_addr_t addr, size_t len)
{
    (void)sim_dma_revoke(host.sim, dev, addr.v,
                         len); /* a wrong one is reported by the machine as a guest error */
}

void
hal_dma_release(const void *p unused_param, size_t len unused_param)
{
    atomic_signal_fence(memory_order_release);
}

void
hal_dma_acquire(const void *p unused_param, size_t len unused_param)
{
    atomic_signal_fence(memory_order_acquire);
}

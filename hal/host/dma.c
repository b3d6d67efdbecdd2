/* DMA of the hosted machine: every device access is checked against the live grants and against whose turn it is; with --dma=noncoherent
 * the machine keeps the devices' view of memory apart from the CPU's, and a missing fence gives old data.
 *
 * Each grant's caller is remembered, so that a wrong device access can be told with the place where its buffer came from. */
#include <errno.h>
#include <stdatomic.h>

#include <hal/dma.h>
#include <hal/space.h>
#include <sim/ram.h>

#include "host.h"

enum { WHO_MAX = 128, WHO_FRAMES = 8 };

/* A ring of the last grants, live or not. */
static struct who {
    uint64_t addr, len;
    size_t frames;
    uintptr_t pc[WHO_FRAMES];
} whos[WHO_MAX];
static size_t who_count;

static void
remember(uint64_t addr, uint64_t len)
{
    struct who *w = &whos[who_count++ % WHO_MAX];

    *w = (struct who){ .addr = addr, .len = len };
    w->frames = host_callers(w->pc, WHO_FRAMES);
}

size_t
host_dma_who(uint64_t addr, const uintptr_t **pcs_out)
{
    size_t known = who_count < WHO_MAX ? who_count : WHO_MAX;

    for (size_t i = 1; i <= known; i++) {
        const struct who *w = &whos[(who_count - i) % WHO_MAX];

        if (addr >= w->addr && addr - w->addr < w->len) {
            *pcs_out = w->pc;
            return w->frames;
        }
    }
    return 0;
}

int
hal_dma_grant(const char *dev, paddr_t pa, size_t len, enum hal_dma_dir dir, dma_addr_t *addr_out)
{
    int rc = sim_dma_grant(host.sim, dev, pa.v, len, dir);

    if (rc < 0)
        return rc;
    remember(pa.v, len);
    *addr_out = (dma_addr_t){ pa.v };
    return 0;
}

void
hal_dma_revoke(const char *dev, dma_addr_t addr, size_t len)
{
    (void)sim_dma_revoke(host.sim, dev, addr.v,
                         len); /* a wrong one is reported by the machine as a guest error */
}

void
hal_dma_release(const void *p, size_t len)
{
    atomic_signal_fence(memory_order_release);
    sim_dma_handover(host.sim, hal_ptr_phys(p).v, len, true);
}

void
hal_dma_acquire(const void *p, size_t len)
{
    sim_dma_handover(host.sim, hal_ptr_phys(p).v, len, false);
    atomic_signal_fence(memory_order_acquire);
}

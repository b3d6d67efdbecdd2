/* HAL: memory that devices reach.
 *
 * A device may touch only what was granted to it; hosted, every device access is checked against the live grants, on a
 * machine without an IOMMU the grant is the identity.  The caller orders: fill, hal_dma_release(), start the device; see
 * the device finish, hal_dma_acquire(), read.
 */
#pragma once

#include <hal/types.h>

enum hal_dma_dir {
    HAL_DMA_TO_DEVICE = 1,
    HAL_DMA_FROM_DEVICE = 2,
    HAL_DMA_BOTH = 3,
    HAL_DMA_TURNS = 4, /* with one of the above: only between hal_dma_release() and hal_dma_acquire() */
};

/* Grant `len` bytes of RAM at `pa` to device `dev` (the board's instance name or the PCI address as a string).
 * -ENOMEM: too many grants; -EINVAL: not RAM. */
int must_check hal_dma_grant(const char *dev, paddr_t pa, size_t len, enum hal_dma_dir dir,
                             dma_addr_t *addr_out);

/* Take a grant back.  The device must be done with it. */
void hal_dma_revoke(const char *dev, dma_addr_t addr, size_t len);

/* Fences around a transfer, with cache maintenance where the bus is not coherent; whole cache lines of HAL_DMA_LINE bytes, so what a
 * device writes must share none with anything else.  Hosted, they also say whose turn it is: after the first of them, or from the
 * start with HAL_DMA_TURNS, a device access before the release or after the acquire is an error.  A grant for which neither is
 * ever called is memory that both see at any time (uncached where that matters). */
enum { HAL_DMA_LINE = 64 };
void hal_dma_release(const void *p, size_t len);
void hal_dma_acquire(const void *p, size_t len);

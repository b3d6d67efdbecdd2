/* R25: a driver makes a bus address itself.
 * expect: a dma_addr_t made by hand
 * as: kernel/drivers/net_x.c
 */
#include <hal/dma.h>

dma_addr_t ring_address(uint64_t base, dma_addr_t granted);

dma_addr_t
ring_address(uint64_t base, dma_addr_t granted)
{
    (void)base;
#ifdef WRONG
    (void)granted;
    return (dma_addr_t){ base };
#else
    return granted;
#endif
}

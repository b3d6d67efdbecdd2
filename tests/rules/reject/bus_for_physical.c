/* R13: the descriptor gets the CPU's address instead of the device's.
 * expect: assigning to 'dma_addr_t' from incompatible type 'paddr_t'
 * as: kernel/drivers/net_x.c
 */
#include <hal/dma.h>

struct descriptor {
    dma_addr_t buffer;
};

void describe(struct descriptor *d, paddr_t pa, dma_addr_t da);

void
describe(struct descriptor *d, paddr_t pa, dma_addr_t da)
{
#ifdef WRONG
    (void)da;
    d->buffer = pa;
#else
    (void)pa;
    d->buffer = da;
#endif
}

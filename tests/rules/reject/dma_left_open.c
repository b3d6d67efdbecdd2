/* R20: a way out keeps the device's grant: the memory is freed with it.
 * expect: DMA buffer 'b' is not held on every path through here
 * as: kernel/drivers/blk_x.c
 */
#include <kernel/trusted/dma_buf.h>
#include <kernel/trusted/field.h>

int transfer(const char *dev, struct span mem);

int
transfer(const char *dev, struct span mem)
{
    struct dma_buf b;

    if (!dma_open(&b, dev, mem, HAL_DMA_FROM_DEVICE))
        return -1;
    if (dma_bus(&b).v >= 0x100000000ull) {
#ifndef WRONG
        dma_close(&b);
#endif
        return -1;
    }
    dma_submit(&b);
    dma_complete(&b);
    dma_close(&b);
    return 0;
}

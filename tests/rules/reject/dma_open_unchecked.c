/* R16: nobody asks whether the device may have the buffer.
 * expect: ignoring return value
 * as: kernel/drivers/blk_x.c
 */
#include <kernel/trusted/dma_buf.h>
#include <kernel/trusted/field.h>

void start(struct dma_buf *b, const char *dev, struct span mem);

void
start(struct dma_buf *b, const char *dev, struct span mem)
{
#ifdef WRONG
    dma_open(b, dev, mem, HAL_DMA_TO_DEVICE);
#else
    if (!dma_open(b, dev, mem, HAL_DMA_TO_DEVICE))
        return;
    dma_keep(b);
#endif
}

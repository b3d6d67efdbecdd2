/* R20: a buffer is given to the device twice.
 * expect: releasing DMA buffer 'b' that was not held
 * as: kernel/drivers/blk_x.c
 */
#include <kernel/trusted/dma_buf.h>
#include <kernel/trusted/field.h>

void start(struct dma_buf *b) releases(b);

void
start(struct dma_buf *b)
{
    dma_submit(b);
#ifdef WRONG
    dma_submit(b);
#endif
}

/* R20: a buffer is taken down while the device has it: an error path that forgets.
 * expect: releasing DMA buffer 'b' that was not held
 * as: kernel/drivers/blk_x.c
 */
#include <kernel/trusted/dma_buf.h>
#include <kernel/trusted/field.h>

int transfer(struct dma_buf *b, int (*run)(void)) releases(b);

int
transfer(struct dma_buf *b, int (*run)(void))
{
    int rc;

    dma_submit(b);
    rc = run();
#ifndef WRONG
    dma_complete(b);
#endif
    dma_close(b);
    return rc;
}

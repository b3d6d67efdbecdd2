/* R20: a buffer is given to the device on one branch, and used after both.
 * expect: DMA buffer 'b' is not held on every path through here
 * as: kernel/drivers/blk_x.c
 */
#include <kernel/trusted/dma_buf.h>
#include <kernel/trusted/field.h>

uint32_t answer(struct dma_buf *b, bool ask) requires_lock(b);

uint32_t
answer(struct dma_buf *b, bool ask)
{
    if (ask) {
        dma_submit(b);
#ifndef WRONG
        dma_complete(b);
#endif
    }
    return get_le32(span_const(dma_cpu(b)), 0);
}

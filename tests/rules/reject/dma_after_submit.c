/* R20: a buffer is read while the device has it.
 * expect: calling function 'dma_cpu' requires holding DMA buffer 'b'
 * as: kernel/drivers/blk_x.c
 */
#include <kernel/trusted/dma_buf.h>
#include <kernel/trusted/field.h>

uint32_t answer(struct dma_buf *b) requires_lock(b);

uint32_t
answer(struct dma_buf *b)
{
    uint32_t v;

    dma_submit(b);
#ifdef WRONG
    v = get_le32(span_const(dma_cpu(b)), 0);
    dma_complete(b);
#else
    dma_complete(b);
    v = get_le32(span_const(dma_cpu(b)), 0);
#endif
    return v;
}

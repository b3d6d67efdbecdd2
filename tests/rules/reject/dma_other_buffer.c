/* R20: the answer came in one buffer, another is read.
 * expect: calling function 'dma_cpu' requires holding DMA buffer 'out'
 * as: kernel/drivers/blk_x.c
 */
#include <kernel/trusted/dma_buf.h>
#include <kernel/trusted/field.h>

uint32_t answer(struct dma_buf *out, struct dma_buf *in) requires_lock(out, in);

uint32_t
answer(struct dma_buf *out, struct dma_buf *in)
{
    uint32_t v;

    dma_submit(out);
    dma_submit(in);
    dma_complete(in);
#ifdef WRONG
    v = get_le32(span_const(dma_cpu(out)), 0);
#else
    v = get_le32(span_const(dma_cpu(in)), 0);
#endif
    dma_complete(out);
    return v;
}

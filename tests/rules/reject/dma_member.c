/* R20: a buffer in a structure is used after it was given to the device.
 * expect: calling function 'dma_cpu' requires holding DMA buffer 'r->table'
 * as: kernel/drivers/blk_x.c
 */
#include <kernel/trusted/dma_buf.h>
#include <kernel/trusted/field.h>

struct ring {
    struct dma_buf table;
    unsigned next;
};

void ring_put(struct ring *r, uint32_t v) requires_lock(r->table);

void
ring_put(struct ring *r, uint32_t v)
{
#ifdef WRONG
    dma_submit(&r->table);
    put_le32(dma_cpu(&r->table), r->next, v);
#else
    put_le32(dma_cpu(&r->table), r->next, v);
    dma_submit(&r->table);
#endif
    r->next += 4;
    dma_complete(&r->table);
}

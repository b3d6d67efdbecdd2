/* DMA buffers: see dma_buf.h. */
#include <hal/cpu.h>
#include <kernel/core/assert.h>
#include <kernel/core/lock.h>
#include <kernel/mm/page.h>
#include <kernel/trusted/dma_buf.h>

/* What devices have now. */
static struct irqlock owned_lock = IRQLOCK_INIT("dma");
static struct list owned guarded_by(owned_lock) = LIST_INIT(owned);

static struct dma_buf *
buf_of(struct list_node *n)
{
    struct dma_mark *m = container_of(n, struct dma_mark, node);

    return container_of(m, struct dma_buf, mark);
}

/* A buffer in a device's hands that has a byte of [p, p+len), or NULL. */
static struct dma_buf *_Nullable
owner_of(const void *p, size_t len) requires_lock(owned_lock)
{
    uintptr_t at = (uintptr_t)p;
    struct list_node *n;

    list_for_each (n, &owned) {
        struct dma_buf *b = buf_of(n);
        uintptr_t start = (uintptr_t)b->ptr;

        if (at < start + b->len && start < at + len)
            return b;
    }
    return NULL;
}

bool
dma_reachable(struct cspan mem, enum hal_dma_dir dir)
{
    if (mem.len == 0 || !page_ptr_is_ram(mem.ptr, mem.len))
        return false;
    return dir == HAL_DMA_TO_DEVICE || ((uintptr_t)mem.ptr | mem.len) % HAL_DMA_LINE == 0;
}

static bool
open(struct dma_buf *b, const char *dev, struct span mem, enum hal_dma_dir dir, bool shared)
{
    dma_addr_t addr;

    if (!dma_reachable(span_const(mem), dir))
        return false;
    if (hal_dma_grant(dev, page_ptr_paddr(mem.ptr), mem.len, dir | HAL_DMA_TURNS, &addr) < 0)
        return false;
    *b = (struct dma_buf){ .ptr = mem.ptr,
                           .len = mem.len,
                           .turn = DMA_CPU,
                           .dir = dir,
                           .shared = shared,
                           .addr = addr,
                           .dev = dev };
    return true;
}

TRUSTED_BEGIN(mmio)
bool
dma_open(struct dma_buf *b, const char *dev, struct span mem, enum hal_dma_dir dir)
{
    return open(b, dev, mem, dir, false);
}

bool
dma_open_shared(struct dma_buf *b, const char *dev, struct cspan mem)
{
    return open(b, dev, span_of((uint8_t *)(uintptr_t)mem.ptr, mem.len), HAL_DMA_TO_DEVICE, true);
}

void
dma_keep(unused_param const struct dma_buf *b) no_tsa
{
}

void
dma_close(struct dma_buf *b) no_tsa
{
    if (b->turn != DMA_CPU)
        bug("DMA: %s: close of a buffer that %s", b->dev,
            b->turn == DMA_DEVICE ? "the device has" : "is not open");
    hal_dma_revoke(b->dev, b->addr, b->len);
    b->turn = DMA_CLOSED;
}
TRUSTED_END

void
dma_assert_cpu(const struct dma_buf *b)
{
    if (b->turn != DMA_CPU)
        bug("DMA: %s: it should be the CPU's turn", b->dev);
}

static void
mark_owned(struct dma_buf *b, const char *here)
{
    irqlock_lock(&owned_lock);

    struct dma_buf *other = owner_of(b->ptr, b->len);

    if (other != NULL && !(b->shared && other->shared))
        bug("DMA: %s: memory submitted at %s is still %s's, submitted at %s", b->dev, here,
            other->dev, other->mark[0].submitter);
    b->mark[0].submitter = here;
    list_push_back(&owned, &b->mark[0].node);
    irqlock_unlock(&owned_lock);
}

TRUSTED_BEGIN(mmio)
void
dma_submit_at(struct dma_buf *b, const char *here) no_tsa
{
    if (b->turn != DMA_CPU)
        bug("DMA: submit at %s of a buffer that %s", here,
            b->turn == DMA_DEVICE ? "the device has" : "is not open");
    if (CHECKS)
        mark_owned(b, here);
    b->turn = DMA_DEVICE;
    hal_dma_release(b->ptr, b->len);
    if (!b->shared)
        hal_mem_poison(b->ptr, b->len);
}

void
dma_complete(struct dma_buf *b) no_tsa
{
    if (b->turn != DMA_DEVICE)
        bug("DMA: completion of a buffer that no device has");
    if (!b->shared)
        hal_mem_unpoison(b->ptr, b->len);
    if (!b->shared) /* where others go on writing there is nothing to take back */
        hal_dma_acquire(b->ptr, b->len);
    b->turn = DMA_CPU;
    if (!CHECKS)
        return;
    irqlock_lock(&owned_lock);
    list_remove(&b->mark[0].node);
    irqlock_unlock(&owned_lock);
}
TRUSTED_END

void
dma_check_free(const void *p, size_t len, const char *what)
{
    if (!CHECKS)
        return;
    irqlock_lock(&owned_lock);

    struct dma_buf *b = owner_of(p, len);

    if (b != NULL)
        bug("DMA: %s of %p while %s has it, submitted at %s", what, p, b->dev, b->mark[0].submitter);
    irqlock_unlock(&owned_lock);
}

/* Kernel objects: several in a page, by kmem_slab.c or kmem_grain.c, and large ones as blocks of pages of their own.
 *
 * Where hal_mem_redzone() is not 0, at least that many bytes behind each object stay poisoned, and freed objects wait in a
 * bounded queue before they are given out again, so that use after free hits poison.
 */
#include <hal/cpu.h>
#include <kernel/core/assert.h>
#include <kernel/mm/grant.h>
#include <kernel/trusted/dma_buf.h>
#include <kernel/trusted/kmem_small.h>

enum {
    QUARANTINE_MAX = CHECKS ? 128 : 1, /* objects */
    QUARANTINE_BYTES = 128 << 10,      /* and bytes: the older limit reached counts */
};

struct irqlock kmem_lock = IRQLOCK_INIT("kmem");
struct kmem_stats kmem_counters guarded_by(kmem_lock);

static void *quarantine[QUARANTINE_MAX] guarded_by(kmem_lock);
static unsigned quarantine_first guarded_by(kmem_lock);
static unsigned quarantine_len guarded_by(kmem_lock);
static size_t quarantine_bytes guarded_by(kmem_lock);

TRUSTED_BEGIN(memory)
static void *_Nullable
big_alloc(size_t size, size_t redzone)
{
    unsigned order = 0;

    while (((size_t)PAGE_SIZE << order) < size + redzone) {
        if (++order > PAGE_ORDER_MAX)
            return NULL;
    }

    struct page *p = page_alloc(order);

    if (p == NULL)
        return NULL;
    p->flags = PG_KMEM;
    p->index = size;
    irqlock_lock(&kmem_lock);
    kmem_counters.pages += 1ull << order;
    kmem_counters.objects++;
    kmem_counters.bytes += (size_t)PAGE_SIZE << order;
    irqlock_unlock(&kmem_lock);

    uint8_t *base = page_ptr(p);

    if (redzone > 0)
        hal_mem_poison(base + size, ((size_t)PAGE_SIZE << order) - size);
    return base;
}

void *
kmem_alloc(size_t size)
{
    size_t redzone = hal_mem_redzone();
    void *p = NULL;

    if (size == 0)
        size = 1;
    if (!kmem_should_fail(KMEM_OBJECT) && size <= (size_t)PAGE_SIZE << PAGE_ORDER_MAX)
        p = size + redzone <= kmem_small_max ? kmem_small_alloc(size, redzone)
                                             : big_alloc(size, redzone);
    if (p == NULL) {
        irqlock_lock(&kmem_lock);
        kmem_counters.failures++;
        irqlock_unlock(&kmem_lock);
        return NULL;
    }
    __builtin_memset(p, 0, size);
    return p;
}
TRUSTED_END

void *
kmem_alloc_on(uint8_t grant, size_t size)
{
    uint8_t was = grant_use(grant);
    void *p = kmem_alloc(size);

    (void)grant_use(was);
    return p;
}

/* The bytes that `p` takes; panics when it is no live object. */
static size_t
object_size(void *p) requires_lock(kmem_lock)
{
    struct page *page = page_ptr_is_ram(p, 1) ? page_of_ptr(p) : NULL;
    size_t size = 0;

    if (page != NULL && (page->flags & PG_SLAB) != 0)
        size = kmem_small_size(page, p);
    else if (page != NULL && (page->flags & PG_KMEM) != 0 && page_ptr(page) == p)
        size = (size_t)PAGE_SIZE << page->order;
    if (size > 0)
        return size;
    panic("kmem: free of %p, which is no object", p);
}

/* Give an object back for good.  Returns a block that became superfluous: destroy it without the lock. */
static struct page *_Nullable
object_release(void *p) requires_lock(kmem_lock)
{
    struct page *page = page_of_ptr(p);

    if ((page->flags & PG_KMEM) != 0) {
        kmem_counters.pages -= 1ull << page->order;
        page->flags = 0;
        page_put(page);
        return NULL;
    }
    return kmem_small_release(page, p);
}

/* Release the longest waiting object of the quarantine.  Returns the block to destroy, if any. */
static struct page *
quarantine_pop(void) requires_lock(kmem_lock)
{
    void *p = quarantine[quarantine_first];

    quarantine_first = (quarantine_first + 1) % QUARANTINE_MAX;
    quarantine_len--;
    quarantine_bytes -= object_size(p);
    return object_release(p);
}

static void
quarantine_push(void *p, size_t size) requires_lock(kmem_lock)
{
    for (unsigned i = 0; i < quarantine_len; i++) {
        if (quarantine[(quarantine_first + i) % QUARANTINE_MAX] == p)
            panic("kmem: double free of %p", p);
    }
    hal_mem_poison(p, size);
    while (quarantine_len == QUARANTINE_MAX ||
           (quarantine_len > 0 && quarantine_bytes + size > QUARANTINE_BYTES)) {
        struct page *block = quarantine_pop();

        if (block != NULL)
            kmem_small_destroy(block);
    }
    quarantine[(quarantine_first + quarantine_len++) % QUARANTINE_MAX] = p;
    quarantine_bytes += size;
}

void
kmem_free(void *p)
{
    struct page *block = NULL;

    if (p == NULL)
        return;
    irqlock_lock(&kmem_lock);

    size_t size = object_size(p);

    if (CHECKS)
        dma_check_free(p, size, "kmem_free()");

    if (hal_mem_redzone() > 0)
        quarantine_push(p, size);
    else
        block = object_release(p);
    kmem_counters.objects--;
    kmem_counters.bytes -= size;
    irqlock_unlock(&kmem_lock);
    if (block != NULL)
        kmem_small_destroy(block);
}

void
kmem_drain(void)
{
    irqlock_lock(&kmem_lock);
    while (quarantine_len > 0) {
        struct page *block = quarantine_pop();

        if (block != NULL)
            kmem_small_destroy(block);
    }
    kmem_small_drain();
    irqlock_unlock(&kmem_lock);
}

static size_t
kmem_reclaim(size_t want unused_param)
{
    struct kmem_stats before, after;

    kmem_stats(&before);
    kmem_drain();
    kmem_stats(&after);
    return (size_t)(before.pages - after.pages);
}

TRUSTED_BEGIN(memory)
/* No lock: the console may look at any time. */
void
kmem_stats(struct kmem_stats *out) no_tsa
{
    *out = kmem_counters;
}
TRUSTED_END

void
kmem_init(void)
{
    irqlock_lock(&kmem_lock);
    kmem_counters = (struct kmem_stats){ 0 };
    quarantine_first = quarantine_len = 0;
    quarantine_bytes = 0;
    irqlock_unlock(&kmem_lock);
    kmem_small_init();
    kmem_fail_at(0, 0);
    page_set_reclaim(kmem_reclaim);
}

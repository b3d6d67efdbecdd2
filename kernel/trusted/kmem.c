/* Kernel objects: size classes over pages.
 *
 * A slab is a block of pages of one class with at most 64 objects; which are free is a bitmap in struct page.  Nothing is kept
 * inside free objects, so they can be poisoned whole, and a pointer that was not given out, or was given back already, is
 * found at once.  Objects above SLAB_MAX are blocks of pages of their own.
 *
 * Where hal_mem_redzone() is not 0, at least that many bytes behind each object stay poisoned, and freed objects wait in a
 * bounded queue before they are given out again, so that use after free hits poison.
 */
#include <hal/cpu.h>
#include <kernel/core/assert.h>
#include <kernel/core/lock.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/page.h>
#include <kernel/trusted/dma_buf.h>

enum {
    SLAB_MAX = 2048,
    CLASS_STEP = 16,
    QUARANTINE_MAX = CHECKS ? 128 : 1, /* objects */
    QUARANTINE_BYTES = 128 << 10,      /* and bytes: the older limit reached counts */
};

struct size_class {
    uint16_t size;
    uint8_t order, count; /* of a slab */
};

/* The smallest slab that holds PAGE_SLAB_OBJECTS_MIN. */
#define ORDER(size)                                                                                \
    ((size) * PAGE_SLAB_OBJECTS_MIN <= PAGE_SIZE       ? 0                                         \
     : (size) * PAGE_SLAB_OBJECTS_MIN <= 2 * PAGE_SIZE ? 1                                         \
     : (size) * PAGE_SLAB_OBJECTS_MIN <= 4 * PAGE_SIZE ? 2                                         \
                                                       : 3)
#define CLASS(size) { (size), ORDER(size), (PAGE_SIZE << ORDER(size)) / (size) },

static const struct size_class classes[] = { PAGE_SLAB_SIZES(CLASS) };
enum { CLASSES = sizeof classes / sizeof classes[0] };

static struct irqlock kmem_lock = IRQLOCK_INIT("kmem");
static struct list partial[CLASSES] guarded_by(kmem_lock); /* slabs with a free object */
static uint8_t class_of_size[SLAB_MAX / CLASS_STEP];       /* constant after kmem_init() */
static struct kmem_stats counters guarded_by(kmem_lock);

static void *quarantine[QUARANTINE_MAX] guarded_by(kmem_lock);
static unsigned quarantine_first guarded_by(kmem_lock);
static unsigned quarantine_len guarded_by(kmem_lock);
static size_t quarantine_bytes guarded_by(kmem_lock);

/* The bitmap of a slab with nothing in it. */
static uint64_t
all_free(unsigned class)
{
    return classes[class].count == 64 ? UINT64_MAX : (1ull << classes[class].count) - 1;
}

/* The block of a slab starts at a multiple of its size. */
static struct page *
slab_of(struct page *p)
{
    uint64_t mask = ((uint64_t)PAGE_SIZE << classes[p->spare].order) - 1;

    return page_of(paddr(page_paddr(p).v & ~mask));
}

TRUSTED_BEGIN(memory)
static struct page *_Nullable
slab_create(unsigned class)
{
    const struct size_class *c = &classes[class];
    struct page *slab = page_alloc(c->order);

    if (slab == NULL)
        return NULL;
    for (unsigned i = 0; i < 1u << c->order; i++) {
        slab[i].flags = PG_SLAB;
        slab[i].spare = (uint8_t)class;
    }
    slab->index = all_free(class);
    if (hal_mem_redzone() > 0)
        hal_mem_poison(page_ptr(slab), (size_t)PAGE_SIZE << c->order);
    return slab;
}

static void
slab_destroy(struct page *slab)
{
    for (unsigned i = 1u << classes[slab->spare].order; i-- > 0;)
        slab[i].flags = 0;
    page_put(slab);
}

static void *_Nullable
slab_take(unsigned class) requires_lock(kmem_lock)
{
    struct list_node *n = list_first(&partial[class]);

    if (n == NULL)
        return NULL;

    struct page *slab = container_of(n, struct page, node);
    unsigned i = (unsigned)__builtin_ctzll(slab->index);
    uint8_t *base = page_ptr(slab);

    slab->index &= slab->index - 1;
    if (slab->index == 0)
        list_remove(&slab->node);
    counters.objects++;
    counters.bytes += classes[class].size;
    return base + (size_t)i * classes[class].size;
}
TRUSTED_END

static void *_Nullable
small_alloc(size_t size, size_t redzone)
{
    unsigned class = class_of_size[(size + redzone - 1) / CLASS_STEP];

    irqlock_lock(&kmem_lock);

    void *p = slab_take(class);

    if (p == NULL) {
        irqlock_unlock(&kmem_lock);

        struct page *slab = slab_create(class);

        if (slab == NULL)
            return NULL;
        irqlock_lock(&kmem_lock);
        counters.pages += 1u << classes[class].order;
        list_push_back(&partial[class], &slab->node);
        p = slab_take(class);
    }
    irqlock_unlock(&kmem_lock);
    if (redzone > 0)
        hal_mem_unpoison(p, size);
    return p;
}

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
    counters.pages += 1ull << order;
    counters.objects++;
    counters.bytes += (size_t)PAGE_SIZE << order;
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
        p = size + redzone <= SLAB_MAX ? small_alloc(size, redzone) : big_alloc(size, redzone);
    if (p == NULL) {
        irqlock_lock(&kmem_lock);
        counters.failures++;
        irqlock_unlock(&kmem_lock);
        return NULL;
    }
    __builtin_memset(p, 0, size);
    return p;
}
TRUSTED_END

/* The bytes that `p` takes; panics when it is no live object. */
static size_t
object_size(void *p) requires_lock(kmem_lock)
{
    struct page *page = page_ptr_is_ram(p, 1) ? page_of_ptr(p) : NULL;

    if (page != NULL && (page->flags & PG_SLAB) != 0) {
        struct page *slab = slab_of(page);
        const struct size_class *c = &classes[slab->spare];
        size_t off = (uintptr_t)p - (uintptr_t)page_ptr(slab);

        if (off % c->size == 0 && off / c->size < c->count) {
            if ((slab->index >> off / c->size & 1) != 0)
                panic("kmem: double free of %p", p);
            return c->size;
        }
    } else if (page != NULL && (page->flags & PG_KMEM) != 0 && page_ptr(page) == p) {
        return (size_t)PAGE_SIZE << page->order;
    }
    panic("kmem: free of %p, which is no object", p);
}

/* Give an object back for good.  Returns a slab that became superfluous: destroy it without the lock. */
static struct page *_Nullable
object_release(void *p) requires_lock(kmem_lock)
{
    struct page *page = page_of_ptr(p);

    if ((page->flags & PG_KMEM) != 0) {
        counters.pages -= 1ull << page->order;
        page->flags = 0;
        page_put(page);
        return NULL;
    }

    struct page *slab = slab_of(page);
    unsigned class = slab->spare;
    const struct size_class *c = &classes[class];
    size_t off = (uintptr_t)p - (uintptr_t)page_ptr(slab);

    if (slab->index == 0)
        list_push_front(&partial[class], &slab->node);
    slab->index |= 1ull << off / c->size;
    if (slab->index != all_free(class))
        return NULL;
    if (list_first(&partial[class]) == &slab->node && list_last(&partial[class]) == &slab->node)
        return NULL; /* the class's last slab stays, against thrashing */
    list_remove(&slab->node);
    counters.pages -= 1ull << c->order;
    return slab;
}

/* Release the longest waiting object of the quarantine.  Returns the slab to destroy, if any. */
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
        struct page *slab = quarantine_pop();

        if (slab != NULL)
            slab_destroy(slab);
    }
    quarantine[(quarantine_first + quarantine_len++) % QUARANTINE_MAX] = p;
    quarantine_bytes += size;
}

void
kmem_free(void *p)
{
    struct page *slab = NULL;

    if (p == NULL)
        return;
    irqlock_lock(&kmem_lock);

    size_t size = object_size(p);

    if (CHECKS)
        dma_check_free(p, size, "kmem_free()");

    if (hal_mem_redzone() > 0)
        quarantine_push(p, size);
    else
        slab = object_release(p);
    counters.objects--;
    counters.bytes -= size;
    irqlock_unlock(&kmem_lock);
    if (slab != NULL)
        slab_destroy(slab);
}

void
kmem_drain(void)
{
    irqlock_lock(&kmem_lock);
    while (quarantine_len > 0) {
        struct page *slab = quarantine_pop();

        if (slab != NULL)
            slab_destroy(slab);
    }
    for (unsigned class = 0; class < CLASSES;
         class ++) { /* and the empty slabs kept against thrashing */
        struct list_node *n = list_first(&partial[class]);

        if (n == NULL || n != list_last(&partial[class]))
            continue;

        struct page *slab = container_of(n, struct page, node);

        if (slab->index == all_free(class)) {
            list_remove(&slab->node);
            counters.pages -= 1ull << classes[class].order;
            slab_destroy(slab);
        }
    }
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
    *out = counters;
}
TRUSTED_END

void
kmem_init(void)
{
    unsigned class = 0;

    for (unsigned i = 0; i < SLAB_MAX / CLASS_STEP; i++) {
        while (classes[class].size < (i + 1) * CLASS_STEP)
            class ++;
        class_of_size[i] = (uint8_t)class;
    }
    irqlock_lock(&kmem_lock);
    for (unsigned i = 0; i < CLASSES; i++)
        list_init(&partial[i]);
    counters = (struct kmem_stats){ 0 };
    quarantine_first = quarantine_len = 0;
    quarantine_bytes = 0;
    irqlock_unlock(&kmem_lock);
    kmem_fail_at(0, 0);
    page_set_reclaim(kmem_reclaim);
}

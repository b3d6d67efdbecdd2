/* Small kernel objects in size classes.
 *
 * A slab is a block of pages of one class with at most 64 objects; which are free is a bitmap in struct page.  Nothing is kept
 * inside free objects, so they can be poisoned whole, and a pointer that was not given out, or was given back already, is
 * found at once.
 */
#include <hal/cpu.h>
#include <kernel/core/assert.h>
#include <kernel/trusted/kmem_small.h>

enum {
    SLAB_MAX = 2048,
    CLASS_STEP = 16,
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

const size_t kmem_small_max = SLAB_MAX;

static struct list partial[CLASSES] guarded_by(kmem_lock); /* slabs with a free object */
static uint8_t class_of_size[SLAB_MAX / CLASS_STEP];       /* constant after kmem_small_init() */

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

void
kmem_small_destroy(struct page *slab)
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
    kmem_counters.objects++;
    kmem_counters.bytes += classes[class].size;
    return base + (size_t)i * classes[class].size;
}
TRUSTED_END

void *
kmem_small_alloc(size_t size, size_t redzone)
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
        kmem_counters.pages += 1u << classes[class].order;
        list_push_back(&partial[class], &slab->node);
        p = slab_take(class);
    }
    irqlock_unlock(&kmem_lock);
    if (redzone > 0)
        hal_mem_unpoison(p, size);
    return p;
}

size_t
kmem_small_size(struct page *page, const void *p)
{
    struct page *slab = slab_of(page);
    const struct size_class *c = &classes[slab->spare];
    size_t off = (uintptr_t)p - (uintptr_t)page_ptr(slab);

    if (off % c->size != 0 || off / c->size >= c->count)
        return 0;
    if ((slab->index >> off / c->size & 1) != 0)
        panic("kmem: double free of %p", p);
    return c->size;
}

struct page *
kmem_small_release(struct page *page, const void *p)
{
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
    kmem_counters.pages -= 1ull << c->order;
    return slab;
}

void
kmem_small_drain(void)
{
    for (unsigned class = 0; class < CLASSES; class ++) {
        struct list_node *n = list_first(&partial[class]);

        if (n == NULL || n != list_last(&partial[class]))
            continue;

        struct page *slab = container_of(n, struct page, node);

        if (slab->index == all_free(class)) {
            list_remove(&slab->node);
            kmem_counters.pages -= 1ull << classes[class].order;
            kmem_small_destroy(slab);
        }
    }
}

void
kmem_small_init(void)
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
    irqlock_unlock(&kmem_lock);
}

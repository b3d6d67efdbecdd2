/* Small kernel objects for machines that count their memory in KiB: first fit within pages, each page the objects of one grant
 * (mm/grant.h), so that what one process takes can never be in the way of another.
 *
 * A page is 32 grains; which are free and which end an object are two bitmaps in struct page.  Nothing is kept inside free grains, so
 * they can be poisoned whole, and a pointer that was not given out, or was given back already, is found at once.
 */
#include <hal/cpu.h>
#include <kernel/core/assert.h>
#include <kernel/mm/grant.h>
#include <kernel/trusted/kmem_small.h>

enum {
    GRAINS = 32,
    GRAIN = PAGE_SIZE / GRAINS,
};
#define ALL_FREE UINT32_MAX

const size_t kmem_small_max = PAGE_SIZE;

static struct list partial[GRANTS_MAX] guarded_by(kmem_lock); /* each grant's pages with a free grain */

/* struct page's fields as used here. */
static uint32_t
free_grains(const struct page *page)
{
    return (uint32_t)page->index;
}

/* `n` grains in a row from the first. */
static uint32_t
mask_of(unsigned first, unsigned n)
{
    return (n == GRAINS ? ALL_FREE : (UINT32_C(1) << n) - 1) << first;
}

/* The first of `n` free grains in a row; GRAINS: there are none. */
static unsigned
find_row(uint32_t free, unsigned n)
{
    while (--n > 0 && free != 0)
        free &= free >> 1;
    return free != 0 ? (unsigned)__builtin_ctz(free) : GRAINS;
}

TRUSTED_BEGIN(memory)
static void *
grain_ptr(const struct page *page, unsigned n)
{
    return (uint8_t *)page_ptr(page) + n * GRAIN;
}
TRUSTED_END

static void *_Nullable
take(uint8_t grant, unsigned n) requires_lock(kmem_lock)
{
    struct list_node *node;

    list_for_each (node, &partial[grant]) {
        struct page *page = container_of(node, struct page, node);
        unsigned first = find_row(free_grains(page), n);

        if (first == GRAINS)
            continue;
        page->index = free_grains(page) & ~mask_of(first, n);
        page->map_count |= UINT32_C(1) << (first + n - 1);
        if (page->index == 0)
            list_remove(&page->node);
        kmem_counters.objects++;
        kmem_counters.bytes += n * GRAIN;
        return grain_ptr(page, first);
    }
    return NULL;
}

void *
kmem_small_alloc(size_t size, size_t redzone)
{
    uint8_t grant = grant_current();
    unsigned n = (unsigned)((size + redzone + GRAIN - 1) / GRAIN);

    irqlock_lock(&kmem_lock);

    void *p = take(grant, n);

    irqlock_unlock(&kmem_lock);
    if (p == NULL) {
        struct page *page = page_alloc(0);

        if (page == NULL)
            return NULL;
        page->flags = PG_SLAB;
        page->index = ALL_FREE;
        if (redzone > 0)
            hal_mem_poison(page_ptr(page), PAGE_SIZE);
        irqlock_lock(&kmem_lock);
        kmem_counters.pages++;
        list_push_back(&partial[grant], &page->node);
        p = take(grant, n);
        irqlock_unlock(&kmem_lock);
    }
    if (redzone > 0)
        hal_mem_unpoison(p, size);
    return p;
}

/* Where in its page does `p` point? */
static size_t
offset_of(const struct page *page, const void *p)
{
    return (uintptr_t)p - (uintptr_t)page_ptr(page);
}

/* Grains from `first` to the end of its object. */
static unsigned
grains_to_end(const struct page *page, unsigned first)
{
    return (unsigned)__builtin_ctz(page->map_count >> first) + 1;
}

size_t
kmem_small_size(struct page *page, const void *p)
{
    size_t off = offset_of(page, p);
    unsigned first = (unsigned)(off / GRAIN) % GRAINS;

    if (off % GRAIN != 0)
        return 0;
    if ((free_grains(page) >> first & 1) != 0)
        panic("kmem: double free of %p", p);
    if (first > 0 && ((free_grains(page) | page->map_count) >> (first - 1) & 1) == 0)
        return 0; /* within an object */
    return (size_t)grains_to_end(page, first) * GRAIN;
}

struct page *
kmem_small_release(struct page *page, const void *p)
{
    unsigned first = (unsigned)(offset_of(page, p) / GRAIN) % GRAINS;
    unsigned n = grains_to_end(page, first);

    if (page->index == 0)
        list_push_front(&partial[page->spare], &page->node);
    page->index |= mask_of(first, n);
    page->map_count &= ~(UINT32_C(1) << (first + n - 1));
    if (free_grains(page) != ALL_FREE)
        return NULL;
    list_remove(&page->node);
    kmem_counters.pages--;
    return page;
}

void
kmem_small_destroy(struct page *page)
{
    page->flags = 0;
    page->map_count = 0;
    page_put(page);
}

void
kmem_small_drain(void)
{
}

void
kmem_small_inherit(uint8_t from)
{
    struct list_node *n;

    irqlock_lock(&kmem_lock);
    while ((n = list_pop_front(&partial[from])) != NULL)
        list_push_back(&partial[GRANT_COMMON], n);
    irqlock_unlock(&kmem_lock);
}

void
kmem_small_init(void)
{
    irqlock_lock(&kmem_lock);
    for (unsigned i = 0; i < GRANTS_MAX; i++)
        list_init(&partial[i]);
    irqlock_unlock(&kmem_lock);
}

/* Physical pages: a binary buddy allocator (Knuth, The Art of Computer Programming 1, section 2.5) over struct page.
 *
 * The table of struct page lies at the start of RAM.  It is filled in lazily: pages from `frontier` up have never been given
 * out and have no valid entry yet, so that boot touches neither them nor their metadata.  Blocks are aligned to their size in
 * physical addresses; a block of up to 64 KiB never crosses a 64 KiB boundary.  Free pages are poisoned (hosted with ASan).
 */
#include <hal/cpu.h>
#include <kernel/core/assert.h>
#include <kernel/core/lock.h>
#include <kernel/mm/grant.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/page.h>
#include <kernel/trusted/dma_buf.h>

enum {
    FRONTIER_ORDER = 6,  /* the frontier moves in steps of 64 pages */
    RECLAIM_WANT = 64,   /* pages asked of a reclaim function at a time */
    RECLAIM_ROUNDS = 16, /* attempts of one allocation before it fails */
    HOT_MAX =
        64, /* single pages kept as they are, so that free and alloc in turn do not merge and split */
};

static struct irqlock page_lock = IRQLOCK_INIT("page");
static struct list free_lists[PAGE_ORDER_MAX + 1] guarded_by(page_lock);
static struct list hot guarded_by(page_lock); /* free single pages, not merged; last freed first */
static unsigned hot_pages guarded_by(page_lock);
static uint64_t frontier guarded_by(page_lock);   /* index of the first page never given out */
static uint64_t free_pages guarded_by(page_lock); /* on the lists */
static struct page_stats counters guarded_by(page_lock);

/* Constant after page_init(). */
static struct page *table;
static uint64_t table_len;
static uint64_t base_pfn;
static uint8_t *ram;

static size_t (*reclaim_fns[PAGE_RECLAIM_MAX])(size_t want);
static bool reclaiming;

static uint64_t
index_of(const struct page *p)
{
    return (uint64_t)(p - table);
}

TRUSTED_BEGIN(memory)
void *
page_ptr(const struct page *p)
{
    return ram + (index_of(p) << PAGE_SHIFT);
}
TRUSTED_END

paddr_t
page_paddr(const struct page *p)
{
    return paddr((base_pfn + index_of(p)) << PAGE_SHIFT);
}

TRUSTED_BEGIN(memory)
struct page *
page_of(paddr_t pa)
{
    uint64_t i = (pa.v >> PAGE_SHIFT) - base_pfn;

    assert(i < table_len);
    return &table[i];
}
TRUSTED_END

bool
page_ptr_is_ram(const void *p, size_t len)
{
    uintptr_t off = (uintptr_t)p - (uintptr_t)ram;
    uintptr_t size = (uintptr_t)(table_len << PAGE_SHIFT);

    return off < size && len <= size - off;
}

TRUSTED_BEGIN(memory)
struct page *
page_of_ptr(const void *p)
{
    assert(page_ptr_is_ram(p, 1));
    return &table[((uintptr_t)p - (uintptr_t)ram) >> PAGE_SHIFT];
}
TRUSTED_END

paddr_t
page_ptr_paddr(const void *p)
{
    assert(page_ptr_is_ram(p, 1));
    return paddr((base_pfn << PAGE_SHIFT) + ((uintptr_t)p - (uintptr_t)ram));
}

static void
free_list_add(struct page *p, unsigned order) requires_lock(page_lock)
{
    p->flags = PG_FREE;
    p->order = (uint8_t)order;
    list_push_front(&free_lists[order], &p->node);
    free_pages += 1ull << order;
}

static void
free_list_remove(struct page *p) requires_lock(page_lock)
{
    list_remove(&p->node);
    free_pages -= 1ull << p->order;
    p->flags = 0;
}

TRUSTED_BEGIN(memory)
/* Put a block on the free lists, merged with its free buddies. */
static void
block_free(struct page *p, unsigned order) requires_lock(page_lock)
{
    uint64_t pfn = base_pfn + index_of(p);

    for (; order < PAGE_ORDER_MAX; order++) {
        uint64_t buddy = pfn ^ 1ull << order;

        if (buddy < base_pfn || buddy - base_pfn + (1ull << order) > frontier)
            break;

        struct page *b = &table[buddy - base_pfn];

        if ((b->flags & PG_FREE) == 0 || b->order != order)
            break;
        free_list_remove(b);
        pfn &= ~(1ull << order);
    }
    free_list_add(&table[pfn - base_pfn], order);
}

/* Bring never used pages onto the free lists until a block of `order` was among them, or RAM ends. */
static bool
frontier_advance(unsigned order) requires_lock(page_lock)
{
    unsigned want = order > FRONTIER_ORDER ? order : FRONTIER_ORDER;

    while (frontier < table_len) {
        uint64_t pfn = base_pfn + frontier;
        unsigned o = want;

        while (o > 0 && ((pfn & ((1ull << o) - 1)) != 0 || frontier + (1ull << o) > table_len))
            o--;
        __builtin_memset(&table[frontier], 0, sizeof(struct page) << o);
        hal_mem_poison(ram + (frontier << PAGE_SHIFT), (size_t)PAGE_SIZE << o);
        frontier += 1ull << o;
        block_free(&table[pfn - base_pfn], o);
        if (o >= order)
            return true;
    }
    return false;
}
TRUSTED_END

/* The hot pages join their buddies; false: there were none. */
static bool
hot_flush(void) requires_lock(page_lock)
{
    bool any = hot_pages > 0;

    for (; hot_pages > 0; hot_pages--)
        block_free(container_of(list_pop_front(&hot), struct page, node), 0);
    return any;
}

TRUSTED_BEGIN(memory)
static struct page *_Nullable
block_take(unsigned order) requires_lock(page_lock)
{
    if (order == 0 && hot_pages > 0) {
        hot_pages--;
        return container_of(list_pop_front(&hot), struct page, node);
    }
    for (int attempt = 0; attempt < 3; attempt++) {
        for (unsigned o = order; o <= PAGE_ORDER_MAX; o++) {
            struct list_node *n = list_first(&free_lists[o]);

            if (n == NULL)
                continue;

            struct page *p = container_of(n, struct page, node);

            free_list_remove(p);
            while (o > order) { /* the upper half goes back */
                o--;
                free_list_add(p + (1ull << o), o);
            }
            return p;
        }
        if (!frontier_advance(order) && !hot_flush())
            return NULL;
    }
    return NULL;
}
TRUSTED_END

static struct page *
page_take(unsigned order)
{
    uint8_t grant = grant_current();
    struct page *p = NULL;

    irqlock_lock(&page_lock);
    if (!GRANTS || grant_charge(grant, 1ull << order)) {
        p = block_take(order);
        if (GRANTS && p == NULL)
            grant_uncharge(grant, 1ull << order);
    }
    if (p != NULL) {
        p->refs = 1;
        p->flags = 0;
        p->order = (uint8_t)order;
        p->spare = grant;
        p->map_count = 0;
        p->cache = NULL;
        p->index = 0;
        p->hash_next = NULL;
        counters.allocs++;
    }
    irqlock_unlock(&page_lock);
    return p;
}

/* --- runs --- */

TRUSTED_BEGIN(memory)
/* Everything but the single pages kept apart is on the lists, merged. */
static void
all_listed(void) requires_lock(page_lock)
{
    while (frontier_advance(0))
        ;
    (void)hot_flush();
}

/* The first place in the free stretch [from, to) of the table; `to`: there is none. */
static uint64_t
place_in(uint64_t from, uint64_t to, uint64_t n, bool (*fits)(uint64_t first, uint64_t n))
{
    for (uint64_t i = from; i + n <= to; i++)
        if (fits(base_pfn + i, n))
            return i;
    return to;
}

/* The best place of all; table_len: there is none. */
static uint64_t
run_find(uint64_t n, bool (*fits)(uint64_t first, uint64_t n)) requires_lock(page_lock)
{
    uint64_t best = table_len, best_len = UINT64_MAX;

    for (uint64_t i = 0; i < table_len;) {
        uint64_t from = i;

        while (i < table_len && (table[i].flags & PG_FREE) != 0)
            i += 1ull << table[i].order;
        if (i - from >= n && i - from < best_len) {
            uint64_t at = place_in(from, i, n, fits);

            if (at < i) {
                best = at;
                best_len = i - from;
            }
        }
        if (i < table_len)
            i += 1ull << table[i].order; /* whose it is does not matter */
    }
    return best;
}

/* Take [first, first + n) off the lists; what is left of the blocks goes back. */
static void
run_take(uint64_t first, uint64_t n, uint8_t grant) requires_lock(page_lock)
{
    uint64_t i = 0;

    while (i < first + n) {
        uint64_t end = i + (1ull << table[i].order);

        if (end > first) {
            free_list_remove(&table[i]);
            for (uint64_t k = i; k < end; k++)
                table[k] = (struct page){ .refs = 1, .spare = grant };
            for (uint64_t k = i; k < end; k++)
                if (k < first || k >= first + n) {
                    table[k].refs = 0;
                    block_free(&table[k], 0);
                }
        }
        i = end;
    }
    counters.allocs += n;
}

struct page *
page_alloc_run(uint64_t n, bool (*fits)(uint64_t first, uint64_t n))
{
    struct page *found = NULL;
    uint8_t grant = grant_current();

    if (n == 0 || n > table_len || kmem_should_fail(KMEM_PAGE))
        return NULL;
    for (unsigned round = 0; round < RECLAIM_ROUNDS && found == NULL; round++) {
        irqlock_lock(&page_lock);
        all_listed();

        uint64_t at = run_find(n, fits);

        if (at < table_len && (!GRANTS || grant_charge(grant, n))) {
            run_take(at, n, grant);
            found = &table[at];
        }
        irqlock_unlock(&page_lock);
        if (found == NULL && page_reclaim(RECLAIM_WANT) == 0)
            break;
    }
    if (found != NULL)
        hal_mem_unpoison(page_ptr(found), (size_t)n << PAGE_SHIFT);
    return found;
}
TRUSTED_END

size_t
page_reclaim(size_t want)
{
    size_t got = 0;

    if (reclaiming) /* an allocation made by a reclaim function */
        return 0;
    reclaiming = true;
    for (unsigned i = 0; i < PAGE_RECLAIM_MAX && reclaim_fns[i] != NULL && got < want; i++)
        got += reclaim_fns[i](want - got);
    reclaiming = false;
    return got;
}

struct page *
page_alloc(unsigned order)
{
    assert(order <= PAGE_ORDER_MAX);
    if (!kmem_should_fail(KMEM_PAGE)) {
        for (unsigned round = 0; round < RECLAIM_ROUNDS; round++) {
            struct page *p = page_take(order);

            if (p != NULL) {
                hal_mem_unpoison(page_ptr(p), (size_t)PAGE_SIZE << order);
                return p;
            }
            if (page_reclaim(RECLAIM_WANT << order) == 0)
                break;
        }
    }
    irqlock_lock(&page_lock);
    counters.failures++;
    irqlock_unlock(&page_lock);
    return NULL;
}

struct page *
page_alloc_on(uint8_t grant, unsigned order)
{
    uint8_t was = grant_use(grant);
    struct page *p = page_alloc(order);

    (void)grant_use(was);
    return p;
}

struct page *
page_zalloc(unsigned order)
{
    struct page *p = page_alloc(order);

    if (p != NULL)
        page_zero(p, 1ull << order);
    return p;
}

void *
page_fresh(struct page *p)
{
    return page_ptr(p);
}

TRUSTED_BEGIN(memory)
void
page_zero(struct page *p, size_t n)
{
    __builtin_memset(page_ptr(p), 0, n << PAGE_SHIFT);
}

void
page_copy(struct page *to, const struct page *from)
{
    __builtin_memcpy(page_ptr(to), page_ptr(from), PAGE_SIZE);
}

void
page_split(struct page *block)
{
    uint64_t n = 1ull << block->order;

    assert(block->refs == 1 && block->flags == 0 && block->map_count == 0);
    for (uint64_t i = 0; i < n; i++)
        block[i] = (struct page){ .refs = 1, .spare = block->spare };
    irqlock_lock(&page_lock);
    counters.allocs += n - 1; /* they are freed one by one */
    irqlock_unlock(&page_lock);
}
TRUSTED_END

void
page_get(struct page *p)
{
    assert(p->refs > 0);
    p->refs++;
}

void
page_put(struct page *p)
{
    assert(p->refs > 0 && (p->flags & PG_FREE) == 0);
    if (--p->refs > 0)
        return;
    assert((p->flags & PG_RESERVED) == 0);
    if (CHECKS)
        dma_check_free(page_ptr(p), (size_t)PAGE_SIZE << p->order, "free");
    hal_mem_poison(page_ptr(p), (size_t)PAGE_SIZE << p->order);
    irqlock_lock(&page_lock);
    if (GRANTS)
        grant_uncharge(p->spare, 1ull << p->order);
    if (p->order == 0 && hot_pages < HOT_MAX) {
        p->flags = 0;
        list_push_front(&hot, &p->node);
        hot_pages++;
    } else {
        block_free(p, p->order);
    }
    counters.frees++;
    irqlock_unlock(&page_lock);
}

TRUSTED_BEGIN(memory)
/* No lock: the console may look at any time. */
void
page_stats(struct page_stats *out) no_tsa
{
    *out = counters;
    out->total = table_len;
    out->free = free_pages + hot_pages + (table_len - frontier);
}
TRUSTED_END

void
page_set_reclaim(size_t (*fn)(size_t want))
{
    for (unsigned i = 0; i < PAGE_RECLAIM_MAX; i++) {
        if (reclaim_fns[i] == fn)
            return;
        if (reclaim_fns[i] == NULL) {
            reclaim_fns[i] = fn;
            return;
        }
    }
    panic("page: more than %d reclaim functions", PAGE_RECLAIM_MAX);
}

TRUSTED_BEGIN(memory)
void
page_init(paddr_t base, uint64_t size)
{
    assert((base.v & PAGE_MASK) == 0 && (size & PAGE_MASK) == 0);
    base_pfn = base.v >> PAGE_SHIFT;
    table_len = size >> PAGE_SHIFT;
    ram = hal_phys_ptr(base);
    table = hal_phys_ptr(base);
    for (unsigned i = 0; i < PAGE_RECLAIM_MAX; i++)
        reclaim_fns[i] = NULL;
    reclaiming = false;

    uint64_t own = (table_len * sizeof(struct page) + PAGE_SIZE - 1) >> PAGE_SHIFT;

    assert(own < table_len);
    irqlock_lock(&page_lock);
    for (unsigned o = 0; o <= PAGE_ORDER_MAX; o++)
        list_init(&free_lists[o]);
    list_init(&hot);
    hot_pages = 0;
    for (uint64_t i = 0; i < own; i++)
        table[i] = (struct page){ .refs = 1, .flags = PG_RESERVED };
    frontier = own;
    free_pages = 0;
    counters = (struct page_stats){ 0 };
    irqlock_unlock(&page_lock);
    grant_init(table_len - own);
}

void
page_inherit(uint8_t from, uint8_t to)
{
    irqlock_lock(&page_lock);
    for (uint64_t i = 0; i < frontier; i += 1ull << table[i].order)
        if (table[i].refs > 0 && table[i].spare == from)
            table[i].spare = to;
    irqlock_unlock(&page_lock);
}
TRUSTED_END

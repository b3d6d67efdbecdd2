/* Pages of an address space: the resident set and the page tables that cache it. */
#include <kernel/core/assert.h>
#include <kernel/fs/pagecache.h>
#include <kernel/mm/vma.h>

/* Arguments of the walks below. */
struct page_walk {
    struct mm *mm;
    const struct vma *vma;
};

static uaddr_t
chunk_va(const struct chunk *c, unsigned bit)
{
    return uaddr((uintptr_t)((c->key << CHUNK_SHIFT) + bit) << PAGE_SHIFT);
}

unsigned
vma_prot(const struct vma *v, bool writable)
{
    unsigned prot = 0;

    if ((v->flags & VMA_ACCESS) != 0)
        prot |= HAL_PROT_READ;
    if ((v->flags & VMA_EXEC) != 0)
        prot |= HAL_PROT_EXEC;
    if ((v->flags & VMA_WRITE) != 0 && writable)
        prot |= HAL_PROT_WRITE;
    return prot;
}

void
mm_page_add(struct mm *mm, struct chunk *c, unsigned bit, struct page *page, bool anon)
{
    uint64_t b = chunk_mask(bit, 1);

    assert((c->present & b) == 0);
    c->present |= b;
    if (anon)
        c->anon |= b;
    c->pages[bit] = page;
    page->map_count++;
    mm->rss_pages++;
    if (mm->rss_pages > mm->rss_peak)
        mm->rss_peak = mm->rss_pages;
}

/* May a present page be mapped writable without further ado?  A private page of which nobody else has a reference; a page of a
 * shared object, which has no disk behind it.  Shared file pages only by a write fault, which marks them dirty. */
static bool
page_writable(const struct vma *v, const struct chunk *c, unsigned bit)
{
    if ((v->flags & VMA_WRITE) == 0)
        return false;
    if ((v->flags & VMA_SHARED) != 0)
        return shm_is(v->file) || (c->writable & chunk_mask(bit, 1)) != 0;
    return (c->anon & chunk_mask(bit, 1)) != 0 && c->pages[bit]->refs == 1;
}

int
mm_map_present(struct mm *mm, const struct vma *v, struct chunk *c, unsigned lo, unsigned hi)
{
    uint64_t todo = c->present & ~c->mapped & chunk_mask(lo, hi - lo);
    unsigned first, n;

    if ((v->flags & VMA_ACCESS) == 0)
        return 0;
    while (chunk_next_run(&todo, &first, &n)) {
        unsigned end = first + n;

        while (first < end) { /* physically contiguous pieces of one protection */
            paddr_t pa = page_paddr(c->pages[first]);
            bool writable = page_writable(v, c, first);
            unsigned len = 1;

            while (first + len < end &&
                   page_paddr(c->pages[first + len]).v == pa.v + ((uint64_t)len << PAGE_SHIFT) &&
                   page_writable(v, c, first + len) == writable)
                len++;

            int rc = hal_space_map(mm->space, chunk_va(c, first), pa, len, vma_prot(v, writable));

            if (rc < 0)
                return rc;
            c->mapped |= chunk_mask(first, len);
            if (writable)
                c->writable |= chunk_mask(first, len);
            else
                c->writable &= ~chunk_mask(first, len);
            first += len;
        }
    }
    return 0;
}

static void
chunk_unmap(struct mm *mm, struct chunk *c, uint64_t mask)
{
    uint64_t todo = c->mapped & mask;
    unsigned first, n;

    while (chunk_next_run(&todo, &first, &n))
        hal_space_unmap(mm->space, chunk_va(c, first), n);

    /* What a program may have written through a shared mapping must reach the file. */
    for (uint64_t w = c->writable & ~c->anon & mask; w != 0; w &= w - 1) {
        struct page *page = c->pages[__builtin_ctzll(w)];

        assert(page != NULL);

        if (page->cache != NULL)
            pagecache_mark_dirty(page);
    }
    c->mapped &= ~mask;
    c->writable &= ~mask;
}

static void
chunk_drop(struct mm *mm, struct chunk *c, uint64_t mask)
{
    for (uint64_t p = c->present & mask; p != 0; p &= p - 1) {
        unsigned bit = (unsigned)__builtin_ctzll(p);
        struct page *page = c->pages[bit];

        assert(page != NULL && page->map_count > 0 && mm->rss_pages > 0);
        page->map_count--;
        mm->rss_pages--;
        c->pages[bit] = NULL;
        page_put(page);
    }
    c->present &= ~mask;
    c->anon &= ~mask;
}

static int
zap_chunk(void *arg, struct chunk *c, uint64_t mask)
{
    const struct page_walk *w = arg;

    chunk_unmap(w->mm, c, mask);
    chunk_drop(w->mm, c, mask);
    resident_trim(&w->mm->resident, c);
    return 0;
}

void
mm_zap(struct mm *mm, uintptr_t start, uintptr_t end)
{
    struct page_walk w = { .mm = mm };

    (void)resident_each(&mm->resident, start >> PAGE_SHIFT, (end - start) >> PAGE_SHIFT, zap_chunk,
                        &w);
}

static int
unmap_chunk(void *arg, struct chunk *c, uint64_t mask)
{
    const struct page_walk *w = arg;

    chunk_unmap(w->mm, c, mask);
    return 0;
}

void
mm_unmap_pages(struct mm *mm, uintptr_t start, uintptr_t end)
{
    struct page_walk w = { .mm = mm };

    (void)resident_each(&mm->resident, start >> PAGE_SHIFT, (end - start) >> PAGE_SHIFT,
                        unmap_chunk, &w);
}

static int
protect_chunk(void *arg, struct chunk *c, uint64_t mask)
{
    const struct page_walk *w = arg;
    const struct vma *v = w->vma;

    if ((v->flags & VMA_ACCESS) == 0) {
        chunk_unmap(w->mm, c, mask);
        return 0;
    }
    if ((v->flags & VMA_WRITE) == 0) { /* shared pages that were writable: note what was written */
        for (uint64_t b = c->writable & ~c->anon & mask; b != 0; b &= b - 1) {
            struct page *page = c->pages[__builtin_ctzll(b)];

            assert(page != NULL);
            if (page->cache != NULL)
                pagecache_mark_dirty(page);
        }
    }

    uint64_t todo = c->mapped & mask;
    unsigned first, n;

    while (chunk_next_run(&todo, &first, &n)) {
        for (unsigned end = first + n, len; first < end; first += len) {
            bool writable = page_writable(v, c, first);

            for (len = 1; first + len < end && page_writable(v, c, first + len) == writable;)
                len++;
            hal_space_protect(w->mm->space, chunk_va(c, first), len, vma_prot(v, writable));
            if (writable)
                c->writable |= chunk_mask(first, len);
            else
                c->writable &= ~chunk_mask(first, len);
        }
    }
    /* What was out of the page tables for lack of rights comes back at once: likely it is needed.  If not, by a fault. */
    for (todo = mask; chunk_next_run(&todo, &first, &n);) {
        if (mm_map_present(w->mm, v, c, first, first + n) < 0)
            break;
    }
    return 0;
}

void
mm_protect_pages(struct mm *mm, const struct vma *v, uintptr_t start, uintptr_t end)
{
    struct page_walk w = { .mm = mm, .vma = v };

    (void)resident_each(&mm->resident, start >> PAGE_SHIFT, (end - start) >> PAGE_SHIFT,
                        protect_chunk, &w);
}

static int
drop_chunk(void *arg, struct chunk *c, uint64_t mask)
{
    const struct page_walk *w = arg;

    c->mapped = 0; /* the space is gone */
    chunk_unmap(w->mm, c, mask);
    chunk_drop(w->mm, c, mask);
    resident_trim(&w->mm->resident, c);
    return 0;
}

void
mm_drop_all(struct mm *mm)
{
    struct page_walk w = { .mm = mm };

    (void)resident_each(&mm->resident, 0, UINT64_MAX >> PAGE_SHIFT, drop_chunk, &w);
    resident_fini(&mm->resident);
}

bool
mm_memory_plenty(void)
{
    struct page_stats s;

    page_stats(&s);
    return s.free > s.total / 8;
}

struct page *
mm_run_page(const struct page *first, unsigned n)
{
    return page_of(paddr(page_paddr(first).v + ((uint64_t)n << PAGE_SHIFT)));
}

unsigned
mm_alloc_run(unsigned want, struct page **first_out)
{
    unsigned order = want > 1 && mm_memory_plenty() ? (unsigned)__builtin_ctz(want) : 0;

    for (;; order--) {
        struct page *p = page_alloc(order);

        if (p != NULL) {
            if (order > 0)
                page_split(p);
            *first_out = p;
            return 1u << order;
        }
        if (order == 0)
            return 0;
    }
}

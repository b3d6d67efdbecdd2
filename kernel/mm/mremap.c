/* mremap(2): shrink, grow in place, or move.  A move carries private pages along; those of files are found again by faults. */
#include <kernel/abi/errno.h>
#include <kernel/core/assert.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/vma.h>

struct move {
    struct mm *mm;
    uint64_t from, to; /* page numbers */
};

/* Make sure that the chunks the pages of `c` will go to exist. */
static int must_check
reserve_targets(const struct move *m, uint64_t pages)
{
    for (uint64_t i = 0; i < pages;) {
        struct chunk *c = resident_find(&m->mm->resident, m->from + i);
        uint64_t left = CHUNK_PAGES - chunk_bit(m->from + i);

        if (c != NULL && (resident_obtain(&m->mm->resident, m->to + i) == NULL ||
                          resident_obtain(&m->mm->resident,
                                          m->to + (i + left < pages ? i + left : pages) - 1) == NULL))
            return -ENOMEM;
        i += left;
    }
    return 0;
}

static void
trim_targets(const struct move *m, uint64_t pages)
{
    for (uint64_t i = 0; i < pages; i += CHUNK_PAGES - chunk_bit(m->to + i)) {
        struct chunk *c = resident_find(&m->mm->resident, m->to + i);

        if (c != NULL)
            resident_trim(&m->mm->resident, c);
    }
}

/* Move the private pages of [from, from+pages); everything else of the range is dropped.  Room has been reserved. */
static void
move_pages(const struct move *m, uint64_t pages)
{
    uintptr_t start = (uintptr_t)m->from << PAGE_SHIFT,
              end = start + ((uintptr_t)pages << PAGE_SHIFT);

    mm_unmap_pages(m->mm, start, end);
    for (uint64_t i = 0; i < pages;) {
        struct chunk *c = resident_find(&m->mm->resident, m->from + i);
        unsigned bit = chunk_bit(m->from + i);
        uint64_t left = CHUNK_PAGES - bit < pages - i ? CHUNK_PAGES - bit : pages - i;

        for (uint64_t k = 0; c != NULL && k < left; k++, bit++) {
            uint64_t b = chunk_mask(bit, 1);

            if ((c->present & c->anon & b) == 0)
                continue;

            struct chunk *to = resident_find(&m->mm->resident, m->to + i + k);
            struct page *page = c->pages[bit];

            assert(to != NULL && page != NULL);
            c->present &= ~b;
            c->anon &= ~b;
            c->pages[bit] = NULL;
            page->map_count--;
            m->mm->rss_pages--;
            mm_page_add(m->mm, to, chunk_bit(m->to + i + k), page, true);
        }
        i += left;
    }
    mm_zap(m->mm, start, end);
}

/* Move [old, old+old_len) of area `v`, isolated, to `addr`, where it is new_len long and nothing is. */
static int must_check
move_area(struct mm *mm, struct vma *v, uint64_t new_len, uintptr_t addr) requires_lock(mm->lock)
{
    assert(v != NULL);

    uint64_t pages = vma_pages(v) < new_len >> PAGE_SHIFT ? vma_pages(v) : new_len >> PAGE_SHIFT;
    struct move m = { .mm = mm, .from = v->start >> PAGE_SHIFT, .to = addr >> PAGE_SHIFT };
    struct vma *moved = vma_new(addr, addr + (uintptr_t)new_len, v->flags, v->file, v->offset);

    if (moved == NULL)
        return -ENOMEM;

    int rc = reserve_targets(&m, pages);

    if (rc < 0) {
        trim_targets(&m, pages);
        vma_free(moved);
        return rc;
    }
    move_pages(&m, pages);
    trim_targets(&m, pages);
    mm_zap(mm, v->start, v->end);
    vma_remove(mm, v);
    vma_free(v);
    vma_insert(mm, moved);
    mm_protect_pages(mm, moved, moved->start, moved->end); /* back into the page tables */
    return 0;
}

struct remap {
    uintptr_t old;
    uint64_t old_len, new_len;
    unsigned flags;
    uintptr_t new_addr;
};

static int must_check
check_remap(struct mm *mm, const struct remap *r, struct vma **vma_out) requires_lock(mm->lock)
{
    struct vma *v = vma_at(mm, r->old);

    *vma_out = v;
    if (v == NULL)
        return -EFAULT;
    if (r->old_len == 0) /* a second view of shared memory */
        return (v->flags & VMA_SHARED) != 0 ? 0 : -EINVAL;
    if (r->old_len > v->end - r->old)
        return -EFAULT;
    if (r->new_len > r->old_len) {
        struct page_stats s;
        uint64_t more = (r->new_len - r->old_len) >> PAGE_SHIFT;

        page_stats(&s);
        if (v->file == NULL && (v->flags & VMA_NORESERVE) == 0 && more > s.total)
            return -ENOMEM;
        if (v->file != NULL && v->offset > (uint64_t)INT64_MAX - r->new_len - (r->old - v->start))
            return -EINVAL;
        if (mm_may_grow(mm, more) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* old_len 0: map the shared object of `v` once more. */
static int must_check
duplicate(struct mm *mm, const struct remap *r, uintptr_t *addr_out) requires_lock(mm->lock)
{
    struct vma *v = vma_at(mm, r->old);

    if (v == NULL)
        return -EFAULT;
    if ((r->flags & MM_REMAP_MAYMOVE) == 0)
        return -ENOMEM;

    uintptr_t addr = (r->flags & MM_REMAP_FIXED) != 0 ? r->new_addr : vma_find_gap(mm, r->new_len, 0);

    if (addr == 0 || mm->nvmas >= VMA_MAX || mm_may_grow(mm, r->new_len >> PAGE_SHIFT) < 0)
        return -ENOMEM;

    struct vma *copy = vma_new(addr, addr + (uintptr_t)r->new_len, v->flags, v->file,
                               v->offset + (r->old - v->start));

    if (copy == NULL)
        return -ENOMEM;
    vma_insert(mm, copy);
    *addr_out = addr;
    return 0;
}

static int must_check
remap_locked(struct mm *mm, const struct remap *r, uintptr_t *addr_out) requires_lock(mm->lock)
{
    bool fixed = (r->flags & MM_REMAP_FIXED) != 0;
    struct vma *v;
    int rc = check_remap(mm, r, &v);

    if (rc < 0)
        return rc;
    if (fixed) { /* what is at the new place goes first, as on Linux, even if the move fails then */
        rc = mm_unmap_locked(mm, r->new_addr, r->new_addr + (uintptr_t)r->new_len);
        if (rc < 0)
            return rc;
        v = vma_at(mm, r->old); /* the target may have been a part of the same area */
    }
    if (r->old_len == 0)
        return duplicate(mm, r, addr_out);
    if (r->new_len <= r->old_len && !fixed) {
        *addr_out = r->old;
        return r->new_len == r->old_len ? 0
                                        : mm_unmap_locked(mm, r->old + (uintptr_t)r->new_len,
                                                          r->old + (uintptr_t)r->old_len);
    }

    uintptr_t old_end = r->old + (uintptr_t)r->old_len;
    uint64_t more = r->new_len - r->old_len;
    struct vma *next = vma_next(mm, v);
    uintptr_t limit = next == NULL ? hal_user_max().v & ~PAGE_MASK : next->start;
    uint64_t need = more + (next != NULL && (next->flags & VMA_GROWSDOWN) != 0 ? STACK_GUARD : 0);

    if (!fixed && v->end == old_end && limit - old_end >= need) {
        v->end += (uintptr_t)more;
        mm->vm_pages += more >> PAGE_SHIFT;
        vma_merge(mm, v->start, v->end);
        *addr_out = r->old;
        return 0;
    }
    if ((r->flags & MM_REMAP_MAYMOVE) == 0)
        return -ENOMEM;

    uintptr_t addr = fixed ? r->new_addr : vma_find_gap(mm, r->new_len, 0);

    if (addr == 0)
        return -ENOMEM;
    rc = vma_isolate(mm, r->old, old_end);
    if (rc < 0)
        return rc;
    rc = move_area(mm, vma_at(mm, r->old), r->new_len, addr);
    vma_merge(mm, addr, addr + (uintptr_t)r->new_len);
    if (rc == 0)
        *addr_out = addr;
    return rc;
}

int
mm_remap(struct mm *mm, uintptr_t old, uint64_t old_len, uint64_t new_len, unsigned flags,
         uintptr_t new_addr, uintptr_t *addr_out)
{
    uint64_t space = hal_user_max().v - hal_user_min().v;
    bool fixed = (flags & MM_REMAP_FIXED) != 0;

    if ((old & PAGE_MASK) != 0 || new_len == 0 || (fixed && (flags & MM_REMAP_MAYMOVE) == 0))
        return -EINVAL;
    if (old_len > space || new_len > space)
        return new_len > space ? -EINVAL : -EFAULT;

    struct remap r = {
        .old = old,
        .old_len = (old_len + PAGE_MASK) & ~(uint64_t)PAGE_MASK,
        .new_len = (new_len + PAGE_MASK) & ~(uint64_t)PAGE_MASK,
        .flags = flags,
        .new_addr = new_addr,
    };

    if (fixed) {
        uintptr_t end = mm_range_end(new_addr, r.new_len);

        if ((new_addr & PAGE_MASK) != 0 || end == 0 || (new_addr < old + r.old_len && old < end))
            return -EINVAL;
    }
    mutex_lock(&mm->lock);

    int rc = remap_locked(mm, &r, addr_out);

    mutex_unlock(&mm->lock);
    return rc;
}

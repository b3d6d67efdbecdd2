/* User memory where there is no MMU: what fault.c, fork.c, mmap.c, mremap.c, advise.c, pages.c and shm.c are where there is one.
 *
 * A program sees physical addresses; what it may touch of them, the HAL's memory protection decides (hal_space_map() with equal
 * addresses).  An area is memory from its first byte to its last: nothing is mapped later, shared with the page cache or copied on write.
 *
 * Protection units want power-of-two regions that are aligned to their size and may leave out eighths of themselves (ARMv7-M: DDI 0403E,
 * B3.5.4), so an area is a run of pages that are eighths of such a region.
 *
 * As on Linux without an MMU: no fork (-ENOSYS), no fixed addresses (-EINVAL); a file that lies in memory (inode_ops.direct) is mapped
 * where it is, if not for writing, others are copied; only writable shared ones are refused (-ENODEV).  Areas are unmapped and protected as a whole (-EINVAL), and none is both writable and executable (-EACCES).
 */
#include <kernel/abi/errno.h>
#include <kernel/abi/resource.h>
#include <kernel/fs/file.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/grant.h>
#include <kernel/mm/vma.h>
#include <kernel/trusted/ucopy.h>

enum { EIGHTHS = 8 };

/* --- areas --- */

static unsigned
order_of(uint64_t pages)
{
    unsigned order = 0;

    while (order <= PAGE_ORDER_MAX && (1ull << order) < pages)
        order++;
    return order;
}

/* What `len` bytes become: pages, in eighths of a power of two; more than the largest block has: 0. */
static uint64_t
area_pages(uint64_t len)
{
    uint64_t pages = (len >> PAGE_SHIFT) + ((len & PAGE_MASK) != 0 ? 1 : 0);
    unsigned order = order_of(pages);
    uint64_t step = (1ull << order) / EIGHTHS;

    if (pages == 0 || order > PAGE_ORDER_MAX)
        return 0;
    return step <= 1 ? pages : (pages + step - 1) / step * step;
}

static struct page *
area_page(uintptr_t start, uint64_t n)
{
    return page_of(paddr(start + (n << PAGE_SHIFT)));
}

static void
pages_free(uintptr_t start, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++)
        page_put(area_page(start, i));
}

/* Can these be some of the eighths of one region? */
static bool
region_fits(uint64_t first, uint64_t pages)
{
    for (unsigned order = order_of(pages); order <= PAGE_ORDER_MAX; order++) {
        uint64_t all = 1ull << order, step = all / EIGHTHS > 1 ? all / EIGHTHS : 1;

        if (first % step == 0 && pages % step == 0 && first % all + pages <= all)
            return true;
    }
    return false;
}

/* Zeroed memory for an area, each page on its own; 0: there is no such piece. */
static uintptr_t
pages_alloc(uint64_t pages)
{
    uint8_t was = grant_use(GRANT_KEPT);
    struct page *first = page_alloc_run(pages, region_fits);

    (void)grant_use(was);
    if (first == NULL)
        return 0;
    page_zero(first, pages);
    return (uintptr_t)page_paddr(first).v;
}

static unsigned
area_prot(unsigned flags)
{
    return ((flags & VMA_READ) != 0 ? HAL_PROT_READ : 0u) |
           ((flags & VMA_WRITE) != 0 ? HAL_PROT_WRITE | HAL_PROT_READ : 0u) |
           ((flags & VMA_EXEC) != 0 ? HAL_PROT_EXEC | HAL_PROT_READ : 0u);
}

static bool
writable_code(unsigned flags)
{
    return (flags & (VMA_WRITE | VMA_EXEC)) == (VMA_WRITE | VMA_EXEC);
}

/* An area's memory back. */
static void
area_free(struct mm *mm, const struct vma *v)
{
    if ((v->flags & VMA_DIRECT) != 0)
        return;
    pages_free(v->start, 0, vma_pages(v));
    mm->rss_pages -= vma_pages(v);
}

static void
area_drop(struct mm *mm, struct vma *v) requires_lock(mm->lock)
{
    hal_space_unmap(mm->space, uaddr(v->start), (size_t)vma_pages(v));
    area_free(mm, v);
    vma_remove(mm, v);
    vma_free(v);
}

void
mm_drop_all(struct mm *mm)
{
    for (struct vma *v = vma_first(mm); v != NULL; v = vma_next(mm, v))
        area_free(mm, v);
}

/* --- mmap and its relatives --- */

static int must_check
check_args(const struct mm_map_args *a)
{
    if (a->fixed || a->noreplace)
        return -EINVAL;
    if (writable_code(a->flags))
        return -EACCES;
    if (a->file != NULL && (a->flags & (VMA_SHARED | VMA_WRITE)) == (VMA_SHARED | VMA_WRITE))
        return -ENODEV;
    if (a->file != NULL && !file_can_read(a->file))
        return -EACCES;
    return area_pages(a->len) == 0 ? -ENOMEM : 0;
}

static int must_check
read_file(const struct mm_map_args *a, uintptr_t start)
{
    if (a->file == NULL)
        return 0;

    int64_t n = file_read_at(a->file, a->offset, page_ptr(area_page(start, 0)), (size_t)a->len);

    return n < 0 ? (int)n : 0;
}

static int must_check
area_enter(struct mm *mm, const struct mm_map_args *a, uintptr_t start, uint64_t pages)
{
    struct vma *v =
        vma_new(start, start + (uintptr_t)(pages << PAGE_SHIFT), a->flags, a->file, a->offset);
    unsigned prot = area_prot(a->flags);
    int rc = 0;

    if (v == NULL)
        return -ENOMEM;
    if (prot != 0)
        rc = hal_space_map(mm->space, uaddr(start), paddr(start), (size_t)pages, prot);
    if (rc < 0) {
        vma_free(v);
        return rc;
    }
    mutex_lock(&mm->lock);
    vma_insert(mm, v);
    mm->rss_pages += (a->flags & VMA_DIRECT) != 0 ? 0 : pages;
    if (mm->rss_pages > mm->rss_peak)
        mm->rss_peak = mm->rss_pages;
    mutex_unlock(&mm->lock);
    return 0;
}

/* An area that is the file itself, where it lies.  False: not this file, or protection cannot be had for it in one region. */
static bool noinline_fn
map_direct(struct mm *mm, const struct mm_map_args *args, uint64_t pages, uintptr_t *addr_out)
{
    struct inode *inode = args->file != NULL ? args->file->inode : NULL;
    struct mm_map_args direct = *args;
    uint64_t room;
    paddr_t pa;

    if (inode == NULL || inode->ops == NULL || inode->ops->direct == NULL ||
        (args->flags & VMA_WRITE) != 0 || inode->ops->direct(inode, &pa, &room) < 0)
        return false;
    if (args->offset >= room || pages << PAGE_SHIFT > room - args->offset ||
        ((pa.v + args->offset) & PAGE_MASK) != 0)
        return false;
    direct.flags |= VMA_DIRECT;
    *addr_out = (uintptr_t)(pa.v + args->offset);
    return area_enter(mm, &direct, *addr_out, pages) == 0;
}

int
mm_map(struct mm *mm, const struct mm_map_args *args, uintptr_t *addr_out)
{
    uint64_t pages = area_pages(args->len);
    int rc = check_args(args);

    if (rc == 0)
        rc = mm_may_grow(mm, pages);
    if (rc < 0)
        return rc;
    if (map_direct(mm, args, pages, addr_out))
        return 0;
    rc = mm_within(RLIMIT_DATA, mm->rss_pages, pages);
    if (rc < 0)
        return rc;

    uintptr_t start = pages_alloc(pages);

    if (start == 0) {
        vfs_squeeze();
        start = pages_alloc(pages);
        if (start == 0 && vfs_sync() == 0) /* what is written can go */
            start = pages_alloc(pages);
    }
    if (start == 0)
        return -ENOMEM;
    rc = read_file(args, start);
    if (rc == 0)
        rc = area_enter(mm, args, start, pages);
    if (rc < 0) {
        pages_free(start, 0, pages);
        return rc;
    }
    *addr_out = start;
    return 0;
}

/* The area that begins at `addr` and is as long as mm_map() makes one of `len` bytes, or NULL. */
static struct vma *_Nullable
whole_area(struct mm *mm, uintptr_t addr, uint64_t len) requires_lock(mm->lock)
{
    struct vma *v = vma_at(mm, addr);

    return v != NULL && v->start == addr && vma_pages(v) == area_pages(len) ? v : NULL;
}

/* Is [start, end) made of whole areas and of holes? */
static bool
cuts_nothing(struct mm *mm, uintptr_t start, uintptr_t end) requires_lock(mm->lock)
{
    const struct vma *first = vma_at(mm, start), *last = vma_at(mm, end);

    return (first == NULL || first->start == start) && (last == NULL || last->start == end);
}

int
mm_unmap(struct mm *mm, uintptr_t addr, uint64_t len)
{
    uintptr_t end = mm_range_end(addr, len);
    int rc = 0;

    if ((addr & PAGE_MASK) != 0 || end == 0)
        return -EINVAL;
    mutex_lock(&mm->lock);

    struct vma *v = whole_area(mm, addr, len);

    if (v != NULL)
        area_drop(mm, v);
    else if (!cuts_nothing(mm, addr, end))
        rc = -EINVAL;
    else
        while ((v = vma_find(mm, addr)) != NULL && v->start < end)
            area_drop(mm, v);
    mutex_unlock(&mm->lock);
    return rc;
}

int
mm_protect(struct mm *mm, uintptr_t addr, uint64_t len, unsigned prot_flags)
{
    int rc = 0;

    if ((addr & PAGE_MASK) != 0)
        return -EINVAL;
    if (len == 0)
        return 0;
    if (writable_code(prot_flags))
        return -EACCES;
    mutex_lock(&mm->lock);

    struct vma *v = vma_at(mm, addr);
    unsigned prot = area_prot(prot_flags);

    if (v == NULL) {
        rc = -ENOMEM;
    } else if ((v->flags & VMA_ACCESS) == prot_flags) { /* nothing to do, for a part of it too */
        rc = mm_range_end(addr, len) > v->end ? -ENOMEM : 0;
    } else if (whole_area(mm, addr, len) == NULL) {
        rc = -EINVAL;
    } else if ((v->flags & VMA_DIRECT) != 0 && (prot_flags & VMA_WRITE) != 0) {
        rc = -EACCES;
    } else if (prot == 0) {
        hal_space_unmap(mm->space, uaddr(addr), (size_t)vma_pages(v));
        v->flags &= ~(unsigned)VMA_ACCESS;
    } else {
        rc = hal_space_map(mm->space, uaddr(addr), paddr(addr), (size_t)vma_pages(v), prot);
        if (rc == 0)
            v->flags = (v->flags & ~(unsigned)VMA_ACCESS) | prot_flags;
    }
    mutex_unlock(&mm->lock);
    return rc;
}

/* In place, within what the area has anyway. */
int
mm_remap(struct mm *mm, uintptr_t old, uint64_t old_len, uint64_t new_len, unsigned flags,
         uintptr_t new_addr unused_param, uintptr_t *addr_out)
{
    int rc = -EINVAL;

    if ((old & PAGE_MASK) != 0 || new_len == 0 || (flags & MM_REMAP_FIXED) != 0)
        return rc;
    mutex_lock(&mm->lock);

    const struct vma *v = whole_area(mm, old, old_len);

    if (v == NULL)
        rc = vma_at(mm, old) == NULL ? -EFAULT : -EINVAL;
    else
        rc = new_len <= vma_pages(v) << PAGE_SHIFT ? 0 : -ENOMEM;
    mutex_unlock(&mm->lock);
    if (rc == 0)
        *addr_out = old;
    return rc;
}

/* The break moves within the area that the loader made for data and heap. */
int
mm_set_brk(struct mm *mm, uintptr_t brk, uintptr_t *brk_out)
{
    uintptr_t old = mm->brk;
    int rc = -ENOMEM;

    mutex_lock(&mm->lock);

    const struct vma *v = vma_at(mm, mm->brk_start);

    if (v != NULL && brk >= mm->brk_start && brk <= v->end)
        rc = 0;
    mutex_unlock(&mm->lock);
    if (rc == 0 && brk > old) /* it may have been used before */
        rc = ucopy_zero_mm(mm, uaddr(old), brk - old);
    if (rc == 0)
        mm->brk = brk;
    *brk_out = mm->brk;
    return rc;
}

/* --- what is simple without pages that come and go --- */

int
mm_fork(struct mm *parent unused_param, struct mm **mm_out unused_param)
{
    return -ENOSYS;
}

int
mm_fault(struct mm *mm, uintptr_t addr, unsigned access unused_param)
{
    mutex_lock(&mm->lock);

    bool there = vma_at(mm, addr) != NULL;

    mutex_unlock(&mm->lock);
    return there ? -EACCES : -EFAULT;
}

void
mm_populate(struct mm *mm unused_param, uintptr_t addr unused_param, uint64_t len unused_param,
            bool cached_only unused_param)
{
}

int
mm_check_range(struct mm *mm, uintptr_t addr, uint64_t len)
{
    uintptr_t end = mm_range_end(addr, len);

    if (len == 0)
        return 0;
    if (end == 0)
        return -ENOMEM;
    mutex_lock(&mm->lock);

    bool covered = vma_covers(mm, addr & ~PAGE_MASK, end);

    mutex_unlock(&mm->lock);
    return covered ? 0 : -ENOMEM;
}

int
mm_discard(struct mm *mm, uintptr_t addr, uint64_t len, bool anon_only)
{
    int rc = mm_check_range(mm, addr, len);

    if (rc < 0 || len == 0)
        return rc;
    mutex_lock(&mm->lock);

    const struct vma *v = vma_at(mm, addr);
    bool anon = v != NULL && v->file == NULL;
    bool zero = anon && (v->flags & VMA_WRITE) != 0 && mm_range_end(addr, len) <= v->end;

    mutex_unlock(&mm->lock);
    if (anon_only && !anon)
        return -EINVAL;
    return zero ? ucopy_zero_mm(mm, uaddr(addr), (size_t)len) : 0;
}

int
mm_advise_flags(struct mm *mm, uintptr_t addr, uint64_t len, unsigned set unused_param,
                unsigned clear unused_param)
{
    return mm_check_range(mm, addr, len); /* they are about fork */
}

int
mm_sync(struct mm *mm, uintptr_t addr, uint64_t len, bool wait unused_param)
{
    return mm_check_range(mm, addr, len); /* no mapping changes a file */
}

int
mm_in_core(struct mm *mm, uintptr_t addr)
{
    return mm_check_range(mm, addr, 1) < 0 ? -ENOMEM : 1;
}

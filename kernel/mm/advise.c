/* madvise, msync and mincore on an address space. */
#include <kernel/abi/errno.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/vma.h>

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
    uintptr_t end = mm_range_end(addr, len);
    int rc = 0;

    if (len == 0)
        return 0;
    if (end == 0)
        return -ENOMEM;
    mutex_lock(&mm->lock);
    for (struct vma *v = vma_find(mm, addr); anon_only && v != NULL && v->start < end;
         v = vma_next(mm, v)) {
        if (v->file != NULL)
            rc = -EINVAL;
    }
    if (rc == 0) {
        mm_zap(mm, addr, end);
        rc = vma_covers(mm, addr, end) ? 0 : -ENOMEM;
    }
    mutex_unlock(&mm->lock);
    return rc;
}

int
mm_advise_flags(struct mm *mm, uintptr_t addr, uint64_t len, unsigned set, unsigned clear)
{
    uintptr_t end = mm_range_end(addr, len);

    if (len == 0)
        return 0;
    if (end == 0)
        return -ENOMEM;
    mutex_lock(&mm->lock);

    int rc = vma_covers(mm, addr, end) ? vma_isolate(mm, addr, end) : -ENOMEM;

    for (struct vma *v = vma_find(mm, addr); rc == 0 && v != NULL && v->start < end;
         v = vma_next(mm, v))
        v->flags = (v->flags & ~clear) | set;
    vma_merge(mm, addr, end);
    mutex_unlock(&mm->lock);
    return rc;
}

/* Write one area's part of [addr, end) back, with the lock given up meanwhile: the disk is slow. */
static int must_check
sync_area(struct mm *mm, struct vma *v, uintptr_t addr, uintptr_t end, bool wait)
    requires_lock(mm->lock)
{
    struct inode *inode;
    int rc;

    if (v->file == NULL || (v->flags & VMA_SHARED) == 0 || v->file->ops->map_page != NULL)
        return 0;
    mm_unmap_pages(mm, addr, end); /* marks what was written; the next write faults and marks it again */
    if (!wait)
        return 0;
    inode = inode_ref(v->file->inode);
    mutex_unlock(&mm->lock);
    rc = pagecache_sync(inode);
    inode_put(inode);
    mutex_lock(&mm->lock);
    return rc;
}

int
mm_sync(struct mm *mm, uintptr_t addr, uint64_t len, bool wait)
{
    uintptr_t end = mm_range_end(addr, len);
    int rc = 0;

    if (len == 0)
        return 0;
    if (end == 0)
        return -ENOMEM;
    mutex_lock(&mm->lock);
    if (!vma_covers(mm, addr, end))
        rc = -ENOMEM;
    while (addr < end) {
        struct vma *v = vma_find(mm, addr); /* anew each time: the lock was given up */

        if (v == NULL || v->start >= end)
            break;

        uintptr_t lo = v->start > addr ? v->start : addr, hi = v->end < end ? v->end : end;
        int err = sync_area(mm, v, lo, hi, wait);

        if (rc == 0)
            rc = err;
        addr = hi;
    }
    mutex_unlock(&mm->lock);
    return rc;
}

int
mm_in_core(struct mm *mm, uintptr_t addr)
{
    uint64_t vpn = addr >> PAGE_SHIFT;
    int rc = -ENOMEM;

    mutex_lock(&mm->lock);

    struct vma *v = vma_at(mm, addr);

    if (v != NULL) {
        struct chunk *c = resident_find(&mm->resident, vpn);

        rc = c != NULL && (c->present & chunk_mask(chunk_bit(vpn), 1)) != 0;
        if (rc == 0 && v->file != NULL && v->file->ops->map_page == NULL) {
            struct page *page = pagecache_peek(v->file->inode, vma_file_index(v, vpn));

            if (page != NULL) {
                page_put(page);
                rc = 1;
            }
        }
    }
    mutex_unlock(&mm->lock);
    return rc;
}

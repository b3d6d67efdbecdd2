/* Mappings: mmap, munmap, mprotect and brk on a given address space. */
#include <kernel/abi/fcntl.h>
#include <kernel/abi/resource.h>
#include <kernel/core/assert.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/vma.h>

/* A program may not promise itself more private memory than the machine has, unless it says so (VMA_NORESERVE). */
static int must_check
check_commit(const struct mm_map_args *args, uint64_t pages)
{
    struct page_stats s;

    if ((args->flags & VMA_NORESERVE) != 0)
        return 0;
    if (args->file != NULL && ((args->flags & VMA_SHARED) != 0 || (args->flags & VMA_WRITE) == 0))
        return 0;
    page_stats(&s);
    return pages > s.total ? -ENOMEM : 0;
}

static int must_check
check_file(const struct mm_map_args *args, uint64_t pages)
{
    const struct file *file = args->file;
    uint32_t mode;

    assert(file != NULL);
    mode = file->flags & O_ACCMODE;
    if ((args->offset & PAGE_MASK) != 0)
        return -EINVAL;
    if (args->offset > (uint64_t)INT64_MAX - (pages << PAGE_SHIFT))
        return -EOVERFLOW;
    if ((file->flags & O_PATH) != 0)
        return -EBADF;
    if (mode == O_WRONLY)
        return -EACCES;
    if ((args->flags & (VMA_SHARED | VMA_WRITE)) == (VMA_SHARED | VMA_WRITE) && mode != O_RDWR)
        return -EACCES;
    if (file->ops->map_page == NULL &&
        (file->inode == NULL || (file->inode->mode & S_IFMT) != S_IFREG))
        return -ENODEV;
    return 0;
}

/* Where it goes; with `fixed` what is there is still there. */
static int must_check
place(struct mm *mm, const struct mm_map_args *args, uint64_t len, uintptr_t *addr_out)
    requires_lock(mm->lock)
{
    uintptr_t hint = args->addr & ~PAGE_MASK;
    uintptr_t end = hint != 0 ? mm_range_end(hint, len) : 0;

    if (args->fixed || args->noreplace) {
        if ((args->addr & PAGE_MASK) != 0)
            return -EINVAL;
        if (args->addr < hal_user_min().v)
            return -EPERM;
        if (end == 0)
            return -ENOMEM;
        if (args->noreplace) {
            struct vma *v = vma_find(mm, hint);

            if (v != NULL && v->start < end)
                return -EEXIST;
        }
        *addr_out = hint;
        return 0;
    }
    if (end != 0 && (args->below == 0 || end <= args->below)) {
        struct vma *v = vma_find(mm, hint);

        if (v == NULL ||
            (v->start >= end && ((v->flags & VMA_GROWSDOWN) == 0 || v->start - end >= STACK_GUARD))) {
            *addr_out = hint;
            return 0;
        }
    }
    *addr_out = vma_find_gap(mm, len, args->below);
    return *addr_out != 0 ? 0 : -ENOMEM;
}

/* Pages of [start, end) that are in some area. */
static uint64_t
pages_in(struct mm *mm, uintptr_t start, uintptr_t end) requires_lock(mm->lock)
{
    uint64_t pages = 0;

    for (struct vma *v = vma_find(mm, start); v != NULL && v->start < end; v = vma_next(mm, v)) {
        uintptr_t lo = v->start > start ? v->start : start, hi = v->end < end ? v->end : end;

        pages += (hi - lo) >> PAGE_SHIFT;
    }
    return pages;
}

static int must_check
map_locked(struct mm *mm, const struct mm_map_args *args, struct file *file, uint64_t len,
           uintptr_t *addr_out) requires_lock(mm->lock)
{
    uintptr_t addr;
    int rc = place(mm, args, len, &addr);

    if (rc < 0)
        return rc;

    uintptr_t end = addr + (uintptr_t)len;
    uint64_t replaced = pages_in(mm, addr, end);

    if (mm->nvmas >= VMA_MAX)
        return -ENOMEM;
    rc = mm_may_grow(mm, (len >> PAGE_SHIFT) - replaced);
    if (rc < 0)
        return rc;

    unsigned flags = args->flags;

    if (file != NULL)
        flags &= ~(unsigned)VMA_GROWSDOWN;

    struct vma *v = vma_new(addr, end, flags, file, file != NULL ? args->offset : 0);

    if (v == NULL)
        return -ENOMEM;
    if (replaced > 0) {
        rc = mm_unmap_locked(mm, addr, end);
        if (rc < 0) {
            vma_free(v);
            return rc;
        }
    }
    vma_insert(mm, v);
    vma_merge(mm, addr, end);
    *addr_out = addr;
    return 0;
}

int
mm_map(struct mm *mm, const struct mm_map_args *args, uintptr_t *addr_out)
{
    struct file *file = args->file, *shm = NULL;
    uint64_t space = hal_user_max().v - hal_user_min().v;
    int rc;

    if (args->len == 0)
        return -EINVAL;
    if (args->len > space)
        return -ENOMEM;

    uint64_t len = (args->len + PAGE_MASK) & ~(uint64_t)PAGE_MASK;

    if (file != NULL) {
        rc = check_file(args, len >> PAGE_SHIFT);
        if (rc < 0)
            return rc;
    }
    rc = check_commit(args, len >> PAGE_SHIFT);
    if (rc < 0)
        return rc;
    if (file == NULL && (args->flags & VMA_SHARED) != 0) {
        rc = shm_create(&shm);
        if (rc < 0)
            return rc;
        file = shm;
    }
    mutex_lock(&mm->lock);
    rc = map_locked(mm, args, file, len, addr_out);
    mutex_unlock(&mm->lock);
    if (shm != NULL)
        file_put(shm);
    if (rc == 0 && args->populate)
        mm_populate(mm, *addr_out, len, false);
    return rc;
}

int
mm_unmap_locked(struct mm *mm, uintptr_t start, uintptr_t end)
{
    int rc = vma_isolate(mm, start, end);

    if (rc < 0)
        return rc;

    struct vma *v = vma_find(mm, start), *next;

    if (v == NULL || v->start >= end)
        return 0;
    mm_zap(mm, start, end);
    for (; v != NULL && v->start < end; v = next) {
        next = vma_next(mm, v);
        vma_remove(mm, v);
        vma_free(v);
    }
    return 0;
}

int
mm_unmap(struct mm *mm, uintptr_t addr, uint64_t len)
{
    uintptr_t min = hal_user_min().v, max = hal_user_max().v;

    if ((addr & PAGE_MASK) != 0 || len == 0 || addr > max || len > max - addr)
        return -EINVAL;
    if (addr < min) { /* nothing of ours can be down there */
        if (len <= min - addr)
            return 0;
        len -= min - addr;
        addr = min;
    }

    uintptr_t end = mm_range_end(addr, len);

    if (end == 0)
        return -EINVAL;
    mutex_lock(&mm->lock);

    int rc = mm_unmap_locked(mm, addr, end);

    mutex_unlock(&mm->lock);
    return rc;
}

/* May the areas of [start, end) have these rights? */
static int must_check
check_protect(struct mm *mm, uintptr_t start, uintptr_t end, unsigned prot) requires_lock(mm->lock)
{
    if (!vma_covers(mm, start, end))
        return -ENOMEM;
    if ((prot & VMA_WRITE) == 0)
        return 0;
    for (struct vma *v = vma_find(mm, start); v != NULL && v->start < end; v = vma_next(mm, v)) {
        if (v->file != NULL && (v->flags & VMA_SHARED) != 0 && (v->file->flags & O_ACCMODE) != O_RDWR)
            return -EACCES;
    }
    return 0;
}

static int must_check
protect_locked(struct mm *mm, uintptr_t start, uintptr_t end, unsigned prot) requires_lock(mm->lock)
{
    int rc = check_protect(mm, start, end, prot);

    if (rc < 0)
        return rc;
    rc = vma_isolate(mm, start, end);
    for (struct vma *v = vma_find(mm, start); rc == 0 && v != NULL && v->start < end;
         v = vma_next(mm, v)) {
        unsigned flags = (v->flags & ~(unsigned)VMA_ACCESS) | prot;

        if (flags == v->flags)
            continue;
        v->flags = flags;
        mm_protect_pages(mm, v, v->start, v->end);
    }
    vma_merge(mm, start, end);
    return rc;
}

int
mm_protect(struct mm *mm, uintptr_t addr, uint64_t len, unsigned prot_flags)
{
    uintptr_t end = mm_range_end(addr, len);

    if ((addr & PAGE_MASK) != 0)
        return -EINVAL;
    if (len == 0)
        return 0;
    if (end == 0)
        return -ENOMEM;
    mutex_lock(&mm->lock);

    int rc = protect_locked(mm, addr, end, prot_flags & VMA_ACCESS);

    mutex_unlock(&mm->lock);
    return rc;
}

/* The heap is the area(s) from brk_start to the page after brk. */
static int must_check
set_brk_locked(struct mm *mm, uintptr_t brk) requires_lock(mm->lock)
{
    if (brk < mm->brk_start || brk > (hal_user_max().v & ~PAGE_MASK) ||
        brk - mm->brk_start > mm_limit(RLIMIT_DATA))
        return -ENOMEM;

    uintptr_t old_end = (mm->brk + PAGE_MASK) & ~PAGE_MASK, new_end = (brk + PAGE_MASK) & ~PAGE_MASK;
    int rc = 0;

    if (new_end < old_end) {
        rc = mm_unmap_locked(mm, new_end, old_end);
    } else if (new_end > old_end) {
        struct mm_map_args args = { .addr = old_end,
                                    .len = new_end - old_end,
                                    .flags = VMA_READ | VMA_WRITE | VMA_HEAP,
                                    .noreplace = true };
        struct vma *v = vma_find(mm, old_end);
        uintptr_t at;

        if (v != NULL && (v->flags & VMA_GROWSDOWN) != 0 && v->start >= new_end &&
            v->start - new_end < STACK_GUARD)
            return -ENOMEM;
        rc = check_commit(&args, args.len >> PAGE_SHIFT);
        if (rc == 0)
            rc = map_locked(mm, &args, NULL, args.len, &at);
    }
    if (rc < 0)
        return -ENOMEM;
    mm->brk = brk;
    return 0;
}

int
mm_set_brk(struct mm *mm, uintptr_t brk, uintptr_t *brk_out)
{
    mutex_lock(&mm->lock);

    int rc = set_brk_locked(mm, brk);

    *brk_out = mm->brk;
    mutex_unlock(&mm->lock);
    return rc;
}

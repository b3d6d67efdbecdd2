/* Address spaces: their life, and what limits their size. */
#include <kernel/abi/errno.h>
#include <kernel/abi/resource.h>
#include <kernel/core/assert.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/vma.h>
#include <kernel/proc/proc.h>

uint64_t
mm_limit(unsigned which)
{
    const struct proc *p = thread_current()->proc;

    assert(which < RLIM_NLIMITS);
    return p != NULL ? p->rlimits->of[which].cur : RLIM_INFINITY;
}

uintptr_t
mm_range_end(uintptr_t addr, uint64_t len)
{
    uintptr_t max = hal_user_max().v;

    if (len == 0 || addr < hal_user_min().v || addr >= max || len > max - addr)
        return 0;

    uintptr_t end = (addr + (uintptr_t)len + PAGE_MASK) & ~PAGE_MASK;

    return end > addr && end <= max ? end : 0;
}

int
mm_within(unsigned which, uint64_t used, uint64_t pages)
{
    uint64_t limit = mm_limit(which) >> PAGE_SHIFT;

    return used > limit || pages > limit - used ? -ENOMEM : 0;
}

int
mm_may_grow(const struct mm *mm, uint64_t pages)
{
    return mm_within(RLIMIT_AS, mm->vm_pages, pages);
}

int
mm_create(struct mm **mm_out)
{
    struct mm *mm = kmem_alloc(sizeof *mm);
    int rc;

    if (mm == NULL)
        return -ENOMEM;
    rc = hal_space_create(&mm->space);
    if (rc < 0) {
        kmem_free(mm);
        return rc;
    }
    mutex_init(&mm->lock, "mm", RANK_MM);
    vma_tree_init(mm);
    mm->refs = 1;
    mm->mmap_top = hal_user_max().v & ~PAGE_MASK;
    *mm_out = mm;
    return 0;
}

struct mm *
mm_get(struct mm *mm)
{
    assert(mm->refs > 0);
    mm->refs++;
    return mm;
}

void
mm_put(struct mm *mm)
{
    assert(mm->refs > 0);
    if (--mm->refs > 0)
        return;
    hal_space_destroy(mm->space);
    mutex_lock(&mm->lock);
    mm_drop_all(mm);
    for (struct vma *v; (v = vma_first(mm)) != NULL;) {
        vma_remove(mm, v);
        vma_free(v);
    }
    assert(mm->rss_pages == 0 && mm->vm_pages == 0 && mm->nvmas == 0);
    mutex_unlock(&mm->lock);
    kmem_free(mm);
}

/* The areas of an address space, in a tree by address. */
#include <kernel/core/assert.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/vma.h>

static struct vma *_Nullable
vma_of(const struct tree_node *_Nullable n)
{
    return n != NULL ? container_of(n, struct vma, node) : NULL;
}

static uint64_t
vma_key(const struct tree_node *n)
{
    return container_of(n, const struct vma, node)->start;
}

void
vma_tree_init(struct mm *mm)
{
    tree_init(&mm->vmas, vma_key);
}

struct vma *
vma_first(struct mm *mm)
{
    return vma_of(tree_first(&mm->vmas));
}

struct vma *
vma_last(struct mm *mm)
{
    return vma_of(tree_last(&mm->vmas));
}

struct vma *
vma_next(struct mm *mm unused_param, const struct vma *v)
{
    return vma_of(tree_next(&v->node));
}

struct vma *
vma_prev(struct mm *mm unused_param, const struct vma *v)
{
    return vma_of(tree_prev(&v->node));
}

struct vma *
vma_find(struct mm *mm, uintptr_t addr)
{
    struct vma *v = mm->last_vma;

    if (v != NULL && addr >= v->start && addr < v->end)
        return v;
    v = vma_of(tree_floor(&mm->vmas, addr));
    if (v == NULL)
        v = vma_first(mm);
    else if (v->end <= addr)
        v = vma_next(mm, v);
    if (v != NULL)
        mm->last_vma = v;
    return v;
}

struct vma *
vma_at(struct mm *mm, uintptr_t addr)
{
    struct vma *v = vma_find(mm, addr);

    return v != NULL && v->start <= addr ? v : NULL;
}

struct vma *
vma_new(uintptr_t start, uintptr_t end, unsigned flags, struct file *file, uint64_t offset)
{
    struct vma *v = kmem_alloc(sizeof *v);

    if (v == NULL)
        return NULL;
    v->start = start;
    v->end = end;
    v->flags = flags;
    v->file = file != NULL ? file_ref(file) : NULL;
    v->offset = offset;
    return v;
}

void
vma_free(struct vma *v)
{
    if (v->file != NULL)
        file_put(v->file);
    kmem_free(v);
}

void
vma_insert(struct mm *mm, struct vma *v)
{
    struct vma *next = vma_find(mm, v->start);

    assert(v->start < v->end && (next == NULL || next->start >= v->end));
    tree_insert(&mm->vmas, &v->node);
    mm->nvmas++;
    mm->vm_pages += vma_pages(v);
    mm->last_vma = v;
}

void
vma_remove(struct mm *mm, struct vma *v)
{
    if (mm->last_vma == v)
        mm->last_vma = NULL;
    tree_remove(&mm->vmas, &v->node);
    mm->nvmas--;
    mm->vm_pages -= vma_pages(v);
}

/* Split the area that straddles `addr`, if there is one. */
static int must_check
split_at(struct mm *mm, uintptr_t addr) requires_lock(mm->lock)
{
    struct vma *v = vma_at(mm, addr);

    if (v == NULL || v->start == addr)
        return 0;
    if (mm->nvmas >= VMA_MAX)
        return -ENOMEM;

    uint64_t below = addr - v->start;
    struct vma *high =
        vma_new(addr, v->end, v->flags, v->file, v->file != NULL ? v->offset + below : 0);

    if (high == NULL)
        return -ENOMEM;
    v->end = addr;
    mm->vm_pages -= vma_pages(high); /* vma_insert() counts them again */
    vma_insert(mm, high);
    return 0;
}

int
vma_isolate(struct mm *mm, uintptr_t start, uintptr_t end)
{
    int rc = split_at(mm, start);

    return rc < 0 ? rc : split_at(mm, end);
}

static bool
can_merge(const struct vma *a, const struct vma *b)
{
    return a->end == b->start && a->flags == b->flags && a->file == b->file &&
           (a->file == NULL || a->offset + (a->end - a->start) == b->offset);
}

void
vma_merge(struct mm *mm, uintptr_t start, uintptr_t end)
{
    struct vma *v = vma_find(mm, start == 0 ? 0 : start - 1);

    while (v != NULL && v->start < end) {
        struct vma *next = vma_next(mm, v);

        if (next == NULL || next->start > end)
            return;
        if (!can_merge(v, next)) {
            v = next;
            continue;
        }
        vma_remove(mm, next);
        mm->vm_pages += vma_pages(next);
        v->end = next->end;
        vma_free(next);
    }
}

bool
vma_covers(struct mm *mm, uintptr_t start, uintptr_t end)
{
    for (struct vma *v = vma_find(mm, start); v != NULL && v->start <= start; v = vma_next(mm, v)) {
        if (v->end >= end)
            return true;
        start = v->end;
    }
    return start >= end;
}

/* The first fit below `ceiling`, from the top. */
static uintptr_t
gap_below(struct mm *mm, uint64_t len, uintptr_t ceiling) requires_lock(mm->lock)
{
    uintptr_t min = hal_user_min().v;

    for (struct vma *v = vma_last(mm); v != NULL; v = vma_prev(mm, v)) {
        uintptr_t guard = (v->flags & VMA_GROWSDOWN) != 0 ? STACK_GUARD : 0;
        uintptr_t top = v->start > guard ? v->start - guard : 0;

        if (v->end < ceiling && ceiling - v->end >= len)
            return ceiling - (uintptr_t)len;
        if (top < ceiling)
            ceiling = top;
    }
    return ceiling > min && ceiling - min >= len ? ceiling - (uintptr_t)len : 0;
}

uintptr_t
vma_find_gap(struct mm *mm, uint64_t len, uintptr_t below)
{
    uintptr_t top = mm->mmap_top;

    if (below != 0)
        return gap_below(mm, len, below < hal_user_max().v ? below : hal_user_max().v);

    uintptr_t addr = gap_below(mm, len, top);

    return addr != 0 ? addr : gap_below(mm, len, hal_user_max().v & ~PAGE_MASK);
}

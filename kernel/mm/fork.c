/* fork(2)'s copy of an address space.
 *
 * Private pages are shared copy on write and enter the child's resident set; its page tables are filled by the child's faults, since
 * most children touch a handful of pages.  Two things are done in advance, because a fault is so much dearer than a copied page:
 * the pages that the parent writes to (few: the top of the stack, the data segment) are copied at once and stay writable in the
 * parent, and the program's own pages that the parent uses are mapped, as far as that takes few commands.
 */
#include <kernel/abi/errno.h>
#include <kernel/core/assert.h>
#include <kernel/mm/vma.h>
#include <kernel/proc/proc.h>

enum {
    COPY_MAX = 64,  /* pages copied in advance by one fork */
    COPY_RUN = 16,  /* in one piece */
    FILE_MAX = 512, /* what may be spent on mapping the file pages the parent uses: 1 for a page, */
    FILE_RUN = 24,  /* this for each piece of physical memory */
};

struct fork_walk {
    struct mm *parent, *child;
    const struct vma *vma; /* the parent's or the child's: they are alike */
    unsigned budget;       /* pages that may still be copied in advance */
    unsigned file_budget;
    paddr_t next; /* where the file page before ends */
};

/* Copy up to `n` pages from `bit` on; how many it did. */
static unsigned
copy_run(const struct fork_walk *w, const struct chunk *from, struct chunk *to, unsigned bit,
         unsigned n)
{
    struct page *block;
    unsigned want = 1;

    while (want * 2 <= n && want < COPY_RUN)
        want *= 2;

    unsigned got = mm_alloc_run(want, &block);

    for (unsigned i = 0; i < got; i++) {
        struct page *page = mm_run_page(block, i);

        page_copy(page, from->pages[bit + i]);
        mm_page_add(w->child, to, bit + i, page, true);
    }
    return got;
}

/* Copy the pages of `hot` as long as the budget and memory last: the mask of those done. */
static uint64_t
copy_hot(struct fork_walk *w, const struct chunk *from, struct chunk *to, uint64_t hot)
{
    uint64_t done = 0;
    unsigned bit, n;

    while (w->budget > 0 && chunk_next_run(&hot, &bit, &n)) {
        while (n > 0 && w->budget > 0) {
            unsigned got = copy_run(w, from, to, bit, n < w->budget ? n : w->budget);

            if (got == 0) {
                w->budget = 0;
                break;
            }
            done |= chunk_mask(bit, got);
            w->budget -= got;
            bit += got;
            n -= got;
        }
    }
    return done;
}

/* The file's pages that the parent has in its page tables: the child will want them too.  The mask of those taken over. */
static uint64_t
take_file_pages(struct fork_walk *w, const struct chunk *from, struct chunk *to, uint64_t mask)
{
    uint64_t done = 0;

    for (uint64_t todo = from->mapped & ~from->anon & mask; todo != 0; todo &= todo - 1) {
        unsigned bit = (unsigned)__builtin_ctzll(todo);
        struct page *page = from->pages[bit];
        unsigned cost = page_paddr(page).v == w->next.v ? 1 : FILE_RUN;

        if (cost > w->file_budget)
            break;
        w->file_budget -= cost;
        w->next = paddr(page_paddr(page).v + PAGE_SIZE);
        page_get(page);
        mm_page_add(w->child, to, bit, page, false);
        done |= chunk_mask(bit, 1);
    }
    return done;
}

static int
fork_chunk(void *arg, struct chunk *c, uint64_t mask)
{
    struct fork_walk *w = arg;
    uint64_t anon = c->present & c->anon & mask;
    unsigned first, n;

    if ((c->present & mask) == 0)
        return 0;

    struct chunk *cc = resident_obtain(&w->child->resident, c->key << CHUNK_SHIFT);

    if (cc == NULL)
        return -ENOMEM;

    uint64_t copied = copy_hot(w, c, cc, anon & c->writable);
    uint64_t shared = anon & ~copied, todo = shared & c->writable;

    while (chunk_next_run(&todo, &first, &n)) {
        uintptr_t va = (uintptr_t)((c->key << CHUNK_SHIFT) + first) << PAGE_SHIFT;

        hal_space_protect(w->parent->space, uaddr(va), n, vma_prot(w->vma, false));
    }
    c->writable &= ~shared;
    for (todo = shared; todo != 0; todo &= todo - 1) {
        unsigned bit = (unsigned)__builtin_ctzll(todo);

        page_get(c->pages[bit]);
        mm_page_add(w->child, cc, bit, c->pages[bit], true);
    }
    copied |= take_file_pages(w, c, cc, mask);
    while (chunk_next_run(&copied, &first, &n)) {
        if (mm_map_present(w->child, w->vma, cc, first, first + n) < 0)
            break; /* a fault will try again */
    }
    resident_trim(&w->child->resident, cc);
    return 0;
}

static int must_check
fork_areas(struct mm *parent, struct mm *child) requires_lock(parent->lock, child->lock)
{
    for (const struct vma *v = vma_first(parent); v != NULL; v = vma_next(parent, v)) {
        if ((v->flags & VMA_DONTFORK) != 0)
            continue;

        struct vma *copy = vma_new(v->start, v->end, v->flags, v->file, v->offset);

        if (copy == NULL)
            return -ENOMEM;
        vma_insert(child, copy);
    }
    return 0;
}

/* Is it the kind of area whose pages a child most likely writes to: the stack, the program's data? */
static bool
is_hot_area(const struct vma *v)
{
    return (v->flags & VMA_STACK) != 0 || v->file != NULL;
}

static int must_check
fork_pages(struct mm *parent, struct mm *child) requires_lock(parent->lock, child->lock)
{
    struct fork_walk w = { .parent = parent,
                           .child = child,
                           .budget = mm_memory_plenty() ? COPY_MAX : 0,
                           .file_budget = FILE_MAX };

    for (unsigned pass = 0; pass < 2; pass++) {
        for (const struct vma *v = vma_last(child); v != NULL; v = vma_prev(child, v)) {
            if ((v->flags & VMA_SHARED) != 0 || is_hot_area(v) != (pass == 0))
                continue;
            w.vma = v;

            int rc = resident_each(&parent->resident, v->start >> PAGE_SHIFT, vma_pages(v),
                                   fork_chunk, &w);

            if (rc < 0)
                return rc;
        }
    }
    return 0;
}

/* The child goes on where the parent is. */
static void
map_around_pc(struct mm *parent, struct mm *child) requires_lock(child->lock)
{
    const struct proc *p = thread_current()->proc;

    if (p == NULL || p->mm != parent)
        return;

    uint64_t vpn = hal_user_pc(&p->user).v >> PAGE_SHIFT;
    struct chunk *c = resident_find(&child->resident, vpn);

    if (c != NULL && (c->mapped & chunk_mask(chunk_bit(vpn), 1)) != 0)
        return;
    if (mm_fault_locked(child, hal_user_pc(&p->user).v, HAL_PROT_EXEC) < 0)
        return; /* advice only; the child's own fault tells */
}

int
mm_fork(struct mm *parent, struct mm **mm_out)
{
    struct mm *child;
    int rc = mm_create(&child);

    if (rc < 0)
        return rc;
    mutex_lock(&parent->lock);
    mutex_lock_nested(&child->lock);
    child->brk_start = parent->brk_start;
    child->brk = parent->brk;
    child->stack_top = parent->stack_top;
    child->arg_start = parent->arg_start;
    child->arg_end = parent->arg_end;
    child->env_start = parent->env_start;
    child->env_end = parent->env_end;
    child->mmap_top = parent->mmap_top;
    rc = fork_areas(parent, child);
    if (rc == 0)
        rc = fork_pages(parent, child);
    if (rc == 0)
        map_around_pc(parent, child);
    mutex_unlock(&child->lock);
    mutex_unlock(&parent->lock);
    if (rc < 0) {
        mm_put(child);
        return rc;
    }
    *mm_out = child;
    return 0;
}

/* Page faults: demand paging, copy on write, growth of the stack.
 *
 * A fault is dear and a mapped page is cheap (hosted: 12 us against 1 us), so each fault deals with the neighbourhood: new memory
 * comes in physically contiguous blocks of up to FAULT_AROUND pages, pages that the page cache has are mapped along, and so are pages
 * that are resident but not in the page tables (after a fork).  The neighbourhood is aligned, so it never leaves one chunk.
 */
#include <kernel/abi/fcntl.h>
#include <kernel/abi/resource.h>
#include <kernel/core/assert.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/vma.h>
#include <kernel/proc/proc.h>

enum {
    COPY_AROUND = 8, /* file pages copied at a write to a private mapping, if the page cache has them */
    COW_AROUND = 4, /* pages copied at a write to one that a fork left shared */
    STACK_STEP = 16 << PAGE_SHIFT,
    POPULATE_RUNS_MAX = 16, /* map commands of a mm_populate() of cached pages */
};

/* What is being resolved. */
struct fault {
    struct mm *mm;
    struct vma *vma;
    uint64_t vpn;
    bool write;
};

/* Pages [lo, hi) of the chunk of `vpn`: the aligned window of `n` pages around it, within the area. */
static void
fault_window(const struct fault *f, unsigned n, unsigned *lo, unsigned *hi)
{
    uint64_t first = f->vpn & ~(uint64_t)(n - 1), last = first + n;

    if (first < f->vma->start >> PAGE_SHIFT)
        first = f->vma->start >> PAGE_SHIFT;
    if (last > f->vma->end >> PAGE_SHIFT)
        last = f->vma->end >> PAGE_SHIFT;
    *lo = chunk_bit(first);
    *hi = *lo + (unsigned)(last - first);
}

/* The largest aligned block of up to `max` pages around the fault that lies in the area and of which nothing is present. */
static unsigned
fault_block(const struct fault *f, const struct chunk *c, unsigned max, uint64_t *first_out)
{
    for (unsigned n = max; n > 1; n /= 2) {
        uint64_t first = f->vpn & ~(uint64_t)(n - 1);

        if (first >= f->vma->start >> PAGE_SHIFT && first + n <= f->vma->end >> PAGE_SHIFT &&
            (c->present & chunk_mask(chunk_bit(first), n)) == 0) {
            *first_out = first;
            return n;
        }
    }
    *first_out = f->vpn;
    return 1;
}

/* --- present pages --- */

static int must_check
map_window(const struct fault *f, struct chunk *c)
{
    unsigned lo, hi, bit = chunk_bit(f->vpn);

    fault_window(f, FAULT_AROUND, &lo, &hi);

    int rc = mm_map_present(f->mm, f->vma, c, lo, hi);

    return (c->mapped & chunk_mask(bit, 1)) != 0 ? 0 : rc; /* it is the faulting page that counts */
}

/* Take a page out of the page tables, to be mapped anew. */
static void
unmap_one(const struct fault *f, struct chunk *c)
{
    uint64_t b = chunk_mask(chunk_bit(f->vpn), 1);

    if ((c->mapped & b) != 0)
        hal_space_unmap(f->mm->space, uaddr((uintptr_t)f->vpn << PAGE_SHIFT), 1);
    c->mapped &= ~b;
    c->writable &= ~b;
}

/* The largest aligned block of up to COW_AROUND pages around the fault that are private and shared with another address space. */
static unsigned
cow_block(const struct fault *f, const struct chunk *c, uint64_t *first_out)
{
    for (unsigned n = COW_AROUND; n > 1; n /= 2) {
        uint64_t first = f->vpn & ~(uint64_t)(n - 1), mask = chunk_mask(chunk_bit(first), n);
        bool all = first >= f->vma->start >> PAGE_SHIFT && first + n <= f->vma->end >> PAGE_SHIFT &&
                   (c->present & c->anon & mask) == mask;

        for (unsigned i = 0; i < n && all; i++)
            all = c->pages[chunk_bit(first) + i]->refs > 1;
        *first_out = first;
        if (all)
            return n;
    }
    *first_out = f->vpn;
    return 1;
}

/* Write to a private page that another address space has too: make a copy of our own, of some neighbours as well. */
static int must_check
copy_on_write(const struct fault *f, struct chunk *c)
{
    uint64_t first;
    struct page *block;
    unsigned want = cow_block(f, c, &first), got = mm_alloc_run(want, &block);

    if (got == 0)
        return -ENOMEM;
    if (got < want)
        first = f->vpn & ~(uint64_t)(got - 1);

    unsigned lo = chunk_bit(first);
    uint64_t mask = chunk_mask(lo, got);
    uaddr_t va = uaddr((uintptr_t)first << PAGE_SHIFT);

    for (unsigned i = 0; i < got; i++)
        page_copy(mm_run_page(block, i), c->pages[lo + i]);

    int rc = hal_space_map(f->mm->space, va, page_paddr(block), got, vma_prot(f->vma, true));

    if (rc < 0) { /* what was mapped still is, to the old pages */
        for (unsigned i = 0; i < got; i++)
            page_put(mm_run_page(block, i));
        return rc;
    }
    for (unsigned i = 0; i < got; i++) {
        struct page *old = c->pages[lo + i];

        assert(old != NULL);

        c->pages[lo + i] = mm_run_page(block, i);
        c->pages[lo + i]->map_count++;
        old->map_count--;
        page_put(old);
    }
    c->mapped |= mask;
    c->writable |= mask;
    return 0;
}

/* A private page nobody shares any more: the whole run of such pages around it becomes writable. */
static int must_check
reuse_page(const struct fault *f, struct chunk *c)
{
    unsigned bit = chunk_bit(f->vpn), lo, hi;
    uint64_t candidates = c->anon & c->mapped & ~c->writable;

    if ((c->mapped & chunk_mask(bit, 1)) == 0)
        return map_window(f, c);
    fault_window(f, CHUNK_PAGES, &lo, &hi);

    unsigned first = bit, end = bit + 1;

    while (first > lo && (candidates & chunk_mask(first - 1, 1)) != 0 &&
           c->pages[first - 1]->refs == 1)
        first--;
    while (end < hi && (candidates & chunk_mask(end, 1)) != 0 && c->pages[end]->refs == 1)
        end++;

    uintptr_t va = (uintptr_t)(f->vpn - bit + first) << PAGE_SHIFT;

    hal_space_protect(f->mm->space, uaddr(va), end - first, vma_prot(f->vma, true));
    c->writable |= chunk_mask(first, end - first);
    return 0;
}

static int must_check
fault_present(const struct fault *f, struct chunk *c)
{
    uint64_t b = chunk_mask(chunk_bit(f->vpn), 1);
    struct page *page = c->pages[chunk_bit(f->vpn)];

    assert(page != NULL);
    if (f->write && (c->writable & b) == 0) {
        if ((f->vma->flags & VMA_SHARED) != 0) {
            if (page->cache != NULL)
                pagecache_mark_dirty(page);
            unmap_one(f, c);
            c->writable |= b; /* what mm_map_present() goes by */
        } else if (page->refs == 1) {
            return reuse_page(f, c);
        } else {
            int rc = copy_on_write(f, c);

            if (rc < 0)
                return rc;
        }
    } else if ((c->mapped & b) !=
               0) { /* it is there: the page tables disagree, or the fault is an old one */
        unmap_one(f, c);
    }

    int rc = map_window(f, c);

    if (rc < 0)
        c->writable &= c->mapped;
    return rc;
}

/* --- absent pages --- */

static int must_check
fault_anon(const struct fault *f, struct chunk *c)
{
    uint64_t first;
    unsigned want = fault_block(f, c, FAULT_AROUND, &first);
    struct page *block;
    unsigned got = mm_alloc_run(want, &block);

    if (got == 0)
        return -ENOMEM;
    if (got < want)
        first = f->vpn & ~(uint64_t)(got - 1);
    page_zero(block, got);
    for (unsigned i = 0; i < got; i++)
        mm_page_add(f->mm, c, chunk_bit(first) + i, mm_run_page(block, i), true);

    int rc = mm_map_present(f->mm, f->vma, c, chunk_bit(first), chunk_bit(first) + got);

    return (c->mapped & chunk_mask(chunk_bit(f->vpn), 1)) != 0 ? 0 : rc;
}

/* Pages of a file: through the page cache, or what a driver gives. */
static int must_check
file_page(const struct fault *f, uint64_t vpn, bool *major, struct page **page_out)
{
    struct file *file = f->vma->file;
    uint64_t index = vma_file_index(f->vma, vpn);
    int rc;

    assert(file != NULL);
    if (file->ops->map_page != NULL) {
        rc = file->ops->map_page(file, index, f->write && (f->vma->flags & VMA_SHARED) != 0,
                                 page_out);
    } else {
        if (index >= (file->inode->size >> PAGE_SHIFT) + ((file->inode->size & PAGE_MASK) != 0))
            return -EIO;
        *page_out = pagecache_peek(file->inode, index);
        if (*page_out != NULL)
            return 0;
        *major = true;
        rc = pagecache_get(file->inode, index, page_out);
    }
    return rc < 0 && rc != -ENOMEM ? -EIO : rc;
}

/* A page that needs no waiting, with a reference, or NULL. */
static struct page *_Nullable
file_page_now(const struct fault *f, uint64_t vpn)
{
    struct file *file = f->vma->file;
    uint64_t index = vma_file_index(f->vma, vpn);

    assert(file != NULL);
    if (file->ops->map_page != NULL) {
        struct page *page;

        if (!shm_is(file) || !mm_memory_plenty() || file->ops->map_page(file, index, false, &page) < 0)
            return NULL;
        return page;
    }
    if (index >= (file->inode->size >> PAGE_SHIFT) + ((file->inode->size & PAGE_MASK) != 0))
        return NULL;
    return pagecache_peek(file->inode, index);
}

/* Enter the absent pages of [lo, hi) that are at hand. */
static void
file_around(const struct fault *f, struct chunk *c, unsigned lo, unsigned hi)
{
    uint64_t base = f->vpn - chunk_bit(f->vpn);

    for (unsigned bit = lo; bit < hi; bit++) {
        if ((c->present & chunk_mask(bit, 1)) != 0)
            continue;

        struct page *page = file_page_now(f, base + bit);

        if (page != NULL)
            mm_page_add(f->mm, c, bit, page, false);
    }
}

/* First write to a private mapping of a file: copy the page, and neighbours that are at hand. */
static int must_check
file_copy(const struct fault *f, struct chunk *c, bool *major)
{
    struct page *from[COPY_AROUND] = { NULL }, *mine, *block;
    uint64_t first;
    unsigned n = fault_block(f, c, COPY_AROUND, &first), have = 0;
    int rc = file_page(f, f->vpn, major, &mine);

    if (rc < 0)
        return rc;
    for (; n > 1 && have < n; have++) {
        from[have] = file_page_now(f, first + have);
        if (from[have] == NULL)
            break;
    }
    if (have < n) { /* not the whole block: this page only */
        while (have > 0)
            page_put(from[--have]);
        first = f->vpn;
        n = 1;
        from[have++] = mine;
    } else {
        page_put(mine); /* the block has it */
    }

    unsigned got = mm_alloc_run(n, &block);
    unsigned skip = got < n ? (unsigned)(f->vpn - first) & ~(got - 1) : 0;

    for (unsigned i = 0; i < got; i++)
        page_copy(mm_run_page(block, i), from[skip + i]);
    while (have > 0)
        page_put(from[--have]);
    if (got == 0)
        return -ENOMEM;
    first += skip;
    for (unsigned i = 0; i < got; i++)
        mm_page_add(f->mm, c, chunk_bit(first) + i, mm_run_page(block, i), true);
    return map_window(f, c);
}

static int must_check
fault_file(const struct fault *f, struct chunk *c, bool *major)
{
    unsigned bit = chunk_bit(f->vpn), lo, hi;
    bool shared = (f->vma->flags & VMA_SHARED) != 0;
    struct page *page;

    if (f->write && !shared)
        return file_copy(f, c, major);

    int rc = file_page(f, f->vpn, major, &page);

    if (rc < 0)
        return rc;
    mm_page_add(f->mm, c, bit, page, false);
    if (f->write) {
        if (page->cache != NULL)
            pagecache_mark_dirty(page);
        c->writable |= chunk_mask(bit, 1);
    }
    fault_window(f, FAULT_AROUND, &lo, &hi);
    file_around(f, c, lo, hi);
    rc = map_window(f, c);
    if (rc < 0)
        c->writable &= c->mapped;
    return rc;
}

/* --- the stack --- */

/* Let the area grow down to the page of `addr`, and a little further, so that the next fault need not. */
static int must_check
stack_grow(struct mm *mm, struct vma *v, uintptr_t addr) requires_lock(mm->lock)
{
    uintptr_t start = addr & ~PAGE_MASK, further = addr & ~(uintptr_t)(STACK_STEP - 1);
    uint64_t limit = mm_limit(RLIMIT_STACK);
    struct vma *prev = vma_prev(mm, v);
    uintptr_t floor = hal_user_min().v;

    if ((v->flags & VMA_GROWSDOWN) == 0 || v->file != NULL)
        return -EFAULT;
    if (prev != NULL)
        floor = prev->end + ((prev->flags & VMA_ACCESS) != 0 ? STACK_GUARD : 0);
    if (start < floor || v->end - start > limit)
        return -EFAULT;
    if (further >= floor && v->end - further <= limit)
        start = further;

    uint64_t more = (v->start - start) >> PAGE_SHIFT;

    if (mm_may_grow(mm, more) < 0)
        return -EFAULT;
    v->start = start;
    mm->vm_pages += more;
    return 0;
}

static bool
access_allowed(const struct vma *v, unsigned access)
{
    if ((access & HAL_PROT_WRITE) != 0 && (v->flags & VMA_WRITE) == 0)
        return false;
    if ((access & HAL_PROT_EXEC) != 0 && (v->flags & VMA_EXEC) == 0)
        return false;
    return (v->flags & VMA_ACCESS) != 0;
}

/* A private mapping shows the file's own pages until it is written to: drop those that file_copy() will copy. */
static struct chunk *
forget_file_pages(const struct fault *f, struct chunk *c)
{
    uint64_t b = chunk_mask(chunk_bit(f->vpn), 1);
    unsigned lo, hi;

    if (!f->write || (f->vma->flags & VMA_SHARED) != 0 || (c->present & ~c->anon & b) == 0)
        return c;
    fault_window(f, COPY_AROUND, &lo, &hi);
    if ((c->anon & chunk_mask(lo, hi - lo)) != 0) {
        lo = chunk_bit(f->vpn);
        hi = lo + 1;
    }

    uintptr_t base = (uintptr_t)(f->vpn - chunk_bit(f->vpn)) << PAGE_SHIFT;

    mm_zap(f->mm, base + ((uintptr_t)lo << PAGE_SHIFT), base + ((uintptr_t)hi << PAGE_SHIFT));
    return resident_obtain(&f->mm->resident, f->vpn); /* the chunk may have been freed */
}

static int must_check
fault_resolve(const struct fault *f, bool *major)
{
    struct chunk *c = resident_obtain(&f->mm->resident, f->vpn);
    int rc;

    if (c != NULL)
        c = forget_file_pages(f, c);
    if (c == NULL)
        return -ENOMEM;
    if ((c->present & chunk_mask(chunk_bit(f->vpn), 1)) != 0)
        rc = fault_present(f, c);
    else if (f->vma->file == NULL)
        rc = fault_anon(f, c);
    else
        rc = fault_file(f, c, major);
    resident_trim(&f->mm->resident, c);
    return rc;
}

int
mm_fault_locked(struct mm *mm, uintptr_t addr, unsigned access)
{
    struct proc *p = thread_current()->proc;
    struct vma *v = vma_find(mm, addr);
    bool major = false;

    if (v == NULL)
        return -EFAULT;
    if (addr < v->start) {
        int rc = stack_grow(mm, v, addr);

        if (rc < 0)
            return rc;
    }
    if (!access_allowed(v, access))
        return -EACCES;

    struct fault f = {
        .mm = mm, .vma = v, .vpn = addr >> PAGE_SHIFT, .write = (access & HAL_PROT_WRITE) != 0
    };
    int rc = fault_resolve(&f, &major);

    if (major)
        mm->faults_major++;
    else
        mm->faults_minor++;
    if (p != NULL && rc == 0)
        p->oom_waits = 0;
    if (p != NULL && major)
        p->maj_faults++;
    else if (p != NULL)
        p->min_faults++;
    return rc;
}

int
mm_fault(struct mm *mm, uintptr_t addr, unsigned access)
{
    mutex_lock(&mm->lock);

    int rc = mm_fault_locked(mm, addr, access);

    mutex_unlock(&mm->lock);
    return rc;
}

/* --- in advance --- */

/* Map what the page cache has of [vpn, end), while it takes few pieces. */
static void
populate_cached(struct fault *f, uint64_t end)
{
    unsigned runs = 0;
    paddr_t next = paddr(0);

    while (f->vpn < end && runs <= POPULATE_RUNS_MAX) {
        struct chunk *c = resident_obtain(&f->mm->resident, f->vpn);
        unsigned lo = chunk_bit(f->vpn), bit = lo;

        if (c == NULL)
            return;
        for (; f->vpn < end && bit < CHUNK_PAGES; bit++, f->vpn++) {
            if ((c->present & chunk_mask(bit, 1)) != 0)
                continue;

            struct page *page = file_page_now(f, f->vpn);

            if (page == NULL)
                continue;
            if (page_paddr(page).v != next.v && ++runs > POPULATE_RUNS_MAX) {
                page_put(page);
                break;
            }
            next = paddr(page_paddr(page).v + PAGE_SIZE);
            mm_page_add(f->mm, c, bit, page, false);
        }

        int rc = mm_map_present(f->mm, f->vma, c, lo, bit);

        resident_trim(&f->mm->resident, c);
        if (rc < 0)
            return;
    }
}

/* Make the pages [vpn, end) of one area present.  False: stop. */
static bool
populate_area(struct mm *mm, const struct vma *v, uint64_t vpn, uint64_t end) requires_lock(mm->lock)
{
    bool write = (v->flags & VMA_WRITE) != 0;
    unsigned access = write                        ? HAL_PROT_WRITE
                      : (v->flags & VMA_EXEC) != 0 ? HAL_PROT_EXEC
                                                   : HAL_PROT_READ;

    for (; vpn < end; vpn++) {
        struct chunk *c = resident_find(&mm->resident, vpn);
        uint64_t b = chunk_mask(chunk_bit(vpn), 1);

        if (c != NULL && ((write ? c->writable : c->mapped) & b) != 0)
            continue;
        if (mm_fault_locked(mm, (uintptr_t)vpn << PAGE_SHIFT, access) < 0)
            return false;
    }
    return true;
}

void
mm_populate(struct mm *mm, uintptr_t addr, uint64_t len, bool cached_only)
{
    uintptr_t end = mm_range_end(addr, len);

    addr &= ~PAGE_MASK;
    mutex_lock(&mm->lock);
    while (addr < end) {
        struct vma *v = vma_at(mm, addr);

        if (v == NULL || (v->flags & VMA_ACCESS) == 0)
            break;

        uintptr_t stop = v->end < end ? v->end : end;
        struct fault f = { .mm = mm, .vma = v, .vpn = addr >> PAGE_SHIFT };

        if (cached_only && v->file != NULL)
            populate_cached(&f, stop >> PAGE_SHIFT);
        else if (!cached_only && !populate_area(mm, v, addr >> PAGE_SHIFT, stop >> PAGE_SHIFT))
            break;
        addr = stop;
    }
    mutex_unlock(&mm->lock);
}

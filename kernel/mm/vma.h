/* Areas of an address space: the tree of them, splitting and merging, and the page-level work under them.  Private to kernel/mm.
 *
 * All of it runs under mm->lock.
 */
#pragma once

#include <kernel/mm/mm.h>

enum {
    VMA_MAX = 16384,                 /* areas per address space */
    STACK_GUARD = 256 << PAGE_SHIFT, /* nothing is placed closer below a stack */
    FAULT_AROUND = 16, /* pages mapped around a fault, a power of two up to CHUNK_PAGES */
};

/* The first area that ends above `addr` (it may begin above it too), or NULL. */
struct vma *_Nullable vma_find(struct mm *mm, uintptr_t addr) requires_lock(mm->lock);
/* The area that `addr` lies in, or NULL. */
struct vma *_Nullable vma_at(struct mm *mm, uintptr_t addr) requires_lock(mm->lock);
/* In the order of addresses; the lowest and the highest. */
struct vma *_Nullable vma_next(struct mm *mm, const struct vma *v) requires_lock(mm->lock);
struct vma *_Nullable vma_prev(struct mm *mm, const struct vma *v) requires_lock(mm->lock);
struct vma *_Nullable vma_first(struct mm *mm) requires_lock(mm->lock);
struct vma *_Nullable vma_last(struct mm *mm) requires_lock(mm->lock);
/* No areas, in a new address space. */
void vma_tree_init(struct mm *mm);
/* A new area, a reference to `file` taken, not in the list yet.  NULL: out of memory. */
struct vma *_Nullable vma_new(uintptr_t start, uintptr_t end, unsigned flags,
                              struct file *_Nullable file, uint64_t offset);
/* Free an area that is in no list; drops its file. */
void vma_free(struct vma *v);
void vma_insert(struct mm *mm, struct vma *v) requires_lock(mm->lock);
void vma_remove(struct mm *mm, struct vma *v) requires_lock(mm->lock);
/* See to it that no area straddles `start` or `end`.  -ENOMEM (some splits may have happened; they change nothing). */
int must_check vma_isolate(struct mm *mm, uintptr_t start, uintptr_t end) requires_lock(mm->lock);
/* Join what can be joined from the area before `start` to the one after `end`. */
void vma_merge(struct mm *mm, uintptr_t start, uintptr_t end) requires_lock(mm->lock);
/* Is every byte of [start, end) in some area? */
bool vma_covers(struct mm *mm, uintptr_t start, uintptr_t end) requires_lock(mm->lock);
/* Room for `len` bytes, as high as possible below `below`; 0: none. */
uintptr_t vma_find_gap(struct mm *mm, uint64_t len, uintptr_t below) requires_lock(mm->lock);

static inline uint64_t
vma_pages(const struct vma *v)
{
    return (v->end - v->start) >> PAGE_SHIFT;
}

/* The file's page number that backs page `vpn`. */
static inline uint64_t
vma_file_index(const struct vma *v, uint64_t vpn)
{
    return (v->offset >> PAGE_SHIFT) + (vpn - (v->start >> PAGE_SHIFT));
}

/* A limit of the running process (RLIM_INFINITY for kernel threads); `which` as in kernel/abi/resource.h. */
uint64_t mm_limit(unsigned which);
/* [addr, addr+len) rounded up to pages lies in user space: its end, or 0. */
uintptr_t mm_range_end(uintptr_t addr, uint64_t len);
/* May `pages` more be mapped?  Checks RLIMIT_AS; -ENOMEM. */
int must_check mm_may_grow(const struct mm *mm, uint64_t pages);
/* May `pages` come to those `used` under the running process's limit `which`, in bytes?  -ENOMEM. */
int must_check mm_within(unsigned which, uint64_t used, uint64_t pages);

/* --- pages (pages.c) --- */

/* Enter a page into an address space; the caller's reference becomes its own. */
void mm_page_add(struct mm *mm, struct chunk *c, unsigned bit, struct page *page, bool anon);
/* Put the present but unmapped pages [lo, hi) of a chunk, all of area `v`, into the page tables.  -ENOMEM: some are not. */
int must_check mm_map_present(struct mm *mm, const struct vma *v, struct chunk *c, unsigned lo,
                              unsigned hi);
/* The protection a page of area `v` has when `writable`; 0: no access. */
unsigned vma_prot(const struct vma *v, bool writable);
/* Drop all pages of [start, end): from the page tables, the resident set, and their references. */
void mm_zap(struct mm *mm, uintptr_t start, uintptr_t end);
/* Take the range's pages out of the page tables only. */
void mm_unmap_pages(struct mm *mm, uintptr_t start, uintptr_t end);
/* Give the pages of area `v` in [start, end) the protection that its flags say now. */
void mm_protect_pages(struct mm *mm, const struct vma *v, uintptr_t start, uintptr_t end);
/* Drop every page; the page tables are gone already. */
void mm_drop_all(struct mm *mm) requires_lock(mm->lock);
/* Is there so much memory that taking some in advance hurts nobody? */
bool mm_memory_plenty(void);
/* Up to `want` (a power of two) pages in one piece, each with a reference of its own: how many it became, a power of two too; 0: out of
 * memory.  The nth is mm_run_page(first, n). */
unsigned mm_alloc_run(unsigned want, struct page **first_out);
struct page *mm_run_page(const struct page *first, unsigned n);

/* --- faults (fault.c) --- */

int must_check mm_fault_locked(struct mm *mm, uintptr_t addr, unsigned access)
    requires_lock(mm->lock);

/* --- mappings (mmap.c) --- */

int must_check mm_unmap_locked(struct mm *mm, uintptr_t start, uintptr_t end) requires_lock(mm->lock);

/* --- shared anonymous memory (shm.c) --- */

/* An object of pages behind a struct file, for MAP_SHARED|MAP_ANONYMOUS: pages come into being, zeroed, as they are asked for. */
int must_check shm_create(struct file **file_out);
bool shm_is(const struct file *_Nullable file);

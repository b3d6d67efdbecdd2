/* User address spaces: areas (VMAs), demand paging, copy on write. */
#pragma once

#include <hal/space.h>
#include <kernel/core/lock.h>
#include <kernel/mm/page.h>
#include <kernel/mm/resident.h>
#include <kernel/trusted/tree.h>

struct file;

enum vma_flags {
    VMA_READ = BIT(0),
    VMA_WRITE = BIT(1),
    VMA_EXEC = BIT(2),
    VMA_SHARED = BIT(3),
    VMA_GROWSDOWN = BIT(4), /* the stack */
    VMA_HEAP = BIT(5),
    VMA_STACK = BIT(6),
    VMA_NORESERVE = BIT(7), /* may promise more than there is */
    VMA_DONTFORK = BIT(8),
    VMA_DIRECT = BIT(9), /* the file itself, where it lies: no pages of ours */

    VMA_ACCESS = VMA_READ | VMA_WRITE | VMA_EXEC,
};

struct vma {
    uintptr_t start, end; /* page aligned, [start, end) */
    unsigned flags;
    struct file *_Nullable file; /* a reference is held */
    uint64_t offset;             /* of `start` in the file, page aligned */
    struct tree_node node;       /* by address */
};

struct mm {
    struct mutex lock;
    uint32_t refs;
    struct hal_space *space;
    struct tree vmas guarded_by(&lock);               /* see vma.h */
    struct vma *_Nullable last_vma guarded_by(&lock); /* found last */
    uint32_t nvmas;
    struct resident resident guarded_by(&lock); /* by page number; the page tables are a cache of it */
    uintptr_t brk_start, brk;
    uintptr_t stack_top, arg_start, arg_end, env_start, env_end;
    uintptr_t mmap_top; /* mappings without an address go below this */
    uint64_t vm_pages;  /* size of all areas */
    uint64_t rss_pages; /* present user pages */
    uint64_t rss_peak;
    uint64_t faults_minor, faults_major;
};

int must_check mm_create(struct mm **mm_out);
/* A copy of the running process's space for fork: private pages become copy on write in both. -ENOMEM. */
int must_check mm_fork(struct mm *parent, struct mm **mm_out);
struct mm *mm_get(struct mm *mm);
void mm_put(struct mm *mm);

/* mmap(2): `addr` a hint, or exact with `fixed` (replaces) / `noreplace` (-EEXIST).  `file` NULL: anonymous.  Returns the address
 * through addr_out.  -EINVAL, -ENOMEM, -EACCES, -ENODEV. */
struct mm_map_args {
    uintptr_t addr;
    uint64_t len;
    unsigned flags; /* enum vma_flags */
    bool fixed, noreplace, populate;
    uintptr_t below; /* not fixed: place it below this address (MAP_32BIT); 0: anywhere */
    struct file *_Nullable file;
    uint64_t offset;
};
int must_check mm_map(struct mm *mm, const struct mm_map_args *args, uintptr_t *addr_out);
int must_check mm_unmap(struct mm *mm, uintptr_t addr, uint64_t len);
int must_check mm_protect(struct mm *mm, uintptr_t addr, uint64_t len, unsigned prot_flags);
int must_check mm_remap(struct mm *mm, uintptr_t old, uint64_t old_len, uint64_t new_len,
                        unsigned flags, uintptr_t new_addr, uintptr_t *addr_out);
/* `flags` of mm_remap() as mremap(2). */
enum { MM_REMAP_MAYMOVE = BIT(0), MM_REMAP_FIXED = BIT(1) };
/* brk(2): the new break, or the unchanged one with -ENOMEM. */
int must_check mm_set_brk(struct mm *mm, uintptr_t brk, uintptr_t *brk_out);

/* Resolve a fault: 0; -EFAULT (SIGSEGV, SEGV_MAPERR); -EACCES (SEGV_ACCERR); -EIO (SIGBUS, past the end of the file or I/O error);
 * -ENOMEM (out of memory: oom_wait(), then again). `access`: enum hal_prot. */
int must_check mm_fault(struct mm *mm, uintptr_t addr, unsigned access);

/* Make the pages of the range present (for writing where that is allowed), or, with `cached_only`, map what the page cache has,
 * as long as it takes at most a few runs of physical pages.  Stops at the first hole or failure: it is advice. */
void mm_populate(struct mm *mm, uintptr_t addr, uint64_t len, bool cached_only);
/* madvise(MADV_DONTNEED): give the pages back; they read as zero, or as the file, afterwards.  `anon_only`: -EINVAL if the range holds
 * anything but private anonymous memory (MADV_FREE).  -ENOMEM: part of the range is not mapped. */
int must_check mm_discard(struct mm *mm, uintptr_t addr, uint64_t len, bool anon_only);
/* Set and clear flags of areas: VMA_DONTFORK.  -ENOMEM. */
int must_check mm_advise_flags(struct mm *mm, uintptr_t addr, uint64_t len, unsigned set,
                               unsigned clear);
/* msync(2): bring the changes of shared mappings to the page cache, and to the disk with `wait`.  -ENOMEM, -EIO. */
int must_check mm_sync(struct mm *mm, uintptr_t addr, uint64_t len, bool wait);
/* mincore(2) for one page: 1 in memory, 0 not, -ENOMEM not mapped. */
int must_check mm_in_core(struct mm *mm, uintptr_t addr);
/* Is the whole range mapped?  0 or -ENOMEM. */
int must_check mm_check_range(struct mm *mm, uintptr_t addr, uint64_t len);

/* The memory killer: called when a fault or an allocation on a process's behalf found no page.  Waits a while for what others free;
 * what is tried again after it may succeed.  Rule: when a process has waited OOM_PATIENCE times without getting a page in between,
 * the process with the largest resident set gets SIGKILL and its memory counts as coming back; process 1 and the kernel's threads are
 * exempt, and session leaders (the shells people sit at) are taken only when nobody else is left.  Thread context of a process,
 * no lock held. */
void oom_wait(void);
/* The same for who would rather fail in the end: false, without waiting, when it has been called OOM_WAITS_MAX times with `waits`,
 * which starts at 0, or when the process is being killed or cannot sleep. */
bool must_check oom_wait_again(unsigned *waits);

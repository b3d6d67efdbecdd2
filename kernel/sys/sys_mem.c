/* System calls on memory: brk, mmap and family (man 2).
 *
 * There is no swap, so memory locks have nothing to do beyond checking their arguments.  Not here: huge pages, protection keys,
 * memory policies, MREMAP_DONTUNMAP.
 */
#include <kernel/abi/errno.h>
#include <kernel/abi/mman.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/mm.h>
#include <kernel/proc/proc.h>
#include <kernel/sys/sys_mem.h>

enum { MINCORE_BATCH = 256, TWO_GIB_SHIFT = 31 };

static unsigned
access_flags(uint64_t prot)
{
    return ((prot & PROT_READ) != 0 ? VMA_READ : 0u) | ((prot & PROT_WRITE) != 0 ? VMA_WRITE : 0u) |
           ((prot & PROT_EXEC) != 0 ? VMA_EXEC : 0u);
}

int64_t
sys_brk(const struct sysargs *args)
{
    uintptr_t brk;

    if (mm_set_brk(proc_current()->mm, (uintptr_t)args->a[0], &brk) < 0)
        return (int64_t)brk; /* unchanged: that is how brk(2) fails */
    return (int64_t)brk;
}

int64_t
sys_mmap(const struct sysargs *args)
{
    uint64_t len = args->a[1], prot = args->a[2], flags = args->a[3], offset = args->a[5];
    uint64_t type = flags & MAP_TYPE;
    struct file *file = NULL;
    uintptr_t addr;

    if ((offset & PAGE_MASK) != 0 || len == 0 ||
        (prot & ~(uint64_t)(PROT_READ | PROT_WRITE | PROT_EXEC)) != 0)
        return -EINVAL;
    if (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE)
        return -EINVAL;
    if ((flags & MAP_HUGETLB) != 0 || (type == MAP_SHARED_VALIDATE && (flags & MAP_SYNC) != 0))
        return (flags & MAP_HUGETLB) != 0 ? -EINVAL : -EOPNOTSUPP;
    if ((flags & MAP_ANONYMOUS) == 0) {
        file = fd_get(proc_current()->files, (int)args->a[4]);
        if (file == NULL)
            return -EBADF;
    }

    struct mm_map_args map = {
        .addr = (uintptr_t)args->a[0],
        .len = len,
        .flags = access_flags(prot) | (type != MAP_PRIVATE ? VMA_SHARED : 0u) |
                 ((flags & MAP_GROWSDOWN) != 0 ? VMA_GROWSDOWN : 0u) |
                 ((flags & MAP_NORESERVE) != 0 ? VMA_NORESERVE : 0u),
        .fixed = (flags & MAP_FIXED) != 0,
        .noreplace = (flags & MAP_FIXED_NOREPLACE) != 0,
        .populate = (flags & MAP_POPULATE) != 0 && (flags & MAP_NONBLOCK) == 0,
        .below = (flags & MAP_32BIT) != 0 ? (uintptr_t)1 << TWO_GIB_SHIFT : 0,
        .file = file,
        .offset = file != NULL ? offset : 0,
    };
    int rc = mm_map(proc_current()->mm, &map, &addr);

    if (file != NULL)
        file_put(file);
    return rc < 0 ? rc : (int64_t)addr;
}

int64_t
sys_munmap(const struct sysargs *args)
{
    return mm_unmap(proc_current()->mm, (uintptr_t)args->a[0], args->a[1]);
}

int64_t
sys_mprotect(const struct sysargs *args)
{
    uint64_t prot = args->a[2];

    if ((prot & ~(uint64_t)(PROT_READ | PROT_WRITE | PROT_EXEC)) != 0)
        return -EINVAL;
    return mm_protect(proc_current()->mm, (uintptr_t)args->a[0], args->a[1], access_flags(prot));
}

int64_t
sys_mremap(const struct sysargs *args)
{
    uint64_t flags = args->a[3];
    uintptr_t addr;

    if ((flags & ~(uint64_t)(MREMAP_MAYMOVE | MREMAP_FIXED)) != 0)
        return -EINVAL;

    unsigned how = ((flags & MREMAP_MAYMOVE) != 0 ? MM_REMAP_MAYMOVE : 0u) |
                   ((flags & MREMAP_FIXED) != 0 ? MM_REMAP_FIXED : 0u);
    int rc = mm_remap(proc_current()->mm, (uintptr_t)args->a[0], args->a[1], args->a[2], how,
                      (uintptr_t)args->a[4], &addr);

    return rc < 0 ? rc : (int64_t)addr;
}

/* The length of a range rounded up to pages, or -EINVAL. */
static int must_check
check_range_args(uint64_t addr, uint64_t len)
{
    return (addr & PAGE_MASK) != 0 || len > UINT64_MAX - PAGE_SIZE - addr ? -EINVAL : 0;
}

int64_t
sys_madvise(const struct sysargs *args)
{
    struct mm *mm = proc_current()->mm;
    uintptr_t addr = (uintptr_t)args->a[0];
    uint64_t len = args->a[1];
    int rc = check_range_args(addr, len);

    if (rc < 0)
        return rc;
    switch (args->a[2]) {
    case MADV_DONTNEED:
        return mm_discard(mm, addr, len, false);
    case MADV_FREE:
        return mm_discard(mm, addr, len, true);
    case MADV_DONTFORK:
        return mm_advise_flags(mm, addr, len, VMA_DONTFORK, 0);
    case MADV_DOFORK:
        return mm_advise_flags(mm, addr, len, 0, VMA_DONTFORK);
    case MADV_WILLNEED:
        mm_populate(mm, addr, len, true);
        return mm_check_range(mm, addr, len);
    case MADV_POPULATE_READ:
    case MADV_POPULATE_WRITE:
        mm_populate(mm, addr, len, false);
        return mm_check_range(mm, addr, len);
    case MADV_NORMAL:
    case MADV_RANDOM:
    case MADV_SEQUENTIAL:
    case MADV_MERGEABLE:
    case MADV_UNMERGEABLE:
    case MADV_HUGEPAGE:
    case MADV_NOHUGEPAGE:
    case MADV_DONTDUMP:
    case MADV_DODUMP:
    case MADV_COLD:
    case MADV_PAGEOUT:
        return mm_check_range(mm, addr, len);
    default:
        return -EINVAL;
    }
}

int64_t
sys_msync(const struct sysargs *args)
{
    uint64_t flags = args->a[2];
    int rc = check_range_args(args->a[0], args->a[1]);

    if (rc < 0 || (flags & ~(uint64_t)(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) != 0 ||
        (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
        return -EINVAL;
    return mm_sync(proc_current()->mm, (uintptr_t)args->a[0], args->a[1], (flags & MS_SYNC) != 0);
}

int64_t
sys_mincore(const struct sysargs *args)
{
    struct mm *mm = proc_current()->mm;
    uintptr_t addr = (uintptr_t)args->a[0], vec = (uintptr_t)args->a[2];
    uint8_t batch[MINCORE_BATCH];

    if ((addr & PAGE_MASK) != 0)
        return -EINVAL;
    if (check_range_args(addr, args->a[1]) < 0)
        return -ENOMEM;

    uint64_t pages = (args->a[1] + PAGE_MASK) >> PAGE_SHIFT;

    while (pages > 0) {
        size_t n = pages < MINCORE_BATCH ? (size_t)pages : MINCORE_BATCH;

        for (size_t i = 0; i < n; i++, addr += PAGE_SIZE) {
            int rc = mm_in_core(mm, addr);

            if (rc < 0)
                return rc;
            batch[i] = (uint8_t)rc;
        }

        int rc = ucopy_out(uaddr(vec), batch, n);

        if (rc < 0)
            return rc;
        vec += n;
        pages -= n;
        sched_point();
    }
    return 0;
}

static int64_t
lock_range(uint64_t addr, uint64_t len)
{
    uint64_t start = addr & ~(uint64_t)PAGE_MASK;

    len += addr & PAGE_MASK;
    if (check_range_args(start, len) < 0)
        return -EINVAL;
    return mm_check_range(proc_current()->mm, (uintptr_t)start, len);
}

int64_t
sys_mlock(const struct sysargs *args)
{
    int64_t rc = lock_range(args->a[0], args->a[1]);

    if (rc == 0)
        mm_populate(proc_current()->mm, (uintptr_t)args->a[0], args->a[1], false);
    return rc;
}

int64_t
sys_mlock2(const struct sysargs *args)
{
    if ((args->a[2] & ~(uint64_t)MLOCK_ONFAULT) != 0)
        return -EINVAL;
    return lock_range(args->a[0], args->a[1]);
}

int64_t
sys_munlock(const struct sysargs *args)
{
    return lock_range(args->a[0], args->a[1]);
}

int64_t
sys_mlockall(const struct sysargs *args)
{
    uint64_t flags = args->a[0];

    return flags == 0 || flags == MCL_ONFAULT ||
                   (flags & ~(uint64_t)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) != 0
               ? -EINVAL
               : 0;
}

int64_t
sys_munlockall(const struct sysargs unused_param *args)
{
    return 0;
}

/* membarrier(2): one CPU sees its own writes in order, so every barrier is done when asked for. */
int64_t
sys_membarrier(const struct sysargs *args)
{
    enum { CMD_QUERY = 0, CMD_ALL = 0x1f };
    uint64_t cmd = args->a[0];

    if (args->a[1] != 0)
        return -EINVAL;
    if (cmd == CMD_QUERY)
        return CMD_ALL;
    return (cmd & ~(uint64_t)CMD_ALL) != 0 || (cmd & (cmd - 1)) != 0 ? -EINVAL : 0;
}

/* Calls that 32-bit Arm takes its arguments for in its own way (EABI: a 64-bit argument is in an even register and the next). */
#include <abi/stat.h>
#include <kernel/abi/errno.h>
#include <kernel/abi/fcntl.h>
#include <kernel/abi/resource.h>
#include <kernel/abi/signal.h>
#include <kernel/proc/proc.h>
#include <kernel/proc/sigframe.h>
#include <kernel/sys/sys_arch_arm.h>
#include <kernel/sys/sys_file.h>
#include <kernel/sys/sys_mem.h>
#include <kernel/sys/sys_path.h>
#include <kernel/sys/sys_proc.h>
#include <kernel/trusted/ucopy.h>

enum { MMAP2_SHIFT = 12 }; /* of its offset, whatever a page is here */
enum { F_GETLK64 = 12, F_SETLK64 = 13, F_SETLKW64 = 14 };

/* Two registers as one number. */
static uint64_t
wide(const struct sysargs *args, unsigned low)
{
    return (uint32_t)args->a[low] | args->a[low + 1] << 32;
}

/* A register as a signed number. */
static uint64_t
extend(uint64_t word)
{
    return (uint64_t)(int64_t)(int32_t)word;
}

/* flags, stack, parent_tid, tls, child_tid (CLONE_BACKWARDS) */
int64_t
sys_clone(const struct sysargs *args)
{
    return proc_clone(args->a[0] & UINT32_MAX, uaddr((uintptr_t)args->a[1]),
                      uaddr((uintptr_t)args->a[2]), uaddr((uintptr_t)args->a[4]),
                      uaddr((uintptr_t)args->a[3]));
}

/* The end of a handler without SA_SIGINFO, which has the ucontext alone on its stack. */
int64_t
sys_sigreturn(const struct sysargs *args unused_param)
{
    struct proc *p = proc_current();

    p->user_replaced = true;
    if (sigframe_pop_short(p) < 0) {
        struct siginfo_k info = { .signo = SIGSEGV, .code = SI_KERNEL };

        signal_force(p, SIGSEGV, &info);
    }
    return 0;
}

/* --- positions and sizes --- */

/* A position that does not fit is an error, but the file is there: as Linux. */
int64_t
sys_arm_lseek(const struct sysargs *args)
{
    int64_t pos = sys_lseek(&(struct sysargs){ { args->a[0], extend(args->a[1]), args->a[2] } });

    return pos > INT32_MAX ? -EOVERFLOW : pos;
}

/* fd, high, low, address of the result, whence */
int64_t
sys_arm_llseek(const struct sysargs *args)
{
    uint64_t offset = (uint32_t)args->a[2] | args->a[1] << 32;
    int64_t pos = sys_lseek(&(struct sysargs){ { args->a[0], offset, args->a[4] } });

    return pos < 0 ? pos : ucopy_out(uaddr((uintptr_t)args->a[3]), &pos, sizeof pos);
}

int64_t
sys_arm_truncate(const struct sysargs *args)
{
    return sys_truncate(&(struct sysargs){ { args->a[0], extend(args->a[1]) } });
}

int64_t
sys_arm_ftruncate(const struct sysargs *args)
{
    return sys_ftruncate(&(struct sysargs){ { args->a[0], extend(args->a[1]) } });
}

int64_t
sys_arm_truncate64(const struct sysargs *args)
{
    return sys_truncate(&(struct sysargs){ { args->a[0], wide(args, 2) } });
}

int64_t
sys_arm_ftruncate64(const struct sysargs *args)
{
    return sys_ftruncate(&(struct sysargs){ { args->a[0], wide(args, 2) } });
}

/* fd, buffer, count, nothing, position */
static struct sysargs
positioned(const struct sysargs *args)
{
    return (struct sysargs){ { args->a[0], args->a[1], args->a[2], wide(args, 4) } };
}

int64_t
sys_arm_pread64(const struct sysargs *args)
{
    struct sysargs a = positioned(args);

    return sys_pread64(&a);
}

int64_t
sys_arm_pwrite64(const struct sysargs *args)
{
    struct sysargs a = positioned(args);

    return sys_pwrite64(&a);
}

/* fd, vector, count, position's low and high word, flags: words on every architecture */
static struct sysargs
vector(const struct sysargs *args, uint64_t flags)
{
    return (struct sysargs){ { args->a[0], args->a[1], args->a[2], wide(args, 3), 0, flags } };
}

int64_t
sys_arm_preadv(const struct sysargs *args)
{
    struct sysargs a = vector(args, 0);

    return sys_preadv(&a);
}

int64_t
sys_arm_pwritev(const struct sysargs *args)
{
    struct sysargs a = vector(args, 0);

    return sys_pwritev(&a);
}

int64_t
sys_arm_preadv2(const struct sysargs *args)
{
    struct sysargs a = vector(args, args->a[5]);

    return sys_preadv2(&a);
}

int64_t
sys_arm_pwritev2(const struct sysargs *args)
{
    struct sysargs a = vector(args, args->a[5]);

    return sys_pwritev2(&a);
}

int64_t
sys_arm_fallocate(const struct sysargs *args)
{
    return sys_fallocate(
        &(struct sysargs){ { args->a[0], args->a[1], wide(args, 2), wide(args, 4) } });
}

/* fd, advice, offset, length */
int64_t
sys_arm_fadvise64_64(const struct sysargs *args)
{
    return sys_fadvise64(
        &(struct sysargs){ { args->a[0], wide(args, 2), wide(args, 4), args->a[1] } });
}

/* --- others --- */

int64_t
sys_arm_mmap2(const struct sysargs *args)
{
    struct sysargs a = *args;

    a.a[5] <<= MMAP2_SHIFT;
    return sys_mmap(&a);
}

/* The locks with 64-bit positions have numbers of their own; those with 32 bits are not here. */
int64_t
sys_arm_fcntl64(const struct sysargs *args)
{
    struct sysargs a = *args;

    switch ((uint32_t)a.a[1]) {
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
        return -EINVAL;
    case F_GETLK64:
    case F_SETLK64:
    case F_SETLKW64:
        a.a[1] -= F_GETLK64 - F_GETLK;
        break;
    default:
        break;
    }
    return sys_fcntl(&a);
}

/* path or fd, size of the structure, where it goes.  With natural padding the structure has 88 bytes, which is taken for 84, as on Linux. */
static bool
statfs_size_ok(uint64_t size)
{
    return size == sizeof(struct abi_statfs) || size == sizeof(struct abi_statfs) + 4;
}

int64_t
sys_arm_statfs64(const struct sysargs *args)
{
    if (!statfs_size_ok(args->a[1]))
        return -EINVAL;
    return sys_statfs(&(struct sysargs){ { args->a[0], args->a[2] } });
}

int64_t
sys_arm_fstatfs64(const struct sysargs *args)
{
    if (!statfs_size_ok(args->a[1]))
        return -EINVAL;
    return sys_fstatfs(&(struct sysargs){ { args->a[0], args->a[2] } });
}

/* ugetrlimit(2): what does not fit has no limit. */
int64_t
sys_arm_getrlimit(const struct sysargs *args)
{
    const struct proc *p = proc_current();
    uint32_t which = (uint32_t)args->a[0], out[2];

    if (which >= RLIM_NLIMITS)
        return -EINVAL;
    const struct rlimit *limit = &p->rlimits->of[which];
    out[0] = limit->cur < UINT32_MAX ? (uint32_t)limit->cur : UINT32_MAX;
    out[1] = limit->max < UINT32_MAX ? (uint32_t)limit->max : UINT32_MAX;
    return ucopy_out(uaddr((uintptr_t)args->a[1]), out, sizeof out);
}

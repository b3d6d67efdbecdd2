/* futex(2), without priority inheritance. */
#include <kernel/abi/errno.h>
#include <kernel/core/wait.h>
#include <kernel/proc/futex.h>
#include <kernel/proc/proc.h>
#include <kernel/sys/clock.h>
#include <kernel/sys/restart.h>
#include <kernel/sys/sys_proc.h>
#include <kernel/trusted/ucopy.h>

enum {
    FUTEX_WAIT = 0,
    FUTEX_WAKE = 1,
    FUTEX_REQUEUE = 3,
    FUTEX_CMP_REQUEUE = 4,
    FUTEX_WAIT_BITSET = 9,
    FUTEX_WAKE_BITSET = 10,
    FUTEX_PRIVATE_FLAG = 128,
    FUTEX_CLOCK_REALTIME = 256,
};

static int64_t
wait_until(uaddr_t addr, bool private, uint32_t expected, uint32_t bitset, uint64_t deadline_ns)
{
    struct futex_key key;
    int rc = futex_key(proc_current()->mm, addr, private, &key);

    return rc < 0 ? rc : futex_wait(&key, addr, expected, bitset, deadline_ns);
}

/* FUTEX_WAIT with its relative timeout: when interrupted, only the rest of it is waited for. */
static int64_t
wait_relative(uaddr_t addr, bool private, uint32_t expected, uint64_t deadline_ns)
{
    struct proc *p = proc_current();
    int64_t rc = wait_until(addr, private, expected, UINT32_MAX, deadline_ns);

    if (rc != -ERESTARTSYS || deadline_ns == WAIT_FOREVER)
        return rc;
    p->restart_fn = RESTART_FUTEX;
    p->restart_arg[0] = addr.v;
    p->restart_arg[1] = expected;
    p->restart_arg[2] = private;
    p->restart_arg[3] = deadline_ns;
    return -ERESTART_RESTARTBLOCK;
}

int64_t
futex_restart(const struct proc *p)
{
    return wait_relative(uaddr(p->restart_arg[0]), p->restart_arg[2] != 0,
                         (uint32_t)p->restart_arg[1], p->restart_arg[3]);
}

static int64_t
wait_call(const struct sysargs *args, unsigned op, uint32_t op_flags)
{
    bool private = (op_flags & FUTEX_PRIVATE_FLAG) != 0;
    int32_t clock = (op_flags & FUTEX_CLOCK_REALTIME) != 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    uint64_t deadline_ns = WAIT_FOREVER;
    uint32_t expected = (uint32_t)args->a[2];
    int64_t rc = 0;

    if (args->a[3] != 0)
        rc = clock_read_deadline(clock, op == FUTEX_WAIT_BITSET, uaddr(args->a[3]), &deadline_ns);
    if (rc < 0)
        return rc;
    if (op == FUTEX_WAIT)
        return wait_relative(uaddr(args->a[0]), private, expected, deadline_ns);
    if ((uint32_t)args->a[5] == 0)
        return -EINVAL;
    rc = wait_until(uaddr(args->a[0]), private, expected, (uint32_t)args->a[5], deadline_ns);
    return rc == -ERESTARTSYS && args->a[3] != 0
               ? -ERESTARTNOHAND
               : rc; /* the time is absolute: doing it again is right */
}

static int64_t
requeue_call(const struct sysargs *args, bool compare, bool private)
{
    struct mm *mm = proc_current()->mm;
    struct futex_key from, to;
    uint32_t now = 0;
    int rc;

    if ((int32_t)args->a[2] < 0 || (int32_t)args->a[3] < 0 || args->a[4] % 4 != 0)
        return -EINVAL;
    rc = futex_key(mm, uaddr(args->a[0]), private, &from);
    if (rc == 0)
        rc = futex_key(mm, uaddr(args->a[4]), private, &to);
    if (rc == 0 && compare)
        rc = ucopy_in(&now, uaddr(args->a[0]), sizeof now);
    if (rc < 0)
        return rc;
    if (compare && now != (uint32_t)args->a[5])
        return -EAGAIN;
    return futex_requeue(&from, &to, (uint32_t)args->a[2], (uint32_t)args->a[3]);
}

static int64_t
wake_call(const struct sysargs *args, uint32_t bitset, bool private)
{
    struct futex_key key;
    int rc;

    if (bitset == 0)
        return -EINVAL;
    rc = futex_key(proc_current()->mm, uaddr(args->a[0]), private, &key);
    return rc < 0 ? rc : (int64_t)futex_wake(&key, (uint32_t)args->a[2], bitset);
}

int64_t
sys_futex(const struct sysargs *args)
{
    uint32_t op_flags = (uint32_t)args->a[1];
    unsigned op = op_flags & ~(uint32_t)(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
    bool private = (op_flags & FUTEX_PRIVATE_FLAG) != 0;

    if (args->a[0] % 4 != 0)
        return -EINVAL;
    switch (op) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
        return wait_call(args, op, op_flags);
    case FUTEX_WAKE:
        return wake_call(args, UINT32_MAX, private);
    case FUTEX_WAKE_BITSET:
        return wake_call(args, (uint32_t)args->a[5], private);
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
        return requeue_call(args, op == FUTEX_CMP_REQUEUE, private);
    default:
        return -ENOSYS;
    }
}

/* Limits, usage, priorities and scheduling calls.  There is one CPU and one policy, SCHED_OTHER. */
#include <hal/time.h>
#include <kernel/abi/errno.h>
#include <kernel/abi/resource.h>
#include <kernel/abi/time.h>
#include <kernel/core/assert.h>
#include <kernel/mm/mm.h>
#include <kernel/proc/proc.h>
#include <kernel/sys/sys_proc.h>
#include <kernel/sys/usage.h>
#include <kernel/trusted/ucopy.h>

static struct proc *
by_pid(uint64_t pid)
{
    return (int32_t)pid == 0 ? proc_current() : proc_find((int32_t)pid);
}

static bool
may_change(const struct proc *p)
{
    const struct creds *me = &proc_current()->creds;

    return me->euid == 0 || me->euid == p->creds.uid || me->euid == p->creds.euid;
}

/* --- limits --- */

static int64_t
set_limit(struct proc *p, unsigned which, uaddr_t from)
{
    struct rlimit new;
    int rc = ucopy_in(&new, from, sizeof new);

    if (rc < 0)
        return rc;
    if (new.cur > new.max)
        return -EINVAL;
    if (new.max > p->rlimits->of[which].max && !capable())
        return -EPERM;
    if (which == RLIMIT_NOFILE && new.max > FD_MAX)
        return -EPERM;
    rc = rlimits_unshare(p);
    if (rc == 0)
        p->rlimits->of[which] = new;
    return rc;
}

int64_t
sys_prlimit64(const struct sysargs *args)
{
    struct proc *p = by_pid(args->a[0]);
    uint64_t which = args->a[1];
    int64_t rc = 0;

    if (which >= RLIM_NLIMITS)
        return -EINVAL;
    if (p == NULL || p->zombie)
        return -ESRCH;
    if (p != proc_current() && !may_change(p))
        return -EPERM;
    struct rlimit old = p->rlimits->of[which];
    if (args->a[2] != 0)
        rc = set_limit(p, (unsigned)which, uaddr(args->a[2]));
    if (rc == 0 && args->a[3] != 0)
        rc = ucopy_out(uaddr(args->a[3]), &old, sizeof old);
    return rc;
}

int64_t
sys_getrlimit(const struct sysargs *args)
{
    return sys_prlimit64(
        &(struct sysargs){ { 0, (uint32_t)args->a[0], 0, args->a[1] != 0 ? args->a[1] : 1 } });
}

int64_t
sys_setrlimit(const struct sysargs *args)
{
    return sys_prlimit64(
        &(struct sysargs){ { 0, (uint32_t)args->a[0], args->a[1] != 0 ? args->a[1] : 1, 0 } });
}

/* --- usage --- */

enum { RUSAGE_SELF = 0, RUSAGE_CHILDREN = -1, RUSAGE_THREAD = 1 };

int64_t
sys_getrusage(const struct sysargs *args)
{
    const struct proc *p = proc_current();
    struct rusage_k u = { 0 };

    switch ((int32_t)args->a[0]) {
    case RUSAGE_SELF:
    case RUSAGE_THREAD:
        assert(p->mm != NULL);
        sched_account(false);
        u.utime = usage_timeval(p->thread.user_ns);
        u.stime = usage_timeval(p->thread.sys_ns);
        u.maxrss = (int64_t)(p->mm->rss_peak * (PAGE_SIZE / 1024));
        u.minflt = (int64_t)p->mm->faults_minor;
        u.majflt = (int64_t)p->mm->faults_major;
        u.nvcsw = (int64_t)p->thread.switches;
        break;
    case RUSAGE_CHILDREN:
        u.utime = usage_timeval(p->children_user_ns);
        u.stime = usage_timeval(p->children_sys_ns);
        u.maxrss = (int64_t)(p->children_rss_peak * (PAGE_SIZE / 1024));
        break;
    default:
        return -EINVAL;
    }
    return ucopy_out(uaddr(args->a[1]), &u, sizeof u);
}

int64_t
sys_times(const struct sysargs *args)
{
    const struct proc *p = proc_current();

    sched_account(false);

    const uint64_t tick_ns = NS_PER_S / CLK_TCK;
    abi_long t[4] = {
        (abi_long)(p->thread.user_ns / tick_ns),
        (abi_long)(p->thread.sys_ns / tick_ns),
        (abi_long)(p->children_user_ns / tick_ns),
        (abi_long)(p->children_sys_ns / tick_ns),
    };
    int rc = args->a[0] == 0 ? 0 : ucopy_out(uaddr(args->a[0]), t, sizeof t);

    return rc < 0 ? rc : (int64_t)(hal_time_now_ns() / tick_ns);
}

/* --- priorities --- */

enum { PRIO_PROCESS = 0, PRIO_PGRP = 1, PRIO_USER = 2, NICE_MIN = -20, NICE_MAX = 19 };

struct prio_walk {
    int which;
    uint32_t who;
    bool set;
    int nice;   /* to set; or the lowest (most favourable) found */
    int64_t rc; /* -ESRCH until one matched */
};

static bool
prio_one(struct proc *p, void *arg)
{
    struct prio_walk *w = arg;
    uint32_t id = w->which == PRIO_PROCESS ? (uint32_t)p->pid
                  : w->which == PRIO_PGRP  ? (uint32_t)p->pgid
                                           : p->creds.uid;

    if (id != w->who || p->zombie)
        return true;
    if (!w->set) {
        if (w->rc == -ESRCH || p->thread.nice < w->nice)
            w->nice = p->thread.nice;
        w->rc = 0;
        return true;
    }
    if (!may_change(p)) {
        w->rc = -EPERM;
    } else if (w->nice < p->thread.nice && !capable()) {
        w->rc = -EACCES;
    } else {
        p->thread.nice = (int8_t)w->nice;
        w->rc = w->rc == -ESRCH ? 0 : w->rc;
    }
    return true;
}

static int64_t
prio_walk(struct prio_walk *w)
{
    const struct proc *me = proc_current();

    if (w->which < PRIO_PROCESS || w->which > PRIO_USER)
        return -EINVAL;
    if (w->who == 0)
        w->who = w->which == PRIO_PROCESS ? (uint32_t)me->pid
                 : w->which == PRIO_PGRP  ? (uint32_t)me->pgid
                                          : me->creds.uid;
    w->rc = -ESRCH;
    proc_for_each(prio_one, w);
    return w->rc;
}

int64_t
sys_getpriority(const struct sysargs *args)
{
    struct prio_walk w = { .which = (int)args->a[0], .who = (uint32_t)args->a[1] };
    int64_t rc = prio_walk(&w);

    return rc < 0 ? rc : 20 - w.nice; /* the system call's own encoding: 40 .. 1 */
}

int64_t
sys_setpriority(const struct sysargs *args)
{
    int nice = (int)args->a[2];
    struct prio_walk w = { .which = (int)args->a[0], .who = (uint32_t)args->a[1], .set = true };

    w.nice = nice < NICE_MIN ? NICE_MIN : nice > NICE_MAX ? NICE_MAX : nice;
    return prio_walk(&w);
}

/* --- scheduling --- */

enum { SCHED_OTHER = 0, CPU_SET_WORD = sizeof(abi_ulong) };

int64_t
sys_sched_yield(const struct sysargs *args unused_param)
{
    sched_yield();
    return 0;
}

int64_t
sys_sched_getaffinity(const struct sysargs *args)
{
    static const abi_ulong one_cpu = 1;
    int rc;

    if (by_pid(args->a[0]) == NULL)
        return -ESRCH;
    if (args->a[1] < CPU_SET_WORD || args->a[1] % CPU_SET_WORD != 0)
        return -EINVAL;
    rc = ucopy_out(uaddr(args->a[2]), &one_cpu, sizeof one_cpu);
    return rc < 0 ? rc : CPU_SET_WORD;
}

int64_t
sys_sched_setaffinity(const struct sysargs *args)
{
    const struct proc *p = by_pid(args->a[0]);
    uint64_t set = 0;
    int rc;

    if (p == NULL)
        return -ESRCH;
    rc = ucopy_in(&set, uaddr(args->a[2]), args->a[1] < sizeof set ? args->a[1] : sizeof set);
    if (rc < 0)
        return rc;
    if (!may_change(p))
        return -EPERM;
    return set & 1 ? 0 : -EINVAL;
}

int64_t
sys_sched_getscheduler(const struct sysargs *args)
{
    if ((int32_t)args->a[0] < 0)
        return -EINVAL;
    return by_pid(args->a[0]) != NULL ? SCHED_OTHER : -ESRCH;
}

static int64_t
check_param(const struct sysargs *args, uaddr_t param)
{
    int32_t priority;
    int rc;

    if ((int32_t)args->a[0] < 0 || param.v == 0)
        return -EINVAL;
    if (by_pid(args->a[0]) == NULL)
        return -ESRCH;
    rc = ucopy_in(&priority, param, sizeof priority);
    return rc < 0 ? rc : priority == 0 ? 0 : -EINVAL;
}

int64_t
sys_sched_setscheduler(const struct sysargs *args)
{
    int64_t rc = check_param(args, uaddr(args->a[2]));

    return rc < 0 ? rc : args->a[1] == SCHED_OTHER ? 0 : -EINVAL;
}

int64_t
sys_sched_setparam(const struct sysargs *args)
{
    return check_param(args, uaddr(args->a[1]));
}

int64_t
sys_sched_getparam(const struct sysargs *args)
{
    static const int32_t priority;

    if ((int32_t)args->a[0] < 0 || args->a[1] == 0)
        return -EINVAL;
    return by_pid(args->a[0]) == NULL ? -ESRCH
                                      : ucopy_out(uaddr(args->a[1]), &priority, sizeof priority);
}

int64_t
sys_sched_get_priority_max(const struct sysargs *args)
{
    return args->a[0] == SCHED_OTHER ? 0 : -EINVAL;
}

int64_t
sys_sched_get_priority_min(const struct sysargs *args)
{
    return args->a[0] == SCHED_OTHER ? 0 : -EINVAL;
}

int64_t
sys_sched_rr_get_interval(const struct sysargs *args)
{
    static const struct timespec_k slice = { .tv_nsec = 10000000 };

    if (by_pid(args->a[0]) == NULL)
        return -ESRCH;
    return ucopy_out(uaddr(args->a[1]), &slice, sizeof slice);
}

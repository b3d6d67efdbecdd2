/* Processes: making, ending, waiting for them; their odds and ends. */
#include <kernel/abi/errno.h>
#include <kernel/abi/signal.h>
#include <kernel/abi/time.h>
#include <kernel/abi/wait.h>
#include <kernel/core/fmt.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/grant.h>
#include <kernel/mm/kmem.h>
#include <kernel/proc/proc.h>
#include <kernel/proc/sigframe.h>
#include <kernel/proc/wait.h>
#include <kernel/sys/sys_proc.h>
#include <kernel/sys/usage.h>
#include <kernel/trusted/ucopy.h>

int64_t
sys_fork(const struct sysargs *args unused_param)
{
    return proc_clone(SIGCHLD, uaddr(0), uaddr(0), uaddr(0), uaddr(0));
}

int64_t
sys_vfork(const struct sysargs *args unused_param)
{
    return proc_clone(CLONE_VM | CLONE_VFORK | SIGCHLD, uaddr(0), uaddr(0), uaddr(0), uaddr(0));
}

int64_t
sys_execve(const struct sysargs *args)
{
    char *path = kmem_alloc_on(GRANT_KEPT, PATH_MAX);
    int64_t rc;

    if (path == NULL)
        return -ENOMEM;
    rc = ucopy_in_str(path, uaddr(args->a[0]), PATH_MAX);
    if (rc >= 0)
        rc = proc_execve(path, uaddr(args->a[1]), uaddr(args->a[2]));
    kmem_free(path);
    if (rc == 0)
        proc_current()->user_replaced = true;
    return rc;
}

int64_t
sys_exit(const struct sysargs *args)
{
    proc_exit((int32_t)(args->a[0] & 0xff) << 8);
}

int64_t
sys_exit_group(const struct sysargs *args)
{
    proc_exit((int32_t)(args->a[0] & 0xff) << 8);
}

static int
put_rusage(uaddr_t to, const struct wait_result *r)
{
    struct rusage_k u = {
        .utime = usage_timeval(r->user_ns),
        .stime = usage_timeval(r->sys_ns),
        .maxrss = (int64_t)(r->rss_peak * (PAGE_SIZE / 1024)),
        .minflt = (int64_t)r->min_faults,
        .majflt = (int64_t)r->maj_faults,
    };

    return to.v == 0 ? 0 : ucopy_out(to, &u, sizeof u);
}

int64_t
sys_wait4(const struct sysargs *args)
{
    int32_t pid = (int32_t)args->a[0];
    uint32_t options = (uint32_t)args->a[2];
    struct wait_query q = { .options = options | WEXITED };
    struct wait_result r;
    int rc;

    if (options & ~(uint32_t)(WNOHANG | WUNTRACED | WCONTINUED | WNOTHREAD | WALL | WCLONE))
        return -EINVAL;
    if (pid == INT32_MIN)
        return -ESRCH;
    q.which = pid == -1 ? P_ALL : pid > 0 ? P_PID : P_PGID;
    q.id = pid > 0 ? pid : pid == 0 ? proc_current()->pgid : -pid;
    rc = proc_wait(&q, &r);
    if (rc <= 0)
        return rc;
    if (args->a[1] != 0)
        rc = ucopy_out(uaddr(args->a[1]), &r.wstatus, sizeof r.wstatus);
    if (rc >= 0)
        rc = put_rusage(uaddr(args->a[3]), &r);
    return rc < 0 ? rc : r.pid;
}

int64_t
sys_waitid(const struct sysargs *args)
{
    uint32_t options = (uint32_t)args->a[3];
    struct wait_query q = { .which = (int)args->a[0], .id = (int32_t)args->a[1], .options = options };
    struct wait_result r;
    struct siginfo_abi info = { 0 };
    int rc;

    if ((options & ~(uint32_t)(WNOHANG | WSTOPPED | WEXITED | WCONTINUED | WNOWAIT | WNOTHREAD |
                               WALL | WCLONE)) ||
        !(options & (WSTOPPED | WEXITED | WCONTINUED)) || q.which < P_ALL || q.which > P_PGID ||
        (q.which != P_ALL && q.id < 0) || (q.which == P_PID && q.id == 0))
        return -EINVAL;
    if (q.which == P_PGID && q.id == 0)
        q.id = proc_current()->pgid;
    rc = proc_wait(&q, &r);
    if (rc < 0)
        return rc;
    if (rc == 1) {
        struct siginfo_k k = {
            .signo = SIGCHLD, .code = r.code, .pid = r.pid, .uid = r.uid, .status = r.status
        };

        sigframe_info(&k, &info);
    }
    int found = rc;
    rc = args->a[2] == 0 ? 0 : ucopy_out(uaddr(args->a[2]), &info, sizeof info);
    if (rc >= 0 && found)
        rc = put_rusage(uaddr(args->a[4]), &r);
    return rc;
}

int64_t
sys_set_tid_address(const struct sysargs *args)
{
    struct proc *p = proc_current();

    p->clear_child_tid = uaddr(args->a[0]);
    return p->pid;
}

enum { ROBUST_HEAD_SIZE = 3 * sizeof(abi_ulong) };

int64_t
sys_set_robust_list(const struct sysargs *args)
{
    if (args->a[1] != ROBUST_HEAD_SIZE)
        return -EINVAL;
    proc_current()->robust_list = uaddr(args->a[0]);
    return 0;
}

int64_t
sys_get_robust_list(const struct sysargs *args)
{
    int32_t pid = (int32_t)args->a[0];
    const struct proc *p = pid == 0 ? proc_current() : proc_find(pid);
    abi_ulong size = ROBUST_HEAD_SIZE, head;
    int rc;

    if (p == NULL)
        return -ESRCH;
    if (p != proc_current() && !capable())
        return -EPERM;
    head = (abi_ulong)p->robust_list.v;
    rc = ucopy_out(uaddr(args->a[1]), &head, sizeof head);
    return rc < 0 ? rc : ucopy_out(uaddr(args->a[2]), &size, sizeof size);
}

enum {
    PR_SET_PDEATHSIG = 1,
    PR_GET_PDEATHSIG = 2,
    PR_GET_DUMPABLE = 3,
    PR_SET_DUMPABLE = 4,
    PR_SET_NAME = 15,
    PR_GET_NAME = 16,
    PR_SET_NO_NEW_PRIVS = 38,
    PR_GET_NO_NEW_PRIVS = 39,
};

static int64_t
set_name(struct proc *p, uaddr_t from)
{
    char name[16] = { 0 };
    int rc = 0;

    /* Up to 15 bytes or a terminator, whichever comes first: byte by byte, the string may end at the end of a page. */
    for (size_t i = 0; i < sizeof name - 1 && rc == 0; i++) {
        rc = ucopy_in(&name[i], uaddr(from.v + i), 1);
        if (name[i] == '\0')
            break;
    }
    if (rc < 0)
        return rc;
    str_copy(p->comm, sizeof p->comm, name);
    str_copy(p->thread.name, sizeof p->thread.name, name);
    return 0;
}

int64_t
sys_prctl(const struct sysargs *args)
{
    struct proc *p = proc_current();

    switch (args->a[0]) {
    case PR_SET_PDEATHSIG:
        if (args->a[1] > NSIG)
            return -EINVAL;
        p->pdeath_signal = (int32_t)args->a[1];
        return 0;
    case PR_GET_PDEATHSIG:
        return ucopy_out(uaddr(args->a[1]), &p->pdeath_signal, sizeof p->pdeath_signal);
    case PR_SET_NAME:
        return set_name(p, uaddr(args->a[1]));
    case PR_GET_NAME:
        return ucopy_out(uaddr(args->a[1]), p->comm, sizeof p->comm);
    case PR_GET_DUMPABLE:
        return p->dumpable;
    case PR_SET_DUMPABLE:
        if (args->a[1] > 1)
            return -EINVAL;
        p->dumpable = args->a[1] != 0;
        return 0;
    case PR_SET_NO_NEW_PRIVS:
        if (args->a[1] != 1 || args->a[2] != 0 || args->a[3] != 0 || args->a[4] != 0)
            return -EINVAL;
        p->no_new_privs = true;
        return 0;
    case PR_GET_NO_NEW_PRIVS:
        return p->no_new_privs;
    default:
        return -EINVAL;
    }
}

/* Identity: process ids, groups, sessions, users (credentials(7)). */
#include <kernel/abi/errno.h>
#include <kernel/fs/vfs.h>
#include <kernel/proc/proc.h>
#include <kernel/sys/sys_proc.h>
#include <kernel/trusted/ucopy.h>

#define NO_ID UINT32_MAX

int64_t
sys_getpid(const struct sysargs *args unused_param)
{
    return proc_current()->tgid;
}

int64_t
sys_gettid(const struct sysargs *args unused_param)
{
    return proc_current()->pid;
}

int64_t
sys_getppid(const struct sysargs *args unused_param)
{
    const struct proc *parent = proc_current()->parent;

    return parent != NULL ? parent->tgid : 0;
}

static struct proc *
by_pid(uint64_t pid)
{
    return (int32_t)pid == 0 ? proc_current() : proc_find((int32_t)pid);
}

int64_t
sys_getpgid(const struct sysargs *args)
{
    const struct proc *p = by_pid(args->a[0]);

    return p != NULL ? p->pgid : -ESRCH;
}

int64_t
sys_getpgrp(const struct sysargs *args unused_param)
{
    return proc_current()->pgid;
}

int64_t
sys_getsid(const struct sysargs *args)
{
    const struct proc *p = by_pid(args->a[0]);

    return p != NULL && p->session != NULL ? p->session->sid : -ESRCH;
}

struct group_in_session {
    int32_t pgid;
    const struct session *session;
    bool found;
};

static bool
find_group(struct proc *p, void *arg)
{
    struct group_in_session *q = arg;

    q->found = q->found || (p->pgid == q->pgid && p->session == q->session);
    return !q->found;
}

int64_t
sys_setpgid(const struct sysargs *args)
{
    struct proc *me = proc_current(), *p = by_pid(args->a[0]);
    int32_t pgid = (int32_t)args->a[1];

    if (pgid < 0)
        return -EINVAL;
    if (p == NULL || (p != me && p->parent != me) || p->zombie)
        return -ESRCH;
    if (p->session != me->session || p->session->sid == p->pid)
        return -EPERM;
    if (p != me && p->did_exec)
        return -EACCES;
    if (pgid == 0)
        pgid = p->pid;
    if (pgid != p->pid) {
        struct group_in_session q = { .pgid = pgid, .session = me->session };

        proc_for_each(find_group, &q);
        if (!q.found)
            return -EPERM;
    }
    p->pgid = pgid;
    return 0;
}

static bool
any_in_group(struct proc *p, void *arg)
{
    struct group_in_session *q = arg;

    q->found = q->found || p->pgid == q->pgid;
    return !q->found;
}

int64_t
sys_setsid(const struct sysargs *args unused_param)
{
    struct proc *p = proc_current();
    struct group_in_session q = { .pgid = p->pid };
    int rc;

    proc_for_each(any_in_group, &q);
    if (q.found)
        return -EPERM;
    rc = session_create(p);
    return rc < 0 ? rc : p->pid;
}

int64_t
sys_getuid(const struct sysargs *args unused_param)
{
    return proc_current()->creds.uid;
}

int64_t
sys_geteuid(const struct sysargs *args unused_param)
{
    return proc_current()->creds.euid;
}

int64_t
sys_getgid(const struct sysargs *args unused_param)
{
    return proc_current()->creds.gid;
}

int64_t
sys_getegid(const struct sysargs *args unused_param)
{
    return proc_current()->creds.egid;
}

static bool
privileged(void)
{
    return proc_current()->creds.euid == 0;
}

/* The three ids of one kind: users, or groups. */
struct ids {
    uint32_t *real, *effective, *saved, *fs;
};

static struct ids
user_ids(void)
{
    struct creds *c = &proc_current()->creds;

    return (struct ids){ &c->uid, &c->euid, &c->suid, &c->fsuid };
}

static struct ids
group_ids(void)
{
    struct creds *c = &proc_current()->creds;

    return (struct ids){ &c->gid, &c->egid, &c->sgid, &c->fsgid };
}

static bool
is_one_of(struct ids i, uint32_t id)
{
    return id == NO_ID || id == *i.real || id == *i.effective || id == *i.saved;
}

static int
set_all(struct ids i, uint32_t real, uint32_t effective, uint32_t saved)
{
    if (real != NO_ID)
        *i.real = real;
    if (effective != NO_ID)
        *i.effective = effective;
    if (saved != NO_ID)
        *i.saved = saved;
    *i.fs = *i.effective;
    return 0;
}

static int64_t
set_one(struct ids i, uint32_t id)
{
    if (id == NO_ID)
        return -EINVAL;
    if (privileged())
        return set_all(i, id, id, id);
    if (id != *i.real && id != *i.saved)
        return -EPERM;
    return set_all(i, NO_ID, id, NO_ID);
}

static int64_t
set_two(struct ids i, uint32_t real, uint32_t effective)
{
    uint32_t saved = NO_ID;

    if (!privileged() &&
        ((real != NO_ID && real != *i.real && real != *i.effective) || !is_one_of(i, effective)))
        return -EPERM;
    if (real != NO_ID || (effective != NO_ID && effective != *i.real))
        saved = effective != NO_ID ? effective : *i.effective;
    return set_all(i, real, effective, saved);
}

static int64_t
set_three(struct ids i, uint32_t real, uint32_t effective, uint32_t saved)
{
    if (!privileged() && !(is_one_of(i, real) && is_one_of(i, effective) && is_one_of(i, saved)))
        return -EPERM;
    return set_all(i, real, effective, saved);
}

static int64_t
get_three(struct ids i, const struct sysargs *args)
{
    const uint32_t *v[3] = { i.real, i.effective, i.saved };
    int rc = 0;

    for (unsigned n = 0; n < 3 && rc == 0; n++)
        rc = ucopy_out(uaddr(args->a[n]), v[n], sizeof *v[n]);
    return rc;
}

static int64_t
set_fs(struct ids i, uint32_t id)
{
    uint32_t old = *i.fs;

    if (id != NO_ID && (privileged() || is_one_of(i, id)))
        *i.fs = id;
    return old;
}

int64_t
sys_setuid(const struct sysargs *args)
{
    return set_one(user_ids(), (uint32_t)args->a[0]);
}

int64_t
sys_setgid(const struct sysargs *args)
{
    return set_one(group_ids(), (uint32_t)args->a[0]);
}

int64_t
sys_setreuid(const struct sysargs *args)
{
    return set_two(user_ids(), (uint32_t)args->a[0], (uint32_t)args->a[1]);
}

int64_t
sys_setregid(const struct sysargs *args)
{
    return set_two(group_ids(), (uint32_t)args->a[0], (uint32_t)args->a[1]);
}

int64_t
sys_setresuid(const struct sysargs *args)
{
    return set_three(user_ids(), (uint32_t)args->a[0], (uint32_t)args->a[1], (uint32_t)args->a[2]);
}

int64_t
sys_setresgid(const struct sysargs *args)
{
    return set_three(group_ids(), (uint32_t)args->a[0], (uint32_t)args->a[1], (uint32_t)args->a[2]);
}

int64_t
sys_getresuid(const struct sysargs *args)
{
    return get_three(user_ids(), args);
}

int64_t
sys_getresgid(const struct sysargs *args)
{
    return get_three(group_ids(), args);
}

int64_t
sys_setfsuid(const struct sysargs *args)
{
    return set_fs(user_ids(), (uint32_t)args->a[0]);
}

int64_t
sys_setfsgid(const struct sysargs *args)
{
    return set_fs(group_ids(), (uint32_t)args->a[0]);
}

int64_t
sys_getgroups(const struct sysargs *args)
{
    const struct creds *c = &proc_current()->creds;
    int32_t size = (int32_t)args->a[0];
    int rc;

    if (size < 0)
        return -EINVAL;
    if (size == 0)
        return c->ngroups;
    if ((uint32_t)size < c->ngroups)
        return -EINVAL;
    rc = ucopy_out(uaddr(args->a[1]), c->groups, c->ngroups * sizeof c->groups[0]);
    return rc < 0 ? rc : (int64_t)c->ngroups;
}

int64_t
sys_setgroups(const struct sysargs *args)
{
    struct creds *c = &proc_current()->creds;
    uint32_t groups[NGROUPS_MAX];
    uint64_t n = args->a[0];
    int rc;

    if (!privileged())
        return -EPERM;
    if (n > NGROUPS_MAX)
        return -EINVAL;
    rc = ucopy_in(groups, uaddr(args->a[1]), n * sizeof groups[0]);
    if (rc < 0)
        return rc;
    c->ngroups = (uint32_t)n;
    for (uint32_t i = 0; i < n; i++)
        c->groups[i] = groups[i];
    return 0;
}

/* Capabilities: all for user 0, none for others (capabilities(7) without its files and sets). */
enum { CAP_VERSION_3 = 0x20080522, CAP_WORDS = 6 };

int64_t
sys_capget(const struct sysargs *args)
{
    uint32_t header[2], data[CAP_WORDS] = { 0 };
    int rc = ucopy_in(header, uaddr(args->a[0]), sizeof header);

    if (rc < 0)
        return rc;
    if (header[0] != CAP_VERSION_3) {
        header[0] = CAP_VERSION_3;
        rc = ucopy_out(uaddr(args->a[0]), header, sizeof header[0]);
        return rc < 0 ? rc : args->a[1] == 0 ? 0 : -EINVAL;
    }
    const struct proc *p = by_pid(header[1]);
    if (p == NULL)
        return -ESRCH;
    if (p->creds.euid == 0) {
        data[0] = data[1] = UINT32_MAX; /* effective, permitted */
        data[3] = data[4] = 0x1ff;
    }
    return args->a[1] == 0 ? 0 : ucopy_out(uaddr(args->a[1]), data, sizeof data);
}

int64_t
sys_capset(const struct sysargs *args)
{
    uint32_t header[2];
    int rc = ucopy_in(header, uaddr(args->a[0]), sizeof header);

    if (rc < 0)
        return rc;
    if (header[0] != CAP_VERSION_3)
        return -EINVAL;
    return privileged() ? 0 : -EPERM;
}

/* Job control: controlling terminals, foreground groups (POSIX 11.1.2 to 11.1.4). */
#include <kernel/abi/signal.h>
#include <kernel/proc/proc.h>
#include <kernel/trusted/ucopy.h>
#include <kernel/tty/tty_private.h>

int
tty_check_background(struct tty *t, int signo)
{
    struct proc *p = proc_current();
    sigset_k bit = (sigset_k)1 << (signo - 1);
    bool ignored;

    if (p->session->tty != t || t->pgrp == 0 || p->pgid == t->pgrp)
        return 0;
    ignored = (p->sig.blocked & bit) || sighand_get(p->sighand, signo).handler == 1;
    if (ignored)
        return signo == SIGTTIN ? -EIO : 0;
    if (proc_group_orphaned(p->pgid))
        return -EIO;
    (void)signal_send_group(p->pgid, signo, NULL);
    return -ERESTARTSYS;
}

void
tty_set_controlling(struct tty *t)
{
    struct proc *p = proc_current();

    if (p->session->sid != p->pid || p->session->tty != NULL || t->session != NULL)
        return;
    p->session->tty = t;
    t->session = p->session;
    t->pgrp = p->pgid;
}

static int
steal_or_set(struct tty *t, bool steal)
{
    struct proc *p = proc_current();

    if (p->session->tty == t && t->session == p->session)
        return 0;
    if (p->session->sid != p->pid || p->session->tty != NULL)
        return -EPERM;
    if (t->session != NULL) {
        if (!steal || !capable())
            return -EPERM;
        t->session->tty = NULL;
        t->session = NULL;
    }
    tty_set_controlling(t);
    return 0;
}

static void
give_up(struct tty *t, bool hangup)
{
    int32_t pgrp = t->pgrp;

    if (t->session != NULL)
        t->session->tty = NULL;
    t->session = NULL;
    t->pgrp = 0;
    if (hangup && pgrp > 0) {
        (void)signal_send_group(pgrp, SIGHUP, NULL);
        (void)signal_send_group(pgrp, SIGCONT, NULL);
    }
}

void
tty_session_exit(struct session *s)
{
    if (s->tty != NULL)
        give_up(s->tty, true);
}

struct group_query {
    int32_t pgid;
    const struct session *session;
    bool found;
};

static bool
in_session(struct proc *p, void *arg)
{
    struct group_query *q = arg;

    q->found = q->found || (p->pgid == q->pgid && p->session == q->session);
    return !q->found;
}

static int
set_foreground(struct tty *t, uaddr_t arg)
{
    struct proc *p = proc_current();
    int32_t pgid;
    int rc;

    if (p->session->tty != t)
        return -ENOTTY;
    rc = ucopy_in(&pgid, arg, sizeof pgid);
    if (rc == 0)
        rc = tty_check_background(t, SIGTTOU);
    if (rc < 0)
        return rc;
    if (pgid < 0)
        return -EINVAL;
    struct group_query q = { .pgid = pgid, .session = p->session };
    proc_for_each(in_session, &q);
    if (!q.found)
        return -EPERM;
    t->pgrp = pgid;
    return 0;
}

int64_t
tty_job_ioctl(struct tty *t, uint32_t cmd, uintptr_t arg)
{
    struct proc *p = proc_current();

    switch (cmd) {
    case TIOCSCTTY:
        return steal_or_set(t, arg == 1);
    case TIOCNOTTY:
        if (p->session->tty != t)
            return -ENOTTY;
        if (p->session->sid == p->pid)
            give_up(t, true);
        return 0;
    case TIOCGPGRP:
        if (p->session->tty != t)
            return -ENOTTY;
        return ucopy_out(uaddr(arg), &t->pgrp, sizeof t->pgrp);
    case TIOCSPGRP:
        return set_foreground(t, uaddr(arg));
    case TIOCGSID:
        if (p->session->tty != t || t->session == NULL)
            return -ENOTTY;
        return ucopy_out(uaddr(arg), &t->session->sid, sizeof t->session->sid);
    default:
        return -ENOTTY;
    }
}

uint32_t
tty_rdev(const struct tty *t)
{
    return t != NULL ? t->rdev : 0;
}

int32_t
tty_pgrp(const struct tty *t)
{
    return t != NULL ? t->pgrp : -1;
}

/* Signal calls (signal(7) and the pages it names). */
#include <hal/irq.h>
#include <hal/time.h>
#include <kernel/abi/errno.h>
#include <kernel/abi/signal.h>
#include <kernel/mm/mm.h>
#include <kernel/proc/proc.h>
#include <kernel/proc/sigframe.h>
#include <kernel/sys/sigset.h>
#include <kernel/sys/clock.h>
#include <kernel/sys/sys_signal.h>
#include <kernel/trusted/ucopy.h>

#define BIT_OF(signo) ((sigset_k)1 << ((signo) - 1))

static const sigset_k unblockable = BIT_OF(SIGKILL) | BIT_OF(SIGSTOP);

int64_t
sys_rt_sigaction(const struct sysargs *args)
{
    struct proc *p = proc_current();
    int signo = (int)args->a[0];
    struct sigaction_abi new = { 0 }, old;
    int rc = 0;

    if (signo < 1 || signo > NSIG || args->a[3] != sizeof(abi_sigset))
        return -EINVAL;
    if (args->a[1] != 0) {
        if (signo == SIGKILL || signo == SIGSTOP)
            return -EINVAL;
        rc = ucopy_in(&new, uaddr(args->a[1]), sizeof new);
        if (rc < 0)
            return rc;
    }
    struct sigaction_k a = sighand_get(p->sighand, signo);
    old = (struct sigaction_abi){ a.handler, a.flags, a.restorer, a.mask };
    if (args->a[1] != 0) {
        bool ignores = new.handler == SIG_IGN_K ||
                       (new.handler == SIG_DFL_K && (signo == SIGCHLD || signo == SIGCONT ||
                                                     signo == SIGURG || signo == SIGWINCH));

        a = (struct sigaction_k){ .handler = new.handler,
                                  .restorer = new.restorer,
                                  .mask = new.mask & ~unblockable,
                                  .flags = (uint32_t)new.flags };
        rc = sighand_set(p->sighand, signo, &a);
        if (rc < 0)
            return rc;

        irqstate_t s = hal_irq_save();

        if (ignores)
            p->sig.pending &=
                ~BIT_OF(signo); /* POSIX 2.4.3: a pending signal that is now ignored is discarded */
        hal_irq_restore(s);
        signal_recalc(p);
    }
    return args->a[2] == 0 ? 0 : ucopy_out(uaddr(args->a[2]), &old, sizeof old);
}

static void
set_mask(struct proc *p, sigset_k mask)
{
    p->sig.blocked = mask & ~unblockable;
    signal_recalc(p);
}

int64_t
sys_rt_sigprocmask(const struct sysargs *args)
{
    struct proc *p = proc_current();
    abi_sigset old = p->sig.blocked;
    sigset_k set = 0;
    int rc = 0;

    if (args->a[3] != sizeof old)
        return -EINVAL;
    if (args->a[1] != 0) {
        rc = sigset_in(args->a[1], args->a[3], &set);
        if (rc < 0)
            return rc;
        switch (args->a[0]) {
        case SIG_BLOCK:
            set_mask(p, p->sig.blocked | set);
            break;
        case SIG_UNBLOCK:
            set_mask(p, p->sig.blocked & ~set);
            break;
        case SIG_SETMASK:
            set_mask(p, set);
            break;
        default:
            return -EINVAL;
        }
    }
    return args->a[2] == 0 ? 0 : ucopy_out(uaddr(args->a[2]), &old, sizeof old);
}

int64_t
sys_rt_sigreturn(const struct sysargs *args unused_param)
{
    struct proc *p = proc_current();
    int rc = sigframe_pop(p);

    while (rc == -ENOMEM && !p->thread.killed) {
        oom_wait();
        rc = sigframe_pop(p);
    }
    p->user_replaced = true;
    if (rc < 0) {
        struct siginfo_k info = { .signo = SIGSEGV, .code = SI_KERNEL };

        signal_force(p, SIGSEGV, &info);
    }
    return 0;
}

int64_t
sys_rt_sigpending(const struct sysargs *args)
{
    const struct proc *p = proc_current();
    abi_sigset set = p->sig.pending & p->sig.blocked;

    if (args->a[1] > sizeof set)
        return -EINVAL;
    return ucopy_out(uaddr(args->a[0]), &set, args->a[1]);
}

static int64_t
wait_for_signal(void)
{
    int rc;

    do
        rc = thread_sleep(WAIT_INTR, WAIT_FOREVER);
    while (rc == 0);
    return -ERESTARTNOHAND;
}

int64_t
sys_rt_sigsuspend(const struct sysargs *args)
{
    struct proc *p = proc_current();
    sigset_k set = 0;
    int rc = sigset_in(args->a[0], args->a[1], &set);

    if (rc < 0)
        return rc;
    p->sig.saved_mask = p->sig.blocked;
    p->sig.restore_mask = true;
    set_mask(p, set);
    return wait_for_signal();
}

int64_t
sys_pause(const struct sysargs *args unused_param)
{
    return wait_for_signal();
}

/* Take a pending signal of `set`: its number, or 0. */
static int
take_pending(struct proc *p, sigset_k set, struct siginfo_k *info)
{
    irqstate_t s = hal_irq_save();
    sigset_k ready = p->sig.pending & set;
    int signo = 0;

    if (ready != 0 && !p->thread.killed) {
        signo = __builtin_ctzll(ready) + 1;
        p->sig.pending &= ~BIT_OF(signo);
        *info = signal_info_take(&p->sig, signo);
    }
    hal_irq_restore(s);
    return signo;
}

int64_t
sys_rt_sigtimedwait(const struct sysargs *args)
{
    struct proc *p = proc_current();
    uint64_t deadline_ns = WAIT_FOREVER;
    struct siginfo_k info;
    sigset_k set = 0;
    int signo, rc = sigset_in(args->a[0], args->a[3], &set);

    if (rc == 0 && args->a[2] != 0)
        rc = clock_read_deadline(CLOCK_MONOTONIC, false, uaddr(args->a[2]), &deadline_ns);
    if (rc < 0)
        return rc;
    set &= ~unblockable;
    /* A blocked signal wakes the thread, another one interrupts it: either way it may be one of ours. */
    while ((signo = take_pending(p, set, &info)) == 0 && rc == 0)
        rc = thread_sleep(WAIT_INTR, deadline_ns);
    signal_recalc(p);
    if (signo == 0)
        return rc == -ETIMEDOUT ? -EAGAIN : -EINTR;
    if (args->a[1] != 0) {
        struct siginfo_abi out;

        sigframe_info(&info, &out);
        rc = ucopy_out(uaddr(args->a[1]), &out, sizeof out);
        if (rc < 0)
            return rc;
    }
    return signo;
}

int64_t
sys_sigaltstack(const struct sysargs *args)
{
    struct proc *p = proc_current();
    bool on = sigframe_on_altstack(p, hal_user_sp(&p->user));
    struct stack_k old = { .ss_sp = p->sig.altstack.v, .ss_size = p->sig.altstack_size }, new = { 0 };
    int rc;

    old.ss_flags = p->sig.altstack_size == 0 ? SS_DISABLE : on ? SS_ONSTACK : 0;
    if (args->a[0] != 0) {
        rc = ucopy_in(&new, uaddr(args->a[0]), sizeof new);
        if (rc < 0)
            return rc;
        if (on)
            return -EPERM;
        if (new.ss_flags & ~(SS_DISABLE | SS_ONSTACK))
            return -EINVAL;
        bool off = (new.ss_flags &SS_DISABLE) != 0;
        if (!off && new.ss_size < MINSIGSTKSZ)
            return -ENOMEM;
        p->sig.altstack = uaddr(off ? 0 : new.ss_sp);
        p->sig.altstack_size = off ? 0 : new.ss_size;
    }
    return args->a[1] == 0 ? 0 : ucopy_out(uaddr(args->a[1]), &old, sizeof old);
}

/* --- sending --- */

static bool
may_signal(const struct proc *p, int signo)
{
    const struct proc *me = proc_current();
    const struct creds *c = &me->creds;

    return c->euid == 0 || c->euid == p->creds.uid || c->euid == p->creds.suid ||
           c->uid == p->creds.uid || c->uid == p->creds.suid ||
           (signo == SIGCONT && me->session == p->session);
}

static struct siginfo_k
from_me(int signo, int code)
{
    const struct proc *me = proc_current();

    return (struct siginfo_k){ .signo = signo, .code = code, .pid = me->tgid, .uid = me->creds.uid };
}

static int64_t
send_one(struct proc *p, int signo, const struct siginfo_k *info)
{
    if (!may_signal(p, signo))
        return -EPERM;
    if (signo != 0)
        signal_send(p, signo, info);
    return 0;
}

struct broadcast {
    int32_t pgid; /* 0: everybody but process 1 and the sender */
    int signo;
    struct siginfo_k info;
    unsigned seen, sent;
};

static bool
broadcast_one(struct proc *p, void *arg)
{
    struct broadcast *b = arg;
    bool wanted = b->pgid != 0 ? p->pgid == b->pgid : p->pid != 1 && p != proc_current();

    if (wanted) {
        b->seen++;
        b->sent += send_one(p, b->signo, &b->info) == 0;
    }
    return true;
}

static int64_t
send_many(int32_t pgid, int signo)
{
    struct broadcast b = { .pgid = pgid, .signo = signo, .info = from_me(signo, SI_USER) };

    proc_for_each(broadcast_one, &b);
    return b.seen == 0 ? -ESRCH : b.sent == 0 ? -EPERM : 0;
}

int64_t
sys_kill(const struct sysargs *args)
{
    int32_t pid = (int32_t)args->a[0];
    int signo = (int)args->a[1];

    if (signo < 0 || signo > NSIG)
        return -EINVAL;
    if (pid > 0) {
        struct proc *p = proc_find(pid);
        struct siginfo_k info = from_me(signo, SI_USER);

        return p != NULL ? send_one(p, signo, &info) : -ESRCH;
    }
    if (pid == INT32_MIN)
        return -ESRCH;
    return send_many(pid == 0 ? proc_current()->pgid : pid == -1 ? 0 : -pid, signo);
}

static int64_t
send_thread(int32_t tgid, int32_t tid, int signo)
{
    struct siginfo_k info = from_me(signo, SI_TKILL);
    struct proc *p;

    if (tid <= 0 || signo < 0 || signo > NSIG)
        return -EINVAL;
    p = proc_find(tid);
    if (p == NULL || (tgid != 0 && p->tgid != tgid))
        return -ESRCH;
    return send_one(p, signo, &info);
}

int64_t
sys_tkill(const struct sysargs *args)
{
    return send_thread(0, (int32_t)args->a[0], (int)args->a[1]);
}

int64_t
sys_tgkill(const struct sysargs *args)
{
    if ((int32_t)args->a[0] <= 0)
        return -EINVAL;
    return send_thread((int32_t)args->a[0], (int32_t)args->a[1], (int)args->a[2]);
}

int64_t
sys_rt_sigqueueinfo(const struct sysargs *args)
{
    struct siginfo_abi in;
    int signo = (int)args->a[1];
    int rc = ucopy_in(&in, uaddr(args->a[2]), sizeof in);
    struct proc *p;

    if (rc < 0)
        return rc;
    if (signo < 0 || signo > NSIG)
        return -EINVAL;
    p = proc_find((int32_t)args->a[0]);
    if (p == NULL)
        return -ESRCH;
    if (p != proc_current() && (in.code >= 0 || in.code == SI_TKILL))
        return -EPERM; /* only the kernel may claim those */
    struct siginfo_k info;

    sigframe_info_in(&in, &info);
    info.signo = signo;
    return send_one(p, signo, &info);
}

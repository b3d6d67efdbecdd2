/* Delivering signals on the way to user mode: handlers, stops, deaths, restarts of interrupted calls. */
#include <kernel/abi/errno.h>
#include <kernel/abi/signal.h>
#include <abi/syscall_nr.h>
#include <kernel/mm/mm.h>
#include <kernel/proc/proc.h>
#include <kernel/proc/sigframe.h>

#define BIT_OF(signo) ((sigset_k)1 << ((signo) - 1))

static const sigset_k synchronous = BIT_OF(SIGSEGV) | BIT_OF(SIGBUS) | BIT_OF(SIGILL) |
                                    BIT_OF(SIGTRAP) | BIT_OF(SIGFPE) | BIT_OF(SIGSYS);

/* Take the next deliverable signal: SIGKILL, then faults, then the lowest number.  0: none. */
static int
dequeue(struct proc *p, struct siginfo_k *info)
{
    irqstate_t s = hal_irq_save();
    sigset_k ready = p->sig.pending & (~p->sig.blocked | BIT_OF(SIGKILL) | BIT_OF(SIGSTOP));
    int signo = 0;

    if (ready & BIT_OF(SIGKILL))
        signo = SIGKILL;
    else if (ready & synchronous)
        signo = __builtin_ctzll(ready & synchronous) + 1;
    else if (ready != 0)
        signo = __builtin_ctzll(ready) + 1;
    if (signo != 0) {
        p->sig.pending &= ~BIT_OF(signo);
        *info = signal_info_take(&p->sig, signo);
    }
    hal_irq_restore(s);
    return signo;
}

/* Stop here until SIGCONT or SIGKILL. */
static void
stop(struct proc *p, int signo)
{
    irqstate_t s;

    if (signo != SIGSTOP && proc_group_orphaned(p->pgid))
        return;
    s = hal_irq_save();
    if (!(p->sig.pending & (BIT_OF(SIGCONT) | BIT_OF(SIGKILL)))) {
        p->stop_signal = signo;
        p->stop_reported = false;
        p->continued = false;
        proc_notify_parent(p, CLD_STOPPED, signo);
        thread_stop(); /* interrupts come on in whoever runs meanwhile */
    }
    p->stop_signal = 0;
    hal_irq_restore(s);
}

static void
default_action(struct proc *p, int signo)
{
    switch (signo) {
    case SIGCHLD:
    case SIGCONT:
    case SIGURG:
    case SIGWINCH:
        return;
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
        stop(p, signo);
        return;
    default:
        proc_exit(signo);
    }
}

/* The call that was interrupted: fail with EINTR, or do it again.  `handler` NULL: no handler runs. */
static void
finish_syscall(struct proc *p, int64_t *syscall_nr, const struct sigaction_k *handler)
{
    int64_t nr = *syscall_nr, result;

    if (nr < 0)
        return;
    *syscall_nr = -1;
    result = hal_user_result(&p->user);
    switch (-result) {
    case ERESTARTSYS:
        if (handler == NULL || (handler->flags & SA_RESTART))
            break;
        hal_user_set_result(&p->user, -EINTR);
        return;
    case ERESTARTNOHAND:
        if (handler == NULL)
            break;
        hal_user_set_result(&p->user, -EINTR);
        return;
    case ERESTART_RESTARTBLOCK:
        if (handler == NULL) {
            hal_user_restart_syscall(&p->user, SYS_restart_syscall);
            return;
        }
        p->restart_fn = RESTART_NONE;
        hal_user_set_result(&p->user, -EINTR);
        return;
    default:
        return;
    }
    hal_user_restart_syscall(&p->user, (uint64_t)nr);
}

/* Memory may be short: that is no fault of the program's, which would be killed for it. */
static int
push_frame(struct proc *p, int signo, const struct siginfo_k *info,
           const struct sigaction_k *action, sigset_k mask)
{
    for (;;) {
        int rc = sigframe_push(p, signo, info, action, mask);

        if (rc != -ENOMEM || p->thread.killed)
            return rc;
        oom_wait();
    }
}

static void
run_handler(struct proc *p, int signo, const struct siginfo_k *info, int64_t *syscall_nr)
{
    struct sigaction_k action = sighand_get(p->sighand, signo);
    sigset_k old = p->sig.restore_mask ? p->sig.saved_mask : p->sig.blocked;

    finish_syscall(p, syscall_nr, &action);
    p->sig.restore_mask = false;
    if (push_frame(p, signo, info, &action, old) < 0) {
        struct siginfo_k segv = { .signo = SIGSEGV, .code = SI_KERNEL };

        /* No room for the frame: as if the handler's first instruction had faulted. */
        if (signo == SIGSEGV)
            sighand_set_default(p->sighand, SIGSEGV);
        signal_force(p, SIGSEGV, &segv);
        return;
    }
    p->sig.blocked |= action.mask;
    if (!(action.flags & SA_NODEFER))
        p->sig.blocked |= BIT_OF(signo);
    p->sig.blocked &= ~(BIT_OF(SIGKILL) | BIT_OF(SIGSTOP));
    if (action.flags & SA_RESETHAND)
        sighand_set_default(p->sighand, signo);
}

void
signal_deliver(struct proc *p, int64_t syscall_nr)
{
    struct siginfo_k info;
    int signo;

    if (!p->thread.interrupted && !p->sig.restore_mask && !p->sig.pending) {
        finish_syscall(p, &syscall_nr, NULL);
        return;
    }
    while ((signo = dequeue(p, &info)) != 0) {
        uintptr_t handler = sighand_get(p->sighand, signo).handler;

        if (handler == SIG_IGN_K || (handler == SIG_DFL_K && p->init_protected))
            continue;
        if (handler == SIG_DFL_K)
            default_action(p, signo);
        else
            run_handler(p, signo, &info, &syscall_nr);
    }
    if (p->sig.restore_mask) {
        p->sig.blocked = p->sig.saved_mask;
        p->sig.restore_mask = false;
    }
    finish_syscall(p, &syscall_nr, NULL);
    signal_recalc(p);
}

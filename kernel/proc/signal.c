/* Sending signals, and what is pending (POSIX 2.4, signal(7)).  See signal.h.
 *
 * All signal state is changed with interrupts off, because terminals send from interrupt handlers.  A real-time signal that is pending
 * already is not queued a second time.
 */
#include <hal/irq.h>
#include <kernel/abi/errno.h>
#include <kernel/abi/signal.h>
#include <kernel/proc/proc.h>

#define BIT_OF(signo) ((sigset_k)1 << ((signo) - 1))

static const sigset_k stop_signals =
    BIT_OF(SIGSTOP) | BIT_OF(SIGTSTP) | BIT_OF(SIGTTIN) | BIT_OF(SIGTTOU);
static const sigset_k ignored_by_default =
    BIT_OF(SIGCHLD) | BIT_OF(SIGCONT) | BIT_OF(SIGURG) | BIT_OF(SIGWINCH);
static const sigset_k unblockable = BIT_OF(SIGKILL) | BIT_OF(SIGSTOP);

static bool
is_ignored(const struct proc *p, int signo)
{
    uintptr_t h = sighand_get(p->sighand, signo).handler;

    /* Nothing ends or stops process 1 that it did not ask for. */
    return h == SIG_IGN_K ||
           (h == SIG_DFL_K && (p->init_protected || (ignored_by_default & BIT_OF(signo))));
}

static bool
is_deadly(const struct proc *p, int signo)
{
    return sighand_get(p->sighand, signo).handler == SIG_DFL_K &&
           !((stop_signals | ignored_by_default) & BIT_OF(signo)) && !p->init_protected;
}

bool
signal_pending(const struct proc *p)
{
    return (p->sig.pending & (~p->sig.blocked | unblockable)) != 0;
}

void
signal_recalc(struct proc *p)
{
    irqstate_t s = hal_irq_save();

    if (signal_pending(p)) {
        thread_interrupt(&p->thread, (p->sig.pending & BIT_OF(SIGKILL)) != 0);
    } else {
        thread_clear_interrupt(&p->thread);
        p->thread.killed = false; /* a signal that was deadly when it came is not any more */
    }
    hal_irq_restore(s);
}

static void
info_put(struct sigstate *sig, int signo, const struct siginfo_k *_Nullable info)
{
    struct siginfo_k *slot = NULL;

    for (unsigned i = 0; i < SIGINFO_MAX; i++) {
        int there = sig->info[i].signo;

        if (there == signo || (slot == NULL && (there == 0 || !(sig->pending & BIT_OF(there)))))
            slot = &sig->info[i];
    }
    if (slot == NULL)
        return;
    *slot = info != NULL ? *info : (struct siginfo_k){ .code = SI_KERNEL };
    slot->signo = signo;
}

struct siginfo_k
signal_info_take(struct sigstate *sig, int signo)
{
    struct siginfo_k info = { .signo = signo, .code = SI_KERNEL };

    for (unsigned i = 0; i < SIGINFO_MAX; i++) {
        if (sig->info[i].signo == signo) {
            info = sig->info[i];
            sig->info[i].signo = 0;
        }
    }
    return info;
}

static void
enqueue(struct proc *p, int signo, const struct siginfo_k *info)
{
    info_put(&p->sig, signo, info);
    p->sig.pending |= BIT_OF(signo);
    if (p->stop_signal != 0 && signo != SIGKILL)
        return; /* a stopped process sees to it when it goes on */
    if (!(p->sig.blocked & BIT_OF(signo)) || (unblockable & BIT_OF(signo)))
        thread_interrupt(&p->thread, is_deadly(p, signo));
    else
        thread_wake(&p->thread); /* sigtimedwait may want it */
}

/* Continuing happens at once, whatever is done with the signal itself. */
static void
continue_stopped(struct proc *p)
{
    p->sig.pending &= ~stop_signals;
    if (p->stop_signal == 0)
        return;
    p->stop_signal = 0;
    p->continued = true;
    thread_continue(&p->thread);
    proc_notify_parent(p, CLD_CONTINUED, SIGCONT);
}

void
signal_post(struct proc *p, int signo, const struct siginfo_k *info)
{
    irqstate_t s;

    if (signo < 1 || signo > NSIG || p->sighand == NULL)
        return;
    s = hal_irq_save();
    if (!p->zombie &&
        (!is_ignored(p, signo) || (p->sig.blocked & ~unblockable & BIT_OF(signo)) != 0)) {
        enqueue(p, signo, info);
        if (signo == SIGKILL) {
            p->stop_signal = 0;
            thread_interrupt(&p->thread, true);
            thread_continue(&p->thread);
        }
    }
    hal_irq_restore(s);
}

void
signal_send(struct proc *p, int signo, const struct siginfo_k *info)
{
    irqstate_t s = hal_irq_save();

    if (signo >= 1 && signo <= NSIG && p->sighand != NULL && !p->zombie) {
        if (signo == SIGCONT)
            continue_stopped(p);
        else if (stop_signals & BIT_OF(signo))
            p->sig.pending &= ~BIT_OF(SIGCONT);
        signal_post(p, signo, info);
    }
    hal_irq_restore(s);
}

struct group_send {
    int32_t pgid;
    int signo;
    const struct siginfo_k *info;
    unsigned count;
};

static bool
send_member(struct proc *p, void *arg)
{
    struct group_send *g = arg;

    if (p->pgid == g->pgid && p->sighand != NULL) {
        g->count++;
        if (g->signo != 0)
            signal_send(p, g->signo, g->info);
    }
    return true;
}

unsigned
signal_send_group(int32_t pgid, int signo, const struct siginfo_k *info)
{
    struct group_send g = { .pgid = pgid, .signo = signo, .info = info };

    proc_for_each(send_member, &g);
    return g.count;
}

void
signal_force(struct proc *p, int signo, const struct siginfo_k *info)
{
    irqstate_t s = hal_irq_save();
    uintptr_t h = sighand_get(p->sighand, signo).handler;

    /* A fault that is blocked or ignored would come back for ever: it kills instead. */
    if (h == SIG_IGN_K || (p->sig.blocked & BIT_OF(signo))) {
        sighand_set_default(p->sighand, signo);
        h = SIG_DFL_K;
    }
    p->sig.blocked &= ~BIT_OF(signo);
    p->init_protected = p->init_protected && h != SIG_DFL_K;
    enqueue(p, signo, info);
    hal_irq_restore(s);
}

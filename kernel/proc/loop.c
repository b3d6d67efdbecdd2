/* The loop of a user thread: run it, handle why it came back. */
#include <kernel/abi/errno.h>
#include <kernel/abi/signal.h>
#include <kernel/core/assert.h>
#include <kernel/core/log.h>
#include <kernel/mm/mm.h>
#include <kernel/proc/proc.h>
#include <kernel/sys/sys.h>

static void noinline_fn /* its record need not lie on the stack of a system call */
handle_fault(struct proc *p, const struct hal_stop *stop)
{
    struct siginfo_k info = { .addr = stop->addr.v };
    int rc = mm_fault(p->mm, stop->addr.v, stop->access);

    switch (rc) {
    case 0:
        return;
    case -ENOMEM:
        /* The victim gives its memory back; then the access is tried again. */
        oom_wait();
        return;
    case -EIO:
        info.signo = SIGBUS;
        info.code = BUS_ADRERR;
        break;
    default:
        info.signo = SIGSEGV;
        info.code = rc == -EACCES ? SEGV_ACCERR : SEGV_MAPERR;
    }
    signal_force(p, info.signo, &info);
}

static void noinline_fn
handle_trap(struct proc *p, enum hal_trap trap)
{
    static const struct {
        int signo, code;
    } table[] = {
        [HAL_TRAP_DIVIDE] = { SIGFPE, FPE_INTDIV },
        [HAL_TRAP_FPU] = { SIGFPE, FPE_FLTINV },
        [HAL_TRAP_ILLEGAL] = { SIGILL, ILL_ILLOPN },
        [HAL_TRAP_BREAKPOINT] = { SIGTRAP, SI_KERNEL },
        [HAL_TRAP_STEP] = { SIGTRAP, TRAP_TRACE },
        [HAL_TRAP_ALIGN] = { SIGBUS, BUS_ADRALN },
        [HAL_TRAP_PROTECTION] = { SIGSEGV, SI_KERNEL },
    };
    struct siginfo_k info = { .signo = table[trap].signo,
                              .code = table[trap].code,
                              .addr = hal_user_pc(&p->user).v };

    if (trap == HAL_TRAP_PROTECTION)
        info.addr = 0;
    signal_force(p, info.signo, &info);
}

/* Returns the number of the system call for signal_deliver(), -1 where a restart makes no sense. */
static int64_t
handle_syscall(struct proc *p, const struct hal_stop *stop)
{
    struct sysargs args;
    int64_t result;

    for (unsigned i = 0; i < 6; i++)
        args.a[i] = stop->arg[i];
    p->user_replaced = false;
    result = sys_dispatch(stop->nr, &args);
    if (p->user_replaced)
        return -1;
    hal_user_set_result(&p->user, result);
    return stop->nr <= INT32_MAX ? (int64_t)stop->nr : -1;
}

/* Whatever sleeps or yields here gives others time to send a signal: look again until there is nothing left to do. */
static void
before_user(struct proc *p, int64_t syscall_nr)
{
    do {
        sched_point();
        signal_deliver(p, syscall_nr);
        syscall_nr = -1;
    } while (sched_wanted() || signal_pending(p));
}

void
proc_user_loop(void *arg)
{
    struct proc *p = arg;
    struct hal_stop stop;
    int64_t nr = -1;

    for (;;) {
        before_user(p, nr);
        nr = -1;

        assert(p->mm != NULL);
        sched_account(true);
        hal_user_run(&p->user, p->mm->space, &stop);
        sched_account(false);
        switch (stop.kind) {
        case HAL_STOP_SYSCALL:
            nr = handle_syscall(p, &stop);
            break;
        case HAL_STOP_FAULT:
            handle_fault(p, &stop);
            break;
        case HAL_STOP_TRAP:
            handle_trap(p, stop.trap);
            break;
        case HAL_STOP_IRQ:
            break;
        case HAL_STOP_GONE:
            klog(LOG_WARN, "process %d (%s) was lost by the host", p->pid, p->comm);
            proc_exit(SIGKILL);
        }
    }
}

/* What programs see of signals, times and waiting has the host's layout and numbers (the host is x86-64 Linux): checked by the
 * compiler.  The kernel's headers come first; their enumerators may be macros in the host's. */
#include <kernel/abi/signal.h>
#include <kernel/abi/time.h>
#include <kernel/abi/wait.h>

#include <abi/sigframe.h>
#include <abi/syscall_nr.h>

#include <stddef.h>

/* The kernel's values under names of their own, before the host's macros take the names. */
enum {
    OUR_SIGCHLD = SIGCHLD,
    OUR_SIGSTOP = SIGSTOP,
    OUR_SIGWINCH = SIGWINCH,
    OUR_SIGSYS = SIGSYS,
    OUR_SI_KERNEL = SI_KERNEL,
    OUR_SI_QUEUE = SI_QUEUE,
    OUR_SI_TKILL = SI_TKILL,
    OUR_CLD_STOPPED = CLD_STOPPED,
    OUR_ILL_ILLOPN = ILL_ILLOPN,
    OUR_FPE_FLTINV = FPE_FLTINV,
    OUR_SEGV_ACCERR = SEGV_ACCERR,
    OUR_BUS_ADRERR = BUS_ADRERR,
    OUR_SA_NOCLDWAIT = SA_NOCLDWAIT,
    OUR_SA_ONSTACK = SA_ONSTACK,
    OUR_SA_RESTART = SA_RESTART,
    OUR_SA_NODEFER = SA_NODEFER,
    OUR_SS_DISABLE = SS_DISABLE,
    OUR_MINSIGSTKSZ = MINSIGSTKSZ,
    OUR_MAGIC1 = FP_XSTATE_MAGIC1,
    OUR_WCONTINUED = WCONTINUED,
    OUR_WEXITED = WEXITED,
    OUR_WNOWAIT = WNOWAIT,
    OUR_P_PGID = P_PGID,
};
static const unsigned our_resethand = SA_RESETHAND; /* too large for an enumerator */
#undef SA_NOCLDSTOP
#undef SA_NOCLDWAIT
#undef SA_SIGINFO
#undef SA_RESTORER
#undef SA_ONSTACK
#undef SA_RESTART
#undef SA_NODEFER
#undef SA_RESETHAND
#undef FP_XSTATE_MAGIC1
#undef FP_XSTATE_MAGIC2

#include <linux/signal.h>

#include <asm/sigcontext.h>
#include <asm/ucontext.h>
#include <linux/resource.h>
#include <linux/wait.h>

#define SAME(ours, theirs) _Static_assert((ours) == (theirs), #ours)
#define AT(our_struct, our_field, their_struct, their_field)                                       \
    SAME(offsetof(our_struct, our_field), offsetof(their_struct, their_field))

SAME(sizeof(struct sigcontext_abi), sizeof(struct sigcontext));
AT(struct sigcontext_abi, r8, struct sigcontext, r8);
AT(struct sigcontext_abi, r15, struct sigcontext, r15);
AT(struct sigcontext_abi, rdi, struct sigcontext, rdi);
AT(struct sigcontext_abi, rbx, struct sigcontext, rbx);
AT(struct sigcontext_abi, rsp, struct sigcontext, rsp);
AT(struct sigcontext_abi, rip, struct sigcontext, rip);
AT(struct sigcontext_abi, eflags, struct sigcontext, eflags);
AT(struct sigcontext_abi, cs, struct sigcontext, cs);
AT(struct sigcontext_abi, ss, struct sigcontext, ss);
AT(struct sigcontext_abi, err, struct sigcontext, err);
AT(struct sigcontext_abi, trapno, struct sigcontext, trapno);
AT(struct sigcontext_abi, oldmask, struct sigcontext, oldmask);
AT(struct sigcontext_abi, cr2, struct sigcontext, cr2);
AT(struct sigcontext_abi, fpstate, struct sigcontext, fpstate);

SAME(sizeof(struct ucontext_abi), sizeof(struct ucontext));
AT(struct ucontext_abi, flags, struct ucontext, uc_flags);
AT(struct ucontext_abi, link, struct ucontext, uc_link);
AT(struct ucontext_abi, stack, struct ucontext, uc_stack);
AT(struct ucontext_abi, mcontext, struct ucontext, uc_mcontext);
AT(struct ucontext_abi, sigmask, struct ucontext, uc_sigmask);

SAME(sizeof(struct stack_k), sizeof(stack_t));
AT(struct stack_k, ss_sp, stack_t, ss_sp);
AT(struct stack_k, ss_flags, stack_t, ss_flags);
AT(struct stack_k, ss_size, stack_t, ss_size);

SAME(sizeof(struct siginfo_abi), sizeof(siginfo_t));
AT(struct siginfo_abi, signo, siginfo_t, si_signo);
AT(struct siginfo_abi, err, siginfo_t, si_errno);
AT(struct siginfo_abi, code, siginfo_t, si_code);
SAME(offsetof(struct siginfo_abi, fields), offsetof(siginfo_t, _sifields));
SAME(offsetof(struct siginfo_abi, fields) + 4, offsetof(siginfo_t, si_uid));
SAME(offsetof(struct siginfo_abi, fields) + 8, offsetof(siginfo_t, si_status));
SAME(offsetof(struct siginfo_abi, fields) + 16, offsetof(siginfo_t, si_utime));
SAME(offsetof(struct siginfo_abi, fields) + 8, offsetof(siginfo_t, si_value));
SAME(offsetof(struct siginfo_abi, fields), offsetof(siginfo_t, si_addr));

SAME(sizeof(struct sigaction_abi), sizeof(struct sigaction));
AT(struct sigaction_abi, flags, struct sigaction, sa_flags);
AT(struct sigaction_abi, restorer, struct sigaction, sa_restorer);
AT(struct sigaction_abi, mask, struct sigaction, sa_mask);

SAME(FP_SW_OFFSET, offsetof(struct _fpstate_64, sw_reserved));
SAME(FXSAVE_SIZE, sizeof(struct _fpstate_64));
SAME((unsigned)OUR_MAGIC1, FP_XSTATE_MAGIC1);
SAME((int)UC_FP_XSTATE, 1);

SAME(OUR_SIGCHLD, SIGCHLD);
SAME(OUR_SIGSTOP, SIGSTOP);
SAME(OUR_SIGWINCH, SIGWINCH);
SAME(OUR_SIGSYS, SIGSYS);
SAME(OUR_SI_KERNEL, SI_KERNEL);
SAME(OUR_SI_QUEUE, SI_QUEUE);
SAME(OUR_SI_TKILL, SI_TKILL);
SAME(OUR_CLD_STOPPED, CLD_STOPPED);
SAME(OUR_ILL_ILLOPN, ILL_ILLOPN);
SAME(OUR_FPE_FLTINV, FPE_FLTINV);
SAME(OUR_SEGV_ACCERR, SEGV_ACCERR);
SAME(OUR_BUS_ADRERR, BUS_ADRERR);
SAME((unsigned)OUR_SA_NOCLDWAIT, SA_NOCLDWAIT);
SAME((unsigned)OUR_SA_ONSTACK, SA_ONSTACK);
SAME((unsigned)OUR_SA_RESTART, SA_RESTART);
SAME((unsigned)OUR_SA_NODEFER, SA_NODEFER);
SAME(OUR_SS_DISABLE, SS_DISABLE);
SAME(OUR_MINSIGSTKSZ, MINSIGSTKSZ);
SAME(OUR_WCONTINUED, WCONTINUED);
SAME(OUR_WEXITED, WEXITED);
SAME(OUR_WNOWAIT, WNOWAIT);
SAME(OUR_P_PGID, P_PGID);
SAME(sizeof(struct rusage_k), sizeof(struct rusage));
SAME(offsetof(struct rusage_k, maxrss), offsetof(struct rusage, ru_maxrss));
SAME(offsetof(struct rusage_k, nivcsw), offsetof(struct rusage, ru_nivcsw));

int puts(const char *line); /* <stdio.h> does not go with the headers above */

int
main(void)
{
    int good = our_resethand == SA_RESETHAND;

    puts(good ? "1..1\nok 1 - the layouts agree" : "1..1\nnot ok 1 - SA_RESETHAND");
    return !good;
}

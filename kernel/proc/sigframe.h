/* The signal frame on the user's stack: its layout is the architecture's (sigframe_<arch>.c). */
#pragma once

#include <kernel/proc/proc.h>

/* Push a frame for `signo` and make the user context enter the handler; `mask` is what sigreturn restores. -EFAULT. */
int must_check sigframe_push(struct proc *p, int signo, const struct siginfo_k *info,
                             const struct sigaction_k *action, sigset_k mask);
/* rt_sigreturn(2): take the context back from the frame.  -EFAULT, -EINVAL: the frame is bad; the context is then unchanged. */
int must_check sigframe_pop(struct proc *p);
/* Is the user's stack pointer on the alternate stack? */
bool sigframe_on_altstack(const struct proc *p, uaddr_t sp);
/* siginfo_t as programs see it, and back: what rt_sigqueueinfo(2) takes from it (code, sender, value). */
struct siginfo_abi;
void sigframe_info(const struct siginfo_k *info, struct siginfo_abi *out);
void sigframe_info_in(const struct siginfo_abi *in, struct siginfo_k *info);
/* Where there are two frames, the one of a handler without SA_SIGINFO: as sigframe_pop(), for sigreturn(2). */
int must_check sigframe_pop_short(struct proc *p);

/* Signals, to POSIX and signal(7). */
#pragma once

#include <hal/types.h>
#include <kernel/trusted/list.h>

struct proc;

enum { NSIG = CONFIG_SIGNAL_MAX, SIGINFO_MAX = CONFIG_SIGINFO_MAX };
#if CONFIG_SIGNAL_MAX <= 32
typedef uint32_t sigset_k; /* bit n-1: signal n; programs' sets (abi_sigset) have 64 bits anyway */
#else
typedef uint64_t sigset_k;
#endif

struct sigaction_k {
    uintptr_t handler; /* 0 SIG_DFL, 1 SIG_IGN, or a user address */
    uintptr_t restorer;
    sigset_k mask;
    uint32_t flags; /* SA_* */
};

/* The actions of a process, or of several.  Most programs handle no signal, or a few of low number: the table is as long as it must be. */
struct sighand {
    uint32_t refs;
    uint32_t known;                      /* entries of the table, from signal 1 */
    sigset_k ignored;                    /* of those beyond; the others have the default */
    struct sigaction_k *_Nullable table; /* NULL: known is 0 */
};
/* All defaults.  -ENOMEM. */
int must_check sighand_create(struct sighand **out);
int must_check sighand_copy(const struct sighand *from, struct sighand **out);
void sighand_put(struct sighand *h);
struct sigaction_k sighand_get(const struct sighand *h, int signo);
/* -ENOMEM: unchanged.  Back to a plain default never fails. */
int must_check sighand_set(struct sighand *h, int signo, const struct sigaction_k *a);
void sighand_set_default(struct sighand *h, int signo);
/* Handlers go, ignored signals stay ignored (POSIX: exec). */
void sighand_reset(struct sighand *h);

/* What a handler with SA_SIGINFO is told. */
struct siginfo_k {
    int32_t signo, code, err;
    int32_t pid;
    uint32_t uid;
    int32_t status;
    uint64_t addr;
    uint64_t value;
    int64_t utime, stime;
};

struct sigstate {
    sigset_k pending;
    sigset_k blocked;
    sigset_k saved_mask; /* sigsuspend, ppoll, pselect */
    bool restore_mask;
    struct siginfo_k info[SIGINFO_MAX]; /* of the pending ones, signo 0: free; realtime signals do not queue */
    uaddr_t altstack;
    uint64_t altstack_size;
    uint32_t altstack_flags;
};

/* What is known of a pending signal; where there was no room for more: that the kernel sent it.  It is forgotten. */
struct siginfo_k signal_info_take(struct sigstate *sig, int signo);
/* Send; `info` NULL: from the kernel.  Any context.  0; never fails for a live process. */
void signal_send(struct proc *p, int signo, const struct siginfo_k *_Nullable info);
/* The same for a signal that neither stops nor continues (SIGCHLD): tells nobody else. */
void signal_post(struct proc *p, int signo, const struct siginfo_k *_Nullable info);
/* To every member of a process group: how many there were. */
unsigned signal_send_group(int32_t pgid, int signo, const struct siginfo_k *_Nullable info);
/* A fault of the running process: cannot be blocked or ignored (then it kills). */
void signal_force(struct proc *p, int signo, const struct siginfo_k *info);
/* Is an unblocked signal pending for the running process? */
bool signal_pending(const struct proc *p);
/* On the way to user mode: deliver, stop, or die.  `syscall_nr` >= 0 and the result register say whether a call was interrupted. */
void signal_deliver(struct proc *p, int64_t syscall_nr);

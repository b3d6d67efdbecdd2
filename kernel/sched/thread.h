/* Threads and the scheduler.
 *
 * Mechanism here, policy in sched/policy.c: the policy is given const views of the runnable threads and returns which one runs
 * and for how long.
 */
#pragma once

#include <hal/cpu.h>
#include <kernel/core/lock.h>
#include <kernel/core/timer.h>

struct proc;

enum thread_state {
    THREAD_NEW,
    THREAD_RUNNABLE, /* includes the running one */
    THREAD_SLEEPING, /* interruptible or not, see wait_flags */
    THREAD_STOPPED,  /* by job control: thread_stop() */
    THREAD_DEAD,
};

struct thread {
    struct hal_ctx ctx;
    void *stack; /* the lower guard page; the stack lies between it and the upper one */
    void (*entry)(void *arg);
    void *entry_arg;
    char name[16];
    enum thread_state state;
    unsigned wait_flags;   /* while sleeping */
    const char *wait_what; /* name of what it sleeps on, for ps/wchan and the console; may be NULL */
    bool wake_pending;     /* woken since it last went to sleep */
    bool interrupted;      /* a signal wants attention: WAIT_INTR sleeps end */
    bool killed;           /* a deadly signal: WAIT_KILL sleeps end too */
    bool timed_out;
    int8_t nice;              /* -20 .. 19 */
    uint8_t grant;            /* whose memory it takes: mm/grant.h */
    uint64_t vruntime;        /* weighted CPU time, for the policy */
    uint64_t runnable_ns;     /* since when it waits for the CPU */
    uint64_t user_ns, sys_ns; /* CPU time used */
    uint64_t start_ns;
    uint64_t switches; /* times it was switched to */
    struct timer sleep_timer;
    struct list_node run_node; /* the run queue */
    struct list_node all_node; /* all threads */
    uint64_t held_ranks;       /* four bits per mutex rank: how many are held; private to lock.c */
    struct proc *_Nullable proc; /* NULL: a kernel thread */
    void (*on_dead)(struct thread *t); /* called in another thread's context after the last switch away; frees `t` */
};

struct thread *thread_current(void);

/* Prepare a thread (its struct is the caller's): allocates its stack.  It starts at entry(arg) after thread_start(). -ENOMEM. */
int must_check thread_create(struct thread *t, const char *name, void (*entry)(void *arg), void *arg);
void thread_start(struct thread *t);
/* Free a thread that was never started. */
void thread_discard(struct thread *t);
/* End the running thread.  Its stack is freed by whoever runs next, then on_dead() is called. */
void thread_exit(void) noreturn_fn;

/* Wake a sleeping thread (any context); on a thread that is not sleeping: remember it for its next thread_sleep(). */
void thread_wake(struct thread *t);
/* A signal is pending for `t`: end an interruptible sleep. `deadly`: end killable ones too. */
void thread_interrupt(struct thread *t, bool deadly);
/* Called by the signal code once nothing is pending any more. */
void thread_clear_interrupt(struct thread *t);
/* Job control: the running thread stops here until thread_continue() or thread_interrupt(deadly).  Interrupts off, so that the reason
 * to stop cannot go away before it stops; and off again on return. */
void thread_stop(void) requires_lock(hal_irqs_off);
void thread_continue(struct thread *t);

/* Give the CPU away if the time slice is over or somebody more deserving woke up.  Thread context; called on the way to user mode
 * and in long kernel loops. */
void sched_point(void) may_sleep;
void sched_yield(void) may_sleep;
/* Is a reschedule wanted? */
bool sched_wanted(void);
/* Charge CPU time of the running thread up to now: called on the way into (`user` = false) and out of (true) the kernel. */
void sched_account(bool user);

/* After page_init() and timer_table_init(). */
void sched_init(void);
/* Free the stacks kept for new threads (leak checks). */
void sched_drain_stacks(void);
/* Is this the idle thread, which must not sleep? */
bool thread_is_idle(void);
/* The boot context becomes the idle thread: never returns. */
void sched_idle_loop(void) noreturn_fn;

/* For timer.c: when the scheduler wants its next look, and that the deadline interrupt has come. */
uint64_t sched_slice_end(void) requires_lock(hal_irqs_off);
void sched_tick(uint64_t now_ns) requires_lock(hal_irqs_off);
/* For wait.c and lock.c: put the running thread to sleep until sched_make_runnable(); interrupts off, and off again on return.
 * `deadline_ns`: the thread's timed_out is set then.  -ENOMEM: no timer; did not sleep. */
int must_check sched_block(enum thread_state state, unsigned wait_flags, uint64_t deadline_ns)
    requires_lock(hal_irqs_off);
void sched_make_runnable(struct thread *t) requires_lock(hal_irqs_off);

/* For /proc/stat, loadavg and the console. */
struct sched_stats {
    uint64_t idle_ns, user_ns, sys_ns, switches, forks;
    unsigned runnable, threads;
    uint32_t load[3]; /* load averages, 11 bits of fraction */
};
void sched_stats(struct sched_stats *out);
/* The same as of the last switch, without touching anything: for the console. */
void sched_peek(struct sched_stats *out);
/* Visit all threads; thread context or from the console. */
void thread_for_each(void (*fn)(struct thread *t, void *arg), void *arg);

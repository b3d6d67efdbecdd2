/* Processes: identity, family, groups and sessions; what fork shares. */
#pragma once

#include <hal/upcall.h>
#include <hal/user.h>
#include <kernel/core/wait.h>
#include <kernel/proc/files.h>
#include <kernel/proc/signal.h>
#include <kernel/sched/thread.h>

struct mm;
struct tty;
struct file;

enum {
    PROC_MAX = CONFIG_PROC_MAX,
    PID_MAX = 32768,
    NGROUPS_MAX = CONFIG_GROUPS_MAX,
    RLIM_NLIMITS = 16
};

struct creds {
    uint32_t uid, euid, suid, fsuid;
    uint32_t gid, egid, sgid, fsgid;
    uint32_t ngroups;
    uint32_t groups[NGROUPS_MAX];
};

struct rlimit {
    uint64_t cur, max;
};

/* A process's limits, which it shares with its parent and its children until one of them changes its own. */
struct rlimits {
    uint32_t refs;
    struct rlimit of[RLIM_NLIMITS];
};

/* A session: its controlling terminal. */
struct session {
    uint32_t refs;
    int32_t sid;
    struct tty *_Nullable tty;
};

struct proc {
    struct thread thread;
    struct hal_user user;
    int32_t pid, tgid, pgid;
    struct session *session;
    struct proc *_Nullable parent;
    struct list children;
    struct list_node sibling;
    struct list_node all_node;
    char comm[16];

    struct mm *_Nullable mm; /* NULL once it has exited */
    struct files *_Nullable files;
    struct fs_ctx *_Nullable fs;
    struct sighand *sighand; /* handlers, shared with CLONE_SIGHAND */
    struct sigstate sig;     /* pending, mask, altstack */
    struct creds creds;
    struct rlimits *rlimits; /* in its first process: the kernel's own */

    struct file *_Nullable exe;
    uint32_t refs; /* the table, its thread, a vfork parent; freed at 0 */
    bool zombie;
    bool init_protected; /* process 1: only signals it handles reach it */
    bool user_replaced; /* this system call set the whole user context: its result register is not touched */
    bool continued; /* by SIGCONT, for wait4's WCONTINUED */
    bool dumpable, no_new_privs, did_exec;
    int32_t exit_code;                 /* as wait4 reports it */
    int32_t exit_signal;               /* SIGCHLD; what clone(2) said */
    bool stop_reported, cont_reported; /* wait4's WUNTRACED and WCONTINUED */
    int32_t stop_signal;               /* nonzero: stopped by it */
    struct waitq child_wait;           /* wait4 sleeps here */
    struct waitq vfork_wait;           /* a vfork parent sleeps here until exec or exit */
    bool vfork_waiting;
    uaddr_t clear_child_tid, set_child_tid, robust_list;
    uint64_t children_user_ns, children_sys_ns;
    uint64_t min_faults, maj_faults;
    unsigned oom_waits;                   /* for memory, since it last had some (oom_wait()) */
    uint64_t rss_peak, children_rss_peak; /* pages; of a process that has ended, of those waited for */
    int32_t pdeath_signal;                /* when the parent ends; 0: none */
    struct timer alarm;                   /* ITIMER_REAL */
    uint64_t alarm_interval_ns;
    int64_t restart_fn; /* enum restart_fn: what restart_syscall(2) goes on with, and its arguments */
    uint64_t restart_arg[4];
};

enum restart_fn { RESTART_NONE, RESTART_SLEEP, RESTART_FUTEX };

/* The process of the running thread; a kernel bug to ask in a kernel thread. */
struct proc *proc_current(void);
struct proc *_Nullable proc_find(int32_t pid); /* not a zombie's shell only: zombies are found too */
/* Visit all processes in pid order; `fn` must not sleep; false stops. */
void proc_for_each(bool (*fn)(struct proc *p, void *arg), void *arg);
unsigned proc_count(void);

void proc_init(void);
/* Create process 1 and run init as the kernel's command line says: "init=PATH" (default /sbin/init, then /bin/sh), "run=COMMANDS":
 * process 1 is `/bin/sh -c COMMANDS` instead, and its end powers the machine off with its status. */
int must_check proc_start_init(const struct boot_info *boot);

/* fork/vfork/clone: flags as clone(2). Returns the child's pid. */
int64_t must_check proc_clone(uint64_t flags, uaddr_t stack, uaddr_t parent_tid, uaddr_t child_tid,
                              uaddr_t tls);
/* execve(2): replaces the running program. argv/envp are user arrays.  On success the user context is the new program's. */
int64_t must_check proc_execve(const char *path, uaddr_t argv, uaddr_t envp);
/* End the running process; `code` as wait4 reports it (exit status << 8, or signal). */
void proc_exit(int32_t code) noreturn_fn;
/* The loop of a user thread: entry of its kernel thread. */
void proc_user_loop(void *proc) noreturn_fn;

/* Orphaned process group (POSIX 3.264): no member has a parent in the same session but another group. */
bool proc_group_orphaned(int32_t pgid);
void proc_info(void (*emit)(void *arg, const char *line), void *arg); /* the console's "info proc" */

/* For the files of proc/: an empty process in the table (thread not created) with a grant of its own, p->thread.grant, that the
 * caller uses for what else the process gets; and dropping a reference. */
int must_check proc_alloc(struct proc **proc_out);
void proc_put(struct proc *p);
/* Take a process that never ran, or a zombie, out of the table. */
void proc_remove(struct proc *p);
/* Start its thread at entry(p). */
int must_check proc_start(struct proc *p, void (*entry)(void *p));
/* Before the process's limits are changed: they become its own.  -ENOMEM. */
int must_check rlimits_unshare(struct proc *p);
void session_put(struct session *s);
/* A new session led by the running process.  -ENOMEM. */
int must_check session_create(struct proc *p);
/* Bring the thread's "interrupted" flag up to date after the mask or the pending set changed. */
void signal_recalc(struct proc *p);
/* Tell the parent that it was stopped or goes on (SIGCHLD as its action says). */
void proc_notify_parent(struct proc *p, int code, int status);
/* Switch off: end the other processes, unmount, power off with `code` (or reboot). */
void proc_power_off(int code, bool reboot) noreturn_fn;

/* Is the running process privileged (fsuid 0)? */
bool capable(void);

/* The end of a process (POSIX _exit, 3.2.2 consequences of termination), and of the system. */
#include <hal/power.h>
#include <hal/time.h>
#include <kernel/abi/errno.h>
#include <kernel/abi/signal.h>
#include <kernel/core/cmdline.h>
#include <kernel/core/fmt.h>
#include <kernel/core/log.h>
#include <kernel/core/uart.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/mm.h>
#include <kernel/proc/futex.h>
#include <kernel/proc/proc.h>
#include <kernel/trusted/ucopy.h>
#include <kernel/tty/tty.h>

enum { SHUTDOWN_WAIT_MS = 2000 };

static bool
ignores_children(const struct proc *parent)
{
    const struct sigaction_k a = sighand_get(parent->sighand, SIGCHLD);

    return a.handler == SIG_IGN_K || (a.flags & SA_NOCLDWAIT);
}

/* What a parent is told about `p`. */
static struct siginfo_k
news_of(const struct proc *p, int signo, int code, int status)
{
    return (struct siginfo_k){
        .signo = signo,
        .code = code,
        .pid = p->pid,
        .uid = p->creds.uid,
        .status = status,
        .utime = (int64_t)(p->thread.user_ns / 10000000),
        .stime = (int64_t)(p->thread.sys_ns / 10000000),
    };
}

void
proc_notify_parent(struct proc *p, int code, int status)
{
    struct siginfo_k info = news_of(p, SIGCHLD, code, status);
    struct proc *parent = p->parent;

    if (parent == NULL)
        return;
    if (parent->sighand != NULL && !(sighand_get(parent->sighand, SIGCHLD).flags & SA_NOCLDSTOP))
        signal_post(parent, SIGCHLD, &info);
    wake_all(&parent->child_wait);
}

/* Tell the parent how it ended. */
static void
notify_end(struct proc *p)
{
    int killer = p->exit_code & 0x7f;
    struct siginfo_k info = news_of(p, p->exit_signal, killer == 0 ? CLD_EXITED : CLD_KILLED,
                                    killer == 0 ? p->exit_code >> 8 & 0xff : killer);
    struct proc *parent = p->parent;

    if (parent == NULL)
        return;
    if (p->exit_signal != 0)
        signal_send(parent, p->exit_signal, &info);
    wake_all(&parent->child_wait);
}

/* A group that lost its last connection to its session: stopped members would sleep for ever (POSIX 3.264). */
struct group_look {
    int32_t pgid;
    bool stopped; /* somebody in it is */
};

static bool
has_stopped(struct proc *p, void *arg)
{
    struct group_look *look = arg;

    if (p->pgid == look->pgid && p->stop_signal != 0)
        look->stopped = true;
    return true;
}

static void
rescue_group(int32_t pgid)
{
    struct group_look look = { .pgid = pgid };

    if (!proc_group_orphaned(pgid))
        return;
    proc_for_each(has_stopped, &look);
    if (!look.stopped)
        return;
    (void)signal_send_group(pgid, SIGHUP, NULL);
    (void)signal_send_group(pgid, SIGCONT, NULL);
}

/* Does `child` connect its group to the session through `parent`? */
static bool
connects(const struct proc *child, const struct proc *parent)
{
    return parent != NULL && child->pgid != parent->pgid && child->session == parent->session;
}

static void
give_children_to_init(struct proc *p)
{
    struct proc *init = proc_find(1);
    struct list_node *n;

    while ((n = list_pop_front(&p->children)) != NULL) {
        struct proc *child = container_of(n, struct proc, sibling);
        int32_t pgid = child->pgid;
        bool lost = connects(child, p);

        child->parent = init;
        child->exit_signal = SIGCHLD;
        list_push_back(&init->children, &child->sibling);
        if (child->pdeath_signal != 0)
            signal_send(child, child->pdeath_signal, NULL);
        if (child->zombie) {
            notify_end(child);
            if (ignores_children(init))
                proc_remove(child);
        }
        if (lost)
            rescue_group(pgid);
    }
}

/* Let go of everything but the table entry. */
static void
release(struct proc *p)
{
    timer_cancel(&p->alarm);
    if (p->clear_child_tid.v != 0 && p->mm != NULL && p->mm->refs > 1) {
        static const uint32_t zero;

        if (ucopy_out(p->clear_child_tid, &zero, sizeof zero) == 0)
            futex_wake_joiner(p->mm, p->clear_child_tid);
    }
    hal_user_fini(&p->user);
    struct files *files = p->files;
    struct fs_ctx *fs = p->fs;
    struct file *exe = p->exe;
    p->files = NULL;
    p->fs = NULL;
    p->exe = NULL;
    if (files != NULL)
        files_put(files);
    if (fs != NULL)
        fs_ctx_put(fs);
    if (exe != NULL)
        file_put(exe);
    struct mm *mm = p->mm;
    p->mm = NULL; /* first: letting go may sleep, and others look */
    if (mm != NULL) {
        p->rss_peak = mm->rss_peak;
        mm_put(mm);
    }
    if (p->vfork_waiting) {
        p->vfork_waiting = false;
        wake_all(&p->vfork_wait);
    }
}

void
proc_exit(int32_t code)
{
    struct proc *p = proc_current();

    if (p->pid == 1) {
        klog(LOG_WARN, "init ended with status %#x: the system stops", (unsigned)code);
        proc_power_off(code == 0 ? 0 : 1, false);
    }
    release(p);
    if (p->session->sid == p->pid)
        tty_session_exit(p->session);
    give_children_to_init(p);
    p->exit_code = code;
    p->zombie = true;
    if (connects(p, p->parent))
        rescue_group(p->pgid);
    bool reap = p->parent == NULL || (p->exit_signal == SIGCHLD && ignores_children(p->parent));
    notify_end(p);
    if (reap)
        proc_remove(p);
    thread_exit();
}

/* --- the end of the system --- */

static bool
kill_other(struct proc *p, void *arg)
{
    unsigned *left = arg;

    if (p == thread_current()->proc || p->pid == 1 || p->zombie)
        return true;
    (*left)++;
    p->init_protected = false;
    signal_send(p, SIGKILL, NULL);
    return true;
}

void
proc_power_off(int code, bool reboot)
{
    uint64_t give_up_ns = hal_time_now_ns() + SHUTDOWN_WAIT_MS * 1000000ull;
    unsigned left;

    /* Process 1 must not go on while its system is taken apart; it is either the caller or asleep in the kernel. */
    do {
        left = 0;
        proc_for_each(kill_other, &left);
        if (left > 0 && thread_sleep_until(hal_time_now_ns() + 1000000, 0) < 0)
            break;
    } while (left > 0 && hal_time_now_ns() < give_up_ns);
    vfs_shutdown();
    uart_wait_idle(SHUTDOWN_WAIT_MS * 1000000ull); /* the last words */
    if (reboot)
        hal_reboot();
    hal_power_off(code);
}

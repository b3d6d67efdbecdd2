/* wait4(2) and waitid(2). */
#include <kernel/abi/errno.h>
#include <kernel/abi/signal.h>
#include <kernel/abi/wait.h>
#include <kernel/mm/mm.h>
#include <kernel/proc/proc.h>
#include <kernel/proc/wait.h>

static bool
matches(const struct proc *child, const struct wait_query *q)
{
    bool clone = child->exit_signal != SIGCHLD; /* a "clone child" of wait(2) */

    if (!(q->options & WALL) && clone != ((q->options & WCLONE) != 0))
        return false;
    switch (q->which) {
    case P_PID:
        return child->pid == q->id;
    case P_PGID:
        return child->pgid == q->id;
    default:
        return true;
    }
}

static void
tell(struct wait_result *r, const struct proc *child, int code, int status, int32_t wstatus)
{
    *r = (struct wait_result){
        .pid = child->pid, .uid = child->creds.uid, .code = code, .status = status, .wstatus = wstatus
    };
    r->user_ns = child->thread.user_ns + child->children_user_ns;
    r->sys_ns = child->thread.sys_ns + child->children_sys_ns;
    r->rss_peak = child->mm != NULL ? child->mm->rss_peak : child->rss_peak;
    if (child->children_rss_peak > r->rss_peak)
        r->rss_peak = child->children_rss_peak;
    r->min_faults = child->min_faults;
    r->maj_faults = child->maj_faults;
}

/* Has the child something to report?  Then fill in `r`, and mark it reported unless WNOWAIT. */
static bool
report(struct proc *child, const struct wait_query *q, struct wait_result *r)
{
    bool keep = (q->options & WNOWAIT) != 0;

    if (child->zombie) {
        int signo = child->exit_code & 0x7f;

        if (!(q->options & WEXITED))
            return false;
        tell(r, child, signo == 0 ? CLD_EXITED : CLD_KILLED,
             signo == 0 ? child->exit_code >> 8 & 0xff : signo, child->exit_code);
        r->reap = !keep;
        return true;
    }
    if ((q->options & WSTOPPED) && child->stop_signal != 0 && !child->stop_reported) {
        child->stop_reported = !keep;
        tell(r, child, CLD_STOPPED, child->stop_signal, child->stop_signal << 8 | 0x7f);
        return true;
    }
    if ((q->options & WCONTINUED) && child->continued) {
        child->continued = keep;
        tell(r, child, CLD_CONTINUED, SIGCONT, 0xffff);
        return true;
    }
    return false;
}

/* 1: `r` is filled in; 0: children match, none has news; -ECHILD. */
static int
scan(struct proc *p, const struct wait_query *q, struct wait_result *r)
{
    int rc = -ECHILD;
    struct list_node *n;

    list_for_each (n, &p->children) {
        struct proc *child = container_of(n, struct proc, sibling);

        if (!matches(child, q))
            continue;
        rc = 0;
        if (!report(child, q, r))
            continue;
        if (r->reap) {
            p->children_user_ns += r->user_ns;
            p->children_sys_ns += r->sys_ns;
            if (r->rss_peak > p->children_rss_peak)
                p->children_rss_peak = r->rss_peak;
            proc_remove(child);
        }
        return 1;
    }
    return rc;
}

int
proc_wait(const struct wait_query *q, struct wait_result *r)
{
    struct proc *p = proc_current();
    struct waiter w = { 0 };
    int rc;

    *r = (struct wait_result){ 0 };
    for (;;) {
        waiter_add(&p->child_wait, &w);
        rc = scan(p, q, r);
        if (rc == 0 && !(q->options & WNOHANG))
            rc = thread_sleep(WAIT_INTR, WAIT_FOREVER);
        else
            rc = rc == 0 ? 2 : rc; /* nothing, and nothing to wait for */
        waiter_remove(&w);
        if (rc != 0)
            return rc == 2 ? 0 : rc;
    }
}

/* The memory killer.
 *
 * A program that touches a page it cannot have waits and tries again: others free memory too.  When it has waited OOM_PATIENCE
 * times in vain, the largest process is killed; process 1 never is, and whoever leads a session only when nobody else is left. */
#include <hal/time.h>
#include <kernel/core/log.h>
#include <kernel/mm/mm.h>
#include <kernel/proc/proc.h>

enum {
    SIGKILL_NR = 9,
    OOM_RETRY_NS = 1000000,
    OOM_WAITS_MAX = 50,
    OOM_PATIENCE = 8, /* waits of one process, without a page in between, before somebody is killed */
};

struct oom_search {
    struct proc *_Nullable victim; /* the largest that leads no session */
    struct proc *_Nullable
        leader; /* the largest that does: a shell somebody sits at, taken only when nobody else is left */
    bool dying; /* somebody was killed already and still has his memory */
};

static uint64_t
resident_of(const struct proc *_Nullable p)
{
    return p != NULL && p->mm != NULL ? p->mm->rss_pages : 0;
}

static bool
oom_consider(struct proc *p, void *arg)
{
    struct oom_search *s = arg;

    if (p->mm == NULL || p->pid == 1)
        return true;
    if (p->thread.killed) {
        s->dying = true;
        return true;
    }

    struct proc **best = p->session != NULL && p->session->sid == p->pid ? &s->leader : &s->victim;

    if (*best == NULL || p->mm->rss_pages > resident_of(*best))
        *best = p;
    return true;
}

/* Everybody who uses the same address space goes: it would not come back otherwise. */
static bool
oom_kill_user_of(struct proc *p, void *arg)
{
    if (p->mm != NULL && p->mm == arg && p->pid != 1)
        signal_send(p, SIGKILL_NR, NULL);
    return true;
}

static void
oom_kill(void)
{
    struct oom_search s = { 0 };

    proc_for_each(oom_consider, &s);
    if (s.victim == NULL)
        s.victim = s.leader;
    if (!s.dying && s.victim != NULL) {
        klog(LOG_WARN, "out of memory: killed process %d (%s), %llu KiB resident", (int)s.victim->pid,
             s.victim->comm, (unsigned long long)(resident_of(s.victim) << (PAGE_SHIFT - 10)));
        proc_for_each(oom_kill_user_of, s.victim->mm);
    }
    sched_yield(); /* let the dying go first */
}

void
oom_wait(void)
{
    struct proc *p = thread_current()->proc;

    if (p == NULL || ++p->oom_waits > OOM_PATIENCE)
        oom_kill();
    if (thread_sleep_until(hal_time_now_ns() + OOM_RETRY_NS, WAIT_INTR) < 0)
        sched_yield();
}

bool
oom_wait_again(unsigned *waits)
{
    if (*waits == OOM_WAITS_MAX || thread_current()->killed || thread_is_idle())
        return false;
    ++*waits;
    oom_wait();
    return true;
}

/* Processes: the table, families, groups and sessions.  See proc.h. */
#include <hal/irq.h>
#include <kernel/abi/errno.h>
#include <kernel/abi/resource.h>
#include <kernel/abi/signal.h>
#include <kernel/core/assert.h>
#include <kernel/core/fmt.h>
#include <kernel/mm/grant.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/mm.h>
#include <kernel/proc/proc.h>

static struct list all; /* by pid; changed with interrupts off, because terminals send signals from handlers */
static unsigned count;
static int32_t last_pid;

void
proc_init(void)
{
    list_init(&all);
}

struct proc *
proc_current(void)
{
    struct proc *p = thread_current()->proc;

    assert(p != NULL);
    return p;
}

unsigned
proc_count(void)
{
    return count;
}

struct proc *
proc_find(int32_t pid)
{
    struct list_node *n;

    list_for_each (n, &all) {
        struct proc *p = container_of(n, struct proc, all_node);

        if (p->pid == pid)
            return p;
    }
    return NULL;
}

void
proc_for_each(bool (*fn)(struct proc *p, void *arg), void *arg)
{
    struct list_node *n, *tmp;

    list_for_each_safe (n, tmp, &all) {
        if (!fn(container_of(n, struct proc, all_node), arg))
            return;
    }
}

/* Is the number in use, as a process, a group or a session? */
static bool
pid_used(int32_t pid)
{
    struct list_node *n;

    list_for_each (n, &all) {
        const struct proc *p = container_of(n, struct proc, all_node);

        if (p->pid == pid || p->pgid == pid || (p->session != NULL && p->session->sid == pid))
            return true;
    }
    return false;
}

/* Enter `p` into the table, at its place: mostly the last. */
static void
table_insert(struct proc *p)
{
    irqstate_t s = hal_irq_save();
    struct list_node *n = all.head.prev;

    while (n != &all.head && container_of(n, struct proc, all_node)->pid > p->pid)
        n = n->prev;
    list_insert_before(n->next, &p->all_node);
    count++;
    hal_irq_restore(s);
}

int
proc_alloc(struct proc **proc_out)
{
    struct proc *p;
    uint8_t grant, was;
    int rc;

    if (count >= PROC_MAX)
        return -EAGAIN;
    rc = grant_create(&grant);
    if (rc < 0)
        return rc;
    was = grant_use(grant);
    p = kmem_alloc(sizeof *p);
    (void)grant_use(was);
    if (p == NULL) {
        grant_destroy(grant);
        return -ENOMEM;
    }
    p->thread.grant = grant;
    do
        last_pid = last_pid + 1 < PID_MAX ? last_pid + 1 : 2;
    while (pid_used(last_pid));
    p->pid = p->tgid = last_pid;
    p->refs = 1;
    list_init(&p->children);
    waitq_init(&p->child_wait);
    waitq_init(&p->vfork_wait);
    table_insert(p);
    *proc_out = p;
    return 0;
}

void
proc_put(struct proc *p)
{
    assert(p->refs > 0);
    uint8_t grant = p->thread.grant;

    if (--p->refs > 0)
        return;
    kmem_free(p);
    grant_destroy(grant);
}

static void
rlimits_put(struct rlimits *r)
{
    if (--r->refs == 0)
        kmem_free(r);
}

int
rlimits_unshare(struct proc *p)
{
    struct rlimits *own;

    if (p->rlimits->refs == 1)
        return 0;
    own = kmem_alloc_on(p->thread.grant, sizeof *own);
    if (own == NULL)
        return -ENOMEM;
    *own = *p->rlimits;
    own->refs = 1;
    rlimits_put(p->rlimits);
    p->rlimits = own;
    return 0;
}

void
proc_remove(struct proc *p)
{
    irqstate_t s = hal_irq_save();

    list_remove(&p->all_node);
    count--;
    hal_irq_restore(s);
    if (list_linked(&p->sibling))
        list_remove(&p->sibling);
    p->parent = NULL;
    if (p->session != NULL)
        session_put(p->session);
    p->session = NULL;
    if (p->sighand != NULL)
        sighand_put(p->sighand);
    p->sighand = NULL;
    if (p->rlimits != NULL)
        rlimits_put(p->rlimits);
    p->rlimits = NULL;
    proc_put(p);
}

static void
thread_gone(struct thread *t)
{
    grant_end(t->grant);
    proc_put(container_of(t, struct proc, thread));
}

int
proc_start(struct proc *p, void (*entry)(void *p))
{
    int8_t nice = p->thread.nice;
    uint8_t was = grant_use(p->thread.grant);
    int rc = thread_create(&p->thread, p->comm, entry, p);

    (void)grant_use(was);
    if (rc < 0)
        return rc;
    p->thread.nice = nice;
    p->thread.proc = p;
    p->thread.on_dead = thread_gone;
    p->refs++;
    signal_recalc(p); /* what arrived before there was a thread */
    thread_start(&p->thread);
    return 0;
}

void
session_put(struct session *s)
{
    if (--s->refs == 0)
        kmem_free(s);
}

int
session_create(struct proc *p)
{
    struct session *s = kmem_alloc(sizeof *s);

    if (s == NULL)
        return -ENOMEM;
    s->refs = 1;
    s->sid = p->pid;
    if (p->session != NULL)
        session_put(p->session);
    p->session = s;
    p->pgid = p->pid;
    return 0;
}

bool
proc_group_orphaned(int32_t pgid)
{
    struct list_node *n;

    list_for_each (n, &all) {
        const struct proc *p = container_of(n, struct proc, all_node), *parent = p->parent;

        if (p->pgid == pgid && !p->zombie && parent != NULL && parent->pid != 1 &&
            parent->pgid != pgid && parent->session == p->session)
            return false;
    }
    return true;
}

bool
capable(void)
{
    const struct thread *t = thread_current();

    return t->proc == NULL || t->proc->creds.fsuid == 0;
}

static const char *
state_name(const struct proc *p)
{
    static const char *const names[] = { "new", "runnable", "sleeping", "stopped", "dead" };

    return p->zombie ? "zombie" : names[p->thread.state];
}

void
proc_info(void (*emit)(void *arg, const char *line), void *arg)
{
    char line[160];
    struct list_node *n;

    emit(arg, "  PID  PPID  PGID   SID STATE     USER ms   SYS ms   RSS KiB NAME");
    list_for_each (n, &all) {
        const struct proc *p = container_of(n, struct proc, all_node);

        fmt_print(line, sizeof line, "%5d %5d %5d %5d %-8s %8llu %8llu %9llu %s", p->pid,
                  p->parent != NULL ? p->parent->pid : 0, p->pgid,
                  p->session != NULL ? p->session->sid : 0, state_name(p),
                  (unsigned long long)(p->thread.user_ns / 1000000),
                  (unsigned long long)(p->thread.sys_ns / 1000000),
                  (unsigned long long)(p->mm != NULL ? p->mm->rss_pages * (PAGE_SIZE / 1024) : 0),
                  p->comm);
        emit(arg, line);
    }
}

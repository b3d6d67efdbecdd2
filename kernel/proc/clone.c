/* fork, vfork, clone (clone(2)).  Not supported: threads of one process (CLONE_THREAD), namespaces, pidfds. */
#include <kernel/abi/errno.h>
#include <kernel/abi/resource.h>
#include <kernel/abi/signal.h>
#include <kernel/abi/wait.h>
#include <kernel/core/assert.h>
#include <kernel/core/fmt.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/grant.h>
#include <kernel/mm/mm.h>
#include <kernel/proc/proc.h>
#include <kernel/trusted/ucopy.h>

static int
check_flags(uint64_t flags)
{
    if (flags & (CLONE_THREAD | CLONE_NAMESPACES | CLONE_PIDFD))
        return -EINVAL;
    if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
        return -EINVAL;
    if ((flags & CLONE_CSIGNAL) > NSIG)
        return -EINVAL;
    return 0;
}

struct user_count {
    uint32_t uid;
    uint64_t processes;
};

static bool
count_user(struct proc *p, void *arg)
{
    struct user_count *c = arg;

    c->processes += p->creds.uid == c->uid;
    return true;
}

/* RLIMIT_NPROC binds everybody but root. */
static int
check_limit(const struct proc *p)
{
    struct user_count c = { .uid = p->creds.uid };

    if (p->creds.uid == 0)
        return 0;
    proc_for_each(count_user, &c);
    return c.processes >= p->rlimits->of[RLIMIT_NPROC].cur ? -EAGAIN : 0;
}

static int
copy_sighand(struct proc *child, struct proc *parent, uint64_t flags)
{
    if (flags & CLONE_SIGHAND) {
        parent->sighand->refs++;
        child->sighand = parent->sighand;
        return 0;
    }
    return sighand_copy(parent->sighand, &child->sighand);
}

static int
copy_resources(struct proc *child, struct proc *parent, uint64_t flags)
{
    int rc = copy_sighand(child, parent, flags);

    assert(parent->files != NULL && parent->fs != NULL);
    if (rc < 0)
        return rc;
    if (flags & CLONE_FILES) {
        parent->files->refs++;
        child->files = parent->files;
    } else {
        rc = files_copy(parent->files, &child->files);
        if (rc < 0)
            return rc;
    }
    if (flags & CLONE_FS) {
        parent->fs->refs++;
        child->fs = parent->fs;
    } else {
        rc = fs_ctx_copy(parent->fs, &child->fs);
        if (rc < 0)
            return rc;
    }
    if (flags & CLONE_VM) {
        child->mm = mm_get(parent->mm);
        return 0;
    }
    return mm_fork(parent->mm, &child->mm);
}

static void
drop_resources(struct proc *child)
{
    if (child->mm != NULL)
        mm_put(child->mm);
    if (child->fs != NULL)
        fs_ctx_put(child->fs);
    if (child->files != NULL)
        files_put(child->files);
    child->mm = NULL;
    child->fs = NULL;
    child->files = NULL;
}

static void
copy_identity(struct proc *child, struct proc *parent, uint64_t flags)
{
    struct proc *family = flags & CLONE_PARENT && parent->parent != NULL ? parent->parent : parent;

    child->pgid = parent->pgid;
    child->session = parent->session;
    child->session->refs++;
    child->creds = parent->creds;
    child->rlimits = parent->rlimits;
    child->rlimits->refs++;
    child->sig.blocked = parent->sig.blocked;
    if (!(flags & CLONE_VM) || (flags & CLONE_VFORK)) {
        child->sig.altstack = parent->sig.altstack;
        child->sig.altstack_size = parent->sig.altstack_size;
        child->sig.altstack_flags = parent->sig.altstack_flags;
    }
    child->exit_signal = (int32_t)(flags & CLONE_CSIGNAL);
    child->no_new_privs = parent->no_new_privs;
    child->dumpable = parent->dumpable;
    child->thread.nice = parent->thread.nice;
    if (parent->exe != NULL)
        child->exe = file_ref(parent->exe);
    str_copy(child->comm, sizeof child->comm, parent->comm);
    child->parent = family;
    list_push_back(&family->children, &child->sibling);
}

static int
set_tids(struct proc *child, uint64_t flags, uaddr_t parent_tid, uaddr_t child_tid)
{
    if (flags & CLONE_CHILD_CLEARTID)
        child->clear_child_tid = child_tid;
    if (flags & CLONE_PARENT_SETTID) {
        int rc = ucopy_out(parent_tid, &child->pid, sizeof child->pid);

        if (rc < 0)
            return rc;
    }
    /* A bad address here is the child's own trouble (clone(2)): it is written best-effort, as Linux does. */
    if (flags & CLONE_CHILD_SETTID)
        return ucopy_out_mm(child->mm, child_tid, &child->pid, sizeof child->pid) == -ENOMEM ? -ENOMEM
                                                                                             : 0;
    return 0;
}

/* Wait until a vfork child has called execve or ended. */
static void
wait_vfork(struct proc *child)
{
    while (child->vfork_waiting)
        if (wait_on(&child->vfork_wait, WAIT_KILL, WAIT_FOREVER) == -ERESTARTSYS)
            return; /* we are being killed; the child goes on alone */
}

static int64_t must_check
clone_once(uint64_t flags, uaddr_t stack, uaddr_t parent_tid, uaddr_t child_tid, uaddr_t tls)
{
    struct proc *parent = proc_current(), *child;
    int rc = check_flags(flags);
    uint8_t was;
    int32_t pid;

    if (rc == 0)
        rc = check_limit(parent);
    if (rc == 0)
        rc = proc_alloc(&child);
    if (rc < 0)
        return rc;
    was = grant_use(child->thread.grant); /* its memory, from here on */
    copy_identity(child, parent, flags);
    rc = copy_resources(child, parent, flags);
    if (rc < 0)
        goto drop;
    rc = hal_user_copy(&child->user, &parent->user);
    if (rc < 0)
        goto drop;
    hal_user_set_result(&child->user, 0);
    if (stack.v != 0)
        hal_user_set_sp(&child->user, stack);
    if (flags & CLONE_SETTLS)
        hal_user_set_tls(&child->user, tls);
    rc = set_tids(child, flags, parent_tid, child_tid);
    if (rc < 0)
        goto fini_user;
    pid = child->pid;
    child->vfork_waiting = (flags & CLONE_VFORK) != 0;
    child->refs++; /* ours, while we may wait for it */
    rc = proc_start(child, proc_user_loop);
    if (rc < 0) {
        child->refs--;
        goto fini_user;
    }
    (void)grant_use(was);
    if (flags & CLONE_VFORK)
        wait_vfork(child);
    proc_put(child);
    return pid;

fini_user:
    hal_user_fini(&child->user);
drop:
    drop_resources(child);
    if (child->exe != NULL)
        file_put(child->exe);
    child->exe = NULL;
    (void)grant_use(was);
    proc_remove(child);
    return rc;
}

int64_t
proc_clone(uint64_t flags, uaddr_t stack, uaddr_t parent_tid, uaddr_t child_tid, uaddr_t tls)
{
    int64_t rc = clone_once(flags, stack, parent_tid, child_tid, tls);

    if (rc == -ENOMEM) { /* what is kept against later use may be what is missing */
        vfs_squeeze();
        rc = clone_once(flags, stack, parent_tid, child_tid, tls);
    }
    return rc;
}

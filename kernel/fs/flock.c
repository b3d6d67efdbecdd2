/* Locks on files (fcntl(2) record locks, open file description locks, flock(2)).  Advisory, per inode, in a list sorted by nothing:
 * there are few.  A wait that would close a circle of waiting owners is -EDEADLK. */
#include <kernel/abi/fcntl.h>
#include <kernel/core/assert.h>
#include <kernel/fs/flock.h>
#include <kernel/mm/kmem.h>
#include <kernel/sched/thread.h>

enum { DEADLOCK_STEPS = 64, LOCKS_MAX = 4096 };

struct flock_entry {
    struct list_node node;
    struct flock_req req;
};

struct filelocks {
    struct list held;
    unsigned count;
    unsigned waiters;
    struct waitq wait;
};

/* Who waits for whom, for the deadlock check. */
struct blocked {
    struct list_node node;
    const void *owner, *by;
};
static struct list blocked = LIST_INIT(blocked);

static bool
overlaps(const struct flock_req *a, const struct flock_req *b)
{
    return a->start <= b->end && b->start <= a->end;
}

static bool
conflicts(const struct flock_req *held, const struct flock_req *req)
{
    return held->whole == req->whole && held->owner != req->owner && overlaps(held, req) &&
           (held->type == F_WRLCK || req->type == F_WRLCK);
}

static struct flock_entry *_Nullable
find_conflict(const struct filelocks *l, const struct flock_req *req)
{
    struct list_node *n;

    list_for_each (n, &l->held) {
        struct flock_entry *e = container_of(n, struct flock_entry, node);

        if (conflicts(&e->req, req))
            return e;
    }
    return NULL;
}

bool
flock_test(struct inode *inode, const struct flock_req *req, struct flock_req *out)
{
    struct flock_entry *e = inode->locks != NULL ? find_conflict(inode->locks, req) : NULL;

    if (e != NULL)
        *out = e->req;
    return e != NULL;
}

static void
entry_drop(struct filelocks *l, struct flock_entry *e)
{
    list_remove(&e->node);
    l->count--;
    kmem_free(e);
}

/* Take [req->start, req->end] out of what the owner holds.  `spare` is used when a range splits. Returns whether it was. */
static bool
cut(struct filelocks *l, const struct flock_req *req, struct flock_entry *spare)
{
    struct list_node *n, *tmp;

    list_for_each_safe (n, tmp, &l->held) {
        struct flock_entry *e = container_of(n, struct flock_entry, node);
        struct flock_req *h = &e->req;

        if (h->owner != req->owner || h->whole != req->whole || !overlaps(h, req))
            continue;
        if (h->start < req->start && h->end > req->end) {
            spare->req = *h;
            spare->req.start = req->end + 1;
            h->end = req->start - 1;
            list_push_back(&l->held, &spare->node);
            l->count++;
            return true; /* nothing else of this owner overlaps */
        }
        if (h->start < req->start)
            h->end = req->start - 1;
        else if (h->end > req->end)
            h->start = req->end + 1;
        else
            entry_drop(l, e);
    }
    return false;
}

/* Grow the new entry over its owner's neighbours of the same type. */
static void
merge(struct filelocks *l, struct flock_entry *mine)
{
    struct list_node *n, *tmp;
    struct flock_req *m = &mine->req;

    list_for_each_safe (n, tmp, &l->held) {
        struct flock_entry *e = container_of(n, struct flock_entry, node);
        const struct flock_req *h = &e->req;

        if (e == mine || h->owner != m->owner || h->whole != m->whole || h->type != m->type)
            continue;
        if (h->end != UINT64_MAX && h->end + 1 == m->start)
            m->start = h->start;
        else if (m->end != UINT64_MAX && m->end + 1 == h->start)
            m->end = h->end;
        else
            continue;
        entry_drop(l, e);
    }
}

static bool
would_deadlock(const void *owner, const void *by)
{
    for (unsigned i = 0; i < DEADLOCK_STEPS; i++) {
        struct list_node *n;
        const void *next = NULL;

        if (by == owner)
            return true;
        list_for_each (n, &blocked) {
            const struct blocked *b = container_of(n, struct blocked, node);

            if (b->owner == by)
                next = b->by;
        }
        if (next == NULL)
            return false;
        by = next;
    }
    return false;
}

static void
locks_release_empty(struct inode *inode)
{
    struct filelocks *l = inode->locks;

    if (l != NULL && l->count == 0 && l->waiters == 0) {
        inode->locks = NULL;
        kmem_free(l);
    }
}

static int
wait_for(struct inode *inode, const struct flock_req *req)
{
    struct filelocks *l = inode->locks;
    struct flock_entry *e;
    int rc = 0;

    assert(l != NULL);
    while (rc == 0 && (e = find_conflict(l, req)) != NULL) {
        struct blocked b = { .owner = req->owner, .by = e->req.owner };

        if (!req->whole && would_deadlock(req->owner, e->req.owner))
            return -EDEADLK;
        list_push_back(&blocked, &b.node);
        l->waiters++;
        rc = wait_on(&l->wait, WAIT_INTR, WAIT_FOREVER);
        l->waiters--;
        list_remove(&b.node);
    }
    return rc;
}

static int
locks_of(struct inode *inode)
{
    struct filelocks *l = inode->locks;

    if (l != NULL)
        return 0;
    l = kmem_alloc(sizeof(*l));
    if (l == NULL)
        return -ENOLCK;
    list_init(&l->held);
    waitq_init(&l->wait);
    inode->locks = l;
    return 0;
}

int
flock_set(struct inode *inode, const struct flock_req *req, bool wait)
{
    struct flock_entry *mine, *spare;
    int rc;

    if (req->type == F_UNLCK && inode->locks == NULL)
        return 0;
    rc = locks_of(inode);
    if (rc < 0)
        return rc;
    mine = kmem_alloc(sizeof(*mine));
    spare = kmem_alloc(sizeof(*spare));
    if (mine == NULL || spare == NULL || (req->type != F_UNLCK && inode->locks->count >= LOCKS_MAX))
        rc = -ENOLCK;
    /* flock(2) converts by giving up the old lock first. */
    if (rc == 0 && req->whole && req->type != F_UNLCK && find_conflict(inode->locks, req) != NULL) {
        if (wait && cut(inode->locks, req, spare))
            spare = NULL;
        wake_all(&inode->locks->wait);
    }
    if (rc == 0 && req->type != F_UNLCK) {
        if (wait)
            rc = wait_for(inode, req);
        else if (find_conflict(inode->locks, req) != NULL)
            rc = -EAGAIN;
    }
    if (rc == 0) {
        struct filelocks *l = inode->locks;

        if (cut(l, req, spare))
            spare = NULL;
        if (req->type != F_UNLCK) {
            mine->req = *req;
            list_push_back(&l->held, &mine->node);
            l->count++;
            merge(l, mine);
            mine = NULL;
        }
        wake_all(&l->wait);
    }
    kmem_free(mine);
    kmem_free(spare);
    locks_release_empty(inode);
    return rc;
}

static void
drop_owner(struct inode *inode, const void *owner)
{
    struct filelocks *l = inode->locks;
    struct list_node *n, *tmp;

    if (l == NULL)
        return;
    list_for_each_safe (n, tmp, &l->held) {
        struct flock_entry *e = container_of(n, struct flock_entry, node);

        if (e->req.owner == owner)
            entry_drop(l, e);
    }
    wake_all(&l->wait);
    locks_release_empty(inode);
}

void
flock_owner_gone(struct inode *inode, const void *owner)
{
    drop_owner(inode, owner);
}

void
flock_file_gone(struct file *f)
{
    drop_owner(f->inode, f);
}

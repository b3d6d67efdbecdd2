/* epoll(7) and eventfd(2).
 *
 * A set is a list of items; epoll_wait() looks at each and sits on all their wait queues meanwhile (cost: the size of the set).
 * Edge triggering: an event is reported when it was not there at the last report, or when the file was read from or written to
 * since, which includes every case in which Linux reports one. */
#include <kernel/abi/fcntl.h>
#include <kernel/core/assert.h>
#include <kernel/fs/epoll.h>
#include <kernel/fs/file.h>
#include <kernel/fs/poll.h>
#include <kernel/mm/kmem.h>
#include <kernel/sched/thread.h>
#include <kernel/trusted/bounds.h>

enum {
    EPOLL_CHAIN_MAX = 5,    /* sets in sets; each is a frame of epoll_poll() */
    EPOLL_LOOKS_MAX = 1000, /* sets looked at to find out */
    EVENTFD_SIZE = 8
};
#define EPOLLEXCLUSIVE (1u << 28)
#define EPOLLWAKEUP    (1u << 29)
#define EPOLLONESHOT   (1u << 30)
#define EPOLLET        (1u << 31)

struct epoll {
    struct file *file;
    struct list items;
    unsigned nr_items;
    struct waitq wait; /* pollers of the set, woken when it changes */
};

struct epoll_item {
    struct list_node set_node, file_node;
    struct epoll *ep;
    struct file *target; /* no reference: epoll_file_gone() removes the item */
    int fd;
    struct epoll_event_k ev;
    unsigned reported; /* edge triggered: what is not news */
    bool off;          /* one-shot, and shot */
};

static void
item_free(struct epoll_item *it)
{
    list_remove(&it->set_node);
    list_remove(&it->file_node);
    it->ep->nr_items--;
    kmem_free(it);
}

void
epoll_file_gone(struct file *f)
{
    struct list_node *n;

    while ((n = list_first(&f->epoll_items)) != NULL)
        item_free(container_of(n, struct epoll_item, file_node));
}

void
epoll_file_io(struct file *f, unsigned events)
{
    struct list_node *n;

    list_for_each (n, &f->epoll_items)
        container_of(n, struct epoll_item, file_node)->reported &= ~events;
}

static void
epoll_release(struct file *f)
{
    struct epoll *ep = f->data;
    struct list_node *n;

    while ((n = list_first(&ep->items)) != NULL)
        item_free(container_of(n, struct epoll_item, set_node));
    kmem_free(ep);
}

/* What is ready of an item, and new if that is asked. */
static unsigned
item_events(struct epoll_item *it, struct poll_table *_Nullable pt)
{
    unsigned now;

    if (it->off)
        return 0;
    now = file_poll(it->target, pt) & (it->ev.events | POLLERR | POLLHUP);
    it->reported &= now;
    return (it->ev.events & EPOLLET) != 0 ? now & ~it->reported : now;
}

/* The depth of nested sets is bounded by epoll_ctl_file(). */
static unsigned
epoll_poll(struct file *f, struct poll_table *pt)
{
    struct epoll *ep = f->data;
    struct list_node *n;
    unsigned ev = 0;

    poll_add(pt, &ep->wait);
    list_for_each (n, &ep->items) {
        if (item_events(container_of(n, struct epoll_item, set_node), pt) != 0)
            ev = POLLIN | POLLRDNORM;
    }
    return ev;
}

static const struct file_ops epoll_ops = { .release = epoll_release,
                                           .poll = epoll_poll,
                                           .seek = file_no_seek };

bool
file_is_epoll(const struct file *f)
{
    return f->ops == &epoll_ops;
}

int
epoll_create_file(struct file **out)
{
    struct epoll *ep = kmem_alloc(sizeof(*ep));
    int rc;

    if (ep == NULL)
        return -ENOMEM;
    list_init(&ep->items);
    waitq_init(&ep->wait);
    rc = file_new(&epoll_ops, O_RDWR, NULL, out);
    if (rc < 0) {
        kmem_free(ep);
        return rc;
    }
    ep->file = *out;
    ep->file->data = ep;
    return 0;
}

static struct epoll_item *_Nullable
item_find(struct epoll *ep, int fd, const struct file *target)
{
    struct list_node *n;

    list_for_each (n, &ep->items) {
        struct epoll_item *it = container_of(n, struct epoll_item, set_node);

        if (it->fd == fd && it->target == target)
            return it;
    }
    return NULL;
}

/* Depth-first, without recursion: the sets that watch a set, or that it watches. */
struct nesting {
    bool up;
    unsigned depth, deepest, looks;
    struct list_node *at[EPOLL_CHAIN_MAX]; /* what is next on each level */
    struct list *of[EPOLL_CHAIN_MAX];
};

static void
nesting_enter(struct nesting *w, struct file *f)
{
    struct epoll *ep = f->data;
    struct list *list = w->up ? &f->epoll_items : &ep->items;

    at(w->of, EPOLL_CHAIN_MAX, w->depth) = list;
    at(w->at, EPOLL_CHAIN_MAX, w->depth) = list->head.next;
    if (++w->depth > w->deepest)
        w->deepest = w->depth;
}

/* The next item of the innermost level; NULL: it is done, and left. */
static struct epoll_item *_Nullable
nesting_next(struct nesting *w)
{
    struct list_node *n = at(w->at, EPOLL_CHAIN_MAX, w->depth - 1);

    if (n == &at(w->of, EPOLL_CHAIN_MAX, w->depth - 1)->head) {
        w->depth--;
        return NULL;
    }
    at(w->at, EPOLL_CHAIN_MAX, w->depth - 1) = n->next;
    return w->up ? container_of(n, struct epoll_item, file_node)
                 : container_of(n, struct epoll_item, set_node);
}

/* Sets of the longest chain from the set `f` on, itself among them; -ELOOP: too many, or one is `loop`. */
static int
nesting(struct file *f, bool up, const struct file *_Nullable loop)
{
    struct nesting w = { .up = up };

    nesting_enter(&w, f);
    while (w.depth > 0) {
        struct epoll_item *it = nesting_next(&w);
        struct file *next = it == NULL ? NULL : up ? it->ep->file : it->target;

        if (next == NULL || !file_is_epoll(next))
            continue;
        if (next == loop || w.depth == EPOLL_CHAIN_MAX || ++w.looks > EPOLL_LOOKS_MAX)
            return -ELOOP;
        nesting_enter(&w, next);
    }
    return (int)w.deepest;
}

/* May `epf` watch `target`?  Then there would be chains of all above and all beneath. */
static int
check_nesting(struct file *epf, struct file *target)
{
    int above, beneath;

    if (!file_is_epoll(target))
        return 0;
    beneath = nesting(target, false, epf);
    if (beneath < 0)
        return beneath;
    above = nesting(epf, true, NULL);
    if (above < 0)
        return above;
    return above + beneath > EPOLL_CHAIN_MAX ? -ELOOP : 0;
}

static int
add_item(struct file *epf, int fd, struct file *target, const struct epoll_event_k *ev)
{
    struct epoll *ep = epf->data;
    struct epoll_item *it;
    int rc = check_nesting(epf, target);

    if (rc < 0)
        return rc;
    it = kmem_alloc(sizeof(*it));
    if (it == NULL)
        return -ENOMEM;
    it->ep = ep;
    it->target = target;
    it->fd = fd;
    it->ev = *ev;
    list_push_back(&ep->items, &it->set_node);
    list_push_back(&target->epoll_items, &it->file_node);
    ep->nr_items++;
    return 0;
}

int
epoll_ctl_file(struct file *epf, int op, int fd, struct file *target, const struct epoll_event_k *ev)
{
    struct epoll *ep;
    struct epoll_item *it;
    int rc = 0;

    if (!file_is_epoll(epf) || epf == target)
        return -EINVAL;
    if (target->ops->poll == NULL)
        return -EPERM;
    ep = epf->data;
    it = item_find(ep, fd, target);
    switch (op) {
    case EPOLL_CTL_ADD:
        rc = it != NULL ? -EEXIST : add_item(epf, fd, target, ev);
        break;
    case EPOLL_CTL_MOD:
        if (it == NULL)
            return -ENOENT;
        it->ev = *ev;
        it->off = false;
        it->reported = 0;
        break;
    case EPOLL_CTL_DEL:
        if (it == NULL)
            return -ENOENT;
        item_free(it);
        break;
    default:
        return -EINVAL;
    }
    if (rc == 0)
        wake_all(&ep->wait);
    return rc;
}

/* Collect ready events; items that were reported go to the back, so that none starves. */
static int
collect(struct epoll *ep, struct epoll_event_k *events, unsigned max, struct poll_table *_Nullable pt)
{
    struct list_node *n, *tmp;
    unsigned got = 0, left = ep->nr_items;

    list_for_each_safe (n, tmp, &ep->items) {
        struct epoll_item *it = container_of(n, struct epoll_item, set_node);
        unsigned ev;

        if (left-- == 0 || got == max)
            break;
        ev = item_events(it, pt);
        if (ev == 0)
            continue;
        at(events, max, got++) = (struct epoll_event_k){ ev, it->ev.data };
        it->reported |= ev;
        it->off = (it->ev.events & EPOLLONESHOT) != 0;
        list_remove(n);
        list_push_back(&ep->items, n);
        pt = NULL;
    }
    return (int)got;
}

int
epoll_wait_file(struct file *epf, struct epoll_event_k *events, unsigned max, uint64_t deadline_ns)
{
    struct epoll *ep = epf->data;
    struct poll_table pt;
    int got, rc = 0;

    if (deadline_ns == 0)
        return collect(ep, events, max, NULL);
    poll_table_init(&pt);
    for (;;) {
        /* The set may have changed while we slept: sit on the queues of what it holds now. */
        poll_add(&pt, &ep->wait);
        got = collect(ep, events, max, &pt);
        if (got > 0 || rc < 0)
            break;
        rc = pt.error != 0 ? pt.error : thread_sleep(WAIT_INTR, deadline_ns);
        poll_table_fini(&pt);
    }
    poll_table_fini(&pt);
    if (got > 0 || rc == -ETIMEDOUT)
        return got;
    return rc == -ENOMEM ? rc : -EINTR;
}

/* eventfd(2): a counter. */
struct eventfd {
    uint64_t count;
    bool semaphore;
    struct waitq wait;
};

static int64_t
eventfd_read(struct file *f, struct iobuf *buf, unused_param uint64_t *pos)
{
    struct eventfd *e = f->data;
    uint64_t v;
    int rc;

    if (buf->left < EVENTFD_SIZE)
        return -EINVAL;
    while (e->count == 0) {
        if ((f->flags & O_NONBLOCK) != 0)
            return -EAGAIN;
        rc = wait_on(&e->wait, WAIT_INTR, WAIT_FOREVER);
        if (rc < 0)
            return rc;
    }
    v = e->semaphore ? 1 : e->count;
    e->count -= v;
    wake_all(&e->wait);
    rc = iobuf_put(buf, &v, sizeof(v));
    return rc < 0 ? rc : EVENTFD_SIZE;
}

static int64_t
eventfd_write(struct file *f, struct iobuf *buf, unused_param uint64_t *pos)
{
    struct eventfd *e = f->data;
    uint64_t v;
    int rc;

    if (buf->left < EVENTFD_SIZE)
        return -EINVAL;
    rc = iobuf_get(buf, &v, sizeof(v));
    if (rc < 0)
        return rc;
    if (v == UINT64_MAX)
        return -EINVAL;
    while (v > UINT64_MAX - 1 - e->count) {
        if ((f->flags & O_NONBLOCK) != 0)
            return -EAGAIN;
        rc = wait_on(&e->wait, WAIT_INTR, WAIT_FOREVER);
        if (rc < 0)
            return rc;
    }
    e->count += v;
    wake_all(&e->wait);
    return EVENTFD_SIZE;
}

static unsigned
eventfd_poll(struct file *f, struct poll_table *pt)
{
    struct eventfd *e = f->data;

    poll_add(pt, &e->wait);
    return (e->count > 0 ? (unsigned)POLLIN | POLLRDNORM : 0u) |
           (e->count < UINT64_MAX - 1 ? (unsigned)POLLOUT | POLLWRNORM : 0u);
}

static void
eventfd_release(struct file *f)
{
    kmem_free(f->data);
}

static const struct file_ops eventfd_ops = {
    .read = eventfd_read,
    .write = eventfd_write,
    .poll = eventfd_poll,
    .release = eventfd_release,
    .seek = file_no_seek,
};

int
eventfd_create_file(uint64_t count, uint32_t flags, bool semaphore, struct file **out)
{
    struct eventfd *e = kmem_alloc(sizeof(*e));
    int rc;

    if (e == NULL)
        return -ENOMEM;
    e->count = count;
    e->semaphore = semaphore;
    waitq_init(&e->wait);
    rc = file_new(&eventfd_ops, O_RDWR | (flags & O_NONBLOCK), NULL, out);
    if (rc < 0)
        kmem_free(e);
    else
        (*out)->data = e;
    return rc;
}

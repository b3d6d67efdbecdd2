/* Waiting on several files at once: see poll.h.
 *
 * The first look at each file also puts the thread on its wait queues; from then on any event wakes it, and it looks again. */
#include <hal/time.h>
#include <kernel/fs/file.h>
#include <kernel/fs/poll.h>
#include <kernel/mm/kmem.h>
#include <kernel/sched/thread.h>
#include <kernel/trusted/bounds.h>

void
poll_table_init(struct poll_table *pt)
{
    pt->used = 0;
    pt->error = 0;
    pt->chunks = NULL;
}

void
poll_table_fini(struct poll_table *pt)
{
    struct poll_chunk *c = pt->chunks;
    unsigned used = pt->used;

    while (c != NULL) {
        struct poll_chunk *next = c->next;

        for (unsigned i = 0; i < used; i++)
            waiter_remove(&c->waiters[i]);
        kmem_free(c);
        used = next != NULL ? POLL_CHUNK : POLL_INLINE;
        c = next;
    }
    for (unsigned i = 0; i < used; i++)
        waiter_remove(&pt->first[i]);
    poll_table_init(pt);
}

void
poll_add(struct poll_table *pt, struct waitq *q)
{
    if (pt == NULL || pt->error < 0)
        return;
    if (pt->used == (pt->chunks != NULL ? (unsigned)POLL_CHUNK : (unsigned)POLL_INLINE)) {
        struct poll_chunk *c = kmem_alloc(sizeof(*c));

        if (c == NULL) {
            pt->error = -ENOMEM;
            return;
        }
        c->next = pt->chunks;
        pt->chunks = c;
        pt->used = 0;
    }
    if (pt->chunks != NULL)
        waiter_add(q, &pt->chunks->waiters[pt->used++]);
    else
        waiter_add(q, &pt->first[pt->used++]);
}

/* One look at every file: how many are ready. */
static int
look(struct poll_entry *entries, unsigned n, struct poll_table *_Nullable pt)
{
    int ready = 0;

    for (unsigned i = 0; i < n; i++) {
        struct poll_entry *e = &at(entries, n, i);

        if (e->file == NULL)
            continue;
        e->revents = file_poll(e->file, pt) & (e->events | POLLERR | POLLHUP);
        if (e->revents != 0) {
            ready++;
            pt = NULL; /* we will not sleep */
        }
    }
    return ready;
}

int
poll_wait(struct poll_entry *entries, unsigned n, uint64_t deadline_ns)
{
    struct poll_table pt;
    int ready;

    if (deadline_ns == 0)
        return look(entries, n, NULL);
    poll_table_init(&pt);
    ready = look(entries, n, &pt);
    if (ready == 0)
        ready = pt.error;
    while (ready == 0) {
        int rc = thread_sleep(WAIT_INTR, deadline_ns);

        ready = look(entries, n, NULL);
        if (ready == 0 && rc == -ETIMEDOUT)
            break;
        if (ready == 0 && rc < 0)
            ready = -EINTR;
    }
    poll_table_fini(&pt);
    return ready;
}

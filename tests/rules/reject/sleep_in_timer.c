/* R23: a timer's function sleeps, reached through a table of operations.
 * expect: wait_on sleeps on an interrupt path: expired -> flush_slow -> wait_on
 */
#include <kernel/core/timer.h>
#include <kernel/core/wait.h>

struct ops {
    void (*flush)(struct waitq *q);
};

struct cache {
    struct timer timer;
    const struct ops *ops;
    struct waitq queue;
};

#ifdef WRONG
static void
flush_slow(struct waitq *q)
{
    if (wait_on(q, WAIT_KILL, WAIT_FOREVER) < 0)
        return;
}
static const struct ops slow = { .flush = flush_slow };
#else
static void
flush_later(struct waitq *q)
{
    wake_one(q);
}
static const struct ops slow = { .flush = flush_later };
#endif

static void
expired(void *arg)
{
    struct cache *c = arg;

    c->ops->flush(&c->queue);
}

void cache_init(struct cache *c);

void
cache_init(struct cache *c)
{
    c->ops = &slow;
    timer_init(&c->timer, expired, c);
}

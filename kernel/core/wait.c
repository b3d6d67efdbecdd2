/* Wait queues and sleeping.
 *
 * A thread in wait_on() is awake again when its waiter has been taken off the queue: that, not the state of the thread, is the
 * wake-up, so that one meant for another purpose (thread_wake() of a poll() in progress) is neither lost nor mistaken. */
#include <hal/time.h>
#include <kernel/abi/errno.h>
#include <kernel/core/assert.h>
#include <kernel/core/wait.h>
#include <kernel/sched/thread.h>

void
waitq_init(struct waitq *q)
{
    list_init(&q->waiters);
}

bool
waitq_busy(const struct waitq *q)
{
    return !list_empty(&q->waiters);
}

static bool
sleep_interrupted(const struct thread *t, unsigned flags)
{
    return ((flags & WAIT_INTR) != 0 && (t->interrupted || t->killed)) ||
           ((flags & WAIT_KILL) != 0 && t->killed);
}

/* One round of a sleep: 0 after it, or why not to sleep any more. */
static int
sleep_round(struct thread *t, unsigned flags, uint64_t deadline_ns) requires_lock(hal_irqs_off)
{
    if (irqlock_depth() != 0)
        bug("thread %s sleeps with an irqlock held", t->name);
    if (sleep_interrupted(t, flags))
        return -ERESTARTSYS;
    if (deadline_ns != WAIT_FOREVER && hal_time_now_ns() >= deadline_ns)
        return -ETIMEDOUT;
    return sched_block(THREAD_SLEEPING, flags, deadline_ns);
}

static int
waiter_sleep(struct waiter *w, unsigned flags, uint64_t deadline_ns)
{
    int rc = 0;
    irqstate_t state = hal_irq_save();

    while (list_linked(&w->node) && rc == 0)
        rc = sleep_round(w->thread, flags, deadline_ns);
    if (list_linked(&w->node))
        list_remove(&w->node);
    else
        rc = 0; /* a wake-up that was spent on us counts, whatever else happened */
    hal_irq_restore(state);
    return rc;
}

static void
waiter_enqueue(struct waitq *q, struct waiter *w, bool exclusive)
{
    irqstate_t state = hal_irq_save();

    *w = (struct waiter){ .thread = thread_current(), .exclusive = exclusive };
    list_push_back(&q->waiters, &w->node);
    hal_irq_restore(state);
}

int
wait_on(struct waitq *q, unsigned flags, uint64_t deadline_ns)
{
    struct waiter w;

    waiter_enqueue(q, &w, true);
    return waiter_sleep(&w, flags, deadline_ns);
}

int
wait_on_irqlock(struct waitq *q, struct irqlock *l, unsigned flags, uint64_t deadline_ns)
{
    struct waiter w;

    waiter_enqueue(q, &w, true);
    irqlock_unlock(l);

    int rc = waiter_sleep(&w, flags, deadline_ns);

    irqlock_lock(l);
    return rc;
}

int
wait_on_mutex(struct waitq *q, struct mutex *m, unsigned flags, uint64_t deadline_ns)
{
    struct waiter w;

    waiter_enqueue(q, &w, true);
    mutex_unlock(m);

    int rc = waiter_sleep(&w, flags, deadline_ns);

    mutex_lock(m);
    return rc;
}

static void
wake(struct waitq *q, bool all)
{
    struct list_node *n, *tmp;
    bool one = false;

    if (list_empty(&q->waiters))
        return;

    irqstate_t state = hal_irq_save();

    list_for_each_safe (n, tmp, &q->waiters) {
        struct waiter *w = container_of(n, struct waiter, node);

        if (!w->exclusive) {
            w->thread->wake_pending = true;
        } else {
            if (one && !all)
                continue;
            one = true;
            list_remove(&w->node);
        }
        sched_make_runnable(w->thread);
    }
    hal_irq_restore(state);
}

void
wake_all(struct waitq *q)
{
    wake(q, true);
}

void
wake_one(struct waitq *q)
{
    wake(q, false);
}

void
waiter_add(struct waitq *q, struct waiter *w)
{
    waiter_enqueue(q, w, false);
}

void
waiter_remove(struct waiter *w)
{
    irqstate_t state = hal_irq_save();

    if (list_linked(&w->node))
        list_remove(&w->node);
    hal_irq_restore(state);
}

int
thread_sleep(unsigned flags, uint64_t deadline_ns)
{
    struct thread *t = thread_current();
    int rc = 0;
    irqstate_t state = hal_irq_save();

    while (!t->wake_pending && rc == 0)
        rc = sleep_round(t, flags, deadline_ns);
    if (t->wake_pending) {
        t->wake_pending = false;
        rc = 0;
    }
    hal_irq_restore(state);
    return rc;
}

int
thread_sleep_until(uint64_t deadline_ns, unsigned flags)
{
    struct thread *t = thread_current();
    int rc = 0;
    irqstate_t state = hal_irq_save();

    while (rc == 0)
        rc = sleep_round(t, flags, deadline_ns);
    hal_irq_restore(state);
    return rc == -ETIMEDOUT ? 0 : rc;
}

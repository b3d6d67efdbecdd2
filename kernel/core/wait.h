/* Wait queues and sleeping.
 *
 * The kernel is non-preemptive between sleep points, so a condition that only threads change needs no lock around
 *     while (!condition) { rc = wait_on (&q, ...); if (rc < 0) return rc; }
 * A condition changed by an interrupt handler is checked under the irqlock the handler takes, with wait_on_irqlock().
 * Wake-ups may be spurious: always loop.
 */
#pragma once

#include <kernel/core/lock.h>

struct waitq {
    struct list waiters;
};

struct waiter {
    struct list_node node;
    struct thread *thread;
    bool exclusive; /* of wait_on(): a wake-up takes it off the queue; others stay on it until waiter_remove() */
};

enum wait_flags {
    WAIT_INTR = BIT(0), /* a signal (thread_interrupt) ends the sleep with -ERESTARTSYS */
    WAIT_KILL = BIT(1), /* only a deadly signal does */
};

#define WAITQ_INIT(q) { LIST_INIT((q).waiters) }
#define WAIT_FOREVER  UINT64_MAX

void waitq_init(struct waitq *q);
bool waitq_busy(const struct waitq *q); /* is anybody waiting? */

/* Sleep on `q` until woken.  0; -ERESTARTSYS (see flags); -ETIMEDOUT at `deadline_ns` (hal_time_now_ns() scale); -ENOMEM: no
 * timer for the deadline. */
int must_check wait_on(struct waitq *q, unsigned flags, uint64_t deadline_ns) may_sleep;
int must_check wait_on_irqlock(struct waitq *q, struct irqlock *l, unsigned flags,
                               uint64_t deadline_ns) requires_lock(l) may_sleep;
int must_check wait_on_mutex(struct waitq *q, struct mutex *m, unsigned flags, uint64_t deadline_ns)
    requires_lock(m) may_sleep;

/* Wake all / the first waiter of wait_on() (and everybody who came by waiter_add()).  Any context. */
void wake_all(struct waitq *q);
void wake_one(struct waitq *q);

/* The pieces, for waiting on several queues at once (poll): add waiters, check, thread_sleep(), remove.  A wake-up between
 * waiter_add() and thread_sleep() makes the sleep return at once. */
void waiter_add(struct waitq *q, struct waiter *w); /* for the running thread */
void waiter_remove(struct waiter *w);
int must_check thread_sleep(unsigned flags, uint64_t deadline_ns) may_sleep;
/* Sleep until the deadline only. 0 at the deadline, -ERESTARTSYS. */
int must_check thread_sleep_until(uint64_t deadline_ns, unsigned flags) may_sleep;

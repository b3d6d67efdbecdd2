/* R20: a function that wants the lock held is called without it.
 * expect: calling function 'push_locked' requires holding irqlock
 */
#include <kernel/core/lock.h>

struct queue {
    struct irqlock lock;
    unsigned length guarded_by(&lock);
};

static void
push_locked(struct queue *q) requires_lock(q->lock)
{
    q->length++;
}

void push(struct queue *q);

void
push(struct queue *q)
{
#ifdef WRONG
    push_locked(q);
#else
    irqlock_lock(&q->lock);
    push_locked(q);
    irqlock_unlock(&q->lock);
#endif
}

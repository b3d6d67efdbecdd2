/* R20: a guarded field is read without its lock.
 * expect: reading variable 'length' requires holding irqlock
 */
#include <kernel/core/lock.h>

struct queue {
    struct irqlock lock;
    unsigned length guarded_by(&lock);
};

unsigned queue_length(struct queue *q);

unsigned
queue_length(struct queue *q)
{
#ifdef WRONG
    return q->length;
#else
    irqlock_lock(&q->lock);

    unsigned n = q->length;

    irqlock_unlock(&q->lock);
    return n;
#endif
}

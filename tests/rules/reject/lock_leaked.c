/* R20: one way out keeps the lock.
 * expect: mutex 'q->lock' is not held on every path
 */
#include <kernel/core/lock.h>

struct queue {
    struct mutex lock;
    unsigned length guarded_by(&lock);
};

bool queue_pop(struct queue *q);

bool
queue_pop(struct queue *q)
{
    mutex_lock(&q->lock);
    if (q->length == 0) {
#ifndef WRONG
        mutex_unlock(&q->lock);
#endif
        return false;
    }
    q->length--;
    mutex_unlock(&q->lock);
    return true;
}

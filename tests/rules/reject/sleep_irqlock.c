/* R22: a mutex is waited for under an irqlock.
 * expect: mutex_lock may sleep while lock is held
 */
#include <kernel/core/lock.h>

static struct irqlock lock = IRQLOCK_INIT("lock");

void both(struct mutex *m);

void
both(struct mutex *m)
{
#ifdef WRONG
    irqlock_lock(&lock);
    mutex_lock(m);
#else
    mutex_lock(m);
    irqlock_lock(&lock);
#endif
    irqlock_unlock(&lock);
    mutex_unlock(m);
}

/* R11: a home-made lock.
 * expect: __atomic_test_and_set
 */
#include <kernel/core/lock.h>

#ifdef WRONG
static bool busy;
#else
static struct irqlock lock = IRQLOCK_INIT("lock");
#endif
static unsigned count;

void enter(void);

void
enter(void)
{
#ifdef WRONG
    if (!__atomic_test_and_set(&busy, __ATOMIC_ACQUIRE))
        count++;
#else
    irqlock_lock(&lock);
    count++;
    irqlock_unlock(&lock);
#endif
}

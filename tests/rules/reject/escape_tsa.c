/* R21: the analysis is switched off where it complains.
 * expect: no_tsa: count_up is not analysed
 */
#include <kernel/core/lock.h>

static struct irqlock lock = IRQLOCK_INIT("lock");
static unsigned count guarded_by(lock);

void count_up(void);

#ifdef WRONG
void
count_up(void) no_tsa
{
    count++;
}
#else
void
count_up(void)
{
    irqlock_lock(&lock);
    count++;
    irqlock_unlock(&lock);
}
#endif

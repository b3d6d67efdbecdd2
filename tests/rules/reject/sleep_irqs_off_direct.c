/* R20: a sleep with interrupts off, where the compiler sees it.
 * expect: cannot call function 'mutex_lock' while irqs_off
 */
#include <kernel/core/lock.h>

void enter(struct mutex *m);

void
enter(struct mutex *m)
{
#ifdef WRONG
    irqstate_t state = hal_irq_save();

    mutex_lock(m);
#else
    mutex_lock(m);

    irqstate_t state = hal_irq_save();
#endif
    hal_irq_restore(state);
    mutex_unlock(m);
}

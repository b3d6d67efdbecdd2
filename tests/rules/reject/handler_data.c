/* R20: what a handler writes is read with interrupts on.
 * expect: reading variable 'pending' requires holding irqs_off
 */
#include <hal/irq.h>

static unsigned pending guarded_by(hal_irqs_off);

unsigned peek_pending(void);

unsigned
peek_pending(void)
{
#ifdef WRONG
    return pending;
#else
    irqstate_t state = hal_irq_save();
    unsigned n = pending;

    hal_irq_restore(state);
    return n;
#endif
}

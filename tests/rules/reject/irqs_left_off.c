/* R20: interrupts stay off on the way out.
 * expect: irqs_off 'hal_irqs_off' is not held on every path
 */
#include <hal/irq.h>

static unsigned pending guarded_by(hal_irqs_off);

unsigned take_pending(void);

unsigned
take_pending(void)
{
    irqstate_t state = hal_irq_save();
    unsigned n = pending;

    if (n == 0) {
#ifndef WRONG
        hal_irq_restore(state);
#endif
        return 0;
    }
    pending = 0;
    hal_irq_restore(state);
    return n;
}

/* R02: a flag shared with an interrupt handler, volatile instead of guarded.
 * expect: volatile
 */
#include <hal/irq.h>

#ifdef WRONG
static volatile bool done;
#else
static bool done guarded_by(hal_irqs_off);
#endif

bool is_done(void);

bool
is_done(void)
{
    irqstate_t state = hal_irq_save();
    bool d = done;

    hal_irq_restore(state);
    return d;
}

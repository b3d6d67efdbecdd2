/* R22: a sleep with interrupts off, two calls away.
 * expect: settle may sleep while interrupts off is held: settle -> wait_on
 */
#include <kernel/core/wait.h>

static int must_check
settle(struct waitq *q)
{
    return wait_on(q, WAIT_KILL, WAIT_FOREVER);
}

int must_check pause_for(struct waitq *q);

int
pause_for(struct waitq *q)
{
#ifdef WRONG
    irqstate_t state = hal_irq_save();
    int rc = settle(q);

    hal_irq_restore(state);
#else
    irqstate_t state = hal_irq_save();
    bool busy = waitq_busy(q);

    hal_irq_restore(state);

    int rc = busy ? settle(q) : 0;
#endif
    return rc;
}

/* R22: waiting gives up one irqlock, but another stays held.
 * expect: wait_on_irqlock may sleep while
 */
#include <kernel/core/wait.h>

struct port {
    struct irqlock lock;
    struct waitq queue;
    bool ready guarded_by(&lock);
};

static struct irqlock table_lock = IRQLOCK_INIT("table");

int must_check port_wait(struct port *p);

int
port_wait(struct port *p)
{
    int rc = 0;

    irqlock_lock(&table_lock);
#ifndef WRONG
    irqlock_unlock(&table_lock);
#endif
    irqlock_lock(&p->lock);
    while (!p->ready && rc == 0)
        rc = wait_on_irqlock(&p->queue, &p->lock, WAIT_INTR, WAIT_FOREVER);
    irqlock_unlock(&p->lock);
#ifdef WRONG
    irqlock_unlock(&table_lock);
#endif
    return rc;
}

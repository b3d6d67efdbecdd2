/* R23: an interrupt handler takes a mutex.
 * expect: mutex_lock sleeps on an interrupt path: chip_irq -> chip_drain -> mutex_lock
 * as: kernel/drivers/net_x.c
 */
#include <hal/irq.h>
#include <kernel/core/lock.h>
#include <kernel/core/wait.h>

struct chip {
    struct mutex lock;
    struct waitq queue;
};

#ifdef WRONG
static void
chip_drain(struct chip *c)
{
    mutex_lock(&c->lock);
    mutex_unlock(&c->lock);
}
#else
static void
chip_drain(struct chip *c)
{
    wake_all(&c->queue);
}
#endif

static void
chip_irq(void *arg)
{
    chip_drain(arg);
}

int must_check chip_attach(struct chip *c);

int
chip_attach(struct chip *c)
{
    return hal_irq_attach(5, chip_irq, c);
}

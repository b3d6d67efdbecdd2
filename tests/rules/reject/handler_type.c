/* R04: a function of another type is made to fit.
 * expect: becomes
 */
#include <hal/irq.h>

struct chip {
    unsigned count;
};

#ifdef WRONG
static void
chip_irq(struct chip *c)
{
    c->count++;
}
#else
static void
chip_irq(void *arg)
{
    struct chip *c = arg;

    c->count++;
}
#endif

int must_check chip_attach(struct chip *c);

int
chip_attach(struct chip *c)
{
#ifdef WRONG
    return hal_irq_attach(5, (void (*)(void *))chip_irq, c);
#else
    return hal_irq_attach(5, chip_irq, c);
#endif
}

/* R26: recursion on an interrupt path, through two functions and an operation table.
 * expect: recursion on an interrupt path
 * as: kernel/drivers/net_x.c
 */
#include <hal/irq.h>

struct chip;

struct chip_ops {
    void (*next)(struct chip *c);
};

struct chip {
    const struct chip_ops *ops;
    unsigned left;
};

static void
step(struct chip *c)
{
    if (c->left-- > 0)
        c->ops->next(c);
}

static void
done(struct chip *c)
{
    c->left = 0;
}

#ifdef WRONG
static const struct chip_ops ops = { .next = step };
#else
static const struct chip_ops ops = { .next = done };
#endif

static void
chip_irq(void *arg)
{
    step(arg);
}

int must_check chip_attach(struct chip *c);

int
chip_attach(struct chip *c)
{
    if (c->left > 9)
        done(c);
    c->ops = &ops;
    return hal_irq_attach(5, chip_irq, c);
}

/* R24: an interrupt handler allocates.
 * expect: kmem_alloc allocates on an interrupt path: chip_irq -> kmem_alloc
 * as: kernel/drivers/net_x.c
 */
#include <hal/irq.h>
#include <kernel/mm/kmem.h>

enum { SLOTS = 8 };

struct chip {
    void *_Nullable packets[SLOTS];
    unsigned next;
#ifndef WRONG
    unsigned dropped;
#endif
};

static void
chip_irq(void *arg)
{
    struct chip *c = arg;
    unsigned slot = c->next++ % SLOTS;

#ifdef WRONG
    c->packets[slot] = kmem_alloc(1500);
#else
    if (c->packets[slot] == NULL)
        c->dropped++;
#endif
}

int must_check chip_attach(struct chip *c);

int
chip_attach(struct chip *c)
{
#ifndef WRONG
    for (unsigned i = 0; i < SLOTS; i++)
        c->packets[i] = kmem_alloc(1500);
#endif
    return hal_irq_attach(5, chip_irq, c);
}

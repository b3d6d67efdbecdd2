/* Driver for the PL061 GPIO port as in TI's LM3S6965 (LM3S6965 data sheet, chapter 8; Arm PrimeCell GPIO PL061 TRM, DDI 0190).
 *
 * Inputs interrupt at both edges.  Not used: alternate functions (the board's start-up has set them), open drain, drive strength. */
#include <hal/irq.h>
#include <kernel/abi/errno.h>
#include <kernel/core/device.h>
#include <kernel/core/fmt.h>
#include <kernel/core/gpio.h>
#include <kernel/drivers/drivers.h>
#include <kernel/mm/kmem.h>

enum {
    DATA = 0x000, /* address bits 9:2 say which pins */
    DIR = 0x400,
    IS = 0x404,
    IBE = 0x408,
    IM = 0x410,
    MIS = 0x418,
    ICR = 0x41c,
    PUR = 0x510,
    DEN = 0x51c,
    REGS_SIZE = 0x1000,
};

struct pl061 {
    struct io io;
    struct gpio_port port;
};

static void
change(struct pl061 *p, uint32_t reg, unsigned bit, bool on)
{
    uint32_t v = io_read32(&p->io, reg) & 0xff & ~(uint32_t)BIT(bit);

    io_write32(&p->io, reg, v | (on ? (uint32_t)BIT(bit) : 0));
}

static void
pl061_set(struct gpio_port *port, unsigned bit, bool level)
{
    struct pl061 *p = port->driver;

    io_write32(&p->io, DATA + ((uint32_t)BIT(bit) << 2), level ? (uint32_t)BIT(bit) : 0);
}

static bool
pl061_get(struct gpio_port *port, unsigned bit)
{
    struct pl061 *p = port->driver;

    return (io_read32(&p->io, DATA + ((uint32_t)BIT(bit) << 2)) & BIT(bit)) != 0;
}

static void
pl061_output(struct gpio_port *port, unsigned bit, bool level)
{
    struct pl061 *p = port->driver;

    change(p, IM, bit, false);
    pl061_set(port, bit, level); /* for a pin that is an output already: without a glitch */
    change(p, DIR, bit, true);
    pl061_set(port, bit, level); /* a pin that was an input has not taken it */
    change(p, DEN, bit, true);
}

static void
pl061_input(struct gpio_port *port, unsigned bit, bool pull_up, bool interrupt)
{
    struct pl061 *p = port->driver;

    change(p, IM, bit, false);
    change(p, DIR, bit, false);
    change(p, PUR, bit, pull_up);
    change(p, DEN, bit, true);
    change(p, IS, bit, false);
    change(p, IBE, bit, true);
    io_write32(&p->io, ICR, (uint32_t)BIT(bit)); /* what the changes above looked like */
    change(p, IM, bit, interrupt);
}

static const struct gpio_ops pl061_ops = {
    .output = pl061_output, .input = pl061_input, .set = pl061_set, .get = pl061_get
};

static void
pl061_irq(void *arg)
{
    struct pl061 *p = arg;
    uint32_t pins = io_read32(&p->io, MIS) & 0xff;

    /* Acknowledge first: an edge that comes while the handlers run must be able to raise the line again. */
    io_write32(&p->io, ICR, pins);
    for (unsigned bit = 0; bit < GPIO_PORT_PINS; bit++) {
        if ((pins & BIT(bit)) != 0)
            gpio_changed(&p->port, bit);
    }
}

static int
pl061_attach(struct device *dev)
{
    struct pl061 *p;
    int rc;

    if (dev->io[0].size < REGS_SIZE)
        return -ENODEV;
    p = kmem_alloc(sizeof *p);
    if (p == NULL)
        return -ENOMEM;
    *p = (struct pl061){ .io = dev->io[0],
                         .port = { .name = dev->name, .ops = &pl061_ops, .driver = p } };
    io_write32(&p->io, IM, 0);
    io_write32(&p->io, ICR, 0xff);
    rc = hal_irq_attach(dev->irq, pl061_irq, p);
    if (rc < 0)
        goto free;
    rc = gpio_add(&p->port);
    if (rc < 0)
        goto detach;
    dev->state = p;
    return 0;
detach:
    hal_irq_detach(dev->irq, pl061_irq, p);
free:
    kmem_free(p);
    return rc;
}

static const char *const compatible[] = { "arm,pl061", NULL };

const struct driver driver_gpio_pl061 = { .name = "gpio_pl061",
                                          .compatible = compatible,
                                          .attach = pl061_attach };

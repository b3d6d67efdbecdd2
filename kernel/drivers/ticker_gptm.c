/* Driver for the general-purpose timers of the LM3S6965 (LM3S6965 data sheet, chapter 9): each module as one periodic timer of 32 bits.
 *
 * Not used: one-shot, halves of 16 bits, real-time clock, capture and PWM, the trigger of the ADC. */
#include <hal/irq.h>
#include <kernel/abi/errno.h>
#include <kernel/core/device.h>
#include <kernel/core/ticker.h>
#include <kernel/drivers/drivers.h>
#include <kernel/mm/kmem.h>

enum {
    CFG = 0x00, /* 0: timers A and B are one */
    TAMR = 0x04,
    CTL = 0x0c,
    IMR = 0x18,
    MIS = 0x20,
    ICR = 0x24,
    TAILR = 0x28,
    REGISTERS = 0x50,
};

#define TAMR_PERIODIC 2u
#define CTL_TAEN      BIT(0)
#define INT_TATO      BIT(0)

enum { US_PER_S = 1000000 };

struct gptm {
    struct io io;
    uint32_t hz;
    struct ticker ticker;
};

static void
gptm_stop(struct ticker *t)
{
    struct gptm *g = t->driver;

    io_write32(&g->io, CTL, 0);
    io_write32(&g->io, ICR, INT_TATO); /* one that is due is not of the next period */
}

/* 9.3.1: disabled while it is told what to do.  It reloads with the tick after 0. */
static void
gptm_start(struct ticker *t, uint32_t period_us)
{
    struct gptm *g = t->driver;

    gptm_stop(t);
    io_write32(&g->io, CFG, 0);
    io_write32(&g->io, TAMR, TAMR_PERIODIC);
    io_write32(&g->io, TAILR, (uint32_t)((uint64_t)period_us * g->hz / US_PER_S - 1));
    io_write32(&g->io, IMR, INT_TATO);
    io_write32(&g->io, CTL, CTL_TAEN);
}

static const struct ticker_ops gptm_ops = { .start = gptm_start, .stop = gptm_stop };

static void
gptm_irq(void *arg)
{
    struct gptm *g = arg;

    if ((io_read32(&g->io, MIS) & INT_TATO) == 0)
        return;
    io_write32(&g->io, ICR, INT_TATO);
    ticker_struck(&g->ticker);
}

static int
gptm_attach(struct device *dev)
{
    struct gptm *g;
    int rc;

    if (dev->io[0].size < REGISTERS || dev->hz < US_PER_S)
        return -ENODEV;
    g = kmem_alloc(sizeof *g);
    if (g == NULL)
        return -ENOMEM;
    *g = (struct gptm){ .io = dev->io[0],
                        .hz = dev->hz,
                        .ticker = { .ops = &gptm_ops,
                                    .driver = g,
                                    .max_us =
                                        (uint32_t)((uint64_t)UINT32_MAX * US_PER_S / dev->hz) } };
    gptm_stop(&g->ticker);
    rc = hal_irq_attach(dev->irq, gptm_irq, g);
    if (rc < 0)
        goto free;
    rc = ticker_add(&g->ticker);
    if (rc < 0)
        goto detach;
    dev->state = g;
    return 0;
detach:
    hal_irq_detach(dev->irq, gptm_irq, g);
free:
    kmem_free(g);
    return rc;
}

static const char *const compatible[] = { "luminary,gptm", NULL };

const struct driver driver_ticker_gptm = { .name = "ticker_gptm",
                                           .compatible = compatible,
                                           .attach = gptm_attach };

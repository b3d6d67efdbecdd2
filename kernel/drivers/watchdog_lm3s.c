/* Driver for the watchdog timer of the LM3S6965 (LM3S6965 data sheet, chapter 10).
 *
 * The counter runs to zero twice before it resets the machine; its interrupt at the first time is not used: to clear it is the sign of life.
 * What was started can only be stopped by a reset.  Between accesses the registers are locked against stray writes. */
#include <kernel/abi/errno.h>
#include <kernel/core/device.h>
#include <kernel/core/watchdog.h>
#include <kernel/drivers/drivers.h>
#include <kernel/mm/kmem.h>

enum {
    WDTLOAD = 0x000,
    WDTVALUE = 0x004,
    WDTCTL = 0x008,
    WDTICR = 0x00c,
    WDTRIS = 0x010,
    WDTLOCK = 0xc00,
    REGISTERS = 0xc04,
};

#define CTL_INTEN BIT(0)
#define CTL_RESEN BIT(1)
#define KEY       0x1acce551u

enum { PERIODS = 2 };

struct lm3s_watchdog {
    struct io io;
    uint32_t hz;
    struct watchdog watchdog;
};

static void
unlock(struct lm3s_watchdog *d)
{
    io_write32(&d->io, WDTLOCK, KEY);
}

static void
lock(struct lm3s_watchdog *d)
{
    io_write32(&d->io, WDTLOCK, 0);
}

static void
lm3s_start(struct watchdog *w, uint32_t seconds)
{
    struct lm3s_watchdog *d = w->driver;

    unlock(d);
    io_write32(&d->io, WDTICR, 0); /* a first time-out of before is not one of now */
    io_write32(&d->io, WDTLOAD, (uint32_t)((uint64_t)seconds * d->hz / PERIODS - 1));
    io_write32(&d->io, WDTCTL, CTL_INTEN | CTL_RESEN);
    lock(d);
}

static void
lm3s_ping(struct watchdog *w)
{
    struct lm3s_watchdog *d = w->driver;

    unlock(d);
    io_write32(&d->io, WDTICR, 0);
    lock(d);
}

static uint32_t
lm3s_left(struct watchdog *w)
{
    struct lm3s_watchdog *d = w->driver;
    uint32_t left = io_read32(&d->io, WDTVALUE) / d->hz;

    return (io_read32(&d->io, WDTRIS) & 1) != 0 ? left : left + w->timeout_s / PERIODS;
}

static const struct watchdog_ops lm3s_ops = { .start = lm3s_start,
                                              .ping = lm3s_ping,
                                              .left = lm3s_left };

static int
lm3s_watchdog_attach(struct device *dev)
{
    struct lm3s_watchdog *d;
    int rc;

    if (dev->io[0].size < REGISTERS || dev->hz < PERIODS)
        return -ENODEV;
    d = kmem_alloc(sizeof *d);
    if (d == NULL)
        return -ENOMEM;
    *d = (struct lm3s_watchdog){
        .io = dev->io[0],
        .hz = dev->hz,
        .watchdog = { .ops = &lm3s_ops, .driver = d, .max_s = UINT32_MAX / dev->hz * PERIODS }
    };
    rc = watchdog_add(&d->watchdog);
    if (rc < 0) {
        kmem_free(d);
        return rc;
    }
    dev->state = d;
    return 0;
}

static const char *const compatible[] = { "luminary,watchdog", NULL };

const struct driver driver_watchdog_lm3s = { .name = "watchdog_lm3s",
                                             .compatible = compatible,
                                             .attach = lm3s_watchdog_attach };

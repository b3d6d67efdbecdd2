/* Watchdogs: a machine whose programs no longer say that they live is reset.  Between the driver (kernel/drivers/watchdog_*.c) and
 * /dev/watchdog (kernel/fs/watchdogdev.c). */
#pragma once

#include <kernel/core/lock.h>
#include <kernel/core/timer.h>

enum { WATCHDOG_DEFAULT_S = 30 };

struct watchdog;

struct watchdog_ops {
    /* Reset the machine when `seconds` have passed without a ping; from now on, whether it ran or not. */
    void (*start)(struct watchdog *w, uint32_t seconds);
    void (*ping)(struct watchdog *w);
    uint32_t (*left)(struct watchdog *w); /* seconds to the reset */
};

/* The driver fills in ops, driver and max_s; it is called with the lock held.  It cannot be stopped: when no program has it any more and
 * wants it to stop, the kernel pings. */
struct watchdog {
    const struct watchdog_ops *ops;
    void *driver;
    uint32_t max_s; /* seconds */
    uint32_t timeout_s;
    bool running, open, closing; /* closing: the magic byte came last */
    struct timer keeper;
    struct irqlock lock;
};

/* The struct is the driver's and stays.  -EBUSY: there is one already; -ENOMEM. */
int must_check watchdog_add(struct watchdog *w);

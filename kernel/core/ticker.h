/* Hardware timers that strike again and again, between their drivers and /dev/timer0... (kernel/fs/tickerdev.c). */
#pragma once

#include <kernel/core/lock.h>
#include <kernel/core/wait.h>

enum { TICKER_MIN_US = 100 /* what a slow processor can serve */, TICKER_TEXT = 12 };

struct ticker;

struct ticker_ops {
    /* Strike every `period_us` microseconds, from now on, whether it ran or not; ticker_struck() each time. */
    void (*start)(struct ticker *t, uint32_t period_us);
    void (*stop)(struct ticker *t);
};

/* The driver fills in ops, driver and max_us; it is called with the lock held. */
struct ticker {
    const struct ticker_ops *ops;
    void *driver;
    uint32_t max_us;
    unsigned number; /* the n of /dev/timern */
    bool running;
    uint32_t count; /* of strikes that nobody has read */
    struct waitq wait;
    struct irqlock lock;
    char file[8];
    char text[TICKER_TEXT]; /* what is being read */
    uint8_t text_at, text_len;
    struct ticker *_Nullable next;
};

/* The struct is the driver's and stays.  -ENOMEM. */
int must_check ticker_add(struct ticker *t);
/* It is time.  Interrupt context. */
void ticker_struck(struct ticker *t);

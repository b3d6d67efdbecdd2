/* Timers: a function called in interrupt context at a point in time. */
#pragma once

#include <hal/irq.h>
#include <kernel/trusted/heap.h>

struct timer {
    struct heap_node node; /* in the heap of pending ones, by deadline */
    void (*fn)(void *arg); /* interrupts off; must not sleep or allocate; may re-arm */
    void *arg;
};

/* What it was armed for last, on the scale of hal_time_now_ns(). */
static inline uint64_t
timer_deadline_ns(const struct timer *t)
{
    return t->node.key;
}

void timer_init(struct timer *t, void (*fn)(void *arg), void *arg);
/* Arm or re-arm.  Thread context.  -ENOMEM: the table of pending timers cannot grow. */
int must_check timer_set(struct timer *t, uint64_t deadline_ns) may_allocate;
/* The same from any context.  -ENOMEM: there is no room (see timer_reserve()); not for one that is armed or just fired. */
int must_check timer_set_reserved(struct timer *t, uint64_t deadline_ns);
void timer_cancel(struct timer *t);
bool timer_armed(const struct timer *t);

/* At boot: the first table of pending timers. */
void timer_table_init(void);
/* Promise room for `n` more armed timers (negative: no longer needed), so that arming them cannot fail.  Thread context. -ENOMEM. */
int must_check timer_reserve(size_t n);
void timer_unreserve(size_t n);
/* Have the deadline interrupt come no later than the next timer and the end of the running thread's time slice.  Interrupts off. */
void timer_program(void) requires_lock(hal_irqs_off);

/* Wall-clock time: seconds and nanoseconds since 1970, from the RTC at boot plus the monotonic clock. */
struct ktime {
    int64_t sec;
    uint32_t nsec;
};
struct ktime time_wall(void);
void time_set_wall(struct ktime t);

/* Timers: a heap, earliest deadline first, in a table that grows in thread context only.
 *
 * The hardware's deadline is moved only when it has to come earlier: a deadline that turns out to be too early costs one
 * interrupt that finds nothing due, a register access at every change would cost more. */
#include <hal/time.h>
#include <hal/upcall.h>
#include <kernel/abi/errno.h>
#include <kernel/core/assert.h>
#include <kernel/core/lock.h>
#include <kernel/core/timer.h>
#include <kernel/mm/kmem.h>
#include <kernel/sched/thread.h>
#include <kernel/trusted/bounds.h>

enum {
    TIMER_TABLE_FIRST = CONFIG_PROC_MAX < 16 ? 4 * CONFIG_PROC_MAX : 64,
    TIMER_SLACK = 16, /* room kept beyond what was promised, for those armed in interrupt context */
    TIMER_BURST = 256, /* timers run in one interrupt */
};
#define NEVER UINT64_MAX

static struct irqlock timer_lock = IRQLOCK_INIT("timer");
static struct heap_node *first_table[TIMER_TABLE_FIRST + 1];
static struct heap pending guarded_by(timer_lock);
static size_t reserved guarded_by(timer_lock);

static uint64_t programmed guarded_by(hal_irqs_off); /* the deadline the hardware has */
static int64_t wall_offset_s;                        /* wall clock minus monotonic clock */
static uint32_t wall_offset_ns;

static struct timer *
timer_of(struct heap_node *n)
{
    return container_of(n, struct timer, node);
}

/* Have room for `want` timers.  Thread context. */
static int
table_grow(size_t want)
{
    irqlock_lock(&timer_lock);

    size_t cap = pending.cap;

    irqlock_unlock(&timer_lock);
    if (cap >= want)
        return 0;
    while (cap < want)
        cap *= 2;

    struct heap_node **bigger = kmem_alloc((cap + 1) * sizeof *bigger);

    if (bigger == NULL)
        return -ENOMEM;
    irqlock_lock(&timer_lock);

    struct heap_node **old = heap_move(&pending, bigger, cap);

    irqlock_unlock(&timer_lock);
    if (old != first_table)
        kmem_free(old);
    return 0;
}

int
timer_reserve(size_t n)
{
    irqlock_lock(&timer_lock);
    reserved += n;

    size_t want = reserved + TIMER_SLACK;

    irqlock_unlock(&timer_lock);
    if (table_grow(want) == 0)
        return 0;
    timer_unreserve(n);
    return -ENOMEM;
}

void
timer_unreserve(size_t n)
{
    irqlock_lock(&timer_lock);
    assert(reserved >= n);
    reserved -= n;
    irqlock_unlock(&timer_lock);
}

void
timer_table_init(void)
{
    irqlock_lock(&timer_lock);
    heap_init(&pending, first_table, TIMER_TABLE_FIRST);
    reserved = 0;
    irqlock_unlock(&timer_lock);

    irqstate_t state = hal_irq_save();

    programmed = NEVER;
    hal_irq_restore(state);
    wall_offset_s = (int64_t)hal_time_boot_epoch_s();
    wall_offset_ns = 0;
}

void
timer_init(struct timer *t, void (*fn)(void *arg), void *arg)
{
    *t = (struct timer){ .fn = fn, .arg = arg };
}

static uint64_t
earliest(void)
{
    irqlock_lock(&timer_lock);

    const struct heap_node *first = heap_first(&pending);
    uint64_t deadline = first != NULL ? first->key : NEVER;

    irqlock_unlock(&timer_lock);
    return deadline;
}

void
timer_program(void)
{
    uint64_t timer = earliest();
    uint64_t slice = sched_slice_end();
    uint64_t deadline = timer < slice ? timer : slice;

    if (deadline < programmed) {
        programmed = deadline;
        hal_time_set_deadline(deadline);
    }
}

int
timer_set(struct timer *t, uint64_t deadline_ns)
{
    if (!heap_linked(&t->node)) {
        irqlock_lock(&timer_lock);

        size_t want = pending.len + TIMER_SLACK;

        irqlock_unlock(&timer_lock);
        if (table_grow(want) < 0)
            return -ENOMEM;
    }
    return timer_set_reserved(t, deadline_ns);
}

int
timer_set_reserved(struct timer *t, uint64_t deadline_ns)
{
    irqlock_lock(&timer_lock);
    if (heap_linked(&t->node))
        heap_remove(&pending, &t->node);

    bool room = heap_insert(&pending, &t->node, deadline_ns);

    irqlock_unlock(&timer_lock);
    if (!room)
        return -ENOMEM;

    irqstate_t state = hal_irq_save();

    timer_program();
    hal_irq_restore(state);
    return 0;
}

void
timer_cancel(struct timer *t)
{
    irqlock_lock(&timer_lock);
    if (heap_linked(&t->node))
        heap_remove(&pending, &t->node);
    irqlock_unlock(&timer_lock);
}

bool
timer_armed(const struct timer *t)
{
    return heap_linked(&t->node);
}

static struct timer *
timer_pop_due(uint64_t now)
{
    irqlock_lock(&timer_lock);

    struct heap_node *first = heap_first(&pending);

    if (first != NULL && first->key <= now)
        heap_remove(&pending, first);
    else
        first = NULL;
    irqlock_unlock(&timer_lock);
    return first != NULL ? timer_of(first) : NULL;
}

void
kernel_timer(void)
{
    irqstate_t state = hal_irq_save();
    uint64_t now = hal_time_now_ns();
    struct timer *t;

    programmed = NEVER;
    for (unsigned n = 0; n < TIMER_BURST && (t = timer_pop_due(now)) != NULL; n++)
        t->fn(t->arg);
    sched_tick(now);
    timer_program();
    hal_irq_restore(state);
}

enum { NS_PER_S = 1000000000 };

struct ktime
time_wall(void)
{
    uint64_t now = hal_time_now_ns();
    uint64_t nsec = now % NS_PER_S + wall_offset_ns;

    return (struct ktime){ .sec = wall_offset_s + (int64_t)(now / NS_PER_S + nsec / NS_PER_S),
                           .nsec = (uint32_t)(nsec % NS_PER_S) };
}

void
time_set_wall(struct ktime t)
{
    uint64_t now = hal_time_now_ns();
    int64_t ns = (int64_t)t.nsec - (int64_t)(now % NS_PER_S);

    wall_offset_s = t.sec - (int64_t)(now / NS_PER_S) - (ns < 0);
    wall_offset_ns = (uint32_t)(ns < 0 ? ns + NS_PER_S : ns);
}

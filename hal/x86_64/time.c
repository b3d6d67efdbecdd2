/* Time: the time stamp counter is the clock, the local APIC's timer the deadline.  Both are measured at boot by the 8254.
 *
 * The counter is taken to run at one speed in all states of the CPU, as it does on every CPU of the last fifteen years. */
#include <hal/time.h>

#include <hal/irq.h>
#include <hal/pc/apic.h>
#include <hal/pc/pc.h>
#include <hal/power.h>
#include <hal/x86_64/cpu.h>
#include <hal/x86_64/trace.h>
#include <hal/x86_64/x86.h>

enum {
    SAMPLES = 5,
    MEASURE_US = 10000,
    READS_MAX = 10000000, /* of the 8254's counter while measuring: it must move */
};
#define NS_PER_S 1000000000ull
/* A panic before the measuring waits too: as if the counter ran at 4 GHz. */
#define NS_PER_TICK_UNMEASURED (1ull << 30)

static struct {
    uint64_t tsc_start;
    uint64_t ns_per_tick; /* of the TSC, 32.32 */
    uint64_t tsc_per_ns;  /* 32.32 */
    uint64_t apic_per_ns; /* ticks of the timer, 32.32 */
    uint64_t deadline_ns;
    uint64_t epoch_s;
    bool tsc_deadline;
} timer = { .deadline_ns = UINT64_MAX, .ns_per_tick = NS_PER_TICK_UNMEASURED };

/* a * b / 2^32 */
static uint64_t
scale(uint64_t a, uint64_t b)
{
    return (uint64_t)((unsigned __int128)a * b >> 32);
}

/* The three clocks at one moment, as well as that can be done. */
struct sample {
    uint64_t tsc;
    uint32_t apic;
    uint16_t pit;
};

static struct sample
take_sample(void)
{
    struct sample best = { 0 };
    uint64_t best_len = UINT64_MAX;

    for (unsigned i = 0; i < SAMPLES; i++) {
        uint64_t t0 = x86_rdtsc();
        uint32_t apic = lapic_timer_left();
        uint16_t pit = pit_8254_count();
        uint64_t len = x86_rdtsc() - t0;

        if (len < best_len) {
            best_len = len;
            best = (struct sample){ .tsc = t0 + len / 2, .apic = apic, .pit = pit };
        }
    }
    return best;
}

static void
measure(uint32_t pit_hz)
{
    const uint32_t ticks = (uint32_t)((uint64_t)pit_hz * MEASURE_US / 1000000);
    struct sample from, to;
    unsigned reads = 0;

    lapic_timer_start(UINT32_MAX);
    pit_8254_run();
    from = take_sample();
    while ((uint16_t)(from.pit - pit_8254_count()) < ticks)
        if (++reads == READS_MAX)
            hal_panic("the 8254 does not count");
    to = take_sample();
    lapic_timer_start(0);
    pit_8254_stop();

    uint64_t pit = (uint16_t)(from.pit - to.pit);
    uint64_t tsc_hz = (to.tsc - from.tsc) * pit_hz / pit;
    uint64_t apic_hz = (uint64_t)(from.apic - to.apic) * pit_hz / pit;

    timer.ns_per_tick = (NS_PER_S << 32) / tsc_hz;
    timer.tsc_per_ns = (uint64_t)(((unsigned __int128)tsc_hz << 32) >> 9) / (NS_PER_S >> 9);
    timer.apic_per_ns = (uint64_t)(((unsigned __int128)apic_hz << 32) >> 9) / (NS_PER_S >> 9);
}

void
x86_time_init(const struct board *board)
{
    const struct board_dev *pit = x86_board_find(board, "intel,i8254");
    const struct board_dev *rtc = x86_board_find(board, "motorola,mc146818");

    if (pit == NULL)
        hal_panic("the board has no timer");
    struct io pit_io = { .base = pit->base, .size = pit->size, .space = IO_PORT };
    pit_8254_init(&pit_io, pit->hz);
    timer.tsc_start = x86_rdtsc();
    measure(pit->hz);
    timer.tsc_deadline = x86_features.tsc_deadline && !x86_trace_active();
    if (timer.tsc_deadline)
        lapic_timer_use_tsc_deadline();
    else
        lapic_timer_mask(false);
    if (rtc != NULL) {
        struct io rtc_io = { .base = rtc->base, .size = rtc->size, .space = IO_PORT };
        uint64_t up_s = hal_time_now_ns() / NS_PER_S;

        timer.epoch_s = rtc_mc146818_read(&rtc_io);
        timer.epoch_s = timer.epoch_s > up_s ? timer.epoch_s - up_s : 0;
    }
}

static void
arm(uint64_t now)
{
    uint64_t ns = timer.deadline_ns > now ? timer.deadline_ns - now : 0;

    if (timer.tsc_deadline) {
        x86_wrmsr(MSR_TSC_DEADLINE, timer.tsc_start + scale(timer.deadline_ns, timer.tsc_per_ns) + 1);
        return;
    }

    /* In steps of a second: no timer counts fast enough to need more than 32 bits for that. */
    uint64_t ticks = scale(ns < NS_PER_S ? ns : NS_PER_S, timer.apic_per_ns) + 1;

    lapic_timer_start(ticks < UINT32_MAX ? (uint32_t)ticks : UINT32_MAX);
}

void
x86_timer_interrupt(void)
{
    uint64_t now = hal_time_now_ns();

    if (timer.deadline_ns == UINT64_MAX)
        return;
    if (now < timer.deadline_ns) { /* further away than the timer can count, or the two clocks differ */
        arm(now);
        return;
    }
    timer.deadline_ns = UINT64_MAX;
    kernel_timer();
}

uint64_t
hal_time_now_ns(void)
{
    return scale(x86_rdtsc() - timer.tsc_start, timer.ns_per_tick);
}

uint64_t
hal_time_boot_epoch_s(void)
{
    return timer.epoch_s;
}

void
hal_time_set_deadline(uint64_t deadline_ns)
{
    irqstate_t s = hal_irq_save();
    bool was = timer.deadline_ns != UINT64_MAX;

    if (deadline_ns == timer.deadline_ns) {
        hal_irq_restore(s); /* it is armed */
        return;
    }
    timer.deadline_ns = deadline_ns;
    if (deadline_ns != UINT64_MAX)
        arm(hal_time_now_ns());
    else if (was && timer.tsc_deadline)
        x86_wrmsr(MSR_TSC_DEADLINE, 0);
    else if (was)
        lapic_timer_start(0);
    hal_irq_restore(s);
}

void
hal_time_delay_ns(uint64_t ns)
{
    uint64_t from = hal_time_now_ns();

    while (hal_time_now_ns() - from < ns)
        x86_pause();
}

/* SysTick (DDI 0403E, B3.3) as a clock and an alarm, by struct io.
 *
 * The counter runs down from LOAD to 0 and starts again; COUNTFLAG says that it did, once, to whoever reads it.  The clock is the sum
 * of the periods that are over and what the running one has counted.  A period is never shorter than PERIOD_MIN, so that no two can
 * end while interrupts are off.  Starting a new period costs RESTART_TICKS that nobody counts. */
#include <hal/cortex_m/cortex_m.h>

enum {
    CSR = 0x0,
    RVR = 0x4,
    CVR = 0x8,
    PERIOD_MIN = 5000,
    PERIOD_MAX = 1 << 24,
    RESTART_TICKS = 2
};

#define CSR_ENABLE    BIT(0)
#define CSR_TICKINT   BIT(1)
#define CSR_CLKSOURCE BIT(2)
#define CSR_COUNTFLAG BIT(16)

static struct {
    struct io io;
    uint64_t before; /* ticks of the periods that are over */
    uint32_t period;
} clock;

static void
start(uint32_t period)
{
    clock.period = period;
    io_write32(&clock.io, RVR, period - 1);
    io_write32(&clock.io, CVR, 0); /* and COUNTFLAG */
}

void
systick_init(const struct io *io)
{
    clock.io = *io;
    start(PERIOD_MAX);
    io_write32(&clock.io, CSR, CSR_ENABLE | CSR_TICKINT | CSR_CLKSOURCE);
}

/* With interrupts off. */
uint64_t
systick_now(void)
{
    uint32_t left = io_read32(&clock.io, CVR);

    if ((io_read32(&clock.io, CSR) & CSR_COUNTFLAG) != 0) {
        clock.before += clock.period;
        left = io_read32(&clock.io, CVR);
    }
    return clock.before + (left == 0 ? 0 : clock.period - left);
}

void
systick_alarm(uint64_t now, uint32_t wait)
{
    clock.before = now + RESTART_TICKS;
    start(wait < PERIOD_MIN ? PERIOD_MIN : wait < PERIOD_MAX ? wait : PERIOD_MAX);
}

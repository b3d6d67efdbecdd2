/* Time: SysTick's ticks in nanoseconds. */
#include <hal/time.h>

#include <hal/cortex_m/cortex_m.h>
#include <hal/irq.h>
#include <hal/upcall.h>

#define NS_PER_S 1000000000u

static uint32_t ns_per_tick; /* board clocks here divide a second into whole nanoseconds */
static uint64_t deadline_ns = UINT64_MAX;

void
cm_time_init(const struct board *board)
{
    struct io io = cm_board_io(board, "arm,armv7m-systick");

    ns_per_tick = NS_PER_S / cm_board_find(board, "arm,armv7m-systick")->hz;
    systick_init(&io);
}

uint64_t
hal_time_now_ns(void)
{
    irqstate_t s = hal_irq_save();
    uint64_t now = systick_now() * ns_per_tick;

    hal_irq_restore(s);
    return now;
}

static void
arm(void)
{
    uint64_t now = systick_now(), now_ns = now * ns_per_tick;
    uint64_t wait_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;

    /* Longer than any period either way, and the processor can divide 32 bits. */
    systick_alarm(now, (wait_ns < UINT32_MAX ? (uint32_t)wait_ns : UINT32_MAX) / ns_per_tick + 1);
}

void
cm_tick(void)
{
    uint64_t now = hal_time_now_ns();

    if (deadline_ns == UINT64_MAX || now < deadline_ns) {
        arm();
        return;
    }
    deadline_ns = UINT64_MAX;
    kernel_timer();
    if (deadline_ns == UINT64_MAX)
        arm();
}

void
hal_time_set_deadline(uint64_t ns)
{
    irqstate_t s = hal_irq_save();

    if (ns != deadline_ns) {
        deadline_ns = ns;
        arm();
    }
    hal_irq_restore(s);
}

uint64_t
hal_time_boot_epoch_s(void)
{
    return 0;
}

void
hal_time_delay_ns(uint64_t ns)
{
    uint64_t from = hal_time_now_ns();

    while (hal_time_now_ns() - from < ns)
        ;
}

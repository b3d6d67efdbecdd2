/* Time: the machine's virtual clock, and the board's timer for deadlines. */
#include <hal/irq.h>
#include <hal/power.h>
#include <hal/time.h>

#include "host.h"
#include "machine.h"

static struct {
    uint64_t deadline_ns;
    uint64_t epoch_s;
    uint64_t slice_ns; /* of the user code that runs */
    bool armed;        /* the counter runs towards an interrupt */
} timer = { .deadline_ns = UINT64_MAX };

static void
arm(void)
{
    uint64_t now = hal_time_now_ns();

    timer.armed = true;
    host_timer_arm(timer.deadline_ns > now ? timer.deadline_ns - now : 0);
}

static void
timer_irq(void *arg unused_param)
{
    timer.armed = false;
    if (timer.deadline_ns == UINT64_MAX)
        return;
    if (hal_time_now_ns() < timer.deadline_ns) { /* further away than the counter can count */
        arm();
        return;
    }
    timer.deadline_ns = UINT64_MAX;
    kernel_timer();
}

void
host_time_init(const struct board *board)
{
    uint64_t up_s, now_s;

    if (hal_irq_attach(host_timer_init(board), timer_irq, NULL) != 0)
        hal_panic("the timer's interrupt cannot be attached");
    now_s = host_clock_read(board);
    up_s = hal_time_now_ns() / 1000000000u;
    timer.epoch_s = now_s > up_s ? now_s - up_s : 0;
}

uint64_t
hal_time_now_ns(void)
{
    return sim_now(host.sim);
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

    timer.deadline_ns = deadline_ns;
    if (deadline_ns != UINT64_MAX) {
        arm();
    } else if (timer.armed) {
        timer.armed = false;
        host_timer_stop();
    }
    hal_irq_restore(s);
}

/* A clock that follows the host's runs ahead for so short a time, instead of keeping the host busy. */
void
hal_time_delay_ns(uint64_t ns)
{
    sim_advance_to(host.sim, sim_now(host.sim) + ns);
    host_check_end();
    host_deliver();
}

/* With a clock of its own the machine knows nothing of the host's time: a slice is charged as what it was to be, whatever it took, and is so
 * long that what stops by itself is not cut. */
uint64_t
host_slice_ns(void *arg unused_param)
{
    uint64_t next = sim_next_event_ns(host.sim), now = sim_now(host.sim);
    uint64_t slice = next == SIM_NEVER ? UINT64_MAX : next > now ? next - now : 0;

    if (host.hooks.clock == NULL && slice < host.slice_min_ns)
        slice = host.slice_min_ns;
    timer.slice_ns = slice < host.slice_max_ns ? slice : host.slice_max_ns;
    return timer.slice_ns;
}

bool
host_user_tick(void *arg unused_param, bool preempted)
{
    return host_user_spent(preempted ? timer.slice_ns : host.syscall_ns, preempted);
}

bool
host_user_spent(uint64_t ns, bool preempted)
{
    sim_charge(host.sim, ns);
    if (preempted && host.hooks.poll != NULL)
        host.hooks.poll(host.hooks.arg);
    host_check_end();
    return host_deliver();
}

/* Interrupts of the hosted CPU: the modelled controller's INTR pin, looked at after register accesses, when interrupts are
 * switched on, while idle and when user code stops. */
#include <hal/irq.h>
#include <hal/irq_lines.h>
#include <hal/power.h>
#include <sim/irq.h>

#include "host.h"
#include "machine.h"

enum { LEAD_MAX_NS = 5000000 };

static bool enabled;

static void
dispatch(unsigned line)
{
    if (!host_intc_begin(line))
        return;
    irq_lines_serve(line);
    host_intc_end(line);
}

bool
host_deliver(void)
{
    bool any = false;

    while (enabled && sim_cpu_intr_pending(host.sim)) {
        enabled = false;

        int vector = sim_cpu_intr_ack(host.sim), line = host_intc_line(vector);

        if (line >= 0 && (unsigned)line < irq_lines_count())
            dispatch((unsigned)line);
        else if (vector >= 0)
            hal_panic("interrupt with a vector nobody programmed");
        enabled = true;
        any = true;
    }
    return any;
}

void
host_irq_init(const struct board *board)
{
    host_intc_init(board);
    irq_lines_init(host_intc_lines());
}

void
irq_line_enable(unsigned line, bool on)
{
    host_intc_mask(line, !on);
}

irqstate_t
hal_irq_save(void) no_tsa
{
    irqstate_t was = enabled;

    enabled = false;
    return was;
}

void
hal_irq_restore(irqstate_t state) no_tsa
{
    enabled = state != 0;
    if (enabled)
        host_deliver();
}

bool
hal_irq_enabled(void)
{
    return enabled;
}

/* The clock may run ahead of the host's by a little, which catches up with it: short waits for a device, of which a boot has many, are not
 * slept through. */
static bool
may_run_ahead(uint64_t until_ns)
{
    return host.hooks.clock != NULL && until_ns != SIM_NEVER &&
           until_ns <= host.hooks.clock(host.hooks.arg) + LEAD_MAX_NS;
}

void
hal_irq_wait(void) no_tsa
{
    enabled = true;
    while (!host_deliver()) {
        uint64_t next = sim_next_event_ns(host.sim);

        if (may_run_ahead(next)) {
            if (host.hooks.poll != NULL)
                host.hooks.poll(host.hooks.arg);
            sim_advance_to(host.sim, next);
            host_check_end();
            continue;
        }
        bool outside = host.hooks.idle != NULL && host.hooks.idle(host.hooks.arg, next);

        if (next == SIM_NEVER && !outside) {
            static const char msg[] =
                "drydock: deadlock: the machine is idle and nothing is pending\n";

            hal_log_write(msg, sizeof msg - 1);
            host.hooks.exit(host.hooks.arg, HOST_EXIT_DEADLOCK);
        }
        if (host.hooks.clock != NULL)
            sim_charge(host.sim, 0);
        else if (next != SIM_NEVER)
            sim_advance_to(host.sim, next);
        host_check_end();
    }
    enabled = false;
}

/* Interrupts of the hosted CPU: the modelled controller's INTR pin, looked at after register accesses, when interrupts are
 * switched on, while idle and when user code stops. */
#include <hal/irq.h>
#include <hal/power.h>
#include <sim/irq.h>

#include "host.h"
#include "machine.h"

enum { ATTACH_MAX = 32, LEAD_MAX_NS = 5000000, EINVAL = 22, ENOMEM = 12 };

struct hal_irqs_off_cap hal_irqs_off;

static struct {
    bool enabled;
    unsigned lines;
    uint64_t count[HOST_LINES_MAX];
    struct attach {
        unsigned line;
        void (*handler)(void *arg);
        void *arg;
    } attach[ATTACH_MAX];
    unsigned attached;
} irq;

static void
dispatch(unsigned line)
{
    if (!host_intc_begin(line))
        return;
    irq.count[line]++;
    for (unsigned i = 0; i < irq.attached; i++)
        if (irq.attach[i].line == line)
            irq.attach[i].handler(irq.attach[i].arg);
    host_intc_end(line);
}

bool
host_deliver(void)
{
    bool any = false;

    while (irq.enabled && sim_cpu_intr_pending(host.sim)) {
        irq.enabled = false;

        int vector = sim_cpu_intr_ack(host.sim), line = host_intc_line(vector);

        if (line >= 0 && (unsigned)line < irq.lines)
            dispatch((unsigned)line);
        else if (vector >= 0)
            hal_panic("interrupt with a vector nobody programmed");
        irq.enabled = true;
        any = true;
    }
    return any;
}

void
host_irq_init(const struct board *board)
{
    host_intc_init(board);
    irq.lines = host_intc_lines();
}

irqstate_t
hal_irq_save(void) no_tsa
{
    irqstate_t was = irq.enabled;

    irq.enabled = false;
    return was;
}

void
hal_irq_restore(irqstate_t state) no_tsa
{
    irq.enabled = state != 0;
    if (irq.enabled)
        host_deliver();
}

bool
hal_irq_enabled(void)
{
    return irq.enabled;
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
    irq.enabled = true;
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
    irq.enabled = false;
}

int
hal_irq_attach(unsigned line, void (*handler)(void *arg), void *arg)
{
    irqstate_t s;

    if (line >= irq.lines)
        return -EINVAL;
    if (irq.attached == ATTACH_MAX)
        return -ENOMEM;
    s = hal_irq_save();
    irq.attach[irq.attached++] = (struct attach){ line, handler, arg };
    host_intc_mask(line, false);
    hal_irq_restore(s);
    return 0;
}

void
hal_irq_detach(unsigned line, void (*handler)(void *arg), void *arg)
{
    irqstate_t s = hal_irq_save();
    unsigned kept = 0, on_line = 0;

    for (unsigned i = 0; i < irq.attached; i++) {
        struct attach *a = &irq.attach[i];

        if (a->line == line && a->handler == handler && a->arg == arg)
            continue;
        on_line += a->line == line;
        irq.attach[kept++] = *a;
    }
    irq.attached = kept;
    if (line < irq.lines && on_line == 0)
        host_intc_mask(line, true);
    hal_irq_restore(s);
}

void
hal_irq_mask(unsigned line)
{
    irqstate_t s = hal_irq_save();

    if (line < irq.lines)
        host_intc_mask(line, true);
    hal_irq_restore(s);
}

void
hal_irq_unmask(unsigned line)
{
    irqstate_t s = hal_irq_save();

    if (line < irq.lines)
        host_intc_mask(line, false);
    hal_irq_restore(s);
}

uint64_t
hal_irq_count(unsigned line)
{
    return line < irq.lines ? irq.count[line] : 0;
}

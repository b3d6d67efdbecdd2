/* User mode of the hosted Cortex-M boards: what hal/cortex_m/entry.S does on the board, with the interpreter in place of the processor.
 * hal/cortex_m/user.c and space.c work on it as they do there, the MPU's model holds what mpu.c writes to it.
 *
 * Programs see the board's memory map: flash from 0, RAM from 0x20000000.  Virtual time goes on by one cycle of the board's clock for
 * each instruction.
 */
#include <errno.h>

#include <hal/cortex_m/cortex_m.h>
#include <hal/power.h>
#include <hal/space.h>

#include "host.h"
#include "machine.h"
#include "user.h"
#include "user_interp.h"

enum { NS_PER_S = 1000000000 };

static struct {
    struct host_user_config config;
    struct host_user_stats stats;
    uint64_t ns_per_insn;
    struct armv7m_core core;
} interp;

int
host_user_init(const struct host_user_config *config)
{
    if (config->backend != HOST_USER_AUTO && config->backend != HOST_USER_INTERP)
        return -ENOSYS;
    if (!armv7m_core_init(&interp.core, host.sim))
        return -ENODEV;
    interp.config = *config;
    interp.ns_per_insn = NS_PER_S / cm_board_find(host_machine.board, "arm,armv7m-nvic")->hz;
    host.slice_min_ns = 0; /* a slice ends at the very instruction */
    return 0;
}

void
host_user_fini(void)
{
}

enum host_user_backend
host_user_backend(void)
{
    return HOST_USER_INTERP;
}

void
host_user_stats(struct host_user_stats *out)
{
    *out = interp.stats;
}

struct armv7m_core *
interp_core(void)
{
    return &interp.core;
}

/* An interrupt is served where it comes, and ends the stretch as PendSV does on the board. */
void
cm_user_enter(void)
{
    unsigned exception = 0;
    bool irq = false;

    armv7m_core_return(&interp.core, cm_switch.high, cm_switch.psp);
    while (exception == 0 && !irq) {
        uint64_t budget = host_slice_ns(interp.config.arg) / interp.ns_per_insn;
        uint64_t ran = armv7m_core_run(&interp.core, budget > 0 ? budget : 1, &exception);
        uint64_t ns = ran * interp.ns_per_insn + (exception != 0 ? host.syscall_ns : 0);

        irq = host_user_spent(ns, exception == 0);
        interp.stats.kicks += irq;
    }
    interp.stats.stops++;
    cm_switch.exception = armv7m_core_enter(&interp.core, exception != 0 ? exception : EXC_PENDSV,
                                            cm_switch.high, &cm_switch.psp);
}

/* --- the memory map --- */

void *
hal_phys_ptr(paddr_t pa)
{
    size_t left;
    void *p = pa.v <= UINT32_MAX ? armv7m_core_at(&interp.core, (uint32_t)pa.v, &left) : NULL;

    if (p == NULL)
        hal_panic("a physical address where there is no memory");
    return p;
}

paddr_t
hal_ptr_phys(const void *p)
{
    uint32_t addr = 0;

    if (!armv7m_core_address(&interp.core, p, &addr))
        hal_panic("a pointer to no memory of the board");
    return paddr(addr);
}

/* The end of a hosted run, the kernel's raw log, and booting. */
#include <string.h>

#include <hal/irq.h>
#include <hal/power.h>
#include <hal/upcall.h>
#include <sim/ram.h>

#include "host.h"
#include "machine.h"
#include "sanitizer.h"

struct host host = {
    .limit_ns = SIM_NEVER, .syscall_ns = 10000, .slice_max_ns = 10000000, .slice_min_ns = 4000000
};

void
hal_power_off(int code)
{
    host.hooks.exit(host.hooks.arg, code);
}

void
hal_reboot(void)
{
    static const char msg[] = "drydock: the machine was reset\n";

    hal_log_write(msg, sizeof msg - 1);
    host.hooks.exit(host.hooks.arg, HOST_EXIT_OK);
}

/* Stacks are large here. */
void
hal_panic_on_stack(void (*fn)(void *arg), void *arg)
{
    fn(arg);
    __builtin_unreachable();
}

void
hal_panic(const char *msg)
{
    static bool again;

    hal_log_write("drydock: kernel panic: ", 23);
    hal_log_write(msg, strlen(msg));
    hal_log_write("\n", 1);
    if (!again) {
        again = true;
        sanitizer_print_backtrace();
    }
    host.hooks.exit(host.hooks.arg, HOST_EXIT_PANIC);
}

void
hal_log_write(const char *text, size_t len)
{
    if (host.hooks.log != NULL)
        host.hooks.log(host.hooks.arg, text, len);
}

void
host_check_end(void)
{
    int code;

    switch (sim_ended(host.sim, &code)) {
    case SIM_RUNNING:
        break;
    case SIM_END_VIOLATION:
        host.hooks.exit(host.hooks.arg, HOST_EXIT_VIOLATION);
    default:
        host.hooks.exit(host.hooks.arg, code);
    }
    if (host.limit_ns != SIM_NEVER && sim_now(host.sim) >= host.limit_ns) {
        static const char msg[] = "drydock: the limit of virtual time is reached\n";

        hal_log_write(msg, sizeof msg - 1);
        host.hooks.exit(host.hooks.arg, HOST_EXIT_TIMEOUT);
    }
}

TRUSTED_BEGIN(mmio)
const struct board_dev *
host_board_find(const struct board *board, const char *compatible)
{
    for (const struct board_dev *d = board->devs; d->compatible != NULL; d++)
        if (strcmp(d->compatible, compatible) == 0)
            return d;
    return NULL;
}
TRUSTED_END

void
host_boot(const struct board *board, const char *cmdline)
{
    struct boot_info boot = {
        .board = board,
        .ram_base = paddr(host_machine.ram_base),
        .ram_size = sim_ram_size(host.sim),
        .cmdline = cmdline,
    };

    host_machine_start(&boot);
    host_irq_init(board);
    host_time_init(board);
    kernel_main(&boot);
}

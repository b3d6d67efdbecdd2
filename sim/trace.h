/* Trace points: every register access has a name, "device.REGISTER". */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sim;

struct sim_trace_entry {
    uint64_t at_ns;
    const char *dev;
    const char *reg;
    bool write;
    unsigned width;
    uint64_t value;
};

/* Report accesses to registers whose name matches one of `globs` (shell patterns, comma separated:
 * "uart0.*,rtc.REG_C"). Replaces what was set before; NULL or "" switches tracing off.  -ENOMEM. */
int sim_trace_set(struct sim *sim, const char *globs,
                  void (*sink)(void *arg, const struct sim_trace_entry *entry), void *arg);

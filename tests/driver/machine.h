/* Driver tests: a PC of models, the hosted HAL, the kernel's base, and the drivers; no processes, no file systems.
 *
 * machine_run() boots that machine and runs `body` in a kernel thread after the devices were attached.  It does not return: the
 * test process exits with 0 when `body` returns, and with HOST_EXIT_VIOLATION when there was a guest error (unless
 * machine_errors_expected was set).  Use it as the last call of a forked Check test. */
#pragma once

#include <kernel/core/blk.h>
#include <kernel/core/device.h>

#include <hal/attr.h>

#include <hal/host/host.h>
#include <sim/image.h>
#include <sim/sim.h>

struct machine_config {
    const struct board *board; /* NULL: the PC */
    struct sim_image *images;  /* memory */
    size_t image_count;
    uint64_t limit_ns;           /* of virtual time; 0: an hour */
    void (*before_attach)(void); /* in the test's thread */
    bool dma_noncoherent;        /* see sim/ram.h */
};

extern bool machine_errors_expected;

/* Not 0: the allocation of this number, from before_attach() on, and those after it fail: so many. */
extern uint64_t machine_fail_at;
extern uint64_t machine_fail_count; /* 1000 */

void machine_run(const struct machine_config *config, void (*body)(void)) noreturn_fn;
/* What the kernel logged. */
const char *machine_log(void);

/* What test_small_scope.c explores: programs compiled with instrumentation (see explore.h). */
#pragma once

#include "explore.h"

/* small_scope_cell.c, built once per port's way of taking a pointer.  Each context takes the cell `rounds` times and adds one to its
 * state; `sleeps`: and gives up the CPU while it has it (threads only). */
struct cell_subject {
    void (*setup)(unsigned rounds, bool sleeps);
    void (*scoped)(unsigned context);  /* cell_with on a CELL */
    void (*carried)(unsigned context); /* cell_take, cell_put on a CELL */
    void (*thread)(unsigned context);  /* cell_with on a CELL_THREAD */
    void (*verify)(void);
};
extern const struct cell_subject cell_subject_x86_64, cell_subject_cortex_m;

/* small_scope_sleep.c: kernel/trusted/lock.c and wait.c. */
struct sleep_scenario {
    const char *name;
    struct explore_program program;
    const char *mistake; /* made on purpose: what the search must find */
};
extern const struct sleep_scenario sleep_scenarios[];
extern const unsigned sleep_scenario_count;

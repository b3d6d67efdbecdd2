/* Fault injection for the kernel's allocators: what --fail-alloc and --fail-report do.
 *
 * A rule is KIND:WHICH[+COUNT], or "off": see --help.  A place is a path of calls: return addresses from the allocator outwards.
 *
 * The report is lines of text.  As it happens: "arm RULE" and "fail KIND PC..." (one for each failure, addresses in hexadecimal,
 * innermost first); at the end: "place KIND COUNT FIRST PC..." for every place that allocated, how often, and as which of the
 * allocations (of either kind, from 1). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIM_FAIL_CALLERS = 16 }; /* return addresses that are kept of a place */

/* A new rule, from now on; -EINVAL: it is none. */
int sim_fail_arm(const char *rule, size_t len);
/* Before the first question; with a report to write, or NULL.  0, or an errno. */
int sim_fail_start(const char *report);
/* Shall this allocation fail, of an object or of pages?  `pcs`: `n` return addresses, the first that of who asks. */
bool sim_fail_ask(bool object, const uintptr_t *pcs, size_t n);
/* The end of the report. */
void sim_fail_report_places(void);

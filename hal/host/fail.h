/* Fault injection for the kernel's allocators: what --fail-alloc and --fail-report do.
 *
 * A rule is KIND:WHICH[+COUNT], or "off": see --help.  A place is a path of calls: return addresses from the allocator outwards.
 *
 * The report is lines of text.  As it happens: "arm RULE" and "fail KIND PC..." (one for each failure, addresses in hexadecimal,
 * innermost first); at the end: "place KIND COUNT FIRST PC..." for every place that allocated, how often, and as which of the
 * allocations (of either kind, from 1). */
#pragma once

#include <hal/types.h>

/* A new rule, from now on; -EINVAL: it is none. */
int must_check host_fail_arm(const char *rule, size_t len);
/* Have the kernel ask; with a report to write, or NULL.  0, or an errno. */
int must_check host_fail_start(const char *report);
/* The end of the report. */
void host_fail_report_places(void);

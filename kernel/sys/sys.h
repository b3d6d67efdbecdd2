/* System calls: the table, and the signature of every sys_<call>.
 *
 * Each takes the six raw arguments and returns a result or negative errno.  sys_<call> checks its arguments, then makes one call
 * inward.  They run in thread context of the calling process (proc_current()), interrupts on, no lock held.
 */
#pragma once

#include <hal/types.h>

struct sysargs {
    uint64_t a[6];
};

typedef int64_t (*sys_fn)(const struct sysargs *args);

/* Are the names of all calls in the kernel, for its log?  SYS_NAMES is 1 or 0. */
#ifdef CONFIG_SYSCALL_NAMES
#define SYS_NAMES                 1
#define SYS_ENTRY(text, function) { .name = { text }, .fn = (function) }
#else
#define SYS_NAMES                 0
#define SYS_ENTRY(text, function) { .fn = (function) }
#endif

struct sys_entry {
    const char *_Nullable name[SYS_NAMES];
    sys_fn fn; /* NULL: known by name only, -ENOSYS */
};

/* By number of the architecture (kernel/sys/table_<arch>.c); NULL: there is none. */
const struct sys_entry *_Nullable sys_find(uint64_t nr);

/* Run one: unknown numbers give -ENOSYS and are logged once each with their name. */
int64_t must_check sys_dispatch(uint64_t nr, const struct sysargs *args);

/* The calls, by file.  X(name) declares sys_name. */
#define SYS_DECLARE(name) int64_t must_check sys_##name(const struct sysargs *args)

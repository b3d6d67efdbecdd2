/* HAL: the end. */
#pragma once

#include <hal/types.h>

/* Switch the machine off.  `code` is the status for whoever runs the machine (hosted: the process's exit code). */
void hal_power_off(int code) noreturn_fn;
void hal_reboot(void) noreturn_fn;

/* A kernel bug: print `msg` where somebody sees it, with a backtrace, and stop.  Hosted: exit code 3. */
void hal_panic(const char *msg) noreturn_fn;

/* Call fn(arg), which does not return, where there is stack enough for the end of the kernel, however little is left of the running
 * thread's.  That one stays as it is. */
void hal_panic_on_stack(void (*fn)(void *arg), void *arg) noreturn_fn;

/* Raw output for the kernel's log before and beside any driver (hosted: the log file or stderr; metal: debug port). */
void hal_log_write(const char *text, size_t len);

/* HAL: the end. */
#pragma once

#include <hal/types.h>

/* Switch the machine off.  `code` is the status for whoever runs the machine (hosted: the process's exit code). */
void hal_power_off(int code) noreturn_fn;
void hal_reboot(void) noreturn_fn;

/* A kernel bug: print `msg` where somebody sees it, with a backtrace, and stop.  Hosted: exit code 3. */
void hal_panic(const char *msg) noreturn_fn;

/* Raw output for the kernel's log before and beside any driver (hosted: the log file or stderr; metal: debug port). */
void hal_log_write(const char *text, size_t len);

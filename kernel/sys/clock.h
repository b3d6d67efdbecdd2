/* Clocks of the ABI: reading them, and turning a program's times into deadlines. */
#pragma once

#include <hal/types.h>
#include <kernel/abi/time.h>

/* The clock's time in ns; -EINVAL: no such clock. */
int must_check clock_read(int32_t clock, int64_t *ns_out);
/* A timespec in user memory as a deadline on the hal_time_now_ns() scale: relative, or absolute on `clock`.  -EFAULT, -EINVAL.
 * A time too far away is "never". */
int must_check clock_read_deadline(int32_t clock, bool absolute, uaddr_t from, uint64_t *deadline_ns);

/* HAL: the clock and the one deadline timer of this CPU. */
#pragma once

#include <hal/types.h>

/* Nanoseconds since boot; monotonic.  Any context. */
uint64_t hal_time_now_ns(void);

/* Seconds since 1970 at boot, from the board's real-time clock; 0 if there is none. */
uint64_t hal_time_boot_epoch_s(void);

/* Call kernel_timer() (hal/upcall.h) from interrupt context at or soon after `deadline_ns`.  Replaces the deadline set
 * before; UINT64_MAX: none.  A deadline in the past fires at once, when interrupts are on. */
void hal_time_set_deadline(uint64_t deadline_ns);

/* Busy-wait (register settling times, below about 100 us). */
void hal_time_delay_ns(uint64_t ns);

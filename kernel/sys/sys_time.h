/* Clocks, sleeping, interval timers. */
#pragma once

#include <kernel/sys/sys.h>

SYS_DECLARE(time);
SYS_DECLARE(adjtimex);
SYS_DECLARE(gettimeofday);
SYS_DECLARE(settimeofday);
SYS_DECLARE(clock_gettime);
SYS_DECLARE(clock_settime);
SYS_DECLARE(clock_getres);
SYS_DECLARE(nanosleep);
SYS_DECLARE(clock_nanosleep);
SYS_DECLARE(restart_syscall);
SYS_DECLARE(alarm);
SYS_DECLARE(setitimer);
SYS_DECLARE(getitimer);

/* Times (time_types.h), and struct rusage. */
#pragma once

#include <abi/types.h>

/* struct __kernel_timespec: with 64 bits on every architecture */
struct timespec_k {
    int64_t tv_sec, tv_nsec;
};

struct timeval_k {
    abi_long tv_sec, tv_usec;
};

struct itimerval_k {
    struct timeval_k interval, value;
};

struct rusage_k {
    struct timeval_k utime, stime;
    abi_long maxrss, ixrss, idrss, isrss, minflt, majflt, nswap, inblock, oublock, msgsnd, msgrcv,
        nsignals, nvcsw, nivcsw;
};

enum {
    CLOCK_REALTIME = 0,
    CLOCK_MONOTONIC = 1,
    CLOCK_PROCESS_CPUTIME_ID = 2,
    CLOCK_THREAD_CPUTIME_ID = 3,
    CLOCK_MONOTONIC_RAW = 4,
    CLOCK_REALTIME_COARSE = 5,
    CLOCK_MONOTONIC_COARSE = 6,
    CLOCK_BOOTTIME = 7,
};
enum { TIMER_ABSTIME = 1, CLK_TCK = 100 };
#define NS_PER_S 1000000000u

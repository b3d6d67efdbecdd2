/* CPU time in the forms of the ABI. */
#pragma once

#include <kernel/abi/time.h>

static inline struct timeval_k
usage_timeval(uint64_t ns)
{
    return (struct timeval_k){ .tv_sec = (int64_t)(ns / NS_PER_S),
                               .tv_usec = (int64_t)(ns % NS_PER_S / 1000) };
}

/* A clock's ticks and virtual time, exactly: what counters that follow a clock share.  `hz` is not 0. */
#pragma once

#include <stdint.h>

enum { TICKS_NS_PER_S = 1000000000 };

/* Whole ticks of a clock of `hz` in `ns`. */
static inline uint64_t
ticks_in(uint64_t ns, uint32_t hz)
{
    return ns / TICKS_NS_PER_S * hz + ns % TICKS_NS_PER_S * hz / TICKS_NS_PER_S;
}

/* The first nanosecond at which `ticks` of them have passed. */
static inline uint64_t
ticks_ns(uint64_t ticks, uint32_t hz)
{
    return ticks / hz * TICKS_NS_PER_S + (ticks % hz * TICKS_NS_PER_S + hz - 1) / hz;
}

/* Taking and putting back one pointer, as the processor does it best: for take cells.
 *
 * x86-64 may have more than one CPU, so both ways of taking are an exchange (xchg locks the bus by itself).  A put is one store:
 * the processor keeps stores in order, the compiler is told to. */
#pragma once

#include <stddef.h>

/* Leave NULL, return what was there; what the last owner wrote is seen.  Any context. */
static inline void *
hal_swap_take(void **slot)
{
    return __atomic_exchange_n(slot, NULL, __ATOMIC_ACQUIRE);
}

static inline void
hal_swap_put(void **slot, void *p)
{
    __atomic_store_n(slot, p, __ATOMIC_RELEASE);
}

/* The same for slots that only threads use, which give up the CPU only where they sleep. */
static inline void *
hal_swap_take_thread(void **slot)
{
    return hal_swap_take(slot);
}

static inline void
hal_swap_put_thread(void **slot, void *p)
{
    hal_swap_put(slot, p);
}

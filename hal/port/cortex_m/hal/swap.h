/* Taking and putting back one pointer, as the processor does it best: for take cells.
 *
 * A Cortex-M here has one CPU: what can come between two instructions is an exception handler.  So taking is a pair of exclusive
 * accesses (ARMv7-M ARM, A3.4: exception entry clears the monitor), and no barrier is needed: the processor keeps its own accesses
 * in order, only the compiler has to be held.  Between threads not even that: the kernel switches them where they sleep, and what
 * the compiler moves or merges it moves within a stretch where nobody else runs.
 * tests/unit/test_small_scope.c tries every schedule. */
#pragma once

#include <stddef.h>

/* Leave NULL, return what was there; what the last owner wrote is seen.  Any context. */
static inline void *
hal_swap_take(void **slot)
{
    void *p = __atomic_exchange_n(slot, NULL, __ATOMIC_RELAXED);

    __atomic_signal_fence(__ATOMIC_ACQUIRE);
    return p;
}

static inline void
hal_swap_put(void **slot, void *p)
{
    __atomic_signal_fence(__ATOMIC_RELEASE);
    __atomic_store_n(slot, p, __ATOMIC_RELAXED);
}

/* The same for slots that only threads use, which give up the CPU only where they sleep. */
static inline void *
hal_swap_take_thread(void **slot)
{
    void *p = *slot;

    if (p != NULL) /* so the compiler sees that a put soon after undoes it */
        *slot = NULL;
    return p;
}

static inline void
hal_swap_put_thread(void **slot, void *p)
{
    *slot = p;
}

/* HAL: what lies where, for people (the console's "info mem", /proc/drydock, docs/memory.md). */
#pragma once

#include <hal/types.h>

struct hal_extent {
    const char *name;
    uint64_t start,
        end; /* addresses as the CPU uses them in the kernel; of user space, in a program */
};

/* The nth extent of the address space, in ascending order; false: there are no more.  Any context. */
bool hal_layout(unsigned n, struct hal_extent *out);

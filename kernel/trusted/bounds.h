/* Checked access where a pointer and its count are two variables: an index outside is a kernel bug and stops the kernel.  A span (span.h)
 * is the better choice where the two can travel together. */
#pragma once

#include <hal/types.h>

void bounds_fail(size_t i, size_t n) noreturn_fn; /* panics; kernel/trusted/span.c */

static inline size_t
bounds_index(size_t i, size_t n)
{
    if (i >= n)
        bounds_fail(i, n);
    return i;
}

TRUSTED_BEGIN(cell)
/* Element `i` of the `n` at `base`: an lvalue. */
#define at(base, n, i) ((base)[bounds_index((i), (n))])

/* The element behind `p` in a list that ends with an element of its own. */
#define next_of(p) ((p) + 1)
TRUSTED_END

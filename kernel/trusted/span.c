/* The failure paths of spans and checked indices: an access outside is a kernel bug. */
#include <kernel/core/assert.h>
#include <kernel/trusted/bounds.h>
#include <kernel/trusted/span.h>

void
span_fail(const char *what)
{
    bug("%s: outside the span", what);
}

void
bounds_fail(size_t i, size_t n)
{
    bug("index %zu of %zu", i, n);
}

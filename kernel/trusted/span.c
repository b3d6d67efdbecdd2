/* The failure path of spans: an access outside is a kernel bug. */
#include <kernel/core/assert.h>
#include <kernel/trusted/span.h>

void
span_fail(const char *what)
{
    panic("%s: outside the span", what);
}

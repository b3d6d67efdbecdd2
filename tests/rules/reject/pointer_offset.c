/* R06: a place in a buffer by addition.
 * expect: unsafe pointer arithmetic
 */
#include <kernel/trusted/span.h>

void clear_tail(struct span s, size_t from);

void
clear_tail(struct span s, size_t from)
{
#ifdef WRONG
    span_fill(span_of(s.ptr + from, s.len - from), 0);
#else
    span_fill(span_sub(s, from, s.len - from), 0);
#endif
}

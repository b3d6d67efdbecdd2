/* R06: an index into a span's pointer that nobody checks.
 * expect: unsafe buffer access
 */
#include <kernel/trusted/span.h>

uint8_t at(struct cspan s, size_t i);

uint8_t
at(struct cspan s, size_t i)
{
#ifdef WRONG
    return s.ptr[i];
#else
    return span_get(s, i);
#endif
}

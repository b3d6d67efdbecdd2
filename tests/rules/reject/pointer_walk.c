/* R06: a pointer walks over a buffer.
 * expect: unsafe pointer arithmetic
 */
#include <kernel/trusted/span.h>

unsigned sum(struct cspan s);

unsigned
sum(struct cspan s)
{
    unsigned n = 0;

#ifdef WRONG
    for (const uint8_t *p = s.ptr; s.len > 0; s.len--)
        n += *p++;
#else
    for (size_t i = 0; i < s.len; i++)
        n += span_get(s, i);
#endif
    return n;
}

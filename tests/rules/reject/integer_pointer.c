/* R03: a number becomes a pointer.
 * expect: an integer becomes
 */
#include <kernel/trusted/span.h>

uint8_t first(uint64_t address, struct cspan s);

uint8_t
first(uint64_t address, struct cspan s)
{
#ifdef WRONG
    return *(const uint8_t *)(uintptr_t)address;
#else
    return span_get(s, (size_t)address);
#endif
}

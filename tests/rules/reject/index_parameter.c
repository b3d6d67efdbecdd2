/* R06: an array parameter is a pointer, whatever its brackets say.
 * expect: unsafe buffer access
 */
#include <hal/types.h>

struct table {
    unsigned entries[8];
};

#ifdef WRONG
unsigned nth(const unsigned entries[8], unsigned n);

unsigned
nth(const unsigned entries[8], unsigned n)
{
    return entries[n];
}
#else
unsigned nth(const struct table *t, unsigned n);

unsigned
nth(const struct table *t, unsigned n)
{
    return t->entries[n];
}
#endif

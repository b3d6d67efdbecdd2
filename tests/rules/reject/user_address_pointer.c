/* R03: a user address is taken apart and dereferenced.
 * expect: an integer becomes char *
 */
#include <kernel/trusted/ucopy.h>

int must_check clear_name(uaddr_t name, size_t len);

int
clear_name(uaddr_t name, size_t len)
{
#ifdef WRONG
    *(char *)name.v = 0;
    return len > 0 ? 0 : -1;
#else
    return ucopy_zero(name, len);
#endif
}

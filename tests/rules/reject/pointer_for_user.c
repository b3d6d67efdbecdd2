/* R13: a kernel pointer handed out as a user address.
 * expect: to parameter of incompatible type 'uaddr_t'
 */
#include <kernel/trusted/ucopy.h>

int must_check give(uaddr_t where, int *value);

int
give(uaddr_t where, int *value)
{
#ifdef WRONG
    (void)where;
    return ucopy_out(value, value, sizeof *value);
#else
    return ucopy_out(where, value, sizeof *value);
#endif
}

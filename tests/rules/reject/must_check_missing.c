/* R17: a function that can fail does not ask to be checked.
 * expect: start can fail but is not must_check
 */
#include <hal/types.h>
#include <kernel/abi/errno.h>

#ifdef WRONG
int start(unsigned unit);
#else
int must_check start(unsigned unit);
#endif

int
start(unsigned unit)
{
    if (unit > 3)
        return -EINVAL;
    return 0;
}

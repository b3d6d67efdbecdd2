/* R16: a copy from the user whose failure leaves the value as it was.
 * expect: ignoring return value
 */
#include <kernel/trusted/ucopy.h>

int must_check length_from(uaddr_t from);

int
length_from(uaddr_t from)
{
    int n = 0;

#ifdef WRONG
    ucopy_in(&n, from, sizeof n);
#else
    int rc = ucopy_in(&n, from, sizeof n);

    if (rc < 0)
        return rc;
#endif
    return n;
}

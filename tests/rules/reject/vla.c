/* R08: an array whose length the caller chooses, on a kernel stack.
 * expect: variable length
 */
#include <kernel/trusted/ucopy.h>

enum { NAME_SIZE = 64 };

int must_check take_name(uaddr_t from, size_t n);

int
take_name(uaddr_t from, size_t n)
{
#ifdef WRONG
    char name[n];

    return ucopy_in(name, from, n);
#else
    char name[NAME_SIZE];

    return n <= sizeof name ? ucopy_in(name, from, n) : -1;
#endif
}

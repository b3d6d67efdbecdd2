/* R08: an exit past locks and cells.
 * expect: __builtin_longjmp
 */
#include <hal/types.h>

int must_check parse(int depth);

int
parse(int depth)
{
#ifdef WRONG
    static void *unwind[5];

    if (depth < 0)
        __builtin_longjmp(unwind, 1);
#else
    if (depth < 0)
        return -1;
#endif
    return depth;
}

/* R12: a case runs into the next.
 * expect: unannotated fall-through
 */
#include <hal/types.h>

unsigned cost(unsigned kind);

unsigned
cost(unsigned kind)
{
    unsigned n = 0;

    switch (kind) {
    case 1:
        n = 10;
#ifndef WRONG
        break;
#endif
    case 2:
        n = 20;
        break;
    default:
        break;
    }
    return n;
}

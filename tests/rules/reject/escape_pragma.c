/* R21: a warning is switched off where it complains.
 * expect: a check is switched off
 */
#include <hal/types.h>

unsigned cost(unsigned kind);

unsigned
cost(unsigned kind)
{
    unsigned n = 0;

#ifdef WRONG
#pragma clang diagnostic ignored "-Wimplicit-fallthrough"
#endif
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

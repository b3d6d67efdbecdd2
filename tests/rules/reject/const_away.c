/* R09: a const view is written through.
 * expect: drops const qualifier
 */
#include <hal/types.h>

struct limits {
    uint32_t files;
};

uint32_t raise_limit(const struct limits *l);

uint32_t
raise_limit(const struct limits *l)
{
#ifdef WRONG
    ((struct limits *)l)->files++;
    return l->files;
#else
    return l->files + 1;
#endif
}

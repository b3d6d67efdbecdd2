/* R30: a trusted region that is of none of the six kinds.
 * expect: TRUSTED_BEGIN(hurry): the kinds are
 * as: kernel/trusted/x.c
 */
#include <kernel/trusted/span.h>

uint8_t quick(struct cspan s, size_t i);

#ifdef WRONG
TRUSTED_BEGIN(hurry)
#else
TRUSTED_BEGIN(memory)
#endif
uint8_t
quick(struct cspan s, size_t i)
{
    return i < s.len ? s.ptr[i] : 0;
}
TRUSTED_END

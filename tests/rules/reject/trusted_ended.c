/* R06: after the trusted region the rules hold again.
 * expect: unsafe buffer access
 * as: kernel/trusted/x.c
 */
#include <kernel/trusted/span.h>

uint8_t third(struct cspan s);

#ifdef WRONG
TRUSTED_BEGIN(memory)
TRUSTED_END
#else
TRUSTED_BEGIN(memory)
#endif
uint8_t
third(struct cspan s)
{
    return s.len > 2 ? s.ptr[2] : 0;
}
#ifndef WRONG
TRUSTED_END
#endif

/* R30: a trusted region where none may be.
 * expect: TRUSTED_BEGIN outside hal/ and kernel/trusted/
 */
#include <kernel/trusted/span.h>

uint8_t peek(struct cspan s, size_t i);

#ifdef WRONG
TRUSTED_BEGIN(memory)
TRUSTED_END
#endif

uint8_t
peek(struct cspan s, size_t i)
{
    return span_get(s, i);
}

/* R04: four bytes are read as a word, whatever their order and alignment.
 * expect: becomes const uint32_t *
 */
#include <kernel/trusted/field.h>

uint32_t magic(struct cspan header);

uint32_t
magic(struct cspan header)
{
#ifdef WRONG
    return *(const uint32_t *)header.ptr;
#else
    return get_le32(header, 0);
#endif
}

/* R07: a union as a cast.
 * expect: union
 */
#include <kernel/trusted/field.h>

uint32_t word(uint8_t *bytes, size_t len);

uint32_t
word(uint8_t *bytes, size_t len)
{
#ifdef WRONG
    union {
        uint8_t *bytes;
        uint32_t *word;
    } u = { .bytes = bytes };

    return len >= 4 ? *u.word : 0;
#else
    return len >= 4 ? get_le32(cspan_of(bytes, len), 0) : 0;
#endif
}

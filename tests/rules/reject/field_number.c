/* R13: a number where a field belongs: its width and byte order would be anybody's guess.
 * expect: not compatible with any generic association type
 */
#include <kernel/trusted/field.h>

#define SB_FIELDS(F)                                                                               \
    F(SB_MAGIC, le16, 56)                                                                          \
    F(SB_STATE, le16, 58)
FIELDS(SB_FIELDS);

uint32_t state(struct cspan block);

uint32_t
state(struct cspan block)
{
#ifdef WRONG
    return field_get(block, 58);
#else
    return field_get(block, SB_STATE);
#endif
}

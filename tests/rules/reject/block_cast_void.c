/* R04: the same by way of void *.
 * expect: becomes struct entry *
 * as: kernel/fs/xfs.c
 */
#include <kernel/trusted/field.h>

struct entry {
    uint32_t inode;
    uint16_t length;
};

uint16_t entry_length(struct span block);

uint16_t
entry_length(struct span block)
{
#ifdef WRONG
    struct entry *e = (void *)block.ptr;

    return e->length;
#else
    return get_le16(span_const(block), offsetof(struct entry, length));
#endif
}

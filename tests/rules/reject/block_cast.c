/* R04: a disk block is cast to the structure that should be in it.
 * expect: uint8_t * becomes struct superblock *
 * as: kernel/fs/xfs.c
 */
#include <kernel/trusted/field.h>

struct superblock {
    uint32_t inodes, blocks;
};

uint32_t count_blocks(struct span block);

uint32_t
count_blocks(struct span block)
{
#ifdef WRONG
    struct superblock *sb = (struct superblock *)block.ptr;

    return sb->blocks;
#else
    return get_le32(span_const(block), offsetof(struct superblock, blocks));
#endif
}

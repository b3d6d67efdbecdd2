/* ext2: block and inode bitmaps.  See ext2.h.
 *
 * A block goes near its goal, then into the first group with room; a directory's inode into the group with the most free inodes of
 * those with above-average free blocks (Orlov left out), a file's beside its directory.
 */
#include <kernel/core/log.h>
#include <kernel/proc/proc.h>
#include <kernel/trusted/bounds.h>

#include "ext2.h"

static bool
bit_get(struct cspan s, uint32_t bit)
{
    return span_get(s, bit / 8) >> (bit % 8) & 1;
}

static void
bit_flip(struct span s, uint32_t bit)
{
    span_put(s, bit / 8, (uint8_t)(span_get(span_const(s), bit / 8) ^ 1u << bit % 8));
}

/* The first clear bit in [from, end), or `end`. */
static uint32_t
bit_find_clear(struct cspan s, uint32_t from, uint32_t end)
{
    uint32_t i = from;

    while (i < end) {
        if (i % 8 == 0 && span_get(s, i / 8) == 0xff) {
            i += 8;
            continue;
        }
        if (!bit_get(s, i))
            return i;
        i++;
    }
    return end;
}

/* The counters are what the disk says: a wrong one stops at its end instead of wrapping around. */
static void
count_add16(struct span s, struct f_le16 field, int delta)
{
    int32_t n = field_get(span_const(s), field) + delta;

    field_put(s, field, (uint16_t)(n < 0 ? 0 : n > 0xffff ? 0xffff : n));
}

static void
super_add32(struct ext2_fs *fs, struct f_le32 field, int delta) requires_lock(fs->lock)
{
    struct span s = ext2_super(fs);
    int64_t n = (int64_t)field_get(span_const(s), field) + delta;

    field_put(s, field, (uint32_t)(n < 0 ? 0 : n > UINT32_MAX ? (int64_t)UINT32_MAX : n));
    ext2_mark_in_use(fs);
}

bool
ext2_block_valid(const struct ext2_fs *fs, uint32_t block)
{
    const struct ext2_group *g;

    if (block <= fs->first_data_block + (fs->groups + fs->gd_per_block - 1) / fs->gd_per_block ||
        block >= fs->blocks_count)
        return false;
    g = &at(fs->group, fs->groups, (block - fs->first_data_block) / fs->blocks_per_group);
    return block != g->block_bitmap && block != g->inode_bitmap &&
           (block < g->inode_table || block - g->inode_table >= fs->table_blocks);
}

/* Allocate in one group, from bit `from` on, wrapping.  -ENOSPC: none there. */
static int
alloc_in_group(struct ext2_fs *fs, uint32_t group, uint32_t from, uint32_t *block_out)
    requires_lock(fs->lock)
{
    struct buf *gdb, *bm;
    struct span gd;
    int rc = ext2_group_locked(fs, group, &gdb, &gd);

    if (rc < 0)
        return rc;
    uint32_t blocks = ext2_group_blocks(fs, group), bit;
    rc = -ENOSPC;
    if (field_get(span_const(gd), GD_FREE_BLOCKS) == 0)
        goto put_group;
    rc = ext2_buf_get(fs, at(fs->group, fs->groups, group).block_bitmap, &bm);
    if (rc < 0)
        goto put_group;
    for (;;) {
        bit = bit_find_clear(buf_cspan(bm), from, blocks);
        if (bit == blocks && from > 0) {
            bit = bit_find_clear(buf_cspan(bm), 0, from);
            bit = bit == from ? blocks : bit;
        }
        if (bit == blocks) {
            rc = -ENOSPC; /* the descriptor's count was wrong */
            goto put_bitmap;
        }
        if (ext2_block_valid(fs, ext2_group_first(fs, group) + bit))
            break;
        /* The bitmap calls metadata free: mark it used and look on, so that nothing is overwritten. */
        ext2_corrupt(fs, "block %u of the metadata is marked free",
                     ext2_group_first(fs, group) + bit);
        bit_flip(buf_span(bm), bit);
        buf_dirty(bm);
    }
    bit_flip(buf_span(bm), bit);
    buf_dirty(bm);
    count_add16(gd, GD_FREE_BLOCKS, -1);
    buf_dirty(gdb);
    super_add32(fs, SB_FREE_BLOCKS, -1);
    *block_out = ext2_group_first(fs, group) + bit;
    rc = 0;
put_bitmap:
    buf_put(bm);
put_group:
    buf_put(gdb);
    return rc;
}

int
ext2_block_alloc_locked(struct inode *inode, uint32_t goal, uint32_t *block_out)
{
    struct ext2_fs *fs = ext2_fs_of(inode);
    struct cspan s = span_const(ext2_super(fs));
    uint32_t group, bit, free = field_get(s, SB_FREE_BLOCKS);

    mutex_assert_held(&fs->lock);
    if (free == 0 || (free <= field_get(s, SB_R_BLOCKS_COUNT) && !capable()))
        return -ENOSPC;
    if (goal < fs->first_data_block || goal >= fs->blocks_count)
        goal = fs->first_data_block;
    group = (goal - fs->first_data_block) / fs->blocks_per_group;
    bit = (goal - fs->first_data_block) % fs->blocks_per_group;
    for (uint32_t n = 0; n < fs->groups; n++) {
        int rc = alloc_in_group(fs, (group + n) % fs->groups, n == 0 ? bit : 0, block_out);

        if (rc == -ENOSPC)
            continue;
        if (rc == 0)
            inode->blocks += fs->block_size / SECTOR_SIZE;
        return rc;
    }
    return -ENOSPC;
}

int
ext2_block_free_locked(struct inode *inode, uint32_t block)
{
    struct ext2_fs *fs = ext2_fs_of(inode);
    uint32_t group = (block - fs->first_data_block) / fs->blocks_per_group;
    uint32_t bit = (block - fs->first_data_block) % fs->blocks_per_group;
    uint64_t sectors = fs->block_size / SECTOR_SIZE;
    struct buf *gdb, *bm;
    struct span gd;
    int rc;

    mutex_assert_held(&fs->lock);
    if (!ext2_block_valid(fs, block)) {
        ext2_corrupt(fs, "inode %llu frees block %u", (unsigned long long)inode->ino, block);
        inode->bad = true;
        return -EUCLEAN;
    }
    rc = ext2_group_locked(fs, group, &gdb, &gd);
    if (rc < 0)
        return rc;
    rc = ext2_buf_get(fs, at(fs->group, fs->groups, group).block_bitmap, &bm);
    if (rc < 0)
        goto put_group;
    if (!bit_get(buf_cspan(bm), bit)) {
        rc = ext2_corrupt(fs, "inode %llu frees block %u twice", (unsigned long long)inode->ino,
                          block);
        inode->bad = true;
    } else {
        bit_flip(buf_span(bm), bit);
        buf_dirty(bm);
        count_add16(gd, GD_FREE_BLOCKS, 1);
        buf_dirty(gdb);
        super_add32(fs, SB_FREE_BLOCKS, 1);
        inode->blocks = inode->blocks > sectors ? inode->blocks - sectors : 0;
        buf_forget(fs->dev, fs->block_size, block);
    }
    buf_put(bm);
put_group:
    buf_put(gdb);
    return rc;
}

/* The group for a new directory: most free inodes among those with at least the average number of free blocks. */
static uint32_t
group_for_dir(struct ext2_fs *fs) requires_lock(fs->lock)
{
    uint32_t average = field_get(span_const(ext2_super(fs)), SB_FREE_BLOCKS) / fs->groups, best = 0,
             best_free = 0;

    for (uint32_t g = 0; g < fs->groups; g++) {
        struct buf *b;
        struct span gd;

        if (ext2_group_locked(fs, g, &b, &gd) < 0)
            continue;
        uint32_t inodes = field_get(span_const(gd), GD_FREE_INODES);
        if (inodes > best_free && field_get(span_const(gd), GD_FREE_BLOCKS) >= average) {
            best = g;
            best_free = inodes;
        }
        buf_put(b);
    }
    return best;
}

static int
inode_in_group(struct ext2_fs *fs, uint32_t group, bool dir, uint32_t *ino_out)
    requires_lock(fs->lock)
{
    struct buf *gdb, *bm;
    struct span gd;
    int rc = ext2_group_locked(fs, group, &gdb, &gd);

    if (rc < 0)
        return rc;
    rc = -ENOSPC;
    if (field_get(span_const(gd), GD_FREE_INODES) == 0)
        goto put_group;
    rc = ext2_buf_get(fs, at(fs->group, fs->groups, group).inode_bitmap, &bm);
    if (rc < 0)
        goto put_group;
    uint32_t bit =
        bit_find_clear(buf_cspan(bm), group == 0 ? fs->first_ino - 1 : 0, fs->inodes_per_group);
    if (bit == fs->inodes_per_group) {
        rc = -ENOSPC;
    } else {
        bit_flip(buf_span(bm), bit);
        buf_dirty(bm);
        count_add16(gd, GD_FREE_INODES, -1);
        if (dir)
            count_add16(gd, GD_USED_DIRS, 1);
        buf_dirty(gdb);
        super_add32(fs, SB_FREE_INODES, -1);
        *ino_out = group * fs->inodes_per_group + bit + 1;
    }
    buf_put(bm);
put_group:
    buf_put(gdb);
    return rc;
}

int
ext2_inode_alloc_locked(struct ext2_fs *fs, uint32_t parent_ino, bool dir, uint32_t *ino_out)
{
    uint32_t group = dir ? group_for_dir(fs) : (parent_ino - 1) / fs->inodes_per_group;

    for (uint32_t n = 0; n < fs->groups; n++) {
        int rc = inode_in_group(fs, (group + n) % fs->groups, dir, ino_out);

        if (rc != -ENOSPC)
            return rc;
    }
    return -ENOSPC;
}

int
ext2_inode_used_locked(struct ext2_fs *fs, uint32_t ino)
{
    uint32_t group = (ino - 1) / fs->inodes_per_group, bit = (ino - 1) % fs->inodes_per_group;
    struct buf *bm;
    int rc = ext2_buf_get(fs, at(fs->group, fs->groups, group).inode_bitmap, &bm);

    if (rc < 0)
        return rc;
    rc = bit_get(buf_cspan(bm), bit);
    buf_put(bm);
    return rc;
}

void
ext2_inode_free_locked(struct ext2_fs *fs, uint32_t ino, bool dir)
{
    uint32_t group = (ino - 1) / fs->inodes_per_group, bit = (ino - 1) % fs->inodes_per_group;
    struct buf *gdb, *bm;
    struct span gd;

    if (ext2_group_locked(fs, group, &gdb, &gd) < 0)
        return;
    if (ext2_buf_get(fs, at(fs->group, fs->groups, group).inode_bitmap, &bm) < 0)
        goto put_group;
    if (!bit_get(buf_cspan(bm), bit)) {
        ext2_corrupt(fs, "inode %u is freed twice", ino);
    } else {
        bit_flip(buf_span(bm), bit);
        buf_dirty(bm);
        count_add16(gd, GD_FREE_INODES, 1);
        if (dir && field_get(span_const(gd), GD_USED_DIRS) > 0)
            count_add16(gd, GD_USED_DIRS, -1);
        buf_dirty(gdb);
        super_add32(fs, SB_FREE_INODES, 1);
    }
    buf_put(bm);
put_group:
    buf_put(gdb);
}

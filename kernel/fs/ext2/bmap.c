/* ext2: the map from a file's blocks to the disk's: 12 direct, then single, double and triple indirect.  See ext2.h. */
#include <kernel/core/log.h>

#include "ext2.h"

enum { INDIRECT_LEVELS = 3 };

/* The way to a block: the slot in the inode, then the slot in each indirect block. */
struct path {
    unsigned depth; /* indirect blocks on the way */
    uint32_t slot[4];
};

static int
path_to(const struct ext2_fs *fs, uint32_t index, struct path *p)
{
    uint32_t n = fs->block_size / 4, i = index;

    if (i < EXT2_DIRECT) {
        *p = (struct path){ 0, { index } };
        return 0;
    }
    i -= EXT2_DIRECT;
    if (i < n) {
        *p = (struct path){ 1, { EXT2_IND, i } };
        return 0;
    }
    i -= n;
    if (i < n * n) {
        *p = (struct path){ 2, { EXT2_DIND, i / n, i % n } };
        return 0;
    }
    i -= n * n;
    if (i < n * n * n) {
        *p = (struct path){ 3, { EXT2_TIND, i / (n * n), i / n % n, i % n } };
        return 0;
    }
    return -EFBIG;
}

static void
undo_alloc(struct inode *inode, uint32_t block)
{
    if (ext2_block_free_locked(inode, block) < 0)
        klog(LOG_ERR, "ext2: %s: block %u is lost", ext2_fs_of(inode)->dev->name, block);
}

/* A new indirect block: zeroed in the cache. */
static int
new_indirect(struct inode *inode, uint32_t goal, uint32_t *block_out)
{
    struct ext2_fs *fs = ext2_fs_of(inode);
    struct buf *b;
    int rc = ext2_block_alloc_locked(inode, goal, block_out);

    if (rc < 0)
        return rc;
    rc = ext2_buf_new(fs, *block_out, &b);
    if (rc < 0) {
        undo_alloc(inode, *block_out);
        return rc;
    }
    buf_dirty(b);
    buf_put(b);
    return 0;
}

/* Zeroes to the disk, a page at a time: there is no more of them in the kernel. */
static int
clear_block(const struct ext2_fs *fs, uint32_t block)
{
    static const uint8_t zero[PAGE_SIZE < 4096 ? SECTOR_SIZE : PAGE_SIZE]; /* small pages: little flash */
    uint64_t sector = (uint64_t)block * (fs->block_size / SECTOR_SIZE);
    int rc = 0;

    for (uint32_t left = fs->block_size; left > 0 && rc == 0;) {
        uint32_t n = left < sizeof zero ? left : (uint32_t)sizeof zero;

        rc = blk_write(fs->dev, sector, cspan_of(zero, n));
        sector += n / SECTOR_SIZE;
        left -= n;
    }
    return rc;
}

/* A new data block.  Within the file (a hole is filled) it must not show what it held before, should the data never arrive. */
static int
new_leaf(struct inode *inode, uint32_t index, uint32_t goal, uint32_t *block_out)
{
    const struct ext2_fs *fs = ext2_fs_of(inode);
    int rc = ext2_block_alloc_locked(inode, goal, block_out);

    if (rc < 0 || (inode->mode & S_IFMT) != S_IFREG || (uint64_t)index * fs->block_size >= inode->size)
        return rc;
    rc = clear_block(fs, *block_out);
    if (rc < 0)
        undo_alloc(inode, *block_out);
    return rc;
}

static uint32_t
goal_of(const struct inode *inode)
{
    const struct ext2_fs *fs = ext2_fs_of(inode);
    const struct ext2_inode *ei = ext2_inode_of(inode);

    if (ei->alloc_hint != 0)
        return ei->alloc_hint + 1;
    return ext2_group_first(fs, (uint32_t)((inode->ino - 1) / fs->inodes_per_group));
}

/* The block a slot names, allocated if missing and wanted.  `leaf`: it holds data, not an indirect block. */
static int
fill_slot(struct inode *inode, uint32_t index, bool create, bool leaf, uint32_t *block, bool *fresh)
{
    struct ext2_fs *fs = ext2_fs_of(inode);
    struct ext2_inode *ei = ext2_inode_of(inode);
    int rc;

    *fresh = false;
    if (*block != 0) {
        if (!ext2_block_valid(fs, *block)) {
            inode->bad = true;
            return (void)ext2_corrupt(fs, "inode %llu maps to block %u",
                                      (unsigned long long)inode->ino, *block),
                   -EUCLEAN;
        }
        return 0;
    }
    if (!create)
        return 0;
    rc = leaf ? new_leaf(inode, index, goal_of(inode), block)
              : new_indirect(inode, goal_of(inode), block);
    if (rc < 0)
        return rc;
    ei->alloc_hint = *block;
    *fresh = true;
    return 0;
}

int
ext2_bmap_locked(struct inode *inode, uint32_t index, bool create, uint32_t *block_out,
                 bool *fresh_out)
{
    struct ext2_fs *fs = ext2_fs_of(inode);
    struct ext2_inode *ei = ext2_inode_of(inode);
    struct path p;
    bool fresh;
    int rc = path_to(fs, index, &p);

    if (rc < 0)
        return create ? rc : -EUCLEAN;
    uint32_t block = ei->block[p.slot[0]];
    rc = fill_slot(inode, index, create, p.depth == 0, &block, &fresh);
    if (rc < 0)
        return rc;
    if (fresh) {
        ei->block[p.slot[0]] = block;
        inode_mark_dirty(inode);
    }
    for (unsigned level = 1; level <= p.depth && block != 0; level++) {
        struct buf *b;

        rc = ext2_buf_get(fs, block, &b);
        if (rc < 0)
            return rc;
        block = get_le32(buf_cspan(b), (size_t)p.slot[level] * 4);
        rc = fill_slot(inode, index, create, level == p.depth, &block, &fresh);
        if (rc == 0 && fresh) {
            put_le32(buf_span(b), (size_t)p.slot[level] * 4, block);
            buf_dirty(b);
            inode_mark_dirty(inode); /* its block count changed */
        }
        buf_put(b);
        if (rc < 0)
            return rc;
    }
    *block_out = block;
    if (fresh_out != NULL)
        *fresh_out = fresh;
    return 0;
}

/* An indirect block on the way down a tree that is freed. */
struct cut {
    struct buf *b;
    uint32_t block, i; /* the child that is looked at */
    uint32_t keep;     /* data blocks beneath it that stay */
    uint32_t span;     /* data blocks beneath each child */
    bool left;         /* something in it stays */
};

static int
cut_open(struct inode *inode, struct cut *c, uint32_t block, unsigned depth, uint32_t keep)
{
    struct ext2_fs *fs = ext2_fs_of(inode);

    *c = (struct cut){ .block = block, .keep = keep, .span = 1 };
    for (unsigned d = 1; d < depth; d++)
        c->span *= fs->block_size / 4;
    if (!ext2_block_valid(fs, block)) {
        inode->bad = true;
        return (void)ext2_corrupt(fs, "inode %llu has its map in block %u",
                                  (unsigned long long)inode->ino, block),
               -EUCLEAN;
    }
    return ext2_buf_get(fs, block, &c->b);
}

/* The child at c->i is gone (1) or something of it stays (0): on to the next. */
static void
cut_next(struct cut *c, int gone)
{
    if (gone == 1) {
        put_le32(buf_span(c->b), (size_t)c->i * 4, 0);
        buf_dirty(c->b);
    } else {
        c->left = true;
    }
    c->i++;
}

/* The end of an indirect block: as free_tree(). */
static int
cut_close(struct inode *inode, struct cut *c)
{
    int rc;

    buf_put(c->b);
    if (c->left)
        return 0;
    rc = ext2_block_free_locked(inode, c->block);
    return rc < 0 ? rc : 1;
}

/* Free what lies under an indirect block of `depth` levels, from its data block number `keep` on.  1: nothing is left and the block
 * itself was freed too; 0: something is left; negative: stopped.  At the first sign that the tree is none (a block freed twice: a
 * loop, or two ways to one block) everything stops, or a small image could keep us busy for hours. */
static int
free_tree(struct inode *inode, uint32_t block, unsigned depth, uint32_t keep)
{
    uint32_t n = ext2_fs_of(inode)->block_size / 4;
    struct cut cuts[INDIRECT_LEVELS];
    unsigned open = 1;
    int rc = cut_open(inode, &cuts[0], block, depth, keep);

    if (rc < 0)
        return rc;
    while (open > 0) {
        struct cut *c = &cuts[open - 1];

        if (c->i == n) {
            rc = cut_close(inode, c);
            if (--open > 0 && rc >= 0)
                cut_next(&cuts[open - 1], rc);
        } else {
            uint32_t child = get_le32(buf_cspan(c->b), (size_t)c->i * 4);
            uint32_t first = c->i * c->span;

            rc = 0;
            if (child == 0) {
                c->i++;
            } else if (first + c->span <= c->keep) {
                cut_next(c, 0);
            } else if (open == depth) {
                rc = ext2_block_free_locked(inode, child);
                if (rc >= 0)
                    cut_next(c, 1);
            } else {
                rc = cut_open(inode, &cuts[open], child, depth - open,
                              c->keep > first ? c->keep - first : 0);
                if (rc >= 0)
                    open++;
            }
        }
        if (rc < 0)
            break;
    }
    while (open > 0)
        buf_put(cuts[--open].b);
    return rc;
}

void
ext2_truncate_locked(struct inode *inode, uint64_t size)
{
    struct ext2_fs *fs = ext2_fs_of(inode);
    struct ext2_inode *ei = ext2_inode_of(inode);
    uint32_t keep = ext2_blocks(fs, size), n = fs->block_size / 4, first = EXT2_DIRECT, span = n;
    int rc = 0;

    for (uint32_t i = keep; i < EXT2_DIRECT && rc == 0; i++) {
        if (ei->block[i] != 0)
            rc = ext2_block_free_locked(inode, ei->block[i]);
        if (rc == 0)
            ei->block[i] = 0;
    }
    for (unsigned depth = 1; depth <= INDIRECT_LEVELS && rc >= 0; depth++) {
        uint32_t *slot = &ei->block[EXT2_DIRECT + depth - 1];

        if (*slot != 0 && first + span > keep) {
            rc = free_tree(inode, *slot, depth, keep > first ? keep - first : 0);
            if (rc == 1)
                *slot = 0;
        }
        first += span;
        span *= n;
    }
    ei->alloc_hint = 0;
    ei->trim = rc < 0 && !inode->bad;
    inode_mark_dirty(inode);
}

/* ext2: file contents, page by page.  See ext2.h.  Blocks that lie beside one another on the disk move in one request. */
#include "ext2.h"

/* Blocks of a page that are contiguous on the disk, from block `i` of the page on (of `n`); block 0: a hole. */
static int
run_of(struct inode *inode, uint64_t first_index, unsigned i, unsigned n, uint32_t *block_out,
       unsigned *count_out)
{
    uint32_t block, next;
    unsigned count = 1;
    int rc = ext2_bmap_locked(inode, (uint32_t)(first_index + i), false, &block, NULL);

    if (rc < 0)
        return rc;
    while (i + count < n) {
        rc = ext2_bmap_locked(inode, (uint32_t)(first_index + i + count), false, &next, NULL);
        if (rc < 0 || next != (block == 0 ? 0 : block + count))
            break; /* an error is met again, as the first block of the next run */
        count++;
    }
    *block_out = block;
    *count_out = count;
    return 0;
}

int
ext2_read_page(struct inode *inode, uint64_t index, struct span page)
{
    struct ext2_fs *fs = ext2_fs_of(inode);
    unsigned per = (unsigned)(page.len / fs->block_size), count;
    uint64_t first = index * per;
    int rc = 0;

    if (inode->bad)
        return -EUCLEAN;
    if (inode->size > inode->sb->max_file_size)
        return -EFBIG;
    mutex_lock(&fs->lock);
    uint32_t blocks = ext2_blocks(fs, inode->size);
    unsigned have = first >= blocks ? 0 : blocks - first < per ? (unsigned)(blocks - first) : per;
    for (unsigned i = 0; i < have && rc == 0; i += count) {
        uint32_t block;

        rc = run_of(inode, first, i, have, &block, &count);
        if (rc < 0)
            break;
        struct span part = span_sub(page, (size_t)i * fs->block_size, (size_t)count * fs->block_size);
        if (block == 0)
            span_fill(part, 0);
        else
            rc = blk_read(fs->dev, (uint64_t)block * (fs->block_size / SECTOR_SIZE), part);
    }
    mutex_unlock(&fs->lock);
    if (rc < 0)
        return rc;
    /* Beyond the end of the file everything reads as zero, whatever the disk holds there. */
    uint64_t start = index * page.len, valid = inode->size > start ? inode->size - start : 0;
    if (valid < page.len)
        span_fill(span_sub(page, (size_t)valid, page.len - (size_t)valid), 0);
    return 0;
}

int
ext2_write_page(struct inode *inode, uint64_t index, struct cspan page)
{
    struct ext2_fs *fs = ext2_fs_of(inode);
    unsigned per = PAGE_SIZE / fs->block_size;
    unsigned have = ext2_blocks(fs, page.len), count;
    /* The page cache hands over whole pages' memory: the last block's rest beyond the end is zero there. */
    struct cspan memory = cspan_of(page.ptr, (page.len + PAGE_MASK) & ~(size_t)PAGE_MASK);
    int rc = 0;

    if (inode->bad)
        return -EUCLEAN;
    mutex_lock(&fs->lock);
    for (unsigned i = 0; i < have && rc == 0; i += count) {
        uint32_t block;

        rc = run_of(inode, index * per, i, have, &block, &count);
        if (rc < 0)
            break;
        if (block == 0) { /* a shared mapping wrote into a hole */
            rc = ext2_bmap_locked(inode, (uint32_t)(index * per + i), true, &block, NULL);
            count = 1;
            if (rc < 0) {
                ext2_inode_of(inode)->trim = true;
                break;
            }
        }
        struct cspan part =
            cspan_sub(memory, (size_t)i * fs->block_size, (size_t)count * fs->block_size);
        rc = blk_write(fs->dev, (uint64_t)block * (fs->block_size / SECTOR_SIZE), part);
    }
    ext2_mark_in_use(fs);
    mutex_unlock(&fs->lock);
    return rc;
}

int
ext2_reserve(struct inode *inode, uint64_t pos, uint64_t len)
{
    struct ext2_fs *fs = ext2_fs_of(inode);
    struct ext2_inode *ei = ext2_inode_of(inode);
    int rc = 0;

    if (inode->bad)
        return -EUCLEAN;
    if (len == 0)
        return 0;
    if (pos >= inode->sb->max_file_size || len > inode->sb->max_file_size - pos)
        return -EFBIG;
    mutex_lock(&fs->lock);
    if (pos > inode->size && ei->trim) {
        ext2_truncate_locked(inode, inode->size);
        rc = inode->bad ? -EUCLEAN : ei->trim ? -EIO : 0;
    }
    for (uint32_t i = ext2_block_at(fs, pos); i <= ext2_block_at(fs, pos + len - 1) && rc == 0; i++) {
        uint32_t block;
        bool fresh = false;

        rc = ext2_bmap_locked(inode, i, true, &block, &fresh);
        if (rc < 0 || (fresh && (uint64_t)i * fs->block_size >= inode->size))
            ei->trim = true;
    }
    mutex_unlock(&fs->lock);
    return rc;
}

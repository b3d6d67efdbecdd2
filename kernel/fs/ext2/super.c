/* ext2: mounting, the superblock and the group descriptors.  See ext2.h. */
#include <kernel/core/fmt.h>
#include <kernel/core/log.h>
#include <kernel/mm/kmem.h>
#include <kernel/trusted/bounds.h>

#include "ext2.h"

enum { GROUPS_MAX = 4096, SUPER_OFFSET = 1024 };
_Static_assert(GROUPS_MAX * sizeof(struct ext2_group) <= 65536, "one object holds them all");

static int
remember_corrupt(struct ext2_fs *fs)
{
    if (!fs->errors_seen && fs->super != NULL && !fs->sb->read_only) {
        struct span s = ext2_super(fs);

        field_put(s, SB_STATE, field_get(span_const(s), SB_STATE) | STATE_ERROR);
        buf_dirty(fs->super);
    }
    fs->errors_seen = true;
    return -EUCLEAN;
}

int
ext2_corrupt_say(struct ext2_fs *fs, const char *fmt, ...)
{
    char text[160];
    va_list ap;

    va_start(ap, fmt);
    fmt_vprint(text, sizeof text, fmt, ap);
    va_end(ap);
    klog(LOG_ERR, "ext2: %s: corrupt: %s", fs->dev->name, text);
    return remember_corrupt(fs);
}

int
ext2_corrupt_found(struct ext2_fs *fs)
{
    klog(LOG_ERR, "ext2: %s: corrupt", fs->dev->name);
    return remember_corrupt(fs);
}

uint32_t
ext2_now(const struct ext2_fs *fs)
{
    int64_t now = time_wall().sec;

    return now > fs->last_written ? (uint32_t)now : fs->last_written;
}

void
ext2_mark_in_use(struct ext2_fs *fs)
{
    struct span s = ext2_super(fs);

    if (!fs->marked)
        field_put(s, SB_STATE, field_get(span_const(s), SB_STATE) & (uint16_t)~STATE_VALID);
    fs->marked = true;
    field_put(s, SB_WTIME, ext2_now(fs));
    buf_dirty(fs->super);
}

uint32_t
ext2_group_first(const struct ext2_fs *fs, uint32_t group)
{
    return fs->first_data_block + group * fs->blocks_per_group;
}

uint32_t
ext2_group_blocks(const struct ext2_fs *fs, uint32_t group)
{
    uint32_t left = fs->blocks_count - ext2_group_first(fs, group);

    return left < fs->blocks_per_group ? left : fs->blocks_per_group;
}

int
ext2_group_locked(struct ext2_fs *fs, uint32_t group, struct buf **buf_out, struct span *gd_out)
{
    uint32_t block = fs->first_data_block + 1 + group / fs->gd_per_block;
    int rc = ext2_buf_get(fs, block, buf_out);

    if (rc == 0)
        *gd_out = span_sub(buf_span(*buf_out), (size_t)(group % fs->gd_per_block) * GD_SIZE, GD_SIZE);
    return rc;
}

/* Does [block, block+count) lie inside the group? */
static bool
in_group(const struct ext2_fs *fs, uint32_t group, uint32_t block, uint32_t count)
{
    uint32_t first = ext2_group_first(fs, group), blocks = ext2_group_blocks(fs, group);

    return block >= first && block - first < blocks && count <= blocks - (block - first);
}

static int
read_group_locked(struct ext2_fs *fs, uint32_t g) requires_lock(fs->lock)
{
    uint32_t gd_end = fs->first_data_block + (fs->groups + fs->gd_per_block - 1) / fs->gd_per_block;
    struct buf *b;
    struct span gd = { 0 };
    int rc = ext2_group_locked(fs, g, &b, &gd);

    if (rc < 0)
        return rc;
    struct cspan c = span_const(gd);
    uint32_t bb = field_get(c, GD_BLOCK_BITMAP), ib = field_get(c, GD_INODE_BITMAP),
             it = field_get(c, GD_INODE_TABLE);
    bool ok = in_group(fs, g, bb, 1) && in_group(fs, g, ib, 1) &&
              in_group(fs, g, it, fs->table_blocks) && bb != ib && bb > gd_end && ib > gd_end &&
              it > gd_end && (bb < it || bb - it >= fs->table_blocks) &&
              (ib < it || ib - it >= fs->table_blocks) &&
              field_get(c, GD_FREE_BLOCKS) <= ext2_group_blocks(fs, g) &&
              field_get(c, GD_FREE_INODES) <= fs->inodes_per_group &&
              field_get(c, GD_USED_DIRS) <= fs->inodes_per_group;
    buf_put(b);
    if (!ok)
        return ext2_corrupt(fs, "group descriptor %u", g);
    at(fs->group, fs->groups, g) = (struct ext2_group){ bb, ib, it };
    return 0;
}

static int
read_groups(struct ext2_fs *fs)
{
    int rc = 0;

    fs->table_blocks = fs->inodes_per_group / (fs->block_size / fs->inode_size);
    fs->group = kmem_alloc(fs->groups * sizeof *fs->group);
    if (fs->group == NULL)
        return -ENOMEM;
    mutex_lock(&fs->lock);
    for (uint32_t g = 0; g < fs->groups && rc == 0; g++)
        rc = read_group_locked(fs, g);
    mutex_unlock(&fs->lock);
    return rc;
}

/* Take the geometry over, refusing what would make later arithmetic wrong. */
static int
read_geometry(struct ext2_fs *fs, struct cspan s)
{
    uint32_t log = field_get(s, SB_LOG_BLOCK_SIZE), rev = field_get(s, SB_REV_LEVEL);

    if (log > 2) {
        klog(LOG_ERR, "ext2: %s: block size 2^(10+%u) is not supported", fs->dev->name, log);
        return -EINVAL;
    }
    fs->block_bits = 10 + log;
    fs->block_size = 1u << fs->block_bits;
    fs->inodes_count = field_get(s, SB_INODES_COUNT);
    fs->blocks_count = field_get(s, SB_BLOCKS_COUNT);
    fs->first_data_block = field_get(s, SB_FIRST_DATA_BLOCK);
    fs->blocks_per_group = field_get(s, SB_BLOCKS_PER_GROUP);
    fs->inodes_per_group = field_get(s, SB_INODES_PER_GROUP);
    fs->inode_size = rev == 0 ? EXT2_GOOD_OLD_INODE_SIZE : field_get(s, SB_INODE_SIZE);
    fs->first_ino = rev == 0 ? EXT2_GOOD_OLD_FIRST_INO : field_get(s, SB_FIRST_INO);
    fs->gd_per_block = fs->block_size / GD_SIZE;
    fs->last_written = field_get(s, SB_WTIME);
    fs->last_written += fs->last_written == 0;

    uint32_t bits = fs->block_size * 8;
    if (rev > 1 || fs->first_data_block != (log == 0 ? 1u : 0u) ||
        fs->blocks_count <= fs->first_data_block + 2 ||
        fs->blocks_count / 2 > (fs->dev->sectors >> (log + 2)) ||
        fs->blocks_count > fs->dev->sectors >> (log + 1) || fs->blocks_per_group == 0 ||
        fs->blocks_per_group > bits || fs->blocks_per_group % 8 != 0 || fs->inodes_per_group == 0 ||
        fs->inodes_per_group > bits || fs->inode_size < EXT2_GOOD_OLD_INODE_SIZE ||
        fs->inode_size > fs->block_size || (fs->inode_size & (fs->inode_size - 1)) != 0 ||
        fs->inodes_per_group % (fs->block_size / fs->inode_size) != 0 ||
        fs->first_ino < EXT2_GOOD_OLD_FIRST_INO || fs->first_ino > fs->inodes_per_group)
        return ext2_corrupt(fs, "superblock geometry");

    uint32_t data = fs->blocks_count - fs->first_data_block;
    fs->groups = data / fs->blocks_per_group + (data % fs->blocks_per_group != 0);
    if (fs->groups > GROUPS_MAX || (uint64_t)fs->groups * fs->inodes_per_group != fs->inodes_count ||
        field_get(s, SB_R_BLOCKS_COUNT) > fs->blocks_count ||
        field_get(s, SB_FREE_BLOCKS) > fs->blocks_count ||
        field_get(s, SB_FREE_INODES) > fs->inodes_count ||
        (uint64_t)fs->first_data_block + 1 + fs->groups / fs->gd_per_block + 1 > fs->blocks_count)
        return ext2_corrupt(fs, "superblock counts");
    return 0;
}

static int
check_features(struct ext2_fs *fs, struct cspan s)
{
    uint32_t incompat = 0, ro_compat = 0;

    if (field_get(s, SB_REV_LEVEL) > 0) {
        incompat = field_get(s, SB_FEATURE_INCOMPAT);
        ro_compat = field_get(s, SB_FEATURE_RO_COMPAT);
    }
    if (incompat & ~(uint32_t)INCOMPAT_SUPPORTED) {
        klog(LOG_ERR, "ext2: %s: incompatible features %#x", fs->dev->name,
             incompat & ~(uint32_t)INCOMPAT_SUPPORTED);
        return -EINVAL;
    }
    if (ro_compat & ~(uint32_t)RO_COMPAT_SUPPORTED && !fs->sb->read_only) {
        klog(LOG_WARN, "ext2: %s: unknown features %#x: mounted read-only", fs->dev->name,
             ro_compat & ~(uint32_t)RO_COMPAT_SUPPORTED);
        fs->sb->read_only = true;
    }
    fs->filetype = (incompat & INCOMPAT_FILETYPE) != 0;
    return 0;
}

/* The largest file: what the block map reaches, and what i_blocks (units of 512 bytes, 32 bits) can count. */
static uint64_t
max_file_size(const struct ext2_fs *fs)
{
    uint64_t n = fs->block_size / 4;
    uint64_t map = (EXT2_DIRECT + n + n * n + n * n * n) * fs->block_size;
    uint64_t count = ((uint64_t)UINT32_MAX - 2 * n * (fs->block_size / 512)) * 512;

    return map < count ? map : count;
}

static int
read_super(struct ext2_fs *fs)
{
    struct buf *first;
    int rc = buf_get(fs->dev, 1024, 1, &first);

    if (rc < 0)
        return rc;
    struct cspan s = buf_cspan(first);
    rc = field_get(s, SB_MAGIC) != EXT2_MAGIC ? -EINVAL : check_features(fs, s);
    if (rc == 0)
        rc = read_geometry(fs, s);
    buf_put(first);
    if (rc < 0)
        return rc;
    /* From here on through blocks of the file system's own size. */
    if (fs->block_size != 1024)
        buf_forget(fs->dev, 1024, 1);
    fs->super_off = fs->block_size == 1024 ? 0 : SUPER_OFFSET;
    return ext2_buf_get(fs, SUPER_OFFSET / fs->block_size, &fs->super);
}

static int
ext2_sync(struct superblock *sb)
{
    struct ext2_fs *fs = sb->fs_data;
    int rc, flush;

    mutex_lock(&fs->lock);
    rc = buf_sync(fs->dev);
    mutex_unlock(&fs->lock);
    flush = blk_flush(fs->dev);
    return rc < 0 ? rc : flush;
}

/* Say "clean" on the disk again, if it was when we came. */
static int
mark_clean(struct ext2_fs *fs)
{
    mutex_lock(&fs->lock);
    if (fs->marked && fs->was_valid && !fs->errors_seen) {
        struct span s = ext2_super(fs);

        field_put(s, SB_STATE, field_get(span_const(s), SB_STATE) | STATE_VALID);
        buf_dirty(fs->super);
        fs->marked = false;
    }
    mutex_unlock(&fs->lock);
    return ext2_sync(fs->sb);
}

static void
ext2_umount(struct superblock *sb)
{
    struct ext2_fs *fs = sb->fs_data;

    if (!sb->read_only && mark_clean(fs) < 0)
        klog(LOG_ERR, "ext2: %s: the last write failed", fs->dev->name);
    buf_put(fs->super);
    buf_invalidate(fs->dev);
    sb->fs_data = NULL;
    kmem_free(fs->group);
    kmem_free(fs);
}

static int
ext2_remount(struct superblock *sb, bool read_only)
{
    struct ext2_fs *fs = sb->fs_data;
    struct cspan s = span_const(ext2_super(fs));

    if (read_only)
        return sb->read_only ? 0 : mark_clean(fs);
    if (field_get(s, SB_REV_LEVEL) > 0 &&
        field_get(s, SB_FEATURE_RO_COMPAT) & ~(uint32_t)RO_COMPAT_SUPPORTED)
        return -EROFS;
    return fs->dev->read_only ? -EROFS : 0;
}

/* Blocks that hold the superblock's copies, descriptors, bitmaps and inode tables, as statfs(2) leaves them out. */
static uint64_t
overhead(const struct ext2_fs *fs)
{
    uint64_t per_group = 2 + fs->inodes_per_group / (fs->block_size / fs->inode_size);

    return fs->first_data_block + fs->groups * per_group + 1 +
           (fs->groups + fs->gd_per_block - 1) / fs->gd_per_block;
}

static int
ext2_statfs(struct superblock *sb, struct vfs_statfs *out)
{
    struct ext2_fs *fs = sb->fs_data;
    struct cspan s = span_const(ext2_super(fs));
    uint64_t reserved = field_get(s, SB_R_BLOCKS_COUNT), free = field_get(s, SB_FREE_BLOCKS);
    uint64_t over = overhead(fs);

    *out = (struct vfs_statfs){
        .type = EXT2_MAGIC,
        .bsize = fs->block_size,
        .frsize = fs->block_size,
        .blocks = fs->blocks_count > over ? fs->blocks_count - over : 0,
        .bfree = free,
        .bavail = free > reserved ? free - reserved : 0,
        .files = fs->inodes_count,
        .ffree = field_get(s, SB_FREE_INODES),
        .namelen = NAME_MAX,
    };
    return 0;
}

static const struct super_ops ext2_super_ops = {
    .write_inode = ext2_write_inode,
    .evict_inode = ext2_evict_inode,
    .sync = ext2_sync,
    .statfs = ext2_statfs,
    .umount = ext2_umount,
    .read_inode = ext2_read_inode,
    .remount = ext2_remount,
};

static int
ext2_mount(struct superblock *sb, const char *options unused_param)
{
    struct ext2_fs *fs = kmem_alloc(sizeof *fs);
    int rc;

    if (fs == NULL)
        return -ENOMEM;
    fs->sb = sb;
    fs->dev = sb->dev;
    mutex_init(&fs->lock, "ext2", RANK_FS);
    rc = read_super(fs);
    if (rc == 0)
        rc = read_groups(fs);
    if (rc < 0)
        goto free_fs;

    sb->fs_data = fs;
    sb->block_size = fs->block_size;
    sb->max_file_size = max_file_size(fs);
    sb->ops = &ext2_super_ops;
    rc = inode_get(sb, EXT2_ROOT_INO, &sb->root);
    if (rc < 0)
        goto free_fs;
    uint16_t state = field_get(span_const(ext2_super(fs)), SB_STATE);
    fs->was_valid = (state & STATE_VALID) && !(state & STATE_ERROR);
    if (!fs->was_valid)
        klog(LOG_WARN, "ext2: %s: was not unmounted cleanly: e2fsck is recommended", fs->dev->name);
    return 0;

free_fs:
    buf_put(fs->super);
    sb->fs_data = NULL;
    buf_invalidate(fs->dev);
    kmem_free(fs->group);
    kmem_free(fs);
    return rc;
}

const struct fs_type ext2_fs_type = { .name = "ext2", .needs_dev = true, .mount = ext2_mount };

/* Block special files: reads and writes through a page cache of the device, kept as an inode of an internal file system.
 *
 * The cache of a device belongs to its openers: it is written back and dropped when the last one closes, so that a file system
 * mounted meanwhile is seen at the next open.  Writing to a mounted device is not coherent with the mount (nor was it ever wise). */
#include <hal/types.h>
#include <kernel/abi/fcntl.h>
#include <kernel/core/assert.h>
#include <kernel/core/blk.h>
#include <kernel/core/log.h>
#include <kernel/fs/file.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/special.h>

enum {
    BLKROGET = 0x125e,
    BLKGETSIZE = 0x1260,
    BLKFLSBUF = 0x1261,
    BLKSSZGET = 0x1268,
    BLKPBSZGET = 0x127b,
};
#define BLKBSZGET    0x80081270u
#define BLKGETSIZE64 0x80081272u

static struct superblock *_Nullable bdev_sb;

static struct blkdev *_Nullable
dev_of(const struct inode *bdev)
{
    return bdev->fs_data;
}

static int
bdev_read_page(struct inode *inode, uint64_t index, struct span page)
{
    uint64_t pos = index * page.len;
    size_t n = inode->size - pos < page.len ? (size_t)(inode->size - pos) : page.len;

    span_fill(span_sub(page, n, page.len - n), 0);
    return blk_read(dev_of(inode), pos >> SECTOR_SHIFT, span_sub(page, 0, n));
}

static int
bdev_write_page(struct inode *inode, uint64_t index, struct cspan page)
{
    return blk_write(dev_of(inode), index * PAGE_SIZE >> SECTOR_SHIFT, page);
}

static const struct inode_ops bdev_inode_ops = { .read_page = bdev_read_page,
                                                 .write_page = bdev_write_page };

static int
bdev_read_inode(struct inode *inode)
{
    struct blkdev *dev = blk_find_rdev((uint32_t)inode->ino);

    if (dev == NULL)
        return -ENXIO;
    inode->mode = S_IFBLK | 0600;
    inode->nlink = 0; /* nobody remembers it when it is closed: the medium may be another one then */
    inode->rdev = dev->rdev;
    inode->size = dev->sectors << SECTOR_SHIFT;
    inode->ops = &bdev_inode_ops;
    inode->fs_data = dev;
    return 0;
}

static const struct super_ops bdev_super_ops = { .read_inode = bdev_read_inode };

static int
bdev_mount(struct superblock *sb, unused_param const char *options)
{
    sb->ops = &bdev_super_ops;
    return 0;
}

static const struct fs_type bdev_type = { .name = "bdev", .mount = bdev_mount };

void
blkfile_init(void)
{
    if (mount_internal(&bdev_type, &bdev_sb) < 0)
        panic("no memory for block special files");
}

static int
blk_open(struct file *f)
{
    struct blkdev *dev;
    struct inode *bdev;
    int rc;

    if (bdev_sb == NULL)
        return -ENXIO;
    rc = blk_get(f->inode->rdev, &dev);
    if (rc < 0)
        return rc;
    rc = file_can_write(f) && dev->read_only ? -EROFS : inode_get(bdev_sb, dev->rdev, &bdev);
    if (rc < 0) {
        blk_put(dev);
        return rc;
    }
    if (file_can_write(f))
        pagecache_start_flusher();
    f->data = bdev;
    return 0;
}

static void
blk_release(struct file *f)
{
    struct inode *bdev = f->data;
    struct blkdev *dev = dev_of(bdev);

    if (bdev->refs == 1) {
        if (pagecache_sync(bdev) < 0)
            klog(LOG_ERR, "%s: write-back at close failed", dev->name);
        pagecache_truncate(bdev, 0);
    }
    inode_put(bdev);
    blk_put(dev);
}

static int64_t
blk_file_read(struct file *f, struct iobuf *buf, uint64_t *pos)
{
    int64_t n = pagecache_read(f->data, *pos, buf);

    if (n > 0)
        *pos += (uint64_t)n;
    return n;
}

static int64_t
blk_file_write(struct file *f, struct iobuf *buf, uint64_t *pos)
{
    struct inode *bdev = f->data;
    size_t cut = 0;
    int64_t n;

    if (buf->left == 0)
        return 0;
    if (*pos >= bdev->size)
        return -ENOSPC;
    if (buf->left > bdev->size - *pos)
        cut = buf->left - (size_t)(bdev->size - *pos);
    buf->left -= cut;
    turn_take(&bdev->write_turn);
    n = pagecache_write(bdev, *pos, buf);
    turn_release(&bdev->write_turn);
    buf->left += cut;
    if (n > 0)
        *pos += (uint64_t)n;
    return n;
}

static int
blk_fsync(struct file *f)
{
    struct inode *bdev = f->data;
    int rc = pagecache_sync(bdev);
    int rc2 = blk_flush(dev_of(bdev));

    return rc < 0 ? rc : rc2;
}

static int64_t
blk_seek(struct file *f, int64_t off, int whence)
{
    const struct inode *bdev = f->data;

    return file_seek_within(f, off, whence, bdev->size);
}

static int64_t
blk_ioctl(struct file *f, uint32_t cmd, uintptr_t arg)
{
    struct inode *bdev = f->data;
    uint64_t v64;
    uint32_t v32;

    switch (cmd) {
    case BLKGETSIZE:
        v64 = bdev->size >> SECTOR_SHIFT;
        return ucopy_out(uaddr(arg), &v64, sizeof(v64));
    case BLKGETSIZE64:
        return ucopy_out(uaddr(arg), &bdev->size, sizeof(bdev->size));
    case BLKSSZGET:
    case BLKPBSZGET:
        v32 = SECTOR_SIZE;
        return ucopy_out(uaddr(arg), &v32, sizeof(v32));
    case BLKBSZGET:
        v32 = PAGE_SIZE;
        return ucopy_out(uaddr(arg), &v32, sizeof(v32));
    case BLKROGET:
        v32 = dev_of(bdev)->read_only;
        return ucopy_out(uaddr(arg), &v32, sizeof(v32));
    case BLKFLSBUF:
        return pagecache_sync(bdev);
    default:
        return -ENOTTY;
    }
}

static int
blk_map_page(struct file *f, uint64_t index, unused_param bool write, struct page **out)
{
    return pagecache_get(f->data, index, out);
}

const struct file_ops file_blkdev_ops = {
    .open = blk_open,
    .release = blk_release,
    .read = blk_file_read,
    .write = blk_file_write,
    .fsync = blk_fsync,
    .seek = blk_seek,
    .ioctl = blk_ioctl,
    .map_page = blk_map_page,
};

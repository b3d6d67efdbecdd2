/* devfs ("devtmpfs" in mount(8)) where memory is short: /dev is the list of what the drivers have, and nothing can be made in it.
 *
 * An inode's number is that of its device, with a bit for block devices; it exists while it is used. */
#include <kernel/core/blk.h>
#include <kernel/core/fmt.h>
#include <kernel/fs/dentry.h>
#include <kernel/fs/devfs.h>
#include <kernel/fs/file.h>
#include <kernel/fs/inode.h>

enum { DEVFS_MAGIC = 0x1373, ROOT_INO = 1, NAME_SIZE = 32, MAJOR_TTY = 4, MAJOR_TTYAUX = 5 };
#define INO_BLOCK (UINT64_C(1) << 33)
#define INO_CHAR  (UINT64_C(1) << 32)

struct node {
    uint64_t ino;
    char name[NAME_SIZE];
};

/* The nth block device, as blk_for_each() counts them. */
struct blk_search {
    unsigned n;
    bool found;
    struct node *node;
};

static void
blk_at(struct blkdev *dev, void *arg)
{
    struct blk_search *s = arg;

    if (s->found || s->n-- > 0)
        return;
    s->found = true;
    s->node->ino = INO_BLOCK | dev->rdev;
    str_copy(s->node->name, sizeof s->node->name, dev->name);
}

/* Block devices first. */
static bool
nth(unsigned n, struct node *node)
{
    struct blk_search s = { .n = n, .node = node };
    uint32_t rdev;

    blk_for_each(blk_at, &s);
    if (s.found)
        return true;
    if (!chrdev_nth(s.n, &rdev, node->name, sizeof node->name))
        return false;
    node->ino = INO_CHAR | rdev;
    return true;
}

static int
devfs_lookup(struct inode *dir, struct name name, struct inode **out)
{
    struct node node;

    for (unsigned i = 0; nth(i, &node); i++)
        if (name_eq(name, name_of(node.name, str_len(node.name))))
            return inode_get(dir->sb, node.ino, out);
    return -ENOENT;
}

static int
devfs_readdir(struct inode *dir, uint64_t *pos, dir_emit_fn emit, void *arg)
{
    static const char dots[] = "..";
    struct node node;

    for (; *pos < 2; ++*pos)
        if (!emit(arg, name_of(dots, (size_t)*pos + 1), dir->ino, S_IFDIR >> 12, *pos + 1))
            return 0;
    for (; nth((unsigned)(*pos - 2), &node); ++*pos) {
        uint32_t type = (node.ino & INO_BLOCK) != 0 ? S_IFBLK : S_IFCHR;

        if (!emit(arg, name_of(node.name, str_len(node.name)), node.ino, type >> 12, *pos + 1))
            return 0;
    }
    return 0;
}

static const struct inode_ops devfs_dir_ops = { .lookup = devfs_lookup, .readdir = devfs_readdir };
static const struct inode_ops devfs_node_ops = { 0 };

static uint32_t
char_mode(uint32_t rdev)
{
    bool terminal = dev_major(rdev) == MAJOR_TTY || rdev == dev_make(MAJOR_TTYAUX, 1);

    return S_IFCHR | (terminal ? 0600 : 0666);
}

static int
devfs_read_inode(struct inode *inode)
{
    inode->nlink = 1;
    if (inode->ino == ROOT_INO) {
        inode->mode = S_IFDIR | 0755;
        inode->ops = &devfs_dir_ops;
        inode->fops = &file_dir_ops;
        return 0;
    }
    inode->rdev = (uint32_t)inode->ino;
    inode->mode = (inode->ino & INO_BLOCK) != 0 ? S_IFBLK | 0660 : char_mode(inode->rdev);
    inode->ops = &devfs_node_ops;
    return 0;
}

static int
devfs_statfs(unused_param struct superblock *sb, struct vfs_statfs *out)
{
    *out = (struct vfs_statfs){
        .type = DEVFS_MAGIC, .bsize = PAGE_SIZE, .frsize = PAGE_SIZE, .namelen = NAME_SIZE - 1
    };
    return 0;
}

static struct superblock *_Nullable instance;

void
devfs_gone(const struct superblock *sb)
{
    if (instance == sb)
        instance = NULL;
}

static void
devfs_umount(struct superblock *sb)
{
    devfs_gone(sb);
}

static int
devfs_remount(unused_param struct superblock *sb, bool read_only)
{
    return read_only ? 0 : -EROFS;
}

static const struct super_ops devfs_super_ops = { .read_inode = devfs_read_inode,
                                                  .statfs = devfs_statfs,
                                                  .umount = devfs_umount,
                                                  .remount = devfs_remount };

static int
devfs_mount(struct superblock *sb, unused_param const char *options)
{
    int rc;

    if (instance != NULL)
        return -EBUSY;
    sb->ops = &devfs_super_ops;
    sb->no_dcache = true; /* partitions come and go with their medium */
    sb->read_only = true; /* its names: what the devices are written to is theirs */
    rc = inode_get(sb, ROOT_INO, &sb->root);
    if (rc == 0)
        instance = sb;
    return rc;
}

int
devfs_publish(unused_param uint32_t mode, unused_param uint32_t rdev, unused_param uint32_t count,
              unused_param const char *name)
{
    return 0;
}

const struct fs_type devfs_type = { .name = "devtmpfs", .mount = devfs_mount };

/* devfs ("devtmpfs" in mount(8)): a tmpfs that is filled with the device files of all drivers. */
#include <kernel/core/blk.h>
#include <kernel/core/fmt.h>
#include <kernel/fs/dentry.h>
#include <kernel/fs/devfs.h>
#include <kernel/fs/file.h>
#include <kernel/fs/inode.h>

enum { DEVFS_MAX = 8, MAJOR_TTY = 4, MAJOR_TTYAUX = 5, MINOR_CONSOLE = 1 };

static struct superblock *_Nullable instances[DEVFS_MAX];

void
devfs_gone(const struct superblock *sb)
{
    for (unsigned i = 0; i < DEVFS_MAX; i++) {
        if (instances[i] == sb)
            instances[i] = NULL;
    }
}

static uint32_t
mode_of(uint32_t mode, uint32_t rdev)
{
    if ((mode & S_IFMT) == S_IFCHR &&
        (dev_major(rdev) == MAJOR_TTY || rdev == dev_make(MAJOR_TTYAUX, MINOR_CONSOLE)))
        return S_IFCHR | 0600;
    return mode;
}

static int
publish_one(struct inode *dir, const char *name, uint32_t mode, uint32_t rdev)
{
    struct name n = { name, str_len(name) };
    int rc;

    dir_lock(dir);
    rc = tmpfs_make(dir, n, mode_of(mode, rdev), rdev);
    dentry_forget_negative(dir, n);
    dir_unlock(dir);
    return rc;
}

int
devfs_publish(uint32_t mode, uint32_t rdev, uint32_t count, const char *name)
{
    char text[32];

    if (name == NULL)
        return 0;
    for (unsigned i = 0; i < DEVFS_MAX; i++) {
        struct superblock *sb = instances[i];

        if (sb == NULL)
            continue;
        for (uint32_t k = 0; k < count; k++) {
            int rc;

            if (count == 1)
                fmt_print(text, sizeof(text), "%s", name);
            else
                fmt_print(text, sizeof(text), "%s%u", name, k);
            rc = publish_one(sb->root, text, mode, dev_make(dev_major(rdev), dev_minor(rdev) + k));
            if (rc < 0)
                return rc;
        }
    }
    return 0;
}

struct blk_publisher {
    struct inode *root;
    int rc;
};

static void
publish_blk(struct blkdev *dev, void *arg)
{
    struct blk_publisher *b = arg;

    if (b->rc == 0)
        b->rc = publish_one(b->root, dev->name, S_IFBLK | 0660, dev->rdev);
}

static int
populate(struct inode *root)
{
    static const struct {
        const char *name, *target;
    } links[] = {
        { "fd", "/proc/self/fd" },
        { "stdin", "/proc/self/fd/0" },
        { "stdout", "/proc/self/fd/1" },
        { "stderr", "/proc/self/fd/2" },
    };
    int rc = 0;

    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]) && rc == 0; i++)
        rc = tmpfs_make_link(root, name_of(links[i].name, str_len(links[i].name)),
                             name_of(links[i].target, str_len(links[i].target)));
    if (rc == 0)
        rc = tmpfs_make(root, name_of("pts", 3), S_IFDIR | 0755, 0);
    if (rc == 0)
        rc = tmpfs_make(root, name_of("shm", 3), S_IFDIR | 01777, 0);
    return rc;
}

static int
devfs_mount(struct superblock *sb, const char *options)
{
    unsigned slot = 0;
    int rc;

    while (slot < DEVFS_MAX && instances[slot] != NULL)
        slot++;
    if (slot == DEVFS_MAX)
        return -EBUSY;
    rc = tmpfs_mount(sb, options);
    if (rc < 0)
        return rc;
    sb->root->mode = S_IFDIR | 0755;
    instances[slot] = sb;

    struct blk_publisher blk = { .root = sb->root, .rc = populate(sb->root) };

    if (blk.rc == 0)
        blk.rc = chrdev_publish_all();
    blk_for_each(publish_blk, &blk);
    if (blk.rc < 0) /* a directory of some devices would be taken for that of all */
        sb->ops->umount(sb);
    return blk.rc;
}

const struct fs_type devfs_type = { .name = "devtmpfs", .mount = devfs_mount };

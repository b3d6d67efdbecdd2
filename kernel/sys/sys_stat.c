/* stat(2) and its kind. */
#include <abi/stat.h>
#include <kernel/abi/fcntl.h>
#include <kernel/abi/statx.h>
#include <kernel/fs/dentry.h>
#include <kernel/fs/file.h>
#include <kernel/fs/inode.h>
#include <kernel/sys/sys_path.h>
#include <kernel/sys/upath.h>

enum { SECTORS_PER_PAGE = PAGE_SIZE / 512 };

/* What both answers are made from. */
struct kstat {
    const struct inode *inode;
    uint64_t blocks, blksize;
};

static struct kstat
stat_of(const struct inode *inode)
{
    struct kstat k = { .inode = inode, .blocks = inode->blocks, .blksize = inode->sb->block_size };

    if (inode->pages.pinned)
        k.blocks = inode->pages.nr_dirty * SECTORS_PER_PAGE;
    if (k.blksize < 512)
        k.blksize = PAGE_SIZE;
    return k;
}

static int
put_stat(const struct inode *inode, uint64_t user)
{
    struct kstat k = stat_of(inode);
    struct abi_stat s = {
        .st_dev = inode->sb->st_dev,
        .st_nlink = inode->nlink,
        .st_mode = inode->mode,
        .st_uid = inode->uid,
        .st_gid = inode->gid,
        .st_rdev = inode->rdev,
        .st_size = (int64_t)inode->size,
        .st_blksize = (int64_t)k.blksize,
        .st_blocks = (int64_t)k.blocks,
        .st_atime = inode->atime.sec,
        .st_atime_nsec = inode->atime.nsec,
        .st_mtime = inode->mtime.sec,
        .st_mtime_nsec = inode->mtime.nsec,
        .st_ctime = inode->ctime.sec,
        .st_ctime_nsec = inode->ctime.nsec,
    };

    abi_stat_set_ino(&s, inode->ino);
    return ucopy_out(uaddr((uintptr_t)user), &s, sizeof(s));
}

static struct abi_statx_time
statx_time(struct ktime t)
{
    return (struct abi_statx_time){ .sec = t.sec, .nsec = t.nsec };
}

static int
put_statx(const struct inode *inode, bool mount_root, uint64_t user)
{
    struct kstat k = stat_of(inode);
    struct abi_statx s = {
        .mask = STATX_BASIC_STATS,
        .blksize = (uint32_t)k.blksize,
        .attributes = mount_root ? STATX_ATTR_MOUNT_ROOT : 0,
        .attributes_mask = STATX_ATTR_MOUNT_ROOT,
        .nlink = inode->nlink,
        .uid = inode->uid,
        .gid = inode->gid,
        .mode = (uint16_t)inode->mode,
        .ino = inode->ino,
        .size = inode->size,
        .blocks = k.blocks,
        .atime = statx_time(inode->atime),
        .mtime = statx_time(inode->mtime),
        .ctime = statx_time(inode->ctime),
        .rdev_major = dev_major(inode->rdev),
        .rdev_minor = dev_minor(inode->rdev),
        .dev_major = dev_major(inode->sb->st_dev),
        .dev_minor = dev_minor(inode->sb->st_dev),
    };

    return ucopy_out(uaddr((uintptr_t)user), &s, sizeof(s));
}

/* Files without an inode (epoll sets, eventfds): what Linux's anonymous inode shows. */
static int
put_stat_anon(uint64_t user)
{
    struct abi_stat s = { .st_nlink = 1, .st_mode = 0600, .st_blksize = PAGE_SIZE };

    abi_stat_set_ino(&s, 1);
    return ucopy_out(uaddr((uintptr_t)user), &s, sizeof(s));
}

static int64_t
stat_path(int dirfd, uint64_t path, unsigned flags, uint64_t user)
{
    struct dentry *d;
    int rc = at_lookup(dirfd, path, flags, &d);

    if (rc < 0)
        return rc;
    rc = put_stat(d->inode, user);
    dentry_put(d);
    return rc;
}

int64_t
sys_stat(const struct sysargs *a)
{
    return stat_path(AT_FDCWD, a->a[0], LOOKUP_FOLLOW, a->a[1]);
}

int64_t
sys_lstat(const struct sysargs *a)
{
    return stat_path(AT_FDCWD, a->a[0], 0, a->a[1]);
}

static int64_t
stat_fd(int fd, uint64_t user)
{
    struct file *f = ufile_get(fd, true);
    int rc;

    if (f == NULL)
        return -EBADF;
    rc = f->inode != NULL ? put_stat(f->inode, user) : put_stat_anon(user);
    file_put(f);
    return rc;
}

int64_t
sys_fstat(const struct sysargs *a)
{
    return stat_fd((int)a->a[0], a->a[1]);
}

static unsigned
lookup_flags(uint32_t flags)
{
    return ((flags & AT_SYMLINK_NOFOLLOW) != 0 ? 0u : (unsigned)LOOKUP_FOLLOW) |
           ((flags & AT_EMPTY_PATH) != 0 ? (unsigned)LOOKUP_EMPTY : 0u);
}

int64_t
sys_newfstatat(const struct sysargs *a)
{
    uint32_t flags = (uint32_t)a->a[3];
    uint8_t first = 1;

    if ((flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH)) != 0)
        return -EINVAL;
    /* fstat() of today's C libraries: also for files without an inode. */
    if ((flags & AT_EMPTY_PATH) != 0 && (int)a->a[0] >= 0 &&
        ucopy_in(&first, uaddr((uintptr_t)a->a[1]), 1) == 0 && first == 0)
        return stat_fd((int)a->a[0], a->a[2]);
    return stat_path((int)a->a[0], a->a[1], lookup_flags(flags), a->a[2]);
}

int64_t
sys_statx(const struct sysargs *a)
{
    uint32_t flags = (uint32_t)a->a[2], mask = (uint32_t)a->a[3];
    struct dentry *d;
    int rc;

    if ((flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH |
                             AT_STATX_SYNC_TYPE)) != 0 ||
        (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE || (mask & STATX__RESERVED) != 0)
        return -EINVAL;
    rc = at_lookup((int)a->a[0], a->a[1], lookup_flags(flags), &d);
    if (rc < 0)
        return rc;
    rc = put_statx(d->inode, d->parent == NULL && d->sb->mount != NULL, a->a[4]);
    dentry_put(d);
    return rc;
}

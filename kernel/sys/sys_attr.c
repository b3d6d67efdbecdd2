/* System calls on attributes: permissions, owners, times, size. */
#include <kernel/abi/fcntl.h>
#include <kernel/abi/statx.h>
#include <kernel/fs/dentry.h>
#include <kernel/fs/file.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/namei.h>
#include <kernel/proc/proc.h>
#include <kernel/sys/sys_path.h>
#include <kernel/sys/upath.h>

enum { NSEC_PER_SEC = 1000000000, USEC_PER_SEC = 1000000, NSEC_PER_USEC = 1000 };

/* access(2) asks for the real user: the file-system ids are exchanged meanwhile. */
static int64_t
do_access(int dirfd, uint64_t path, uint32_t want, uint32_t flags)
{
    struct creds *c = &proc_current()->creds;
    uint32_t fsuid = c->fsuid, fsgid = c->fsgid;
    struct dentry *d;
    int rc;

    if ((want & ~7u) != 0 ||
        (flags & ~(uint32_t)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0)
        return -EINVAL;
    if ((flags & AT_EACCESS) == 0) {
        c->fsuid = c->uid;
        c->fsgid = c->gid;
    }
    rc = at_lookup(dirfd, path,
                   ((flags & AT_SYMLINK_NOFOLLOW) != 0 ? 0u : (unsigned)LOOKUP_FOLLOW) |
                       ((flags & AT_EMPTY_PATH) != 0 ? (unsigned)LOOKUP_EMPTY : 0u),
                   &d);
    if (rc == 0) {
        rc = want != 0 ? inode_permission(d->inode, want) : 0;
        dentry_put(d);
    }
    c->fsuid = fsuid;
    c->fsgid = fsgid;
    return rc;
}

int64_t
sys_access(const struct sysargs *a)
{
    return do_access(AT_FDCWD, a->a[0], (uint32_t)a->a[1], 0);
}

int64_t
sys_faccessat(const struct sysargs *a)
{
    return do_access((int)a->a[0], a->a[1], (uint32_t)a->a[2], 0);
}

int64_t
sys_faccessat2(const struct sysargs *a)
{
    return do_access((int)a->a[0], a->a[1], (uint32_t)a->a[2], (uint32_t)a->a[3]);
}

int64_t
sys_truncate(const struct sysargs *a)
{
    int64_t size = (int64_t)a->a[1];
    struct inode *inode;
    struct dentry *d;
    int rc;

    if (size < 0)
        return -EINVAL;
    rc = at_lookup(AT_FDCWD, a->a[0], LOOKUP_FOLLOW, &d);
    if (rc < 0)
        return rc;
    inode = dentry_inode(d);
    if (inode_is(inode, S_IFDIR))
        rc = -EISDIR;
    else if (!inode_is(inode, S_IFREG))
        rc = -EINVAL;
    else
        rc = inode_permission(inode, W_OK);
    if (rc == 0 && (uint64_t)size > inode->size && (uint64_t)size > file_size_limit())
        rc = (file_size_signal(), -EFBIG);
    if (rc == 0)
        rc = vfs_truncate(inode, (uint64_t)size);
    dentry_put(d);
    return rc;
}

/* A change to one inode, named by a path or a descriptor. */
typedef int (*attr_fn)(struct inode *inode, const struct setattr *attr);

static int64_t
attr_path(int dirfd, uint64_t path, unsigned flags, attr_fn fn, const struct setattr *attr)
{
    struct dentry *d;
    int rc = at_lookup(dirfd, path, flags, &d);

    if (rc < 0)
        return rc;
    rc = dentry_inode(d)->sb->read_only ? -EROFS : fn(dentry_inode(d), attr);
    dentry_put(d);
    return rc;
}

static int64_t
attr_fd(int fd, attr_fn fn, const struct setattr *attr)
{
    struct file *f = ufile_get(fd, false);
    int rc;

    if (f == NULL)
        return -EBADF;
    if (f->inode == NULL)
        rc = -EINVAL;
    else
        rc = f->inode->sb->read_only ? -EROFS : fn(f->inode, attr);
    file_put(f);
    return rc;
}

static int
chmod_inode(struct inode *inode, const struct setattr *in)
{
    struct setattr attr = *in;

    if (inode_is(inode, S_IFLNK))
        return -EOPNOTSUPP;
    if (!inode_owner_or_capable(inode))
        return -EPERM;
    if (!in_group(inode->gid) && !capable())
        attr.mode &= ~(uint32_t)S_ISGID;
    return vfs_setattr(inode, &attr);
}

static struct setattr
mode_attr(uint64_t mode)
{
    return (struct setattr){ .valid = ATTR_MODE, .mode = (uint32_t)mode & 07777 };
}

int64_t
sys_chmod(const struct sysargs *a)
{
    struct setattr attr = mode_attr(a->a[1]);

    return attr_path(AT_FDCWD, a->a[0], LOOKUP_FOLLOW, chmod_inode, &attr);
}

int64_t
sys_fchmodat(const struct sysargs *a)
{
    struct setattr attr = mode_attr(a->a[2]);

    return attr_path((int)a->a[0], a->a[1], LOOKUP_FOLLOW, chmod_inode, &attr);
}

int64_t
sys_fchmod(const struct sysargs *a)
{
    struct setattr attr = mode_attr(a->a[1]);

    return attr_fd((int)a->a[0], chmod_inode, &attr);
}

static int
chown_inode(struct inode *inode, const struct setattr *in)
{
    const struct creds *c = &proc_current()->creds;
    struct setattr attr = *in;

    if (!capable()) {
        if ((attr.valid & ATTR_UID) != 0 && (c->fsuid != inode->uid || attr.uid != inode->uid))
            return -EPERM;
        if ((attr.valid & ATTR_GID) != 0 &&
            (c->fsuid != inode->uid || (attr.gid != inode->gid && !in_group(attr.gid))))
            return -EPERM;
    }
    if (!inode_is(inode, S_IFDIR)) {
        uint32_t gone = inode->mode & S_ISUID;

        if ((inode->mode & (S_ISGID | 010)) == (S_ISGID | 010))
            gone |= S_ISGID;
        if (gone != 0) {
            attr.valid |= ATTR_MODE;
            attr.mode = inode->mode & 07777 & ~gone;
        }
    }
    return vfs_setattr(inode, &attr);
}

static struct setattr
owner_attr(uint64_t uid, uint64_t gid)
{
    return (struct setattr){
        .valid = ((uint32_t)uid != UINT32_MAX ? (unsigned)ATTR_UID : 0u) |
                 ((uint32_t)gid != UINT32_MAX ? (unsigned)ATTR_GID : 0u),
        .uid = (uint32_t)uid,
        .gid = (uint32_t)gid,
    };
}

int64_t
sys_chown(const struct sysargs *a)
{
    struct setattr attr = owner_attr(a->a[1], a->a[2]);

    return attr_path(AT_FDCWD, a->a[0], LOOKUP_FOLLOW, chown_inode, &attr);
}

int64_t
sys_lchown(const struct sysargs *a)
{
    struct setattr attr = owner_attr(a->a[1], a->a[2]);

    return attr_path(AT_FDCWD, a->a[0], 0, chown_inode, &attr);
}

int64_t
sys_fchown(const struct sysargs *a)
{
    struct setattr attr = owner_attr(a->a[1], a->a[2]);

    return attr_fd((int)a->a[0], chown_inode, &attr);
}

int64_t
sys_fchownat(const struct sysargs *a)
{
    struct setattr attr = owner_attr(a->a[2], a->a[3]);
    uint32_t flags = (uint32_t)a->a[4];

    if ((flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0)
        return -EINVAL;
    return attr_path((int)a->a[0], a->a[1],
                     ((flags & AT_SYMLINK_NOFOLLOW) != 0 ? 0u : (unsigned)LOOKUP_FOLLOW) |
                         ((flags & AT_EMPTY_PATH) != 0 ? (unsigned)LOOKUP_EMPTY : 0u),
                     chown_inode, &attr);
}

/* Both times set to "now" is what a writer may do; anything else is the owner's. */
static int
utimes_inode(struct inode *inode, const struct setattr *attr)
{
    if (!inode_owner_or_capable(inode))
        return -EPERM;
    return vfs_setattr(inode, attr);
}

static int
touch_inode(struct inode *inode, const struct setattr *attr)
{
    if (!inode_owner_or_capable(inode)) {
        int rc = inode_permission(inode, W_OK);

        if (rc < 0)
            return rc;
    }
    return vfs_setattr(inode, attr);
}

/* One time of utimensat(2). */
static int
one_time(const struct abi_timespec *t, unsigned bit, struct setattr *attr, struct ktime *out)
{
    if (t->nsec == UTIME_OMIT)
        return 0;
    attr->valid |= bit;
    if (t->nsec == UTIME_NOW) {
        *out = time_wall();
        return 0;
    }
    if (t->nsec < 0 || t->nsec >= NSEC_PER_SEC)
        return -EINVAL;
    *out = (struct ktime){ t->sec, (uint32_t)t->nsec };
    return 0;
}

/* Access and modification time. */
struct utimes {
    struct abi_timespec t[2];
};

static int64_t
do_utimes(int fd, uint64_t path, const struct utimes *u, unsigned flags)
{
    struct setattr attr = { 0 };
    attr_fn fn = u->t[0].nsec == UTIME_NOW && u->t[1].nsec == UTIME_NOW ? touch_inode : utimes_inode;
    int rc = one_time(&u->t[0], ATTR_ATIME, &attr, &attr.atime);

    if (rc == 0)
        rc = one_time(&u->t[1], ATTR_MTIME, &attr, &attr.mtime);
    if (rc < 0)
        return rc;
    if (attr.valid == 0)
        return 0;
    return path == 0 && fd != AT_FDCWD ? attr_fd(fd, fn, &attr)
                                       : attr_path(fd, path, flags, fn, &attr);
}

static const struct utimes times_now = { { { 0, UTIME_NOW }, { 0, UTIME_NOW } } };

int64_t
sys_utimensat(const struct sysargs *a)
{
    uint32_t flags = (uint32_t)a->a[3];
    struct utimes u = times_now;

    if ((flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0)
        return -EINVAL;
    if (a->a[2] != 0) {
        int rc = ucopy_in(u.t, uaddr((uintptr_t)a->a[2]), sizeof(u.t));

        if (rc < 0)
            return rc;
        for (unsigned i = 0; i < 2; i++)
            u.t[i].nsec = (abi_long)u.t[i].nsec;
    }
    if (a->a[1] == 0 && flags != 0 && (int)a->a[0] != AT_FDCWD)
        return -EINVAL;
    return do_utimes((int)a->a[0], a->a[1], &u,
                     ((flags & AT_SYMLINK_NOFOLLOW) != 0 ? 0u : (unsigned)LOOKUP_FOLLOW) |
                         ((flags & AT_EMPTY_PATH) != 0 ? (unsigned)LOOKUP_EMPTY : 0u));
}

static int64_t
do_timevals(int fd, uint64_t path, uint64_t user)
{
    struct utimes u = times_now;
    struct abi_timeval v[2];

    if (user != 0) {
        int rc = ucopy_in(v, uaddr((uintptr_t)user), sizeof(v));

        if (rc < 0)
            return rc;
        for (unsigned i = 0; i < 2; i++) {
            if (v[i].usec < 0 || v[i].usec >= USEC_PER_SEC)
                return -EINVAL;
            u.t[i] = (struct abi_timespec){ v[i].sec, v[i].usec * NSEC_PER_USEC };
        }
    }
    return do_utimes(fd, path, &u, LOOKUP_FOLLOW);
}

int64_t
sys_utimes(const struct sysargs *a)
{
    return do_timevals(AT_FDCWD, a->a[0], a->a[1]);
}

int64_t
sys_futimesat(const struct sysargs *a)
{
    return do_timevals((int)a->a[0], a->a[1], a->a[2]);
}

int64_t
sys_utime(const struct sysargs *a)
{
    struct utimes u = times_now;
    abi_long v[2];

    if (a->a[1] != 0) {
        int rc = ucopy_in(v, uaddr((uintptr_t)a->a[1]), sizeof(v));

        if (rc < 0)
            return rc;
        u.t[0] = (struct abi_timespec){ v[0], 0 };
        u.t[1] = (struct abi_timespec){ v[1], 0 };
    }
    return do_utimes(AT_FDCWD, a->a[0], &u, LOOKUP_FOLLOW);
}

/* System calls on paths: opening, making, removing, renaming; where the process is. */
#include <kernel/abi/fcntl.h>
#include <kernel/core/assert.h>
#include <kernel/fs/dentry.h>
#include <kernel/fs/file.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/namei.h>
#include <kernel/fs/path.h>
#include <kernel/mm/kmem.h>
#include <kernel/proc/proc.h>
#include <kernel/sys/sys_path.h>
#include <kernel/sys/upath.h>

static int64_t
do_open(int dirfd, uint64_t path, uint32_t flags, uint32_t mode)
{
    struct upath p;
    struct at at;
    struct file *f;
    int rc;

    if ((flags & O_TMPFILE_BIT) != 0)
        return (flags & O_DIRECTORY) != 0 && (flags & O_ACCMODE) != O_RDONLY ? -EOPNOTSUPP : -EINVAL;
    if ((flags & O_PATH) == 0 && (flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY))
        return -EINVAL;
    if ((flags & O_CREAT) == 0)
        mode = 0;
    rc = at_path_get(&at, &p, dirfd, path, false);
    if (rc < 0)
        return rc;
    rc = vfs_open(at.dentry, p.text, flags, mode & 07777, &f);
    at_path_put(&at, &p);
    if (rc < 0)
        return rc;
    if ((flags & O_PATH) == 0)
        f->flags |= O_LARGEFILE;
    rc = fd_install(proc_current()->files, f, 0, (flags & O_CLOEXEC) != 0);
    if (rc < 0)
        file_put(f);
    return rc;
}

int64_t
sys_open(const struct sysargs *a)
{
    return do_open(AT_FDCWD, a->a[0], (uint32_t)a->a[1], (uint32_t)a->a[2]);
}

int64_t
sys_openat(const struct sysargs *a)
{
    return do_open((int)a->a[0], a->a[1], (uint32_t)a->a[2], (uint32_t)a->a[3]);
}

int64_t
sys_creat(const struct sysargs *a)
{
    return do_open(AT_FDCWD, a->a[0], O_CREAT | O_WRONLY | O_TRUNC, (uint32_t)a->a[1]);
}

/* A call on one path. */
static int64_t
on_path(int dirfd, uint64_t path,
        int (*fn)(struct dentry *_Nullable at, const char *path, uint32_t mode, uint32_t arg),
        uint32_t mode, uint32_t arg)
{
    struct upath p;
    struct at at;
    int rc = at_path_get(&at, &p, dirfd, path, false);

    if (rc < 0)
        return rc;
    rc = fn(at.dentry, p.text, mode, arg);
    at_path_put(&at, &p);
    return rc;
}

static int
do_mkdir(struct dentry *at, const char *path, uint32_t mode, unused_param uint32_t arg)
{
    return vfs_mkdir(at, path, mode);
}

static int
do_rmdir(struct dentry *at, const char *path, unused_param uint32_t mode, unused_param uint32_t arg)
{
    return vfs_rmdir(at, path);
}

static int
do_unlink(struct dentry *at, const char *path, unused_param uint32_t mode, unused_param uint32_t arg)
{
    return vfs_unlink(at, path);
}

int64_t
sys_mkdir(const struct sysargs *a)
{
    return on_path(AT_FDCWD, a->a[0], do_mkdir, (uint32_t)a->a[1], 0);
}

int64_t
sys_mkdirat(const struct sysargs *a)
{
    return on_path((int)a->a[0], a->a[1], do_mkdir, (uint32_t)a->a[2], 0);
}

int64_t
sys_rmdir(const struct sysargs *a)
{
    return on_path(AT_FDCWD, a->a[0], do_rmdir, 0, 0);
}

int64_t
sys_unlink(const struct sysargs *a)
{
    return on_path(AT_FDCWD, a->a[0], do_unlink, 0, 0);
}

int64_t
sys_unlinkat(const struct sysargs *a)
{
    if (((uint32_t)a->a[2] & ~(uint32_t)AT_REMOVEDIR) != 0)
        return -EINVAL;
    return on_path((int)a->a[0], a->a[1],
                   ((uint32_t)a->a[2] & AT_REMOVEDIR) != 0 ? do_rmdir : do_unlink, 0, 0);
}

static int64_t
do_mknod(int dirfd, uint64_t path, uint32_t mode, uint32_t rdev)
{
    switch (mode & S_IFMT) {
    case 0:
        mode |= S_IFREG;
        break;
    case S_IFREG:
    case S_IFIFO:
    case S_IFSOCK:
    case S_IFCHR:
    case S_IFBLK:
        break;
    case S_IFDIR:
        return -EPERM;
    default:
        return -EINVAL;
    }
    if ((mode & S_IFMT) != S_IFCHR && (mode & S_IFMT) != S_IFBLK)
        rdev = 0;
    return on_path(dirfd, path, vfs_mknod, mode & (S_IFMT | 07777), rdev);
}

int64_t
sys_mknod(const struct sysargs *a)
{
    return do_mknod(AT_FDCWD, a->a[0], (uint32_t)a->a[1], (uint32_t)a->a[2]);
}

int64_t
sys_mknodat(const struct sysargs *a)
{
    return do_mknod((int)a->a[0], a->a[1], (uint32_t)a->a[2], (uint32_t)a->a[3]);
}

static int64_t
do_rename(int oldfd, uint64_t oldpath, int newfd, uint64_t newpath, uint32_t flags)
{
    struct upath op, np;
    struct at oat, nat;
    int rc;

    if ((flags & ~(uint32_t)(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)) != 0 ||
        (flags & (RENAME_NOREPLACE | RENAME_EXCHANGE)) == (RENAME_NOREPLACE | RENAME_EXCHANGE) ||
        (flags & RENAME_WHITEOUT) != 0)
        return -EINVAL;
    rc = at_path_get(&oat, &op, oldfd, oldpath, false);
    if (rc < 0)
        return rc;
    rc = at_path_get(&nat, &np, newfd, newpath,
                     true); /* an empty one is found out after errors of the old path */
    if (rc == 0) {
        rc = vfs_rename(oat.dentry, op.text, nat.dentry, np.text, flags);
        at_path_put(&nat, &np);
    }
    at_path_put(&oat, &op);
    return rc;
}

int64_t
sys_rename(const struct sysargs *a)
{
    return do_rename(AT_FDCWD, a->a[0], AT_FDCWD, a->a[1], 0);
}

int64_t
sys_renameat(const struct sysargs *a)
{
    return do_rename((int)a->a[0], a->a[1], (int)a->a[2], a->a[3], 0);
}

int64_t
sys_renameat2(const struct sysargs *a)
{
    return do_rename((int)a->a[0], a->a[1], (int)a->a[2], a->a[3], (uint32_t)a->a[4]);
}

static int64_t
do_link(int oldfd, uint64_t oldpath, int newfd, uint64_t newpath, uint32_t flags)
{
    struct upath p;
    struct at at;
    struct dentry *old;
    int rc;

    if ((flags & ~(uint32_t)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) != 0)
        return -EINVAL;
    if ((flags & AT_EMPTY_PATH) != 0 && !capable())
        return -ENOENT;
    rc = at_lookup(oldfd, oldpath,
                   ((flags & AT_SYMLINK_FOLLOW) != 0 ? (unsigned)LOOKUP_FOLLOW : 0u) |
                       ((flags & AT_EMPTY_PATH) != 0 ? (unsigned)LOOKUP_EMPTY : 0u),
                   &old);
    if (rc < 0)
        return rc;
    rc = at_path_get(&at, &p, newfd, newpath, false);
    if (rc == 0) {
        rc = vfs_link(old, at.dentry, p.text);
        at_path_put(&at, &p);
    }
    dentry_put(old);
    return rc;
}

int64_t
sys_link(const struct sysargs *a)
{
    return do_link(AT_FDCWD, a->a[0], AT_FDCWD, a->a[1], 0);
}

int64_t
sys_linkat(const struct sysargs *a)
{
    return do_link((int)a->a[0], a->a[1], (int)a->a[2], a->a[3], (uint32_t)a->a[4]);
}

static int64_t
do_symlink(uint64_t target, int dirfd, uint64_t path)
{
    struct upath t, p;
    struct at at;
    int rc = upath_get(&t, target, false);

    if (rc < 0)
        return rc;
    rc = at_path_get(&at, &p, dirfd, path, false);
    if (rc == 0) {
        rc = vfs_symlink(at.dentry, p.text, t.text);
        at_path_put(&at, &p);
    }
    upath_put(&t);
    return rc;
}

int64_t
sys_symlink(const struct sysargs *a)
{
    return do_symlink(a->a[0], AT_FDCWD, a->a[1]);
}

int64_t
sys_symlinkat(const struct sysargs *a)
{
    return do_symlink(a->a[0], (int)a->a[1], a->a[2]);
}

static int64_t
do_readlink(int dirfd, uint64_t path, uint64_t user, int32_t size)
{
    struct dentry *d;
    char *text;
    int64_t n;

    if (size <= 0)
        return -EINVAL;
    n = at_lookup(dirfd, path, dirfd != AT_FDCWD ? LOOKUP_EMPTY : 0, &d);
    if (n < 0)
        return n;
    if (!dentry_is_link(d) || d->inode == NULL || d->inode->ops->readlink == NULL) {
        dentry_put(d);
        return -EINVAL;
    }
    text = kmem_alloc(PATH_MAX);
    n = -ENOMEM;
    if (text != NULL)
        n = d->inode->ops->readlink(d->inode, text, size < PATH_MAX ? (size_t)size : PATH_MAX);
    if (n > 0) {
        int rc = ucopy_out(uaddr((uintptr_t)user), text, (size_t)n);

        inode_touch_atime(d->inode);
        if (rc < 0)
            n = rc;
    }
    kmem_free(text);
    dentry_put(d);
    return n;
}

int64_t
sys_readlink(const struct sysargs *a)
{
    return do_readlink(AT_FDCWD, a->a[0], a->a[1], (int32_t)a->a[2]);
}

int64_t
sys_readlinkat(const struct sysargs *a)
{
    return do_readlink((int)a->a[0], a->a[1], a->a[2], (int32_t)a->a[3]);
}

static struct fs_ctx *
current_fs(void)
{
    struct fs_ctx *fs = proc_current()->fs;

    assert(fs != NULL); /* a process that makes system calls has one */
    return fs;
}

/* Replace a reference in the process's view. */
static void
set_dir(struct dentry **where, struct dentry *d)
{
    struct dentry *old = *where;

    *where = d;
    dentry_put(old);
}

int64_t
sys_chdir(const struct sysargs *a)
{
    struct dentry *d;
    int rc = at_lookup(AT_FDCWD, a->a[0], LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &d);

    if (rc < 0)
        return rc;
    rc = inode_permission(d->inode, X_OK);
    if (rc < 0)
        dentry_put(d);
    else
        set_dir(&current_fs()->cwd, d);
    return rc;
}

int64_t
sys_fchdir(const struct sysargs *a)
{
    struct file *f = ufile_get((int)a->a[0], true);
    int rc;

    if (f == NULL)
        return -EBADF;
    if (f->dentry == NULL || !dentry_is_dir(f->dentry))
        rc = -ENOTDIR;
    else
        rc = inode_permission(f->inode, X_OK);
    if (rc == 0)
        set_dir(&current_fs()->cwd, dentry_ref(f->dentry));
    file_put(f);
    return rc;
}

int64_t
sys_chroot(const struct sysargs *a)
{
    struct dentry *d;
    int rc = at_lookup(AT_FDCWD, a->a[0], LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &d);

    if (rc < 0)
        return rc;
    rc = inode_permission(d->inode, X_OK);
    if (rc == 0 && !capable())
        rc = -EPERM;
    if (rc < 0)
        dentry_put(d);
    else
        set_dir(&current_fs()->root, d);
    return rc;
}

int64_t
sys_getcwd(const struct sysargs *a)
{
    struct dentry *cwd = current_fs()->cwd;
    char *text = kmem_alloc(PATH_MAX);
    int64_t n;

    if (text == NULL)
        return -ENOMEM;
    n = cwd->deleted ? -ENOENT : dentry_path(cwd, text, PATH_MAX);
    if (n >= 0 && (uint64_t)n + 1 > a->a[1])
        n = -ERANGE;
    if (n >= 0) {
        int rc = ucopy_out(uaddr((uintptr_t)a->a[0]), text, (size_t)n + 1);

        n = rc < 0 ? rc : n + 1;
    }
    kmem_free(text);
    return n;
}

int64_t
sys_umask(const struct sysargs *a)
{
    struct fs_ctx *fs = current_fs();
    uint32_t old = fs->umask;

    fs->umask = (uint32_t)a->a[0] & 0777;
    return old;
}

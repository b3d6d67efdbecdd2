/* System calls on descriptors: the table of open files, fcntl(2), pipes, syncing. */
#include <abi/stat.h>
#include <kernel/abi/fcntl.h>
#include <kernel/abi/resource.h>
#include <kernel/core/assert.h>
#include <kernel/core/log.h>
#include <kernel/fs/file.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/namei.h>
#include <kernel/fs/special.h>
#include <kernel/proc/proc.h>
#include <kernel/sys/fcntl_lock.h>
#include <kernel/sys/sys_file.h>
#include <kernel/sys/upath.h>

enum {
    FIONBIO = 0x5421,
    FIONCLEX = 0x5450,
    FIOCLEX = 0x5451,
    FIOASYNC = 0x5452,
    FIOQSIZE = 0x5460,
    FIONREAD = 0x541b,
};
enum { SETFL_MASK = O_APPEND | O_NONBLOCK | O_NOATIME | O_DIRECT | O_ASYNC };

static struct files *
my_files(void)
{
    struct files *files = proc_current()->files;

    assert(files != NULL); /* it has not exited */
    return files;
}

int64_t
sys_close(const struct sysargs *a)
{
    return fd_close(my_files(), (int)a->a[0]);
}

int64_t
sys_close_range(const struct sysargs *a)
{
    uint32_t first = (uint32_t)a->a[0], last = (uint32_t)a->a[1], flags = (uint32_t)a->a[2];
    struct proc *p = proc_current();
    struct files *files = my_files(), *copy = NULL;

    if (first > last || (flags & ~(uint32_t)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) != 0)
        return -EINVAL;
    if ((flags & CLOSE_RANGE_UNSHARE) != 0 && files->refs > 1) {
        int rc = files_copy(files, &copy);

        if (rc < 0)
            return rc;
        files_put(files);
        p->files = copy;
        files = copy;
    }
    assert(files != NULL);
    for (uint32_t fd = first; fd <= last && fd < files->capacity; fd++) {
        bool *cloexec = fd_cloexec(files, (int)fd);

        if (cloexec == NULL)
            continue;
        if ((flags & CLOSE_RANGE_CLOEXEC) != 0)
            *cloexec = true;
        else if (fd_close(files, (int)fd) < 0)
            continue;
    }
    return 0;
}

/* A new descriptor >= min for what `fd` is. */
static int64_t
dup_min(int fd, int min, bool cloexec)
{
    struct file *f = fd_get(my_files(), fd);
    int rc;

    if (f == NULL)
        return -EBADF;
    rc = fd_install(my_files(), f, min, cloexec);
    if (rc < 0)
        file_put(f);
    return rc;
}

int64_t
sys_dup(const struct sysargs *a)
{
    return dup_min((int)a->a[0], 0, false);
}

static int64_t
dup_to(int from, int to, bool cloexec)
{
    struct file *f = fd_get(my_files(), from);
    int rc;

    if (f == NULL)
        return -EBADF;
    rc = fd_replace(my_files(), f, to, cloexec);
    if (rc < 0)
        file_put(f);
    return rc;
}

int64_t
sys_dup2(const struct sysargs *a)
{
    if ((int)a->a[0] == (int)a->a[1])
        return fd_cloexec(my_files(), (int)a->a[0]) != NULL ? (int)a->a[1] : -EBADF;
    return dup_to((int)a->a[0], (int)a->a[1], false);
}

int64_t
sys_dup3(const struct sysargs *a)
{
    if (((uint32_t)a->a[2] & ~(uint32_t)O_CLOEXEC) != 0 || (int)a->a[0] == (int)a->a[1])
        return -EINVAL;
    return dup_to((int)a->a[0], (int)a->a[1], ((uint32_t)a->a[2] & O_CLOEXEC) != 0);
}

static int64_t
fcntl_setfl(struct file *f, uint32_t flags)
{
    if ((flags & O_NOATIME) != 0 && (f->flags & O_NOATIME) == 0 && f->inode != NULL &&
        !inode_owner_or_capable(f->inode))
        return -EPERM;
    f->flags = (f->flags & ~(uint32_t)SETFL_MASK) | (flags & SETFL_MASK);
    return 0;
}

static int64_t
fcntl_file(struct file *f, int fd, int cmd, uint64_t arg)
{
    switch (cmd) {
    case F_SETFL:
        return fcntl_setfl(f, (uint32_t)arg);
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
        return fcntl_lock(f, cmd, arg);
    case F_SETOWN: /* no SIGIO here; remembered by nobody */
    case F_SETSIG:
        return 0;
    case F_GETOWN:
    case F_GETSIG:
        return 0;
    case F_GETPIPE_SZ:
        return pipe_size(f);
    case F_SETPIPE_SZ:
        return pipe_set_size(f, arg);
    default:
        (void)fd;
        return -EINVAL;
    }
}

int64_t
sys_fcntl(const struct sysargs *a)
{
    int fd = (int)a->a[0], cmd = (int)a->a[1];
    uint64_t arg = a->a[2];
    bool *cloexec = fd_cloexec(my_files(), fd);
    struct file *f;
    int64_t rc;

    if (cloexec == NULL)
        return -EBADF;
    switch (cmd) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        if ((int64_t)(int)arg < 0 || (uint32_t)arg >= files_limit())
            return -EINVAL;
        return dup_min(fd, (int)arg, cmd == F_DUPFD_CLOEXEC);
    case F_GETFD:
        return *cloexec ? FD_CLOEXEC : 0;
    case F_SETFD:
        *cloexec = (arg & FD_CLOEXEC) != 0;
        return 0;
    default:
        break;
    }
    f = fd_get(my_files(), fd);
    if (f == NULL)
        return -EBADF;
    if (cmd == F_GETFL)
        rc = f->flags;
    else if ((f->flags & O_PATH) != 0)
        rc = -EBADF;
    else
        rc = fcntl_file(f, fd, cmd, arg);
    file_put(f);
    return rc;
}

static int64_t
set_flag_from_user(struct file *f, uint32_t flag, uint64_t arg)
{
    int32_t on;
    int rc = ucopy_in(&on, uaddr((uintptr_t)arg), sizeof(on));

    if (rc < 0)
        return rc;
    f->flags = on != 0 ? f->flags | flag : f->flags & ~flag;
    return 0;
}

/* What every regular file answers. */
static int64_t
regular_ioctl(struct file *f, uint32_t cmd, uint64_t arg)
{
    uint64_t left = f->inode->size > f->pos ? f->inode->size - f->pos : 0;
    int32_t n = left < INT32_MAX ? (int32_t)left : INT32_MAX;

    switch (cmd) {
    case FIONREAD:
        return ucopy_out(uaddr((uintptr_t)arg), &n, sizeof(n));
    case FIOQSIZE:
        return ucopy_out(uaddr((uintptr_t)arg), &f->inode->size, sizeof(f->inode->size));
    default:
        return -ENOTTY;
    }
}

int64_t
sys_ioctl(const struct sysargs *a)
{
    int fd = (int)a->a[0];
    uint32_t cmd = (uint32_t)a->a[1];
    struct file *f = ufile_get(fd, false);
    bool *cloexec = fd_cloexec(my_files(), fd);
    int64_t rc;

    if (f == NULL)
        return -EBADF;
    switch (cmd) {
    case FIOCLEX:
    case FIONCLEX:
        if (cloexec != NULL)
            *cloexec = cmd == FIOCLEX;
        rc = 0;
        break;
    case FIONBIO:
        rc = set_flag_from_user(f, O_NONBLOCK, a->a[2]);
        break;
    case FIOASYNC:
        rc = set_flag_from_user(f, O_ASYNC, a->a[2]);
        break;
    default:
        rc = file_ioctl(f, cmd, (uintptr_t)a->a[2]);
        if (rc == -ENOTTY && f->inode != NULL && inode_is(f->inode, S_IFREG))
            rc = regular_ioctl(f, cmd, a->a[2]);
        break;
    }
    file_put(f);
    return rc;
}

int64_t
sys_fsync(const struct sysargs *a)
{
    struct file *f = ufile_get((int)a->a[0], false);
    int64_t rc;

    if (f == NULL)
        return -EBADF;
    rc = file_fsync(f);
    file_put(f);
    return rc;
}

int64_t
sys_fdatasync(const struct sysargs *a)
{
    return sys_fsync(a);
}

int64_t
sys_syncfs(const struct sysargs *a)
{
    struct file *f = ufile_get((int)a->a[0], false);
    int64_t rc = 0;

    if (f == NULL)
        return -EBADF;
    if (f->inode != NULL) {
        struct superblock *sb = f->inode->sb;

        rc = inode_write_all(sb);
        if (rc == 0 && sb->ops->sync != NULL && !sb->read_only)
            rc = sb->ops->sync(sb);
    }
    file_put(f);
    return rc;
}

int64_t
sys_ftruncate(const struct sysargs *a)
{
    int64_t size = (int64_t)a->a[1];
    struct file *f;
    int64_t rc;

    if (size < 0)
        return -EINVAL;
    f = ufile_get((int)a->a[0], false);
    if (f == NULL)
        return -EBADF;
    if (f->inode == NULL || !inode_is(f->inode, S_IFREG) || !file_can_write(f))
        rc = -EINVAL;
    else if ((uint64_t)size > f->inode->size && (uint64_t)size > file_size_limit())
        rc = (file_size_signal(), -EFBIG);
    else
        rc = vfs_truncate(f->inode, (uint64_t)size);
    file_put(f);
    return rc;
}

/* No file system here keeps blocks that read as zeros: the C library then writes them itself (posix_fallocate(3)). */
int64_t
sys_fallocate(const struct sysargs *a)
{
    int64_t off = (int64_t)a->a[2], len = (int64_t)a->a[3];
    struct file *f = ufile_get((int)a->a[0], false);
    int64_t rc = -EOPNOTSUPP;

    if (f == NULL)
        return -EBADF;
    if (off < 0 || len <= 0)
        rc = -EINVAL;
    else if (!file_can_write(f))
        rc = -EBADF;
    else if (file_is_pipe(f))
        rc = -ESPIPE;
    else if (f->inode == NULL || !inode_is(f->inode, S_IFREG))
        rc = -ENODEV;
    file_put(f);
    return rc;
}

int64_t
sys_fadvise64(const struct sysargs *a)
{
    struct file *f = ufile_get((int)a->a[0], false);
    int64_t rc;

    if (f == NULL)
        return -EBADF;
    if (file_is_pipe(f))
        rc = -ESPIPE;
    else
        rc = (uint32_t)a->a[3] > 5 || (int64_t)a->a[2] < 0 ? -EINVAL : 0;
    file_put(f);
    return rc;
}

static int64_t
make_pipe(uint64_t user, uint32_t flags)
{
    struct files *files = my_files();
    struct file *end[2];
    int32_t fd[2];
    int rc;

    if ((flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK | O_DIRECT)) != 0)
        return -EINVAL;
    rc = pipe_create(flags, &end[0], &end[1]);
    if (rc < 0)
        return rc;
    rc = fd[0] = fd_install(files, end[0], 0, (flags & O_CLOEXEC) != 0);
    if (rc < 0)
        goto put_files;
    rc = fd[1] = fd_install(files, end[1], 0, (flags & O_CLOEXEC) != 0);
    if (rc < 0) {
        file_put(end[1]);
        if (fd_close(files, fd[0]) < 0)
            klog(LOG_ERR, "pipe: lost descriptor");
        return rc;
    }
    rc = ucopy_out(uaddr((uintptr_t)user), fd, sizeof(fd));
    if (rc < 0 && (fd_close(files, fd[0]) < 0 || fd_close(files, fd[1]) < 0))
        klog(LOG_ERR, "pipe: lost descriptor"); /* another thread closed it first */
    return rc;

put_files:
    file_put(end[0]);
    file_put(end[1]);
    return rc;
}

int64_t
sys_pipe(const struct sysargs *a)
{
    return make_pipe(a->a[0], 0);
}

int64_t
sys_pipe2(const struct sysargs *a)
{
    return make_pipe(a->a[0], (uint32_t)a->a[1]);
}

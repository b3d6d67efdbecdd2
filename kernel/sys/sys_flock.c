/* System calls for locks on files: those of fcntl(2), flock(2). */
#include <abi/stat.h>
#include <kernel/abi/fcntl.h>
#include <kernel/fs/file.h>
#include <kernel/fs/flock.h>
#include <kernel/fs/inode.h>
#include <kernel/proc/proc.h>
#include <kernel/sys/fcntl_lock.h>
#include <kernel/sys/sys_file.h>
#include <kernel/sys/upath.h>

/* struct flock to a range.  -EINVAL, -EOVERFLOW. */
static int
range_of(const struct file *f, const struct abi_flock *l, struct flock_req *req)
{
    int64_t start = l->l_start, len = l->l_len, base;

    switch (l->l_whence) {
    case SEEK_SET:
        base = 0;
        break;
    case SEEK_CUR:
        base = (int64_t)f->pos;
        break;
    case SEEK_END:
        base = (int64_t)f->inode->size;
        break;
    default:
        return -EINVAL;
    }
    if (__builtin_add_overflow(start, base, &start))
        return -EOVERFLOW;
    if (len < 0) {
        if (__builtin_add_overflow(start, len, &start))
            return -EINVAL;
        len = -len;
    }
    if (start < 0)
        return -EINVAL;
    req->start = (uint64_t)start;
    req->end = len == 0 ? UINT64_MAX : req->start + (uint64_t)len - 1;
    if (len != 0 && req->end > INT64_MAX)
        return -EOVERFLOW;
    return 0;
}

static int64_t
fcntl_getlk(struct file *f, struct abi_flock *l, struct flock_req *req, uaddr_t user)
{
    struct flock_req found;

    if (req->type == F_UNLCK)
        return -EINVAL;
    if (flock_test(f->inode, req, &found)) {
        l->l_type = (int16_t)found.type;
        l->l_whence = SEEK_SET;
        l->l_start = (int64_t)found.start;
        l->l_len = found.end == UINT64_MAX ? 0 : (int64_t)(found.end - found.start + 1);
        l->l_pid = found.pid;
    } else {
        l->l_type = F_UNLCK;
    }
    return ucopy_out(user, l, sizeof(*l));
}

int64_t
fcntl_lock(struct file *f, int cmd, uint64_t arg)
{
    bool ofd = cmd >= F_OFD_GETLK;
    uaddr_t user = uaddr((uintptr_t)arg);
    struct abi_flock l;
    struct flock_req req = { .owner = ofd ? (const void *)f : (const void *)proc_current()->files,
                             .pid = ofd ? -1 : proc_current()->tgid };
    int rc = ucopy_in(&l, user, sizeof(l));

    if (rc < 0)
        return rc;
    if (f->inode == NULL || (l.l_type != F_RDLCK && l.l_type != F_WRLCK && l.l_type != F_UNLCK) ||
        (ofd && l.l_pid != 0))
        return -EINVAL;
    rc = range_of(f, &l, &req);
    if (rc < 0)
        return rc;
    req.type = l.l_type;
    if (cmd == F_GETLK || cmd == F_OFD_GETLK)
        return fcntl_getlk(f, &l, &req, user);
    if ((req.type == F_RDLCK && !file_can_read(f)) || (req.type == F_WRLCK && !file_can_write(f)))
        return -EBADF;
    return flock_set(f->inode, &req, cmd == F_SETLKW || cmd == F_OFD_SETLKW);
}

int64_t
sys_flock(const struct sysargs *a)
{
    uint32_t op = (uint32_t)a->a[1];
    struct file *f = ufile_get((int)a->a[0], false);
    struct flock_req req = { .end = UINT64_MAX, .owner = f, .whole = true };
    int64_t rc;

    if (f == NULL)
        return -EBADF;
    req.pid = proc_current()->tgid;
    switch (op & ~(uint32_t)LOCK_NB) {
    case LOCK_SH:
        req.type = F_RDLCK;
        break;
    case LOCK_EX:
        req.type = F_WRLCK;
        break;
    case LOCK_UN:
        req.type = F_UNLCK;
        break;
    default:
        file_put(f);
        return -EINVAL;
    }
    rc = f->inode != NULL ? flock_set(f->inode, &req, (op & LOCK_NB) == 0) : -EBADF;
    file_put(f);
    return rc;
}

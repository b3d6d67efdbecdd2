/* Open files: their life, their offset, and the way from a system call to the file's operations. */
#include <kernel/abi/fcntl.h>
#include <kernel/core/assert.h>
#include <kernel/fs/dentry.h>
#include <kernel/fs/epoll.h>
#include <kernel/fs/file.h>
#include <kernel/fs/flock.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/namei.h>
#include <kernel/mm/kmem.h>

int
file_new(const struct file_ops *ops, uint32_t flags, struct inode *inode, struct file **file_out)
{
    struct file *f = kmem_alloc(sizeof(*f));

    if (f == NULL)
        return -ENOMEM;
    f->refs = 1;
    f->ops = ops;
    f->flags = flags & ~(uint32_t)(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC);
    f->inode = inode != NULL ? inode_ref(inode) : NULL;
    turn_init(&f->pos_turn);
    list_init(&f->epoll_items);
    *file_out = f;
    return 0;
}

struct file *
file_ref(struct file *f)
{
    assert(f->refs > 0);
    f->refs++;
    return f;
}

void
file_put(struct file *f)
{
    assert(f->refs > 0);
    if (--f->refs > 0)
        return;
    epoll_file_gone(f);
    if (f->inode != NULL)
        flock_file_gone(f);
    if (f->ops->release != NULL)
        f->ops->release(f);
    if (f->inode != NULL && file_can_write(f) && inode_is(f->inode, S_IFREG) && f->inode->writers > 0)
        f->inode->writers--;
    if (f->dentry != NULL)
        dentry_put(f->dentry);
    if (f->inode != NULL)
        inode_put(f->inode);
    kmem_free(f);
}

bool
file_seekable(const struct file *f)
{
    return f->ops->seek != file_no_seek && f->inode != NULL;
}

/* Only a shared position of a file that has one needs a turn. */
static bool
needs_turn(const struct file *f)
{
    uint32_t type = f->inode != NULL ? f->inode->mode & S_IFMT : 0;

    return f->refs > 1 && (type == S_IFREG || type == S_IFDIR || type == S_IFBLK);
}

static void
clamp(struct iobuf *buf)
{
    if (buf->left > RW_COUNT_MAX)
        buf->left = RW_COUNT_MAX;
}

static int64_t
read_here(struct file *f, struct iobuf *buf)
{
    int64_t rc = f->ops->read(f, buf, &f->pos);

    epoll_file_io(f, POLLIN | POLLRDNORM);
    return rc;
}

int64_t
file_read(struct file *f, struct iobuf *buf)
{
    int64_t rc;

    if (!file_can_read(f))
        return -EBADF;
    if (f->ops->read == NULL)
        return -EINVAL;
    clamp(buf);
    if (!needs_turn(f))
        return read_here(f, buf);
    turn_take(&f->pos_turn);
    rc = read_here(f, buf);
    turn_release(&f->pos_turn);
    return rc;
}

static int64_t
write_here(struct file *f, struct iobuf *buf)
{
    int64_t rc = f->ops->write(f, buf, &f->pos);

    epoll_file_io(f, POLLOUT | POLLWRNORM);
    return rc;
}

int64_t
file_write(struct file *f, struct iobuf *buf)
{
    int64_t rc;

    if (!file_can_write(f))
        return -EBADF;
    if (f->ops->write == NULL)
        return -EINVAL;
    clamp(buf);
    if (!needs_turn(f))
        return write_here(f, buf);
    turn_take(&f->pos_turn);
    rc = write_here(f, buf);
    turn_release(&f->pos_turn);
    return rc;
}

int64_t
file_pread(struct file *f, struct iobuf *buf, uint64_t pos)
{
    if ((f->flags & O_PATH) != 0)
        return -EBADF;
    if (!file_seekable(f))
        return -ESPIPE;
    if (!file_can_read(f))
        return -EBADF;
    if (f->ops->read == NULL)
        return -EINVAL;
    clamp(buf);
    return f->ops->read(f, buf, &pos);
}

int64_t
file_pwrite(struct file *f, struct iobuf *buf, uint64_t pos)
{
    if ((f->flags & O_PATH) != 0)
        return -EBADF;
    if (!file_seekable(f))
        return -ESPIPE;
    if (!file_can_write(f))
        return -EBADF;
    if (f->ops->write == NULL)
        return -EINVAL;
    clamp(buf);
    return f->ops->write(f, buf, &pos);
}

int64_t
file_read_at(struct file *f, uint64_t pos, void *mem, size_t n)
{
    struct iobuf buf = iobuf_kernel(mem, n);

    if (f->ops->read == NULL)
        return -EINVAL;
    return f->ops->read(f, &buf, &pos);
}

int64_t
file_no_seek(unused_param struct file *file, unused_param int64_t off, unused_param int whence)
{
    return -ESPIPE;
}

int64_t
file_seek_within(struct file *f, int64_t off, int whence, uint64_t all)
{
    int64_t size = (int64_t)all;
    int64_t base = 0;

    switch (whence) {
    case SEEK_SET:
        break;
    case SEEK_CUR:
        base = (int64_t)f->pos;
        break;
    case SEEK_END:
        base = size;
        break;
    case SEEK_DATA:
    case SEEK_HOLE:
        if (off < 0 || off >= size)
            return -ENXIO;
        base = whence == SEEK_HOLE ? size - off : 0; /* one extent of data, a hole at the end */
        break;
    default:
        return -EINVAL;
    }
    if (__builtin_add_overflow(base, off, &off))
        return base > 0 ? -EOVERFLOW : -EINVAL;
    if (off < 0)
        return -EINVAL;
    if (inode_is(f->inode, S_IFREG) && (uint64_t)off > f->inode->sb->max_file_size)
        return -EINVAL;
    f->pos = (uint64_t)off;
    return off;
}

static int64_t
seek_here(struct file *f, int64_t off, int whence)
{
    return f->ops->seek != NULL ? f->ops->seek(f, off, whence)
                                : file_seek_within(f, off, whence, f->inode->size);
}

int64_t
file_seek(struct file *f, int64_t off, int whence)
{
    int64_t rc;

    if ((f->flags & O_PATH) != 0)
        return -EBADF;
    if (!file_seekable(f))
        return -ESPIPE;
    if (!needs_turn(f))
        return seek_here(f, off, whence);
    turn_take(&f->pos_turn);
    rc = seek_here(f, off, whence);
    turn_release(&f->pos_turn);
    return rc;
}

int
file_readdir(struct file *f, dir_emit_fn emit, void *arg)
{
    struct inode *dir = f->inode;
    int rc;

    if ((f->flags & O_PATH) != 0)
        return -EBADF;
    if (dir == NULL || !inode_is(dir, S_IFDIR))
        return -ENOTDIR;
    if (dir->dead)
        return -ENOENT;
    if (dir->bad)
        return -EUCLEAN;
    turn_take(&f->pos_turn);
    dir_lock(dir);
    if (f->ops->readdir != NULL)
        rc = f->ops->readdir(f, emit, arg);
    else if (dir->ops->readdir != NULL)
        rc = dir->ops->readdir(dir, &f->pos, emit, arg);
    else
        rc = -ENOTDIR;
    dir_unlock(dir);
    turn_release(&f->pos_turn);
    if (rc == 0)
        inode_touch_atime(dir);
    return rc;
}

int
file_fsync(struct file *f)
{
    if ((f->flags & O_PATH) != 0)
        return -EBADF;
    return f->ops->fsync != NULL ? f->ops->fsync(f) : -EINVAL;
}

int64_t
file_ioctl(struct file *f, uint32_t cmd, uintptr_t arg)
{
    return f->ops->ioctl != NULL ? f->ops->ioctl(f, cmd, arg) : -ENOTTY;
}

unsigned
file_poll(struct file *f, struct poll_table *pt)
{
    if (f->ops->poll != NULL)
        return f->ops->poll(f, pt);
    return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
}

/* Directories: nothing but readdir. */
static int64_t
dir_read(unused_param struct file *f, unused_param struct iobuf *buf, unused_param uint64_t *pos)
{
    return -EISDIR;
}

static int
inode_fsync(struct file *f)
{
    struct superblock *sb = f->inode->sb;
    int rc = inode_write(f->inode);
    int rc2 = pagecache_sync(f->inode);
    int rc3 = sb->ops->sync != NULL && !sb->read_only ? sb->ops->sync(sb) : 0;

    return rc < 0 ? rc : rc2 < 0 ? rc2 : rc3;
}

static int64_t
dir_seek(struct file *f, int64_t off, int whence)
{
    if (whence == SEEK_CUR)
        off += (int64_t)f->pos;
    else if (whence != SEEK_SET)
        return -EINVAL;
    if (off < 0)
        return -EINVAL;
    f->pos = (uint64_t)off;
    return off;
}

const struct file_ops file_dir_ops = { .read = dir_read, .fsync = inode_fsync, .seek = dir_seek };
const struct file_ops file_path_ops = { 0 };

/* Regular files. */
static int64_t
regular_read(struct file *f, struct iobuf *buf, uint64_t *pos)
{
    struct inode *inode = f->inode;
    int64_t n;

    if (inode->bad)
        return -EUCLEAN;
    if (*pos > INT64_MAX || *pos >= inode->size || buf->left == 0)
        return 0;
    n = pagecache_read(inode, *pos, buf);
    if (n > 0)
        *pos += (uint64_t)n;
    if (n >= 0 && (f->flags & O_NOATIME) == 0)
        inode_touch_atime(inode);
    return n;
}

/* How much of a write of n bytes at `pos` is allowed: RLIMIT_FSIZE (SIGXFSZ), the file system's limit.  -EFBIG. */
static int64_t
write_limit(const struct inode *inode, uint64_t pos, uint64_t n)
{
    uint64_t max = inode->sb->max_file_size;
    uint64_t rlim = file_size_limit();

    if (pos >= rlim) {
        file_size_signal();
        return -EFBIG;
    }
    if (pos >= max)
        return -EFBIG;
    if (n > rlim - pos)
        n = rlim - pos;
    return (int64_t)(n > max - pos ? max - pos : n);
}

/* Writing takes away set-user-ID (and set-group-ID where it means that). */
static void
drop_suid(struct inode *inode)
{
    struct setattr attr = { .valid = ATTR_MODE };
    uint32_t gone = inode->mode & S_ISUID;

    if ((inode->mode & (S_ISGID | 010)) == (S_ISGID | 010))
        gone |= S_ISGID;
    if (gone == 0 || file_privileged())
        return;
    attr.mode = inode->mode & 07777 & ~gone;
    if (vfs_setattr(inode, &attr) < 0)
        inode->mode &= ~gone;
}

static int64_t
write_turn(struct file *f, struct iobuf *buf, uint64_t *pos)
{
    struct inode *inode = f->inode;
    size_t want = buf->left, cut;
    int64_t n;

    if ((f->flags & O_APPEND) != 0)
        *pos = inode->size;
    n = write_limit(inode, *pos, want);
    if (n < 0)
        return n;
    cut = want - (size_t)n;
    buf->left = (size_t)n;
    drop_suid(inode);
    n = pagecache_write(inode, *pos, buf);
    buf->left += cut;
    if (n > 0) {
        *pos += (uint64_t)n;
        inode_touch_mtime(inode);
    }
    return n;
}

static int64_t
regular_write(struct file *f, struct iobuf *buf, uint64_t *pos)
{
    struct inode *inode = f->inode;
    int64_t n;

    if (inode->bad)
        return -EUCLEAN;
    if (inode->sb->read_only)
        return -EROFS;
    if (buf->left == 0)
        return 0;
    turn_take(&inode->write_turn);
    n = write_turn(f, buf, pos);
    turn_release(&inode->write_turn);
    if (n > 0 && (f->flags & (O_DSYNC | O_SYNC)) != 0) {
        int rc = inode_fsync(f);

        if (rc < 0)
            return rc;
    }
    return n;
}

const struct file_ops file_regular_ops = { .read = regular_read,
                                           .write = regular_write,
                                           .fsync = inode_fsync };

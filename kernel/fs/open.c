/* open(2): what its flags mean. */
#include <kernel/abi/fcntl.h>
#include <kernel/abi/mount.h>
#include <kernel/fs/file.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/namei.h>
#include <kernel/fs/path.h>
#include <kernel/mm/kmem.h>
#include <kernel/proc/proc.h>

enum { RLIMIT_FSIZE = 1, SIGXFSZ = 25 };

uint64_t
file_size_limit(void)
{
    struct thread *t = thread_current();

    return t->proc != NULL ? t->proc->rlimits->of[RLIMIT_FSIZE].cur : UINT64_MAX;
}

void
file_size_signal(void)
{
    struct thread *t = thread_current();

    if (t->proc != NULL)
        signal_send(t->proc, SIGXFSZ, NULL);
}

bool
file_privileged(void)
{
    struct thread *t = thread_current();

    return t->proc == NULL || capable();
}

const struct file_ops *_Nullable
file_ops_of(const struct inode *inode)
{
    switch (inode->mode & S_IFMT) {
    case S_IFREG:
        return inode->fops != NULL ? inode->fops : &file_regular_ops;
    case S_IFDIR:
        return inode->fops != NULL ? inode->fops : &file_dir_ops;
    case S_IFIFO:
        return &file_fifo_ops;
    case S_IFCHR:
        return chrdev_find(inode->rdev);
    case S_IFBLK:
        return &file_blkdev_ops;
    default:
        return NULL;
    }
}

static unsigned
want_of(uint32_t flags)
{
    static const unsigned char want[] = { R_OK, W_OK, R_OK | W_OK, R_OK | W_OK };

    return want[flags & O_ACCMODE] | ((flags & O_TRUNC) != 0 ? W_OK : 0u);
}

/* May `inode` be opened like this? */
static int
may_open(struct inode *inode, uint32_t flags, bool created)
{
    uint32_t type = inode->mode & S_IFMT;
    unsigned want = want_of(flags);

    if (type == S_IFLNK)
        return -ELOOP;
    if (type == S_IFDIR && ((want & W_OK) != 0 || (flags & O_CREAT) != 0))
        return -EISDIR;
    if ((flags & O_DIRECTORY) != 0 && type != S_IFDIR)
        return -ENOTDIR;
    if ((type == S_IFCHR || type == S_IFBLK) && (inode->sb->mount_flags & MS_NODEV) != 0)
        return -EACCES;
    if (!created) {
        int rc = inode_permission(inode, want);

        if (rc < 0)
            return rc;
    }
    if ((flags & O_NOATIME) != 0 && !inode_owner_or_capable(inode))
        return -EPERM;
    if (inode->bad && type != S_IFDIR)
        return -EUCLEAN;
    return 0;
}

int
file_open_dentry(struct dentry *d, uint32_t flags, bool created, struct file **file_out)
{
    struct inode *inode = dentry_inode(d);
    const struct file_ops *ops = &file_path_ops;
    struct file *f;
    int rc;

    if ((flags & O_PATH) == 0) {
        rc = may_open(inode, flags, created);
        if (rc < 0)
            return rc;
        ops = file_ops_of(inode);
        if (ops == NULL)
            return -ENXIO;
        if ((flags & O_TRUNC) != 0 && !created && inode_is(inode, S_IFREG) && inode->size > 0) {
            rc = vfs_truncate(inode, 0);
            if (rc < 0)
                return rc;
        }
    } else if ((flags & O_DIRECTORY) != 0 && !inode_is(inode, S_IFDIR)) {
        return -ENOTDIR;
    }
    rc = file_new(ops, flags, inode, &f);
    if (rc < 0)
        return rc;
    f->dentry = dentry_ref(d);
    if (f->ops->open != NULL) {
        rc = f->ops->open(f);
        if (rc < 0) {
            /* Nothing was opened: nothing is released. */
            dentry_put(f->dentry);
            inode_put(f->inode);
            kmem_free(f);
            return rc;
        }
    }
    if (file_can_write(f) && inode_is(inode, S_IFREG))
        inode->writers++;
    *file_out = f;
    return 0;
}

/* The last component, with O_CREAT: made if there is none.  *created says so. */
static int
last_or_create(struct walk *w, uint32_t flags, uint32_t mode, bool *created, struct dentry **out)
{
    struct dentry *d;
    int rc;

    *created = false;
    if (w->last_type != WALK_NAME)
        return (flags & O_EXCL) != 0 ? -EEXIST : -EISDIR;
    if (w->trailing)
        return -EISDIR;
    rc = dentry_lookup(w->cur, w->last, &d);
    if (rc < 0)
        return rc;
    if (d->inode == NULL) {
        dentry_put(d);
        dir_lock(w->cur->inode);
        rc = dentry_lookup_locked(w->cur, w->last, &d);
        if (rc == 0 && d->inode == NULL) {
            rc = create_locked(w->cur, d, S_IFREG | (mode & 07777), 0);
            *created = rc == 0;
            if (rc < 0)
                dentry_put(d);
        }
        dir_unlock(w->cur->inode);
        if (rc < 0)
            return rc;
    }
    if (!*created && (flags & O_EXCL) != 0) {
        dentry_put(d);
        return -EEXIST;
    }
    *out = mount_cross(d);
    return 0;
}

static int
open_walk(struct walk *w, uint32_t flags, uint32_t mode, struct file **file_out)
{
    for (;;) {
        struct dentry *d;
        bool created = false;
        int rc = walk_to_parent(w);

        if (rc == 0)
            rc = (flags & O_CREAT) != 0 ? last_or_create(w, flags, mode, &created, &d)
                                        : walk_last(w, &d);
        if (rc != 0)
            return rc;
        if (d->inode == NULL) {
            dentry_put(d);
            return -ENOENT;
        }
        if (dentry_is_link(d) && ((flags & O_NOFOLLOW) == 0 || w->trailing)) {
            rc = walk_follow(w, d);
            if (rc < 0)
                return rc;
            if (rc == 0)
                continue;
            d = dentry_ref(w->cur);
        }
        if (w->trailing && !dentry_is_dir(d))
            rc = -ENOTDIR;
        else
            rc = file_open_dentry(d, flags, created, file_out);
        dentry_put(d);
        return rc;
    }
}

int
vfs_open(struct dentry *at, const char *path, uint32_t flags, uint32_t mode, struct file **file_out)
{
    struct walk w;
    int rc;

    if ((flags & O_PATH) != 0)
        flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    rc = walk_begin(&w, at, path);
    if (rc < 0)
        return rc;
    rc = open_walk(&w, flags, mode, file_out);
    walk_end(&w);
    vfs_trim();
    return rc;
}

int
vfs_open_exec(const char *path, struct file **file_out)
{
    struct dentry *d;
    struct inode *inode;
    int rc = vfs_lookup(NULL, path, LOOKUP_FOLLOW, &d);

    if (rc < 0)
        return rc;
    inode = dentry_inode(d);
    if (!inode_is(inode, S_IFREG) || (inode->sb->mount_flags & MS_NOEXEC) != 0)
        rc = -EACCES;
    else
        rc = inode_permission(inode, X_OK);
    if (rc == 0)
        rc = file_open_dentry(d, O_RDONLY, true, file_out);
    dentry_put(d);
    vfs_trim();
    return rc;
}

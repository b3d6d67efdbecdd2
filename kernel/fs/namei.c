/* Operations on names.
 *
 * Locking: the parent directory's lock (RANK_INODE_DIR) around each operation; a directory that is removed or replaced is locked
 * beneath its parent.  rename across directories takes mount_rename_lock first, so that the tree above both stays as it is, then an
 * ancestor before its descendant, else the lower inode number first. */
#include <kernel/abi/fcntl.h>
#include <kernel/core/fmt.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/namei.h>
#include <kernel/fs/path.h>
#include <kernel/mm/kmem.h>
#include <kernel/proc/proc.h>

static struct proc *_Nullable
current_proc(void)
{
    struct thread *t = thread_current();

    return t != NULL ? t->proc : NULL;
}

void
vfs_trim(void)
{
    dentry_trim(DENTRY_UNUSED_MAX);
    inode_trim(INODE_UNUSED_MAX);
}

void
vfs_squeeze(void)
{
    dentry_trim(0);
    inode_squeeze();
}

bool
in_group(uint32_t gid)
{
    const struct proc *p = current_proc();

    if (p == NULL || p->creds.fsgid == gid)
        return true;
    for (uint32_t i = 0; i < p->creds.ngroups && i < NGROUPS_MAX; i++) {
        if (p->creds.groups[i] == gid)
            return true;
    }
    return false;
}

bool
inode_owner_or_capable(const struct inode *inode)
{
    const struct proc *p = current_proc();

    return p == NULL || p->creds.fsuid == inode->uid || capable();
}

int
inode_permission(struct inode *inode, unsigned want)
{
    const struct proc *p = current_proc();
    unsigned mode = inode->mode & 07777;
    uint32_t type = inode->mode & S_IFMT;

    if ((want & W_OK) != 0 && inode->sb->read_only &&
        (type == S_IFREG || type == S_IFDIR || type == S_IFLNK))
        return -EROFS;
    if (p == NULL)
        return 0;
    if (capable())
        return (want & X_OK) == 0 || type == S_IFDIR || (mode & 0111) != 0 ? 0 : -EACCES;
    if (p->creds.fsuid == inode->uid)
        mode >>= 6;
    else if (in_group(inode->gid))
        mode >>= 3;
    return (want & ~mode & 7) == 0 ? 0 : -EACCES;
}

int
may_create(struct inode *dir)
{
    if (dir->dead)
        return -ENOENT;
    return inode_permission(dir, W_OK | X_OK);
}

int
may_delete(struct inode *dir, const struct inode *victim)
{
    const struct proc *p = current_proc();
    int rc = inode_permission(dir, W_OK | X_OK);

    if (rc < 0 || p == NULL || (dir->mode & S_ISVTX) == 0)
        return rc;
    if (p->creds.fsuid == dir->uid || p->creds.fsuid == victim->uid || capable())
        return 0;
    return -EPERM;
}

int
create_locked(struct dentry *parent, struct dentry *d, uint32_t mode, uint32_t rdev)
{
    const struct proc *p = current_proc();
    struct inode *dir = dentry_inode(parent);
    struct inode *inode;
    uint32_t uid = p != NULL ? p->creds.fsuid : 0;
    uint32_t gid = p != NULL ? p->creds.fsgid : 0;
    int rc = may_create(dir);

    if (rc < 0)
        return rc;
    if (dir->ops->create == NULL)
        return -EPERM;
    if (p != NULL && p->fs != NULL)
        mode &= ~(p->fs->umask & 0777);
    if ((dir->mode & S_ISGID) != 0) {
        gid = dir->gid;
        if ((mode & S_IFMT) == S_IFDIR)
            mode |= S_ISGID;
        else if ((mode & (S_ISGID | 010)) == (S_ISGID | 010) && !in_group(gid) && !capable())
            mode &= ~(uint32_t)S_ISGID;
    }
    rc = dir->ops->create(dir, d->name, mode, uid, gid, rdev, &inode);
    if (rc < 0)
        return rc;
    inode_touch_mtime(dir);
    dentry_instantiate(d, inode);
    return 0;
}

/* The common start of making a name: the parent is in w->cur, its lock comes next.  With 0, undo with names_end(). */
static int
new_begin(struct walk *w, struct dentry *_Nullable at, const char *path)
{
    int rc = walk_begin(w, at, path);

    if (rc < 0)
        return rc;
    rc = walk_to_parent(w);
    if (rc == 0 && w->last_type != WALK_NAME)
        rc = -EEXIST;
    if (rc < 0)
        walk_end(w);
    return rc;
}

/* A negative dentry for the name, with a reference. */
static int
new_name_locked(struct walk *w, bool is_dir, struct dentry **out)
{
    struct dentry *d;
    int rc = dentry_lookup_locked(w->cur, w->last, &d);

    if (rc < 0)
        return rc;
    if (d->inode != NULL)
        rc = -EEXIST;
    else if (w->trailing && !is_dir)
        rc = -ENOENT;
    if (rc < 0)
        dentry_put(d);
    else
        *out = d;
    return rc;
}

/* After the parent's lock: dropping `d` may remove a file. */
static void
names_end(struct walk *w, struct dentry *_Nullable d)
{
    if (d != NULL)
        dentry_put(d);
    walk_end(w);
    vfs_trim();
}

int
vfs_mknod(struct dentry *at, const char *path, uint32_t mode, uint32_t rdev)
{
    struct walk w;
    struct dentry *d = NULL;
    struct inode *dir;
    int rc = new_begin(&w, at, path);

    if (rc < 0)
        return rc;
    dir = dentry_inode(w.cur);
    dir_lock(dir);
    rc = new_name_locked(&w, false, &d);
    if (rc == 0 && ((mode & S_IFMT) == S_IFCHR || (mode & S_IFMT) == S_IFBLK) && !capable())
        rc = -EPERM;
    if (rc == 0)
        rc = create_locked(w.cur, d, mode, rdev);
    dir_unlock(dir);
    names_end(&w, d);
    return rc;
}

int
vfs_mkdir(struct dentry *at, const char *path, uint32_t mode)
{
    struct walk w;
    struct dentry *d = NULL;
    struct inode *dir;
    int rc = new_begin(&w, at, path);

    if (rc < 0)
        return rc;
    dir = dentry_inode(w.cur);
    dir_lock(dir);
    rc = new_name_locked(&w, true, &d);
    if (rc == 0 && dir->nlink >= LINK_MAX)
        rc = -EMLINK;
    if (rc == 0)
        rc = create_locked(w.cur, d, S_IFDIR | (mode & 01777), 0);
    dir_unlock(dir);
    names_end(&w, d);
    return rc;
}

int
vfs_symlink(struct dentry *at, const char *path, const char *target)
{
    const struct proc *p = current_proc();
    struct walk w;
    struct dentry *d = NULL;
    struct inode *dir, *inode;
    int rc = new_begin(&w, at, path);

    if (rc < 0)
        return rc;
    dir = dentry_inode(w.cur);
    dir_lock(dir);
    rc = new_name_locked(&w, false, &d);
    if (rc == 0)
        rc = may_create(dir);
    if (rc == 0 && dir->ops->symlink == NULL)
        rc = -EPERM;
    if (rc == 0)
        rc = dir->ops->symlink(dir, d->name, p != NULL ? p->creds.fsuid : 0,
                               (dir->mode & S_ISGID) != 0 ? dir->gid
                               : p != NULL                ? p->creds.fsgid
                                                          : 0,
                               name_of(target, str_len(target)), &inode);
    if (rc == 0) {
        inode_touch_mtime(dir);
        dentry_instantiate(d, inode);
    }
    dir_unlock(dir);
    names_end(&w, d);
    return rc;
}

int
vfs_link(struct dentry *old, struct dentry *at, const char *path)
{
    struct walk w;
    struct dentry *d = NULL;
    struct inode *dir, *inode = dentry_inode(old);
    int rc = new_begin(&w, at, path);

    if (rc < 0)
        return rc;
    dir = dentry_inode(w.cur);
    dir_lock(dir);
    rc = new_name_locked(&w, false, &d);
    if (rc == 0 && dir->sb != inode->sb)
        rc = -EXDEV;
    if (rc == 0 && (inode_is(inode, S_IFDIR) || dir->ops->link == NULL))
        rc = -EPERM;
    if (rc == 0)
        rc = may_create(dir);
    if (rc == 0 && inode->nlink == 0)
        rc = -ENOENT;
    if (rc == 0 && inode->nlink >= LINK_MAX)
        rc = -EMLINK;
    if (rc == 0)
        rc = dir->ops->link(dir, d->name, inode);
    if (rc == 0) {
        inode_touch_mtime(dir);
        inode_touch_ctime(inode);
        dentry_instantiate(d, inode_ref(inode));
    }
    dir_unlock(dir);
    names_end(&w, d);
    return rc;
}

/* The positive dentry of the name in w->cur, with a reference. */
static int
old_name_locked(struct walk *w, struct dentry **out)
{
    struct dentry *d;
    int rc = dentry_lookup_locked(w->cur, w->last, &d);

    if (rc < 0)
        return rc;
    if (d->inode == NULL) {
        dentry_put(d);
        return -ENOENT;
    }
    *out = d;
    return 0;
}

/* Remove `d`, which is no directory, from w->cur. */
static int
unlink_locked(const struct walk *w, struct dentry *d)
{
    struct inode *dir = dentry_inode(w->cur), *inode = dentry_inode(d);
    bool is_dir = inode_is(inode, S_IFDIR);
    int rc;

    if (w->trailing)
        return is_dir ? -EISDIR : -ENOTDIR;
    rc = may_delete(dir, inode);
    if (rc < 0)
        return rc;
    if (is_dir)
        return -EISDIR;
    if (d->mounted != NULL)
        return -EBUSY;
    if (dir->ops->unlink == NULL)
        return -EPERM;
    rc = dir->ops->unlink(dir, d->name, inode);
    if (rc == 0) {
        inode_touch_mtime(dir);
        inode_touch_ctime(inode);
        dentry_removed(d);
    }
    return rc;
}

int
vfs_unlink(struct dentry *at, const char *path)
{
    struct walk w;
    struct dentry *d = NULL;
    struct inode *dir;
    int rc = walk_begin(&w, at, path);

    if (rc < 0)
        return rc;
    rc = walk_to_parent(&w);
    if (rc == 0 && w.last_type != WALK_NAME)
        rc = -EISDIR;
    if (rc < 0) {
        walk_end(&w);
        return rc;
    }
    dir = dentry_inode(w.cur);
    dir_lock(dir);
    rc = old_name_locked(&w, &d);
    if (rc == 0)
        rc = unlink_locked(&w, d);
    dir_unlock(dir);
    names_end(&w, d);
    return rc;
}

/* `d` is a directory in w->cur, locked; it goes if it is empty. */
static int
rmdir_locked(struct dentry *parent, struct dentry *d)
{
    struct inode *dir = dentry_inode(parent), *inode = dentry_inode(d);
    int rc = may_delete(dir, inode);

    if (rc < 0)
        return rc;
    if (!inode_is(inode, S_IFDIR))
        return -ENOTDIR;
    if (d->mounted != NULL)
        return -EBUSY;
    if (dir->ops->rmdir == NULL)
        return -EPERM;
    dir_lock_nested(inode);
    rc = dir->ops->rmdir(dir, d->name, inode);
    if (rc == 0)
        inode->dead = true;
    dir_unlock(inode);
    if (rc == 0) {
        inode_touch_mtime(dir);
        dentry_removed(d);
    }
    return rc;
}

int
vfs_rmdir(struct dentry *at, const char *path)
{
    struct walk w;
    struct dentry *d = NULL;
    struct inode *dir;
    int rc = walk_begin(&w, at, path);

    if (rc < 0)
        return rc;
    rc = walk_to_parent(&w);
    if (rc == 0 && w.last_type != WALK_NAME)
        rc = w.last_type == WALK_DOT ? -EINVAL : w.last_type == WALK_DOTDOT ? -ENOTEMPTY : -EBUSY;
    if (rc < 0) {
        walk_end(&w);
        return rc;
    }
    dir = dentry_inode(w.cur);
    dir_lock(dir);
    rc = old_name_locked(&w, &d);
    if (rc == 0)
        rc = rmdir_locked(w.cur, d);
    dir_unlock(dir);
    names_end(&w, d);
    return rc;
}

/* The order of two directories' locks: is `b` the first? */
static bool
locked_first(struct dentry *b, struct dentry *a)
{
    if (dentry_is_ancestor(b, a))
        return true;
    return !dentry_is_ancestor(a, b) && dentry_inode(b)->ino < dentry_inode(a)->ino;
}

struct rename {
    struct walk from, to;
    struct dentry *old, *new; /* references */
    unsigned flags;
};

/* Everything that can be wrong with a rename, with both directories locked. */
static int
rename_check(const struct rename *r)
{
    struct inode *inode = dentry_inode(r->old), *victim = r->new->inode;
    bool is_dir = inode_is(inode, S_IFDIR);
    int rc;

    if ((r->flags & RENAME_NOREPLACE) != 0 && victim != NULL)
        return -EEXIST;
    if ((r->flags & RENAME_EXCHANGE) != 0 && victim == NULL)
        return -ENOENT;
    if (!is_dir && (r->from.trailing || (r->to.trailing && (r->flags & RENAME_EXCHANGE) == 0)))
        return -ENOTDIR;
    if (dentry_is_ancestor(r->old, r->to.cur))
        return -EINVAL;
    if (dentry_is_ancestor(r->new, r->from.cur))
        return (r->flags & RENAME_EXCHANGE) != 0 ? -EINVAL : -ENOTEMPTY;
    rc = may_delete(r->from.cur->inode, inode);
    if (rc == 0)
        rc = victim != NULL ? may_delete(r->to.cur->inode, victim) : may_create(r->to.cur->inode);
    if (rc < 0)
        return rc;
    if (victim != NULL && (r->flags & RENAME_EXCHANGE) == 0) {
        if (is_dir && !inode_is(victim, S_IFDIR))
            return -ENOTDIR;
        if (!is_dir && inode_is(victim, S_IFDIR))
            return -EISDIR;
    }
    if (r->old->mounted != NULL || r->new->mounted != NULL)
        return -EBUSY;
    /* A directory that moves gets a new "..": the directory itself is written. */
    if (is_dir && r->from.cur != r->to.cur) {
        rc = inode_permission(inode, W_OK);
        if (rc < 0)
            return rc;
        if (dentry_inode(r->to.cur)->nlink >= LINK_MAX)
            return -EMLINK;
    }
    return 0;
}

static int
rename_commit(struct rename *r)
{
    struct inode *olddir = dentry_inode(r->from.cur), *newdir = dentry_inode(r->to.cur);
    struct inode *inode = dentry_inode(r->old), *victim = r->new->inode;
    struct name name;
    int rc;

    if (inode == victim)
        return 0; /* two links to one file: nothing to do */
    if ((r->flags & RENAME_EXCHANGE) != 0)
        return -EINVAL; /* no file system here can */
    if (olddir->ops->rename == NULL)
        return -EPERM;
    rc = dentry_prepare_name(r->new->name, &name);
    if (rc < 0)
        return rc;
    if (victim != NULL && inode_is(victim, S_IFDIR)) {
        dir_lock_nested(victim);
        rc = olddir->ops->rename(olddir, r->old->name, inode, newdir, r->new->name, victim);
        if (rc == 0)
            victim->dead = true;
        dir_unlock(victim);
    } else {
        rc = olddir->ops->rename(olddir, r->old->name, inode, newdir, r->new->name, victim);
    }
    if (rc < 0) {
        kmem_free((char *)(uintptr_t)name.text);
        return rc;
    }
    inode_touch_mtime(olddir);
    if (newdir != olddir)
        inode_touch_mtime(newdir);
    inode_touch_ctime(inode);
    if (victim != NULL)
        inode_touch_ctime(victim);
    dentry_move(r->old, r->to.cur, name, r->new);
    return 0;
}

static int
rename_locked(struct rename *r)
{
    int rc = dentry_lookup_locked(r->from.cur, r->from.last, &r->old);

    if (rc < 0)
        return rc;
    if (r->old->inode == NULL) {
        rc = -ENOENT;
        goto put_old;
    }
    rc = dentry_lookup_locked(r->to.cur, r->to.last, &r->new);
    if (rc < 0)
        goto put_old;
    rc = rename_check(r);
    if (rc == 0)
        rc = rename_commit(r);
    dentry_put(r->new);
put_old:
    dentry_put(r->old);
    return rc;
}

int
vfs_rename(struct dentry *oldat, const char *oldpath, struct dentry *newat, const char *newpath,
           unsigned flags)
{
    struct rename r = { .flags = flags };
    struct inode *from, *to;
    int rc = walk_begin(&r.from, oldat, oldpath);

    if (rc < 0)
        return rc;
    rc = walk_to_parent(&r.from);
    if (rc == 0)
        rc = walk_begin(&r.to, newat, newpath);
    if (rc < 0)
        goto end_from;
    rc = walk_to_parent(&r.to);
    if (rc < 0)
        goto end_to;
    if (r.from.cur->sb != r.to.cur->sb)
        rc = -EXDEV;
    else if (r.from.last_type != WALK_NAME)
        rc = -EBUSY;
    else if (r.to.last_type != WALK_NAME)
        rc = (flags & RENAME_NOREPLACE) != 0 ? -EEXIST : -EBUSY;
    if (rc < 0)
        goto end_to;
    mutex_lock(&mount_rename_lock);
    from = dentry_inode(r.from.cur);
    to = dentry_inode(r.to.cur);
    dir_lock_pair(from, to, locked_first(r.to.cur, r.from.cur));
    rc = rename_locked(&r);
    dir_unlock_pair(from, to);
    mutex_unlock(&mount_rename_lock);
end_to:
    walk_end(&r.to);
end_from:
    walk_end(&r.from);
    vfs_trim();
    return rc;
}

int
vfs_setattr(struct inode *inode, const struct setattr *attr)
{
    int rc = 0;

    if (inode->sb->read_only)
        return -EROFS;
    if (inode->bad)
        return -EUCLEAN;
    mutex_lock(&inode->lock);
    if (inode->ops->setattr != NULL)
        rc = inode->ops->setattr(inode, attr);
    else
        setattr_fields(inode, attr);
    mutex_unlock(&inode->lock);
    return rc;
}

int
vfs_truncate(struct inode *inode, uint64_t size)
{
    struct setattr attr = { .valid = ATTR_SIZE | ATTR_MTIME, .size = size, .mtime = time_wall() };
    int rc;

    if (inode->sb->read_only)
        return -EROFS;
    if (inode->bad)
        return -EUCLEAN;
    if (size > inode->sb->max_file_size)
        return -EFBIG;
    turn_take(&inode->write_turn);
    mutex_lock(&inode->lock);
    /* Dirty pages beyond the end must not be written once their blocks are gone; what a reader brings back in meanwhile is dropped
     * after. */
    pagecache_truncate(inode, size);
    if (inode->ops->setattr != NULL)
        rc = inode->ops->setattr(inode, &attr);
    else
        rc = (setattr_fields(inode, &attr), 0);
    if (rc == 0)
        pagecache_truncate(inode, size);
    mutex_unlock(&inode->lock);
    turn_release(&inode->write_turn);
    return rc;
}

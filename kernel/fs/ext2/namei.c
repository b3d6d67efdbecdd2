/* ext2: names: create, link, unlink, rename, symbolic links.  See ext2.h. */
#include "ext2.h"

static int
ext2_lookup(struct inode *dir, struct name name, struct inode **inode_out)
{
    struct ext2_fs *fs = ext2_fs_of(dir);
    uint32_t ino;
    int rc;

    mutex_lock(&fs->lock);
    rc = ext2_dir_find_locked(dir, name, &ino);
    mutex_unlock(&fs->lock);
    return rc < 0 ? rc : inode_get(dir->sb, ino, inode_out);
}

static void
link_added(struct inode *inode)
{
    inode->nlink++;
    inode->ctime = time_wall();
    inode_mark_dirty(inode);
}

static void
link_dropped(struct inode *inode)
{
    if (inode->nlink > 0)
        inode->nlink--;
    inode->ctime = time_wall();
    inode_mark_dirty(inode);
}

/* Enter a new inode into its directory; on failure it goes away with its last reference, as it has no link. */
static int
enter(struct inode *dir, struct name name, struct inode *inode)
{
    struct ext2_fs *fs = ext2_fs_of(dir);
    bool is_dir = (inode->mode & S_IFMT) == S_IFDIR;
    int rc = 0;

    if (is_dir && dir->nlink >= LINK_MAX)
        return -EMLINK;
    mutex_lock(&fs->lock);
    if (is_dir)
        rc = ext2_dir_init_locked(inode, (uint32_t)dir->ino);
    if (rc == 0)
        rc = ext2_dir_add_locked(dir, name, (uint32_t)inode->ino, inode->mode);
    mutex_unlock(&fs->lock);
    if (rc < 0)
        return rc;
    link_added(inode);
    if (is_dir) {
        link_added(inode); /* its own "." */
        link_added(dir);   /* its ".." */
    }
    return 0;
}

static int
ext2_create(struct inode *dir, struct name name, uint32_t mode, uint32_t uid, uint32_t gid,
            uint32_t rdev, struct inode **inode_out)
{
    struct inode *inode;
    int rc = ext2_inode_create(dir, mode, uid, gid, rdev, &inode);

    if (rc < 0)
        return rc;
    rc = enter(dir, name, inode);
    if (rc < 0) {
        inode_put(inode);
        return rc;
    }
    *inode_out = inode;
    return 0;
}

/* Store a target too long for the inode in a block of its own. */
static int
long_symlink(struct inode *inode, struct name target)
{
    struct ext2_fs *fs = ext2_fs_of(inode);
    uint32_t block;
    struct buf *b;
    int rc = ext2_bmap_locked(inode, 0, true, &block, NULL);

    if (rc < 0)
        return rc;
    rc = ext2_buf_new(fs, block, &b);
    if (rc < 0)
        return rc;
    span_copy(span_sub(buf_span(b), 0, target.len), cspan_of(target.text, target.len));
    buf_dirty(b);
    buf_put(b);
    return 0;
}

static int
ext2_symlink(struct inode *dir, struct name name, uint32_t uid, uint32_t gid, struct name target,
             struct inode **inode_out)
{
    struct ext2_fs *fs = ext2_fs_of(dir);
    struct inode *inode;
    int rc;

    if (target.len >= fs->block_size)
        return -ENAMETOOLONG;
    rc = ext2_inode_create(dir, S_IFLNK | 0777, uid, gid, 0, &inode);
    if (rc < 0)
        return rc;
    if (target.len < EXT2_N_BLOCKS * 4) {
        uint8_t text[EXT2_N_BLOCKS * 4] = { 0 };

        span_copy(span_of(text, sizeof text), cspan_of(target.text, target.len));
        for (unsigned i = 0; i < EXT2_N_BLOCKS; i++)
            ext2_inode_of(inode)->block[i] = get_le32(cspan_of(text, sizeof text), i * 4);
    } else {
        mutex_lock(&fs->lock);
        rc = long_symlink(inode, target);
        mutex_unlock(&fs->lock);
    }
    inode->size = target.len;
    if (rc == 0)
        rc = enter(dir, name, inode);
    if (rc < 0) {
        inode_put(inode);
        return rc;
    }
    *inode_out = inode;
    return 0;
}

static int64_t
ext2_readlink(struct inode *inode, char *buf, size_t size)
{
    struct ext2_fs *fs = ext2_fs_of(inode);
    size_t n = inode->size < size ? (size_t)inode->size : size;
    int rc;

    if (ext2_fast_symlink(inode)) {
        uint8_t text[EXT2_N_BLOCKS * 4];

        for (unsigned i = 0; i < EXT2_N_BLOCKS; i++)
            put_le32(span_of(text, sizeof text), i * 4, ext2_inode_of(inode)->block[i]);
        span_copy(span_of(buf, size), cspan_sub(cspan_of(text, sizeof text), 0, n));
        return (int64_t)n;
    }

    uint32_t block;
    struct buf *b;
    mutex_lock(&fs->lock);
    rc = ext2_bmap_locked(inode, 0, false, &block, NULL);
    if (rc == 0 && block == 0)
        rc = ext2_corrupt(fs, "symlink %llu has no target", (unsigned long long)inode->ino);
    if (rc == 0)
        rc = ext2_buf_get(fs, block, &b);
    if (rc == 0) {
        span_copy(span_of(buf, size), cspan_sub(buf_cspan(b), 0, n));
        buf_put(b);
    }
    mutex_unlock(&fs->lock);
    return rc < 0 ? rc : (int64_t)n;
}

static int
ext2_link(struct inode *dir, struct name name, struct inode *inode)
{
    struct ext2_fs *fs = ext2_fs_of(dir);
    int rc;

    if (inode->nlink >= LINK_MAX)
        return -EMLINK;
    mutex_lock(&fs->lock);
    rc = ext2_dir_add_locked(dir, name, (uint32_t)inode->ino, inode->mode);
    mutex_unlock(&fs->lock);
    if (rc == 0)
        link_added(inode);
    return rc;
}

static int
ext2_unlink(struct inode *dir, struct name name, struct inode *inode)
{
    struct ext2_fs *fs = ext2_fs_of(dir);
    int rc;

    mutex_lock(&fs->lock);
    rc = ext2_dir_remove_locked(dir, name);
    mutex_unlock(&fs->lock);
    if (rc == 0)
        link_dropped(inode);
    return rc;
}

/* A directory loses its name, its "." and the parent's link through "..".  It has one name only, whatever its count says. */
static void
dir_dropped(struct inode *parent, struct inode *inode)
{
    inode->nlink = 0;
    link_dropped(inode);
    link_dropped(parent);
}

static int
ext2_rmdir(struct inode *dir, struct name name, struct inode *inode)
{
    struct ext2_fs *fs = ext2_fs_of(dir);
    int rc;

    mutex_lock(&fs->lock);
    rc = ext2_dir_empty_locked(inode);
    if (rc == 0)
        rc = ext2_dir_remove_locked(dir, name);
    mutex_unlock(&fs->lock);
    if (rc == 0)
        dir_dropped(dir, inode);
    return rc;
}

/* The directory part of a rename; the order keeps a name for the inode at every step. */
static int
move_entry(struct inode *olddir, struct name oldname, struct inode *inode, struct inode *newdir,
           struct name newname, const struct inode *victim)
{
    uint32_t ino = (uint32_t)inode->ino;
    int rc = victim != NULL ? ext2_dir_set_locked(newdir, newname, ino, inode->mode)
                            : ext2_dir_add_locked(newdir, newname, ino, inode->mode);

    if (rc < 0)
        return rc;
    rc = ext2_dir_remove_locked(olddir, oldname);
    if (rc == 0)
        return 0;
    /* Undo: the file system is corrupt or the disk fails; leave the old name alone. */
    int undo = victim != NULL
                   ? ext2_dir_set_locked(newdir, newname, (uint32_t)victim->ino, victim->mode)
                   : ext2_dir_remove_locked(newdir, newname);
    (void)undo;
    return rc;
}

static int
ext2_rename(struct inode *olddir, struct name oldname, struct inode *inode, struct inode *newdir,
            struct name newname, struct inode *victim)
{
    const struct name dotdot = { "..", 2 };
    struct ext2_fs *fs = ext2_fs_of(olddir);
    bool is_dir = (inode->mode & S_IFMT) == S_IFDIR, moves = is_dir && olddir != newdir;
    int rc = 0;

    if (moves && victim == NULL && newdir->nlink >= LINK_MAX)
        return -EMLINK;
    mutex_lock(&fs->lock);
    if (is_dir && victim != NULL)
        rc = ext2_dir_empty_locked(victim);
    /* First what can be undone with what is in memory then. */
    if (rc == 0 && moves)
        rc = ext2_dir_set_locked(inode, dotdot, (uint32_t)newdir->ino, S_IFDIR);
    if (rc == 0) {
        rc = move_entry(olddir, oldname, inode, newdir, newname, victim);
        if (rc < 0 && moves && ext2_dir_set_locked(inode, dotdot, (uint32_t)olddir->ino, S_IFDIR) < 0)
            ext2_corrupt(fs, "directory %llu has the wrong parent now",
                         (unsigned long long)inode->ino);
    }
    mutex_unlock(&fs->lock);
    if (rc == -ENOENT) /* no "..", or not the names that the VFS found */
        rc = -EUCLEAN;
    if (rc < 0)
        return rc;
    if (victim != NULL && is_dir)
        dir_dropped(newdir, victim);
    else if (victim != NULL)
        link_dropped(victim);
    if (is_dir && olddir != newdir) {
        link_dropped(olddir);
        link_added(newdir);
    }
    inode->ctime = time_wall();
    inode_mark_dirty(inode);
    return 0;
}

const struct inode_ops ext2_dir_ops = {
    .lookup = ext2_lookup,
    .create = ext2_create,
    .symlink = ext2_symlink,
    .link = ext2_link,
    .unlink = ext2_unlink,
    .rmdir = ext2_rmdir,
    .rename = ext2_rename,
    .readdir = ext2_readdir,
    .setattr = ext2_setattr,
};

const struct inode_ops ext2_file_ops = {
    .setattr = ext2_setattr,
    .read_page = ext2_read_page,
    .reserve = ext2_reserve,
    .write_page = ext2_write_page,
};

const struct inode_ops ext2_symlink_ops = {
    .readlink = ext2_readlink,
    .setattr = ext2_setattr,
};

const struct inode_ops ext2_special_ops = {
    .setattr = ext2_setattr,
};

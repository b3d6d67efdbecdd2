/* ext2: inodes on disk.  See ext2.h. */
#include <kernel/core/log.h>
#include <kernel/mm/kmem.h>
#include <kernel/trusted/bounds.h>

#include "ext2.h"

/* The inode's bytes in the table: its block (to be put) and the span. */
static int
table_slot(struct ext2_fs *fs, uint32_t ino, struct buf **buf_out, struct span *slot_out)
    requires_lock(fs->lock)
{
    uint32_t group = (ino - 1) / fs->inodes_per_group, index = (ino - 1) % fs->inodes_per_group;
    uint32_t per = fs->block_size / fs->inode_size;
    int rc = ext2_buf_get(fs, at(fs->group, fs->groups, group).inode_table + index / per, buf_out);

    if (rc == 0)
        *slot_out =
            span_sub(buf_span(*buf_out), (size_t)(index % per) * fs->inode_size, fs->inode_size);
    return rc;
}

bool
ext2_fast_symlink(const struct inode *inode)
{
    const struct ext2_fs *fs = ext2_fs_of(inode);
    uint64_t xattr = ext2_inode_of(inode)->file_acl != 0 ? fs->block_size / SECTOR_SIZE : 0;

    return (inode->mode & S_IFMT) == S_IFLNK && inode->blocks <= xattr &&
           inode->size < EXT2_N_BLOCKS * 4;
}

/* Does the larger inode carry nanoseconds?  `end`: offset after the field. */
static bool
has_extra(const struct ext2_fs *fs, struct cspan s, size_t end)
{
    if (fs->inode_size <= EXT2_GOOD_OLD_INODE_SIZE)
        return false;
    size_t extra = field_get(s, DI_EXTRA_ISIZE);
    return extra % 4 == 0 && extra <= fs->inode_size - EXT2_GOOD_OLD_INODE_SIZE &&
           EXT2_GOOD_OLD_INODE_SIZE + extra >= end;
}

static struct ktime
read_time(const struct ext2_fs *fs, struct cspan s, struct f_le32 field, struct f_le32 extra_field)
{
    struct ktime t = { .sec = (int32_t)field_get(s, field) };

    if (has_extra(fs, s, extra_field.at + 4u)) {
        uint32_t extra = field_get(s, extra_field);

        t.sec += (int64_t)(extra & 3) << 32;
        t.nsec = extra >> 2 < 1000000000u ? extra >> 2 : 0;
    }
    return t;
}

static void
write_time(const struct ext2_fs *fs, struct span s, struct f_le32 field, struct f_le32 extra_field,
           struct ktime t)
{
    field_put(s, field, (uint32_t)t.sec);
    if (has_extra(fs, span_const(s), extra_field.at + 4u))
        field_put(s, extra_field, t.nsec << 2 | (uint32_t)((t.sec - (int32_t)t.sec) >> 32 & 3));
}

/* What must hold for the fields, or later code could be led astray. */
static bool
sane(const struct inode *inode)
{
    const struct ext2_fs *fs = ext2_fs_of(inode);

    if (inode->ino == EXT2_ROOT_INO && (inode->mode & S_IFMT) != S_IFDIR)
        return false;
    switch (inode->mode & S_IFMT) {
    case S_IFREG:
        return inode->size <= inode->sb->max_file_size;
    case S_IFDIR:
        return inode->size > 0 && (inode->size & (fs->block_size - 1)) == 0 &&
               inode->size <= inode->sb->max_file_size &&
               ext2_block_at(fs, inode->size) <= fs->blocks_count;
    case S_IFLNK:
        return inode->size > 0 && inode->size < fs->block_size && inode->size < PATH_MAX;
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
    case S_IFSOCK:
        return true;
    default:
        return false;
    }
}

static void
set_ops(struct inode *inode)
{
    switch (inode->mode & S_IFMT) {
    case S_IFREG:
        inode->ops = &ext2_file_ops;
        break;
    case S_IFDIR:
        inode->ops = &ext2_dir_ops;
        break;
    case S_IFLNK:
        inode->ops = &ext2_symlink_ops;
        break;
    default:
        inode->ops = &ext2_special_ops;
    }
}

/* Device numbers: the old 16-bit form in the first word, or the new 32-bit form in the second. */
static void
read_rdev(struct inode *inode, const struct ext2_inode *ei)
{
    uint32_t old = ei->block[0], dev = ei->block[1];

    inode->rdev = old != 0 ? (old & 0xffff) : dev;
}

static void
decode(struct inode *inode, struct cspan s)
{
    const struct ext2_fs *fs = ext2_fs_of(inode);
    struct ext2_inode *ei = ext2_inode_of(inode);

    inode->mode = field_get(s, DI_MODE);
    inode->uid = field_get(s, DI_UID) | (uint32_t)field_get(s, DI_UID_HIGH) << 16;
    inode->gid = field_get(s, DI_GID) | (uint32_t)field_get(s, DI_GID_HIGH) << 16;
    inode->nlink = field_get(s, DI_LINKS);
    inode->size = field_get(s, DI_SIZE);
    if ((inode->mode & S_IFMT) == S_IFREG)
        inode->size |= (uint64_t)field_get(s, DI_SIZE_HIGH) << 32;
    inode->blocks = field_get(s, DI_BLOCKS);
    inode->atime = read_time(fs, s, DI_ATIME, DI_ATIME_EXTRA);
    inode->mtime = read_time(fs, s, DI_MTIME, DI_MTIME_EXTRA);
    inode->ctime = read_time(fs, s, DI_CTIME, DI_CTIME_EXTRA);
    inode->generation = field_get(s, DI_GENERATION);
    ei->flags = field_get(s, DI_FLAGS);
    ei->file_acl = field_get(s, DI_FILE_ACL);
    ei->dtime = field_get(s, DI_DTIME);
    for (unsigned i = 0; i < EXT2_N_BLOCKS; i++)
        ei->block[i] = get_le32(s, DI_BLOCK + i * 4);
    if ((inode->mode & S_IFMT) == S_IFCHR || (inode->mode & S_IFMT) == S_IFBLK)
        read_rdev(inode, ei);
}

int
ext2_read_inode(struct inode *inode)
{
    struct ext2_fs *fs = inode->sb->fs_data;
    struct buf *b = NULL;
    struct span slot = { 0 };
    int rc;

    if (inode->ino == 0 || inode->ino > fs->inodes_count ||
        (inode->ino != EXT2_ROOT_INO && inode->ino < fs->first_ino))
        return ext2_corrupt(fs, "inode number %llu", (unsigned long long)inode->ino);
    inode->fs_data = kmem_alloc(sizeof(struct ext2_inode));
    if (inode->fs_data == NULL)
        return -ENOMEM;
    mutex_lock(&fs->lock);
    /* A name that leads to a free inode: it may become somebody else's at any time. */
    rc = ext2_inode_used_locked(fs, (uint32_t)inode->ino);
    if (rc == 0)
        rc = ext2_corrupt(fs, "inode %llu is in use but marked free", (unsigned long long)inode->ino);
    if (rc > 0)
        rc = table_slot(fs, (uint32_t)inode->ino, &b, &slot);
    if (rc == 0) {
        decode(inode, span_const(slot));
        buf_put(b);
        if (inode->nlink == 0 || !sane(inode))
            rc = ext2_corrupt(fs, "inode %llu", (unsigned long long)inode->ino);
    }
    mutex_unlock(&fs->lock);
    if (rc < 0) {
        kmem_free(inode->fs_data);
        inode->fs_data = NULL;
        return rc;
    }
    set_ops(inode);
    return 0;
}

static void
encode(const struct inode *inode, struct span s)
{
    const struct ext2_fs *fs = ext2_fs_of(inode);
    const struct ext2_inode *ei = ext2_inode_of(inode);

    field_put(s, DI_MODE, (uint16_t)inode->mode);
    field_put(s, DI_UID, (uint16_t)inode->uid);
    field_put(s, DI_UID_HIGH, (uint16_t)(inode->uid >> 16));
    field_put(s, DI_GID, (uint16_t)inode->gid);
    field_put(s, DI_GID_HIGH, (uint16_t)(inode->gid >> 16));
    field_put(s, DI_LINKS, (uint16_t)inode->nlink);
    field_put(s, DI_SIZE, (uint32_t)inode->size);
    if ((inode->mode & S_IFMT) == S_IFREG)
        field_put(s, DI_SIZE_HIGH, (uint32_t)(inode->size >> 32));
    field_put(s, DI_BLOCKS, (uint32_t)inode->blocks);
    write_time(fs, s, DI_ATIME, DI_ATIME_EXTRA, inode->atime);
    write_time(fs, s, DI_MTIME, DI_MTIME_EXTRA, inode->mtime);
    write_time(fs, s, DI_CTIME, DI_CTIME_EXTRA, inode->ctime);
    field_put(s, DI_GENERATION, (uint32_t)inode->generation);
    field_put(s, DI_FLAGS, ei->flags);
    field_put(s, DI_FILE_ACL, ei->file_acl);
    field_put(s, DI_DTIME, ei->dtime);
    for (unsigned i = 0; i < EXT2_N_BLOCKS; i++)
        put_le32(s, DI_BLOCK + i * 4, ei->block[i]);
}

static int
write_locked(struct ext2_fs *fs, const struct inode *inode) requires_lock(fs->lock)
{
    struct buf *b = NULL;
    struct span slot = { 0 };
    int rc = table_slot(fs, (uint32_t)inode->ino, &b, &slot);

    if (rc < 0)
        return rc;
    encode(inode, slot);
    ext2_mark_in_use(fs);
    if (inode->size > INT32_MAX && (inode->mode & S_IFMT) == S_IFREG) {
        struct span s = ext2_super(fs);

        field_put(s, SB_FEATURE_RO_COMPAT,
                  field_get(span_const(s), SB_FEATURE_RO_COMPAT) | RO_COMPAT_LARGE_FILE);
    }
    buf_dirty(b);
    buf_put(b);
    return 0;
}

int
ext2_write_inode(struct inode *inode)
{
    struct ext2_fs *fs = ext2_fs_of(inode);
    int rc;

    mutex_lock(&fs->lock);
    rc = write_locked(fs, inode);
    mutex_unlock(&fs->lock);
    return rc;
}

/* Drop the extended attribute block: shared ones lose a reference. */
static void
free_xattr(struct ext2_fs *fs, struct inode *inode) requires_lock(fs->lock)
{
    struct ext2_inode *ei = ext2_inode_of(inode);
    struct buf *b = NULL;

    if (ei->file_acl == 0)
        return;
    if (!ext2_block_valid(fs, ei->file_acl)) {
        ext2_corrupt(fs, "inode %llu has its attributes in block %u",
                     (unsigned long long)inode->ino, ei->file_acl);
    } else if (ext2_buf_get(fs, ei->file_acl, &b) == 0) {
        uint32_t refs = field_get(buf_cspan(b), XA_REFCOUNT);
        bool known = field_get(buf_cspan(b), XA_MAGIC) == XA_MAGIC_VALUE;

        if (known && refs > 1) {
            field_put(buf_span(b), XA_REFCOUNT, refs - 1);
            buf_dirty(b);
            inode->blocks -=
                inode->blocks >= fs->block_size / SECTOR_SIZE ? fs->block_size / SECTOR_SIZE : 0;
        }
        buf_put(b);
        if (known && refs <= 1 && ext2_block_free_locked(inode, ei->file_acl) < 0)
            klog(LOG_ERR, "ext2: %s: block %u is lost", fs->dev->name, ei->file_acl);
        else if (!known)
            ext2_corrupt(fs, "inode %llu's attribute block", (unsigned long long)inode->ino);
    }
    ei->file_acl = 0;
}

static bool
has_blocks(const struct inode *inode)
{
    uint32_t type = inode->mode & S_IFMT;

    return type == S_IFREG || type == S_IFDIR || (type == S_IFLNK && !ext2_fast_symlink(inode));
}

/* The last link is gone: free everything.  What cannot be trusted stays marked as used, for e2fsck to judge. */
static void
free_inode(struct ext2_fs *fs, struct inode *inode) requires_lock(fs->lock)
{
    bool dir = (inode->mode & S_IFMT) == S_IFDIR;

    if (has_blocks(inode))
        ext2_truncate_locked(inode, 0);
    if (!inode->bad)
        free_xattr(fs, inode);
    inode->size = 0;
    ext2_inode_of(inode)->dtime = ext2_now(fs);
    if (write_locked(fs, inode) == 0 && !inode->bad)
        ext2_inode_free_locked(fs, (uint32_t)inode->ino, dir);
}

void
ext2_evict_inode(struct inode *inode)
{
    struct ext2_fs *fs = ext2_fs_of(inode);
    struct ext2_inode *ei = ext2_inode_of(inode);

    if (ei == NULL)
        return; /* never read successfully */
    if (!inode->sb->read_only && inode->ino != 0) {
        mutex_lock(&fs->lock);
        if (inode->nlink == 0) {
            free_inode(fs, inode);
        } else if (ei->trim && has_blocks(inode)) {
            ext2_truncate_locked(inode, inode->size);
            if (write_locked(fs, inode) < 0)
                klog(LOG_ERR, "ext2: %s: inode %llu was not written", fs->dev->name,
                     (unsigned long long)inode->ino);
        }
        mutex_unlock(&fs->lock);
    }
    kmem_free(ei);
    inode->fs_data = NULL;
}

int
ext2_setattr(struct inode *inode, const struct setattr *attr)
{
    struct ext2_fs *fs = ext2_fs_of(inode);

    if (inode->bad)
        return -EUCLEAN;
    if (attr->valid & ATTR_SIZE) {
        if ((inode->mode & S_IFMT) != S_IFREG)
            return -EINVAL;
        if (attr->size > inode->sb->max_file_size)
            return -EFBIG;
        mutex_lock(&fs->lock);
        /* Growing, too: what was reserved beyond the end and never written must not come into view. */
        ext2_truncate_locked(inode, attr->size < inode->size ? attr->size : inode->size);
        /* If something could not be freed, it must not come into view either. */
        int rc = inode->bad                                               ? -EUCLEAN
                 : ext2_inode_of(inode)->trim && attr->size > inode->size ? -EIO
                                                                          : 0;
        if (rc == 0)
            inode->size = attr->size;
        mutex_unlock(&fs->lock);
        if (rc < 0)
            return rc;
        inode->mtime = inode->ctime = time_wall();
    }
    if (attr->valid & ATTR_MODE)
        inode->mode = (inode->mode & S_IFMT) | (attr->mode & 07777);
    if (attr->valid & ATTR_UID)
        inode->uid = attr->uid;
    if (attr->valid & ATTR_GID)
        inode->gid = attr->gid;
    if (attr->valid & ATTR_ATIME)
        inode->atime = attr->atime;
    if (attr->valid & ATTR_MTIME)
        inode->mtime = attr->mtime;
    if (attr->valid & (ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_ATIME | ATTR_MTIME))
        inode->ctime = time_wall();
    inode_mark_dirty(inode);
    return 0;
}

/* Clear the slot of a new inode, so that nothing of a former one shows. */
static int
clear_slot(struct ext2_fs *fs, uint32_t ino) requires_lock(fs->lock)
{
    struct buf *b = NULL;
    struct span slot = { 0 };
    int rc = table_slot(fs, ino, &b, &slot);

    if (rc < 0)
        return rc;
    span_fill(slot, 0);
    if (fs->inode_size > EXT2_GOOD_OLD_INODE_SIZE)
        field_put(slot, DI_EXTRA_ISIZE, fs->inode_size - EXT2_GOOD_OLD_INODE_SIZE < 32 ? 0 : 32);
    buf_dirty(b);
    buf_put(b);
    return 0;
}

int
ext2_inode_create(struct inode *dir, uint32_t mode, uint32_t uid, uint32_t gid, uint32_t rdev,
                  struct inode **inode_out)
{
    struct ext2_fs *fs = ext2_fs_of(dir);
    bool is_dir = (mode & S_IFMT) == S_IFDIR;
    struct inode *inode;
    uint32_t ino;
    int rc = inode_new(dir->sb, &inode);

    if (rc < 0)
        return rc;
    struct ext2_inode *ei = kmem_alloc(sizeof *ei);
    if (ei == NULL) {
        inode_put(inode);
        return -ENOMEM;
    }
    mutex_lock(&fs->lock);
    rc = ext2_inode_alloc_locked(fs, (uint32_t)dir->ino, is_dir, &ino);
    if (rc == 0) {
        rc = clear_slot(fs, ino);
        if (rc < 0)
            ext2_inode_free_locked(fs, ino, is_dir);
    }
    mutex_unlock(&fs->lock);
    if (rc < 0) {
        kmem_free(ei);
        inode_put(inode);
        return rc;
    }
    inode->fs_data = ei;
    inode->mode = mode;
    inode->uid = uid;
    inode->gid = gid;
    inode->nlink = 0;
    inode->rdev = rdev;
    inode->atime = inode->mtime = inode->ctime = time_wall();
    if ((mode & S_IFMT) == S_IFCHR || (mode & S_IFMT) == S_IFBLK) {
        bool old = (rdev & ~0xffffu) == 0;

        ei->block[0] = old ? rdev : 0;
        ei->block[1] = old ? 0 : rdev;
    }
    set_ops(inode);
    inode_hash(inode, ino);
    inode_mark_dirty(inode);
    *inode_out = inode;
    return 0;
}

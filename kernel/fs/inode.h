/* The inode cache's interface to the rest of the VFS. */
#pragma once

#include <kernel/fs/vfs.h>

enum { INODE_UNUSED_MAX = CONFIG_CACHE_BUCKETS };

void inode_cache_init(void);
/* A directory's lock has its own rank. */
void dir_lock(struct inode *dir) acquires(dir->lock);
void dir_lock_nested(struct inode *dir) acquires(dir->lock);
void dir_unlock(struct inode *dir) releases(dir->lock);
/* Two directories, which may be the same. */
void dir_lock_pair(struct inode *a, struct inode *b, bool b_first) acquires(a->lock, b->lock);
void dir_unlock_pair(struct inode *a, struct inode *b) releases(a->lock, b->lock);

/* The inode has dirty pages or fields: the flusher will come by. */
void inode_dirty_list_add(struct inode *inode);
/* Write pages and fields back.  Errors of the pages stay remembered in the page cache. */
int must_check inode_write(struct inode *inode);
/* Write every dirty inode (of `sb`, or of all with NULL).  The first error. */
int must_check inode_write_all(struct superblock *_Nullable sb);
bool inode_any_dirty(void);

/* Free unused inodes until `keep` are left; sleeps, no lock above RANK_INODE_DIR may be held. */
void inode_trim(unsigned keep);
/* Free those unused inodes for which nothing has to be written: writing may want the memory that there is none of. */
void inode_squeeze(void);
/* Free every unused inode of `sb`; returns how many are still in use. */
unsigned inode_drop_all(struct superblock *sb);

/* Times.  touch_atime follows relatime. */
void inode_touch_atime(struct inode *inode);
void inode_touch_mtime(struct inode *inode); /* and ctime */
void inode_touch_ctime(struct inode *inode);
/* Is `t` before `u`? */
bool ktime_before(struct ktime t, struct ktime u);

/* Without ops->setattr: set the fields. */
void setattr_fields(struct inode *inode, const struct setattr *attr);

static inline bool
inode_is(const struct inode *inode, uint32_t type)
{
    return (inode->mode & S_IFMT) == type;
}

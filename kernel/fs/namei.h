/* Operations on names: what mkdir(2), link(2), rename(2) and the rest of their kind do after the arguments are in the kernel. */
#pragma once

#include <kernel/fs/vfs.h>

int must_check vfs_mknod(struct dentry *_Nullable at, const char *path, uint32_t mode, uint32_t rdev);
int must_check vfs_mkdir(struct dentry *_Nullable at, const char *path, uint32_t mode);
int must_check vfs_symlink(struct dentry *_Nullable at, const char *path, const char *target);
/* `old`: what to link (consumed by nobody). */
int must_check vfs_link(struct dentry *old, struct dentry *_Nullable at, const char *path);
int must_check vfs_unlink(struct dentry *_Nullable at, const char *path);
int must_check vfs_rmdir(struct dentry *_Nullable at, const char *path);
/* flags: RENAME_NOREPLACE, RENAME_EXCHANGE. */
int must_check vfs_rename(struct dentry *_Nullable oldat, const char *oldpath,
                          struct dentry *_Nullable newat, const char *newpath, unsigned flags);

/* May a name be made in (or, with `victim`, removed from) directory `dir`?  -EROFS, -EACCES, -EPERM (sticky), -ENOENT (dead). */
int must_check may_create(struct inode *dir);
int must_check may_delete(struct inode *dir, const struct inode *victim);
/* With the directory's lock held: make `d` (negative) a new object.  Applies the umask, setgid directories. */
int must_check create_locked(struct dentry *parent, struct dentry *d, uint32_t mode, uint32_t rdev);

/* chmod, chown, utimes, truncate: permission was checked by the caller. */
int must_check vfs_setattr(struct inode *inode, const struct setattr *attr);
int must_check vfs_truncate(struct inode *inode, uint64_t size);
/* Is the running process the owner of `inode`, or privileged? */
bool inode_owner_or_capable(const struct inode *inode);
/* Is `gid` the process's effective group or one of its supplementary ones? */
bool in_group(uint32_t gid);
/* Keep the caches within bounds: no lock may be held. */
void vfs_trim(void);

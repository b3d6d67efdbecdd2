/* devfs: /dev as the drivers fill it.  A tmpfs whose first contents the kernel makes. */
#pragma once

#include <kernel/fs/vfs.h>

extern const struct fs_type devfs_type;
extern const struct fs_type tmpfs_type;
extern const struct fs_type procfs_type;
extern const struct fs_type romfs_type;
extern const struct fs_type ext2_fs_type; /* ext2/super.c */

/* Make device files `name` (or name0.. for count > 1; NULL: none) in every mounted devfs; nothing to do while none is. */
int must_check devfs_publish(uint32_t mode, uint32_t rdev, uint32_t count,
                             const char *_Nullable name);
/* chrdev.c: publish all that is known (a devfs was just mounted). */
int must_check chrdev_publish_all(void);
/* memdev.c: null, zero, full, random, urandom, kmsg. */
void memdev_init(void);

/* tmpfs.c, for devfs: make an object in a tmpfs directory without a process's permissions. */
int must_check tmpfs_make(struct inode *dir, struct name name, uint32_t mode, uint32_t rdev);
int must_check tmpfs_make_link(struct inode *dir, struct name name, struct name target);
/* devfs.c: a superblock is unmounted; if it was a devfs, it is published to no more. */
void devfs_gone(const struct superblock *sb);
int must_check tmpfs_mount(struct superblock *sb, const char *options);

/* Mounts: where file systems hang in the tree.  A file system is mounted at most once. */
#pragma once

#include <kernel/fs/vfs.h>

enum { MOUNT_SOURCE_MAX = 64 };

struct mount {
    struct superblock *sb;
    struct dentry *root;                 /* a reference */
    struct dentry *_Nullable mountpoint; /* a reference; NULL: the root of everything */
    char source[MOUNT_SOURCE_MAX];
    struct list_node node;
};

void mount_init(void);
struct dentry *_Nullable mount_root_dentry(void);
/* The top of whatever is mounted on `d`, or `d` itself: consumes the reference and gives one. */
struct dentry *mount_cross(struct dentry *d);
/* Visit the mounts in the order they were made. */
void mount_for_each(bool (*fn)(struct mount *m, void *arg), void *arg);
/* One line of /proc/mounts. */
size_t mount_line(struct mount *m, char *buf, size_t size);
/* A superblock the kernel keeps for itself (pipes, and the like): never in the tree. */
int must_check mount_internal(const struct fs_type *type, struct superblock **out);
/* Cross-directory rename: one at a time (RANK_MOUNT). */
extern struct mutex mount_rename_lock;

/* Dentries: names in the tree, with a cache of recently used ones, also of names that do not exist.
 *
 * Each mounted file system has a tree of its own, whose root dentry's parent is NULL; dentry->mounted leads down to what is mounted
 * here, dentry->sb->mount->mountpoint up again.  A child refers to its parent. */
#pragma once

#include <kernel/fs/vfs.h>

enum { DENTRY_INLINE = 5 * sizeof(void *), DENTRY_UNUSED_MAX = 2 * CONFIG_CACHE_BUCKETS };

struct dentry {
    uint32_t refs;
    bool hashed;
    bool deleted; /* the name is gone, the object lives on */
    struct superblock *sb;
    struct dentry *_Nullable parent;
    struct inode *_Nullable inode; /* NULL: there is no such name */
    struct mount *_Nullable mounted;
    uint32_t id, hash;
    struct name name;
    char inline_name[DENTRY_INLINE];
    struct list children;
    struct list_node sibling, lru_node;
    struct dentry *_Nullable hash_next;
};

void dcache_init(void);
/* A root or an anonymous dentry of `inode` (the reference becomes the dentry's, also on failure). */
int must_check dentry_make_root(struct inode *inode, struct dentry **out);
/* The child `name` of `parent`, from the cache or the file system: may be negative.  Takes the directory's lock if it must. */
int must_check dentry_lookup(struct dentry *parent, struct name name, struct dentry **out);
/* The same with the directory's lock held. */
int must_check dentry_lookup_locked(struct dentry *parent, struct name name, struct dentry **out);
/* A negative dentry becomes `inode` (takes the reference). */
void dentry_instantiate(struct dentry *d, struct inode *inode);
/* The name was removed. */
void dentry_removed(struct dentry *d);
/* `d` now is `name` in `parent`; `over` is the dentry that had the name: it goes.  -ENOMEM before anything changed. */
int must_check dentry_prepare_name(struct name name, struct name *copy_out);
void dentry_move(struct dentry *d, struct dentry *parent, struct name prepared, struct dentry *over);
void dentry_exchange(struct dentry *a, struct dentry *b);
/* Forget what is cached beneath `name` in directory `dir` (devfs made a node behind the VFS's back). */
void dentry_forget_negative(const struct inode *dir, struct name name);
/* Is `a` an ancestor of `d` (or `d` itself) within one file system? */
bool dentry_is_ancestor(const struct dentry *a, const struct dentry *d);
/* Free unused dentries until `keep` are left.  Sleeps. */
void dentry_trim(unsigned keep);
/* Free all unused dentries of a file system. */
void dentry_drop_all(struct superblock *sb);
bool name_eq(struct name a, struct name b);
/* Copy a name to a place of `size` bytes, which has room for it. */
void name_copy(char *dst, size_t size, struct name name);

static inline struct name
name_of(const char *text, size_t len)
{
    return (struct name){ text, len };
}

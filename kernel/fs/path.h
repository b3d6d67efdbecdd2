/* Walking paths: step by step, without recursion. */
#pragma once

#include <kernel/fs/dentry.h>

enum walk_last {
    WALK_NAME, /* an ordinary last component */
    WALK_DOT,
    WALK_DOTDOT,
    WALK_ROOT, /* the path was "/" or nothing but slashes */
};

struct walk {
    struct dentry *cur; /* a reference; the directory that `last` is looked up in */
    const char *rest;
    struct name last;
    enum walk_last last_type;
    bool trailing; /* slashes after the last component */
    unsigned links;
    char *_Nullable buf; /* where `rest` points into after a symlink */
};

/* Start; -ENOENT for an empty path, -ENOTDIR if it is relative to something that is no directory. */
int must_check walk_begin(struct walk *w, struct dentry *_Nullable at, const char *path);
/* Go on until w->last is the last component of the path and w->cur its directory (search permission checked). */
int must_check walk_to_parent(struct walk *w);
/* What w->last is, mounts crossed: may be negative only for WALK_NAME. */
int must_check walk_last(struct walk *w, struct dentry **out);
/* Replace the last component by a symlink's target (consumes `link`): 0, go on with walk_to_parent(); 1: w->cur is the target. */
int must_check walk_follow(struct walk *w, struct dentry *link);
void walk_end(struct walk *w);

/* The running process's root and current directory, without a reference. */
struct dentry *path_root(void);
struct dentry *path_cwd(void);
/* vfs_lookup() of a parent for mkdir and the like. */
bool dentry_is_dir(const struct dentry *d);
bool dentry_is_link(const struct dentry *d);

/* What the path calls share: a path from the user, and where it starts. */
#pragma once

#include <kernel/fs/vfs.h>
#include <kernel/proc/proc.h>
#include <kernel/sys/sys.h>

enum {
    UPATH_INLINE = PAGE_SIZE / 20
}; /* some calls have three of them on the stack, which is a few pages */

struct upath {
    const char *text;
    char *_Nullable big;
    char small[UPATH_INLINE];
};

/* Copy a path in.  -EFAULT, -ENAMETOOLONG, -ENOMEM; -ENOENT when it is empty and `empty_ok` is not set. */
int must_check upath_get(struct upath *p, uint64_t addr, bool empty_ok);
void upath_put(struct upath *p);

/* The directory a *at call starts from: NULL in *dentry_out for the current one (also when the path is absolute).
 * -EBADF; -ENOTDIR when `fd` has no place in the tree.  Give *file_out (may be NULL) back with at_put(). */
struct at {
    struct dentry *_Nullable dentry;
    struct file *_Nullable file;
};
int must_check at_get(struct at *at, int fd, const char *path);
void at_put(struct at *at);

/* Path and start in one: 0, then undo with both puts. */
int must_check at_path_get(struct at *at, struct upath *p, int fd, uint64_t addr, bool empty_ok);
void at_path_put(struct at *at, struct upath *p);

/* The object `path` names; `flags`: enum lookup_flags.  A reference. */
int must_check at_lookup(int fd, uint64_t path, unsigned flags, struct dentry **out);
/* An open file that is not O_PATH (unless path_ok), with a reference; NULL: -EBADF. */
struct file *_Nullable ufile_get(int fd, bool path_ok);

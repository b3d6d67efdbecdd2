/* What the path calls share. */
#include <kernel/abi/fcntl.h>
#include <kernel/core/fmt.h>
#include <kernel/fs/dentry.h>
#include <kernel/mm/kmem.h>
#include <kernel/sys/upath.h>

int
upath_get(struct upath *p, uint64_t addr, bool empty_ok)
{
    int64_t n = ucopy_in_str(p->small, uaddr((uintptr_t)addr), sizeof(p->small));

    p->big = NULL;
    p->text = p->small;
    if (n == -ENAMETOOLONG) {
        p->big = kmem_alloc(PATH_MAX);
        if (p->big == NULL)
            return -ENOMEM;
        p->text = p->big;
        n = ucopy_in_str(p->big, uaddr((uintptr_t)addr), PATH_MAX);
    }
    if (n >= 0 && p->text[0] == '\0' && !empty_ok)
        n = -ENOENT;
    if (n < 0)
        kmem_free(p->big);
    return n < 0 ? (int)n : 0;
}

void
upath_put(struct upath *p)
{
    kmem_free(p->big);
}

int
at_get(struct at *at, int fd, const char *path)
{
    *at = (struct at){ 0 };
    if (fd == AT_FDCWD || path[0] == '/')
        return 0;
    at->file = fd_get(proc_current()->files, fd);
    if (at->file == NULL)
        return -EBADF;
    at->dentry = at->file->dentry;
    if (at->dentry == NULL && path[0] != '\0') {
        file_put(at->file);
        return -ENOTDIR;
    }
    return 0;
}

void
at_put(struct at *at)
{
    if (at->file != NULL)
        file_put(at->file);
}

int
at_path_get(struct at *at, struct upath *p, int fd, uint64_t addr, bool empty_ok)
{
    int rc = upath_get(p, addr, empty_ok);

    if (rc < 0)
        return rc;
    rc = at_get(at, fd, p->text);
    if (rc < 0)
        upath_put(p);
    return rc;
}

void
at_path_put(struct at *at, struct upath *p)
{
    at_put(at);
    upath_put(p);
}

int
at_lookup(int fd, uint64_t path, unsigned flags, struct dentry **out)
{
    struct upath p;
    struct at at;
    int rc = at_path_get(&at, &p, fd, path, (flags & LOOKUP_EMPTY) != 0);

    if (rc < 0)
        return rc;
    if (p.text[0] == '\0' && at.file != NULL && at.dentry == NULL)
        rc = at.file->inode != NULL ? dentry_make_root(inode_ref(at.file->inode), out)
                                    : -EBADF; /* a pipe */
    else
        rc = vfs_lookup(at.dentry, p.text, flags, out);
    at_path_put(&at, &p);
    return rc;
}

struct file *_Nullable
ufile_get(int fd, bool path_ok)
{
    struct file *f = fd_get(proc_current()->files, fd);

    if (f != NULL && !path_ok && (f->flags & O_PATH) != 0) {
        file_put(f);
        return NULL;
    }
    return f;
}

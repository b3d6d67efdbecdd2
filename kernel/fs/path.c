/* Path walk: POSIX 4.13 as Linux does it (path_resolution(7)).
 *
 * A symlink's text is put in front of what is left of the path, so there is nothing to recurse into; what is left and the text
 * together must fit PATH_MAX. */
#include <kernel/core/assert.h>
#include <kernel/core/fmt.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/path.h>
#include <kernel/mm/kmem.h>
#include <kernel/proc/proc.h>

static struct fs_ctx *_Nullable
fs_of_current(void)
{
    struct thread *t = thread_current();

    return t != NULL && t->proc != NULL ? t->proc->fs : NULL;
}

struct dentry *
path_root(void)
{
    struct fs_ctx *fs = fs_of_current();

    return fs != NULL ? fs->root : mount_root_dentry();
}

struct dentry *
path_cwd(void)
{
    struct fs_ctx *fs = fs_of_current();

    return fs != NULL ? fs->cwd : mount_root_dentry();
}

bool
dentry_is_dir(const struct dentry *d)
{
    return d->inode != NULL && inode_is(d->inode, S_IFDIR);
}

bool
dentry_is_link(const struct dentry *d)
{
    return d->inode != NULL && inode_is(d->inode, S_IFLNK);
}

static void
set_cur(struct walk *w, struct dentry *d)
{
    struct dentry *old = w->cur;

    w->cur = d;
    if (old != NULL)
        dentry_put(old);
}

int
walk_begin(struct walk *w, struct dentry *at, const char *path)
{
    struct dentry *start = *path == '/' ? path_root() : at != NULL ? at : path_cwd();

    *w = (struct walk){ .rest = path };
    if (*path == '\0')
        return -ENOENT;
    if (start == NULL)
        return -ENOENT; /* nothing is mounted yet */
    if (!dentry_is_dir(start))
        return -ENOTDIR;
    w->cur = dentry_ref(start);
    return 0;
}

void
walk_end(struct walk *w)
{
    if (w->cur != NULL)
        dentry_put(w->cur);
    kmem_free(w->buf);
    w->cur = NULL;
    w->buf = NULL;
}

static void
step_up(struct walk *w)
{
    struct dentry *d = w->cur;
    struct dentry *root = path_root();

    while (d != root && d->parent == NULL && d->sb->mount != NULL && d->sb->mount->mountpoint != NULL)
        d = d->sb->mount->mountpoint;
    if (d != root && d->parent != NULL)
        d = d->parent;
    set_cur(w, mount_cross(dentry_ref(d)));
}

static int
readlink_into(struct inode *inode, char *buf, size_t size)
{
    int64_t n;

    if (inode->ops->readlink == NULL)
        return -EINVAL;
    n = inode->ops->readlink(inode, buf, size);
    if (n == 0)
        return -ENOENT;
    return n < 0 ? (int)n : (size_t)n >= size ? -ENAMETOOLONG : (int)n;
}

int
walk_follow(struct walk *w, struct dentry *link)
{
    struct inode *inode = dentry_inode(link);
    struct span buf;
    size_t rest_len;
    int rc;

    if (++w->links > SYMLINK_DEPTH_MAX) {
        rc = -ELOOP;
        goto out;
    }
    if (inode->ops->follow != NULL) {
        struct dentry *target;

        rc = inode->ops->follow(inode, &target);
        if (rc == 0) {
            set_cur(w, target);
            rc = 1;
        }
        goto out;
    }
    buf = span_of(kmem_alloc(PATH_MAX), PATH_MAX);
    if (buf.ptr == NULL) {
        rc = -ENOMEM;
        goto out;
    }
    rc = readlink_into(inode, (char *)buf.ptr, buf.len);
    if (rc < 0)
        goto free_buf;
    rest_len = str_len(w->rest);
    if ((size_t)rc + rest_len >= PATH_MAX) {
        rc = -ENAMETOOLONG;
        goto free_buf;
    }
    span_copy(span_sub(buf, (size_t)rc, rest_len), cspan_of(w->rest, rest_len));
    span_put(buf, (size_t)rc + rest_len, 0);
    kmem_free(w->buf);
    w->buf = (char *)buf.ptr;
    w->rest = w->buf;
    inode_touch_atime(inode);
    if (*w->rest == '/')
        set_cur(w, dentry_ref(path_root()));
    rc = 0;
    goto out;

free_buf:
    kmem_free(buf.ptr);
out:
    dentry_put(link);
    return rc;
}

/* Enter a component in the middle of a path. */
static int
step_into(struct walk *w, struct name name)
{
    struct dentry *d;
    int rc = dentry_lookup(w->cur, name, &d);

    if (rc < 0)
        return rc;
    d = mount_cross(d);
    if (d->inode == NULL) {
        dentry_put(d);
        return -ENOENT;
    }
    if (dentry_is_link(d)) {
        rc = walk_follow(w, d);
        if (rc <= 0)
            return rc;
        return dentry_is_dir(w->cur) ? 0 : -ENOTDIR;
    }
    if (!dentry_is_dir(d)) {
        dentry_put(d);
        return -ENOTDIR;
    }
    set_cur(w, d);
    return 0;
}

static enum walk_last
type_of(struct name n)
{
    if (n.len == 1 && n.text[0] == '.')
        return WALK_DOT;
    if (n.len == 2 && str_neq(n.text, "..", 2))
        return WALK_DOTDOT;
    return WALK_NAME;
}

static const char *
skip_slashes(const char *s)
{
    size_t n = 0;

    for (struct text t = text_of(s); text_at(t, n) == '/'; n++)
        continue;
    return str_from(s, n);
}

int
walk_to_parent(struct walk *w)
{
    for (;;) {
        const char *s = skip_slashes(w->rest);
        const char *end, *next;
        int rc;

        if (*s == '\0') {
            w->last_type = WALK_ROOT;
            w->trailing = true;
            return 0;
        }
        rc = inode_permission(w->cur->inode, 1);
        if (rc < 0)
            return rc;
        w->last = name_of(s, text_find(text_of(s), 0, '/'));
        end = str_from(s, w->last.len);
        w->last_type = type_of(w->last);
        if (w->last.len > NAME_MAX)
            return -ENAMETOOLONG;
        next = skip_slashes(end);
        w->rest = end;
        if (*next == '\0') {
            w->trailing = next != end;
            return 0;
        }
        if (w->last_type == WALK_NAME)
            rc = step_into(w, w->last);
        else if (w->last_type == WALK_DOTDOT)
            step_up(w);
        if (rc < 0)
            return rc;
    }
}

int
walk_last(struct walk *w, struct dentry **out)
{
    int rc;

    if (w->last_type == WALK_NAME) {
        rc = dentry_lookup(w->cur, w->last, out);
        if (rc == 0)
            *out = mount_cross(*out);
        return rc;
    }
    if (w->last_type == WALK_DOTDOT)
        step_up(w);
    *out = dentry_ref(w->cur);
    return 0;
}

static int
lookup_walk(struct walk *w, unsigned flags, struct dentry **out)
{
    for (;;) {
        struct dentry *d;
        int rc = walk_to_parent(w);

        if (rc == 0)
            rc = walk_last(w, &d);
        if (rc != 0)
            return rc;
        if (d->inode == NULL) {
            dentry_put(d);
            return -ENOENT;
        }
        if (dentry_is_link(d) && ((flags & LOOKUP_FOLLOW) != 0 || w->trailing)) {
            rc = walk_follow(w, d);
            if (rc < 0)
                return rc;
            if (rc == 0)
                continue;
            d = dentry_ref(w->cur);
        }
        if ((w->trailing || (flags & LOOKUP_DIRECTORY) != 0) && !dentry_is_dir(d)) {
            dentry_put(d);
            return -ENOTDIR;
        }
        *out = d;
        return 0;
    }
}

int
vfs_lookup(struct dentry *at, const char *path, unsigned flags, struct dentry **out)
{
    struct walk w;
    int rc;

    if (*path == '\0' && (flags & LOOKUP_EMPTY) != 0) {
        *out = dentry_ref(at != NULL ? at : path_cwd());
        return 0;
    }
    rc = walk_begin(&w, at, path);
    if (rc < 0)
        return rc;
    rc = lookup_walk(&w, flags, out);
    walk_end(&w);
    return rc;
}

/* Put `s` in front of what `buf` holds from *start on. */
static int
prepend(struct span buf, size_t *start, struct name s)
{
    if (s.len > *start)
        return -ENAMETOOLONG;
    *start -= s.len;
    span_copy(span_sub(buf, *start, s.len), cspan_of(s.text, s.len));
    return 0;
}

int64_t
dentry_path(struct dentry *d, char *text, size_t size)
{
    struct span buf = span_of(text, size);
    struct dentry *root = path_root();
    const char *const unreachable = "(unreachable)";
    const char *const deleted = " (deleted)";
    size_t start = size;
    size_t len;
    int rc = prepend(buf, &start, name_of("", 1));

    if (rc == 0 && d->deleted)
        rc = prepend(buf, &start, name_of(deleted, str_len(deleted)));
    if (rc == 0 && d == root)
        rc = prepend(buf, &start, name_of("/", 1));
    while (rc == 0 && d != root) {
        if (d->parent != NULL) {
            rc = prepend(buf, &start, d->name);
            if (rc == 0)
                rc = prepend(buf, &start, name_of("/", 1));
            d = d->parent;
        } else if (d->sb->mount != NULL && d->sb->mount->root == d &&
                   d->sb->mount->mountpoint != NULL) {
            d = d->sb->mount->mountpoint;
        } else {
            if (start == size - 1)
                rc = prepend(buf, &start, name_of("/", 1));
            if (rc == 0)
                rc = prepend(buf, &start, name_of(unreachable, str_len(unreachable)));
            break;
        }
    }
    if (rc < 0)
        return rc;
    len = size - start;
    span_copy(span_sub(buf, 0, len), span_const(span_sub(buf, start, len)));
    return (int64_t)len - 1;
}

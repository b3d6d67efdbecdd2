/* The mount table: mount(2), umount2(2), remount, sync.
 *
 * Bind and move mounts are left out (-EINVAL); propagation flags are accepted, as there is one namespace. */
#include <kernel/abi/mount.h>
#include <kernel/core/assert.h>
#include <kernel/core/blk.h>
#include <kernel/core/fmt.h>
#include <kernel/core/log.h>
#include <kernel/fs/dentry.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/namei.h>
#include <kernel/mm/kmem.h>
#include <kernel/trusted/bounds.h>

enum {
    MOUNT_MAX = 256,
    SB_FLAGS = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_SYNCHRONOUS
};
enum { PROPAGATION = MS_UNBINDABLE | MS_PRIVATE | MS_SLAVE | MS_SHARED };

struct mutex mount_rename_lock = MUTEX_INIT(mount_rename_lock, "rename", RANK_MOUNT);
static struct list mounts;   /* in the order they were made */
static struct list detached; /* out of the tree, still in use (MNT_DETACH) */
static unsigned nr_mounts;
static struct mount *_Nullable root_mount;
static uint32_t last_anon_dev;

void
mount_init(void)
{
    list_init(&mounts);
    list_init(&detached);
}

struct dentry *_Nullable
mount_root_dentry(void)
{
    struct mount *m = root_mount;
    struct dentry *d;

    if (m == NULL)
        return NULL;
    d = m->root;
    while (d->mounted != NULL)
        d = d->mounted->root;
    return d;
}

struct dentry *
mount_cross(struct dentry *d)
{
    while (d->mounted != NULL) {
        struct dentry *over = dentry_ref(d->mounted->root);

        dentry_put(d);
        d = over;
    }
    return d;
}

void
mount_for_each(bool (*fn)(struct mount *m, void *arg), void *arg)
{
    struct list_node *n;

    list_for_each (n, &mounts) {
        if (!fn(container_of(n, struct mount, node), arg))
            return;
    }
}

static const struct fs_type *_Nullable
type_find(const char *name)
{
    for (size_t i = 0; at(kernel_fstypes, kernel_fstypes_len, i) != NULL; i++) {
        if (str_eq(at(kernel_fstypes, kernel_fstypes_len, i)->name, name))
            return at(kernel_fstypes, kernel_fstypes_len, i);
    }
    return NULL;
}

static void
sb_set_flags(struct superblock *sb, unsigned flags)
{
    sb->mount_flags = flags & SB_FLAGS;
    sb->read_only = (flags & MS_RDONLY) != 0;
    sb->no_atime = (flags & MS_NOATIME) != 0;
}

static int
sb_create(const struct fs_type *type, struct blkdev *_Nullable dev, unsigned flags,
          const char *options, struct superblock **out)
{
    struct superblock *sb = kmem_alloc(sizeof(*sb));
    int rc;

    if (sb == NULL)
        return -ENOMEM;
    sb->type = type;
    sb->dev = dev;
    sb->st_dev = dev != NULL ? dev->rdev : ++last_anon_dev;
    sb->block_size = PAGE_SIZE;
    sb->max_file_size = PAGE_FILE_MAX < INT64_MAX ? PAGE_FILE_MAX : INT64_MAX;
    sb_set_flags(sb, flags);
    list_init(&sb->inodes);
    rc = type->mount(sb, options);
    if (rc < 0) {
        (void)inode_drop_all(sb);
        kmem_free(sb);
        return rc;
    }
    assert(sb->ops != NULL);
    if (dev != NULL)
        blk_ref(dev);
    *out = sb;
    return 0;
}

int
mount_internal(const struct fs_type *type, struct superblock **out)
{
    return sb_create(type, NULL, 0, "", out);
}

/* Write all of a file system back. */
static int
sb_sync(struct superblock *sb)
{
    int rc = inode_write_all(sb);
    int rc2 = sb->ops->sync != NULL && !sb->read_only ? sb->ops->sync(sb) : 0;

    return rc < 0 ? rc : rc2;
}

static void
sb_destroy(struct superblock *sb)
{
    struct blkdev *dev = sb->dev;
    unsigned left;

    if (sb_sync(sb) < 0)
        klog(LOG_ERR, "%s: write-back at unmount failed", sb->type->name);
    (void)inode_drop_all(sb);
    if (sb->ops->umount != NULL)
        sb->ops->umount(sb);
    left = inode_drop_all(sb);
    if (left != 0) {
        klog(LOG_ERR, "%s: %u inodes in use after unmount", sb->type->name, left);
        return; /* leaked rather than dangling */
    }
    kmem_free(sb);
    if (dev != NULL)
        blk_put(dev);
}

static bool
dev_is_mounted(const struct blkdev *dev)
{
    struct list_node *n;

    list_for_each (n, &mounts) {
        if (container_of(n, struct mount, node)->sb->dev == dev)
            return true;
    }
    list_for_each (n, &detached) {
        if (container_of(n, struct mount, node)->sb->dev == dev)
            return true;
    }
    return false;
}

/* Make the mount of `type` on `mountpoint` (its reference is consumed on success; NULL: the root). */
static int
mount_add(const struct fs_type *type, struct blkdev *_Nullable dev, const char *source,
          struct dentry *_Nullable mountpoint, unsigned flags, const char *options)
{
    struct mount *m;
    int rc;

    if (nr_mounts >= MOUNT_MAX)
        return -ENOSPC;
    if (dev != NULL && dev_is_mounted(dev))
        return -EBUSY;
    m = kmem_alloc(sizeof(*m));
    if (m == NULL)
        return -ENOMEM;
    rc = sb_create(type, dev, flags, options, &m->sb);
    if (rc < 0)
        goto free_mount;
    rc = dentry_make_root(m->sb->root, &m->root);
    if (rc < 0) {
        sb_destroy(m->sb);
        goto free_mount;
    }
    str_copy(m->source, sizeof(m->source), source[0] != '\0' ? source : "none");
    if (dev != NULL)
        pagecache_start_flusher();
    m->sb->mount = m;
    m->mountpoint = mountpoint;
    if (mountpoint != NULL)
        mountpoint->mounted = m;
    else
        root_mount = m;
    list_push_back(&mounts, &m->node);
    nr_mounts++;
    return 0;

free_mount:
    kmem_free(m);
    return rc;
}

/* A directory of the root, which may be there, as it must be where nothing can be made. */
static int
root_directory(const char *path, uint32_t mode)
{
    int rc = vfs_mkdir(NULL, path, mode);

    return rc == -EEXIST || rc == -EROFS ? 0 : rc;
}

/* The root in memory, with a directory for the devices. */
static int
mount_memory_root(const struct fs_type *type, const char *name)
{
    int rc = mount_add(type, NULL, name, NULL, 0, "");

    if (rc == 0)
        rc = root_directory("/dev", 0755);
    if (rc == 0)
        rc = vfs_mount("dev", "/dev", "devtmpfs", MS_NOSUID, "");
    if (rc == 0)
        rc = root_directory("/proc", 0555);
    return rc;
}

int
vfs_mount_root(const char *dev_name, bool read_only)
{
    const struct fs_type *type = type_find(dev_name);
    struct blkdev *dev = type == NULL ? blk_find(dev_name) : NULL;
    int rc = -ENODEV;

    if (type != NULL && !type->needs_dev)
        return mount_memory_root(type, dev_name);
    if (dev == NULL) {
        klog(LOG_ERR, "root device %s: not found", dev_name);
        return -ENODEV;
    }
    for (size_t i = 0; at(kernel_fstypes, kernel_fstypes_len, i) != NULL; i++) {
        if (!at(kernel_fstypes, kernel_fstypes_len, i)->needs_dev)
            continue;
        rc = mount_add(at(kernel_fstypes, kernel_fstypes_len, i), dev, dev_name, NULL,
                       read_only ? MS_RDONLY : 0, "");
        if (rc != -EINVAL)
            break;
    }
    if (rc < 0) {
        klog(LOG_ERR, "root device %s: cannot be mounted (error %d)", dev_name, -rc);
        return rc;
    }
    rc = vfs_mount("dev", "/dev", "devtmpfs", MS_NOSUID, "");
    if (rc == -ENOMEM)
        return rc;
    if (rc < 0)
        klog(LOG_WARN, "no devices in /dev: error %d", -rc);
    return 0;
}

static int
remount(const char *target, unsigned flags)
{
    struct dentry *d;
    struct superblock *sb;
    struct list_node *n;
    bool ro = (flags & MS_RDONLY) != 0;
    int rc = vfs_lookup(NULL, target, LOOKUP_FOLLOW, &d);

    if (rc < 0)
        return rc;
    sb = d->sb;
    if (d->parent != NULL || sb->mount == NULL || sb->mount->root != d) {
        rc = -EINVAL;
        goto out;
    }
    if (!ro && sb->read_only && sb->dev != NULL && sb->dev->read_only) {
        rc = -EROFS;
        goto out;
    }
    if (ro && !sb->read_only) {
        list_for_each (n, &sb->inodes) {
            if (container_of(n, struct inode, sb_node)->writers > 0) {
                rc = -EBUSY;
                goto out;
            }
        }
        rc = sb_sync(sb);
        if (rc < 0)
            goto out;
    }
    if (ro != sb->read_only && sb->ops->remount != NULL)
        rc = sb->ops->remount(sb, ro);
    if (rc == 0)
        sb_set_flags(sb, flags);
out:
    dentry_put(d);
    return rc;
}

/* The block device `source` names, to be given back. */
static int
source_dev(const char *source, struct blkdev **out)
{
    struct dentry *d;
    int rc = vfs_lookup(NULL, source, LOOKUP_FOLLOW, &d);

    if (rc < 0)
        return rc;
    if (!inode_is(dentry_inode(d), S_IFBLK)) {
        rc = -ENOTBLK;
    } else {
        rc = blk_get(dentry_inode(d)->rdev, out);
    }
    dentry_put(d);
    return rc;
}

int
vfs_mount(const char *source, const char *target, const char *type_name, unsigned flags,
          const char *options)
{
    const struct fs_type *type;
    struct blkdev *dev = NULL;
    struct dentry *d;
    int rc;

    if ((flags & MS_REMOUNT) != 0)
        return remount(target, flags);
    if ((flags & PROPAGATION) != 0)
        return 0;
    if ((flags & (MS_BIND | MS_MOVE)) != 0)
        return -EINVAL;
    type = type_find(type_name);
    if (type == NULL)
        return -ENODEV;
    if (type->needs_dev) {
        rc = source_dev(source, &dev);
        if (rc < 0)
            return rc;
    }
    rc = dev != NULL && dev->read_only && (flags & MS_RDONLY) == 0
             ? -EROFS
             : vfs_lookup(NULL, target, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &d);
    if (rc == 0) {
        rc = d->deleted ? -ENOENT : mount_add(type, dev, source, d, flags, options);
        if (rc < 0)
            dentry_put(d);
    }
    if (dev != NULL)
        blk_put(dev); /* the mount has its own */
    return rc;
}

static bool
mount_busy(struct mount *m)
{
    dentry_drop_all(m->sb);
    return m->root->refs > 1 || !list_empty(&m->root->children);
}

/* Out of the tree. */
static void
detach(struct mount *m)
{
    struct dentry *d = m->mountpoint;

    list_remove(&m->node);
    nr_mounts--;
    m->mountpoint = NULL;
    if (d != NULL) {
        d->mounted = NULL;
        dentry_put(d);
    }
}

static void
destroy(struct mount *m)
{
    m->sb->mount = NULL;
    dentry_put(m->root);
    sb_destroy(m->sb);
    kmem_free(m);
}

/* Finish what MNT_DETACH left. */
static void
reap_detached(void)
{
    struct list_node *n, *tmp;

    list_for_each_safe (n, tmp, &detached) {
        struct mount *m = container_of(n, struct mount, node);

        if (mount_busy(m))
            continue;
        list_remove(n);
        destroy(m);
        return; /* slept: the list may have changed */
    }
}

int
vfs_umount(const char *target, unsigned flags)
{
    struct dentry *d;
    struct mount *m;
    int rc = vfs_lookup(NULL, target, (flags & UMOUNT_NOFOLLOW) != 0 ? 0 : LOOKUP_FOLLOW, &d);

    if (rc < 0)
        return rc;
    m = d->sb->mount;
    if (m == NULL || m->root != d) {
        dentry_put(d);
        return -EINVAL;
    }
    dentry_put(d);
    if (m == root_mount)
        return -EBUSY;
    if (!mount_busy(m)) {
        detach(m);
        destroy(m);
    } else if ((flags & MNT_DETACH) != 0) {
        detach(m);
        list_push_back(&detached, &m->node);
    } else {
        rc = -EBUSY;
    }
    reap_detached();
    return rc;
}

int
vfs_sync(void)
{
    struct list_node *n;
    int rc = inode_write_all(NULL);

    list_for_each (n, &mounts) {
        struct superblock *sb = container_of(n, struct mount, node)->sb;
        int rc2 = sb->ops->sync != NULL && !sb->read_only ? sb->ops->sync(sb) : 0;

        if (rc == 0)
            rc = rc2;
    }
    return rc;
}

void
vfs_shutdown(void)
{
    struct list_node *n;
    struct mount *m;

    if (vfs_sync() < 0)
        klog(LOG_ERR, "shutdown: not everything could be written back");
    while ((n = list_last(&mounts)) != NULL) {
        m = container_of(n, struct mount, node);
        if (m == root_mount || mount_busy(m)) {
            /* In use: leave it consistent. */
            if (!m->sb->read_only && m->sb->ops->remount != NULL &&
                m->sb->ops->remount(m->sb, true) < 0)
                klog(LOG_ERR, "shutdown: %s stays writable", m->source);
            m->sb->read_only = true;
            list_remove(n);
        } else {
            detach(m);
            destroy(m);
        }
    }
}

/* Append with blanks as octal escapes, as /proc/mounts has them. */
static size_t
escape(struct span out, size_t at, const char *s)
{
    for (size_t i = 0, n = str_len(s); i < n; i++) {
        uint8_t c = span_get(cspan_of(s, n), i);

        if (c == ' ' || c == '\t' || c == '\n' || c == '\\') {
            char oct[8];

            at += str_copy((char *)span_sub(out, at, sizeof(oct)).ptr,
                           fmt_print(oct, sizeof(oct), "\\%03o", c) + 1, oct);
        } else if (at + sizeof("\\000") < out.len) {
            span_put(out, at++, c);
        }
        if (at + 16 > out.len)
            break;
    }
    return at;
}

size_t
mount_line(struct mount *m, char *buf, size_t size)
{
    char *path = kmem_alloc(PATH_MAX);
    struct span out = span_of(buf, size);
    unsigned f = m->sb->mount_flags;
    size_t at;

    if (path == NULL)
        return 0;
    if (dentry_path(m->root, path, PATH_MAX) < 0)
        str_copy(path, PATH_MAX, "?");
    at = escape(out, 0, m->source);
    at += str_copy((char *)span_sub(out, at, 2).ptr, 2, " ");
    at = escape(out, at, path);
    kmem_free(path);
    struct span rest = span_sub(out, at, size - at);
    return at + fmt_print((char *)rest.ptr, rest.len, " %s %s%s%s%s%s 0 0\n", m->sb->type->name,
                          m->sb->read_only ? "ro" : "rw", (f & MS_NOSUID) != 0 ? ",nosuid" : "",
                          (f & MS_NODEV) != 0 ? ",nodev" : "", (f & MS_NOEXEC) != 0 ? ",noexec" : "",
                          (f & MS_NOATIME) != 0 ? ",noatime" : ",relatime");
}

void
vfs_info(void (*emit)(void *arg, const char *line), void *arg)
{
    struct list_node *n;
    char line[160];

    list_for_each (n, &mounts) {
        struct mount *m = container_of(n, struct mount, node);
        struct name on = m->mountpoint != NULL ? m->mountpoint->name : name_of("/", 1);

        fmt_print(line, sizeof(line), "%-16s on %.*s type %s (%s), device %#x", m->source,
                  (int)(on.len < 40 ? on.len : 40), on.text, m->sb->type->name,
                  m->sb->read_only ? "ro" : "rw", m->sb->st_dev);
        emit(arg, line);
    }
}

/* tmpfs: a file system in memory.  Data live in the page cache (pinned: its dirty pages are never written back or reclaimed, its clean
 * ones are holes that were read), names in lists.  Options: size=BYTES[k|m|g|%], nr_inodes=N, mode=OCTAL, uid=, gid=.
 *
 * A directory entry holds a reference to its inode. */
#include <kernel/core/assert.h>
#include <kernel/core/fmt.h>
#include <kernel/fs/dentry.h>
#include <kernel/fs/devfs.h>
#include <kernel/fs/file.h>
#include <kernel/fs/inode.h>
#include <kernel/mm/kmem.h>
#include <kernel/trusted/span.h>

enum { TMPFS_MAGIC = 0x01021994, ENTRY_SIZE = 20, COOKIE_FIRST = 2 };

struct tmpfs {
    uint64_t max_pages, used_pages;
    uint64_t max_inodes, used_inodes;
    uint64_t last_ino;
};

struct tmpdir {
    struct list entries; /* by rising cookie */
    uint64_t next_cookie;
    uint64_t parent_ino;
};

struct entry {
    struct list_node node;
    struct inode *inode;
    uint64_t cookie;
    struct name name; /* points to text */
    char text[];
};

static const struct inode_ops tmpfs_file_ops, tmpfs_dir_ops, tmpfs_link_ops, tmpfs_special_ops;

static struct tmpfs *
tmpfs_of(const struct inode *inode)
{
    return inode->sb->fs_data;
}

static int
tmpfs_inode(struct superblock *sb, uint32_t mode, uint32_t uid, uint32_t gid, struct inode **out)
{
    struct tmpfs *t = sb->fs_data;
    struct inode *inode;
    int rc;

    if (t->used_inodes >= t->max_inodes)
        return -ENOSPC;
    rc = inode_new(sb, &inode);
    if (rc < 0)
        return rc;
    inode->ino = ++t->last_ino;
    inode->mode = mode;
    inode->uid = uid;
    inode->gid = gid;
    inode->nlink = 1;
    inode->pages.pinned = true;
    inode->pages.account = &t->used_pages;
    t->used_inodes++;
    switch (mode & S_IFMT) {
    case S_IFREG:
        inode->ops = &tmpfs_file_ops;
        inode->fops = &file_regular_ops;
        break;
    case S_IFDIR:
        inode->ops = &tmpfs_dir_ops;
        inode->fops = &file_dir_ops;
        break;
    case S_IFLNK:
        inode->ops = &tmpfs_link_ops;
        break;
    default:
        inode->ops = &tmpfs_special_ops;
        break;
    }
    *out = inode;
    return 0;
}

static int
tmpdir_init(struct inode *inode, uint64_t parent_ino)
{
    struct tmpdir *dir = kmem_alloc(sizeof(*dir));

    if (dir == NULL)
        return -ENOMEM;
    list_init(&dir->entries);
    dir->next_cookie = COOKIE_FIRST;
    dir->parent_ino = parent_ino;
    inode->fs_data = dir;
    inode->nlink = 2;
    return 0;
}

static struct entry *_Nullable
entry_find(struct inode *dir, struct name name)
{
    struct tmpdir *td = dir->fs_data;
    struct list_node *n;

    list_for_each (n, &td->entries) {
        struct entry *e = container_of(n, struct entry, node);

        if (name_eq(e->name, name))
            return e;
    }
    return NULL;
}

static struct entry *_Nullable
entry_alloc(struct name name)
{
    struct entry *e = kmem_alloc(sizeof(*e) + name.len);

    if (e == NULL)
        return NULL;
    name_copy(e->text, name.len, name);
    e->name = (struct name){ e->text, name.len };
    return e;
}

/* Takes a reference of its own. */
static void
entry_add(struct inode *dir, struct entry *e, struct inode *inode)
{
    struct tmpdir *td = dir->fs_data;

    e->inode = inode_ref(inode);
    e->cookie = td->next_cookie++;
    list_push_back(&td->entries, &e->node);
    dir->size += ENTRY_SIZE;
}

static void
entry_remove(struct inode *dir, struct entry *e)
{
    struct inode *inode = e->inode;

    list_remove(&e->node);
    dir->size -= ENTRY_SIZE;
    kmem_free(e);
    inode_put(inode);
}

static int
tmpfs_lookup(struct inode *dir, struct name name, struct inode **out)
{
    struct entry *e = entry_find(dir, name);

    if (e == NULL)
        return -ENOENT;
    *out = inode_ref(e->inode);
    return 0;
}

static int
tmpfs_create(struct inode *dir, struct name name, uint32_t mode, uint32_t uid, uint32_t gid,
             uint32_t rdev, struct inode **out)
{
    struct entry *e = entry_alloc(name);
    struct inode *inode;
    int rc;

    if (e == NULL)
        return -ENOMEM;
    rc = tmpfs_inode(dir->sb, mode, uid, gid, &inode);
    if (rc < 0) {
        kmem_free(e);
        return rc;
    }
    inode->rdev = rdev;
    if (inode_is(inode, S_IFDIR)) {
        rc = tmpdir_init(inode, dir->ino);
        if (rc < 0) {
            inode->nlink = 0;
            inode_put(inode);
            kmem_free(e);
            return rc;
        }
        dir->nlink++;
    }
    entry_add(dir, e, inode);
    *out = inode;
    return 0;
}

static int
tmpfs_symlink(struct inode *dir, struct name name, uint32_t uid, uint32_t gid, struct name target,
              struct inode **out)
{
    char *text = kmem_alloc(target.len + 1);
    int rc;

    if (text == NULL)
        return -ENOMEM;
    rc = tmpfs_create(dir, name, S_IFLNK | 0777, uid, gid, 0, out);
    if (rc < 0) {
        kmem_free(text);
        return rc;
    }
    name_copy(text, target.len, target);
    (*out)->fs_data = text;
    (*out)->size = target.len;
    return 0;
}

static int
tmpfs_link(struct inode *dir, struct name name, struct inode *inode)
{
    struct entry *e = entry_alloc(name);

    if (e == NULL)
        return -ENOMEM;
    entry_add(dir, e, inode);
    inode->nlink++;
    return 0;
}

static int
tmpfs_unlink(struct inode *dir, struct name name, struct inode *inode)
{
    struct entry *e = entry_find(dir, name);

    if (e == NULL || e->inode != inode)
        return -ENOENT;
    inode->nlink--;
    entry_remove(dir, e);
    return 0;
}

static int
tmpfs_rmdir(struct inode *dir, struct name name, struct inode *inode)
{
    struct entry *e = entry_find(dir, name);
    struct tmpdir *td = inode->fs_data;

    if (e == NULL || e->inode != inode)
        return -ENOENT;
    if (!list_empty(&td->entries))
        return -ENOTEMPTY;
    inode->nlink = 0;
    dir->nlink--;
    entry_remove(dir, e);
    return 0;
}

static int
tmpfs_rename(struct inode *olddir, struct name oldname, struct inode *inode, struct inode *newdir,
             struct name newname, struct inode *victim)
{
    struct entry *old = entry_find(olddir, oldname);
    struct entry *e = entry_alloc(newname);
    bool is_dir = inode_is(inode, S_IFDIR);
    int rc = 0;

    if (e == NULL)
        return -ENOMEM;
    if (old == NULL || old->inode != inode)
        rc = -ENOENT;
    else if (victim != NULL)
        rc = inode_is(victim, S_IFDIR) ? tmpfs_rmdir(newdir, newname, victim)
                                       : tmpfs_unlink(newdir, newname, victim);
    if (rc < 0) {
        kmem_free(e);
        return rc;
    }
    entry_add(newdir, e, inode);
    entry_remove(olddir, old);
    if (is_dir && olddir != newdir) {
        struct tmpdir *td = inode->fs_data;

        td->parent_ino = newdir->ino;
        olddir->nlink--;
        newdir->nlink++;
    }
    return 0;
}

static int64_t
tmpfs_readlink(struct inode *inode, char *buf, size_t size)
{
    size_t n = inode->size < size ? (size_t)inode->size : size;

    span_copy(span_of(buf, size), cspan_of(inode->fs_data, n));
    return (int64_t)n;
}

static int
tmpfs_readdir(struct inode *dir, uint64_t *pos, dir_emit_fn emit, void *arg)
{
    struct tmpdir *td = dir->fs_data;
    struct list_node *n;

    if (*pos == 0) {
        if (!emit(arg, (struct name){ ".", 1 }, dir->ino, S_IFDIR >> 12, 1))
            return 0;
        *pos = 1;
    }
    if (*pos == 1) {
        if (!emit(arg, (struct name){ "..", 2 }, td->parent_ino, S_IFDIR >> 12, COOKIE_FIRST))
            return 0;
        *pos = COOKIE_FIRST;
    }
    list_for_each (n, &td->entries) {
        struct entry *e = container_of(n, struct entry, node);

        if (e->cookie < *pos)
            continue;
        if (!emit(arg, e->name, e->inode->ino, (e->inode->mode & S_IFMT) >> 12, e->cookie + 1))
            return 0;
        *pos = e->cookie + 1;
    }
    return 0;
}

static int
tmpfs_read_page(unused_param struct inode *inode, unused_param uint64_t index, struct span page)
{
    span_fill(page, 0);
    return 0;
}

static int
tmpfs_reserve(struct inode *inode, uint64_t pos, uint64_t len)
{
    struct tmpfs *t = tmpfs_of(inode);
    uint64_t first = pos / PAGE_SIZE, last = (pos + len - 1) / PAGE_SIZE, need = 0;

    if (last - first >= t->max_pages)
        return -ENOSPC;
    for (uint64_t i = first; i <= last; i++) {
        struct page *p = pagecache_peek(inode, i);

        if (p == NULL || (p->flags & PG_DIRTY) == 0)
            need++;
        if (p != NULL)
            page_put(p);
    }
    return t->used_pages + need > t->max_pages ? -ENOSPC : 0;
}

static const struct inode_ops tmpfs_file_ops = { .read_page = tmpfs_read_page,
                                                 .reserve = tmpfs_reserve };
static const struct inode_ops tmpfs_special_ops = { 0 };
static const struct inode_ops tmpfs_link_ops = { .readlink = tmpfs_readlink };
static const struct inode_ops tmpfs_dir_ops = {
    .lookup = tmpfs_lookup,
    .create = tmpfs_create,
    .symlink = tmpfs_symlink,
    .link = tmpfs_link,
    .unlink = tmpfs_unlink,
    .rmdir = tmpfs_rmdir,
    .rename = tmpfs_rename,
    .readdir = tmpfs_readdir,
};

static void
tmpfs_evict(struct inode *inode)
{
    struct tmpdir *td = inode->fs_data;

    assert(!inode_is(inode, S_IFDIR) || td == NULL || list_empty(&td->entries));
    kmem_free(inode->fs_data);
    inode->fs_data = NULL;
    tmpfs_of(inode)->used_inodes--;
}

static int
tmpfs_statfs(struct superblock *sb, struct vfs_statfs *out)
{
    const struct tmpfs *t = sb->fs_data;

    *out = (struct vfs_statfs){
        .type = TMPFS_MAGIC,
        .bsize = PAGE_SIZE,
        .frsize = PAGE_SIZE,
        .namelen = NAME_MAX,
        .blocks = t->max_pages,
        .bfree = t->used_pages < t->max_pages ? t->max_pages - t->used_pages : 0,
        .files = t->max_inodes,
        .ffree = t->max_inodes - t->used_inodes,
    };
    out->bavail = out->bfree;
    return 0;
}

/* Take all entries out first, so that freeing an inode frees no other: depth is the user's to choose. */
static void
tmpfs_umount(struct superblock *sb)
{
    struct list all;
    struct list_node *n;

    list_init(&all);
    list_for_each (n, &sb->inodes) {
        struct inode *inode = container_of(n, struct inode, sb_node);
        struct tmpdir *td = inode->fs_data;
        struct list_node *e;

        if (!inode_is(inode, S_IFDIR) || td == NULL)
            continue;
        while ((e = list_pop_front(&td->entries)) != NULL)
            list_push_back(&all, e);
    }
    while ((n = list_pop_front(&all)) != NULL) {
        struct entry *e = container_of(n, struct entry, node);

        inode_put(e->inode);
        kmem_free(e);
    }
    inode_put(sb->root);
    (void)inode_drop_all(sb); /* while fs_data is there to count */
    devfs_gone(sb);
    kmem_free(sb->fs_data);
}

static const struct super_ops tmpfs_super_ops = {
    .evict_inode = tmpfs_evict,
    .statfs = tmpfs_statfs,
    .umount = tmpfs_umount,
};

/* A number in octal (mode), or decimal with a unit. */
static bool
parse_num(struct name s, unsigned base, uint64_t percent_of, uint64_t *out)
{
    struct cspan t = cspan_of(s.text, s.len);
    uint64_t v = 0;
    size_t i = 0;

    for (; i < t.len && span_get(t, i) >= '0' && span_get(t, i) < '0' + base; i++) {
        if (v > (UINT64_MAX >> 34) / base)
            return false;
        v = v * base + (span_get(t, i) - '0');
    }
    if (i == 0)
        return false;
    if (i < t.len) {
        switch (span_get(t, i++) | 0x20) {
        case 'k':
            v <<= 10;
            break;
        case 'm':
            v <<= 20;
            break;
        case 'g':
            v <<= 30;
            break;
        case '%' | 0x20:
            v = percent_of / 100 * v;
            break;
        default:
            return false;
        }
    }
    *out = v;
    return i == t.len;
}

struct tmpfs_opts {
    uint64_t size, inodes, mode, uid, gid;
};

static int
parse_opt(struct name key, struct name val, struct tmpfs_opts *o, uint64_t ram)
{
    static const char *const keys[] = { "size", "nr_inodes", "mode", "uid", "gid" };
    uint64_t *const where[] = { &o->size, &o->inodes, &o->mode, &o->uid, &o->gid };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (str_len(keys[i]) == key.len && str_neq(keys[i], key.text, key.len))
            return parse_num(val, where[i] == &o->mode ? 8 : 10, ram, where[i]) ? 0 : -EINVAL;
    }
    return 0; /* others are not ours to judge */
}

static int
parse_options(const char *s, struct tmpfs_opts *o, uint64_t ram)
{
    struct text all = text_of(s);

    for (size_t i = 0; i < all.len;) {
        struct text opt = text_sub(all, i, text_find(all, i, ',') - i);
        size_t eq = text_find(opt, 0, '=');

        if (eq < opt.len) {
            struct text val = text_sub(opt, eq + 1, opt.len);
            int rc =
                parse_opt((struct name){ opt.ptr, eq }, (struct name){ val.ptr, val.len }, o, ram);

            if (rc < 0)
                return rc;
        }
        i += opt.len + 1;
    }
    return 0;
}

int
tmpfs_mount(struct superblock *sb, const char *options)
{
    struct page_stats ram;
    struct tmpfs_opts o = { .mode = 01777 };
    struct tmpfs *t;
    int rc;

    page_stats(&ram);
    o.size = ram.total / 2 * PAGE_SIZE;
    o.inodes = ram.total / 2;
    rc = parse_options(options, &o, ram.total * PAGE_SIZE);
    if (rc < 0)
        return rc;
    t = kmem_alloc(sizeof(*t));
    if (t == NULL)
        return -ENOMEM;
    t->max_pages = o.size / PAGE_SIZE;
    t->max_inodes = o.inodes != 0 ? o.inodes : UINT64_MAX / 2;
    sb->fs_data = t;
    sb->ops = &tmpfs_super_ops;
    sb->block_size = PAGE_SIZE;
    rc = tmpfs_inode(sb, S_IFDIR | ((uint32_t)o.mode & 07777), (uint32_t)o.uid, (uint32_t)o.gid,
                     &sb->root);
    if (rc < 0)
        goto free_data;
    rc = tmpdir_init(sb->root, sb->root->ino);
    if (rc == 0) {
        inode_ref(sb->root); /* ours: there is no disk to read it from again */
        return 0;
    }
    inode_put(sb->root);
free_data:
    kmem_free(t);
    sb->fs_data = NULL;
    return rc;
}

int
tmpfs_make(struct inode *dir, struct name name, uint32_t mode, uint32_t rdev)
{
    struct inode *inode;
    int rc;

    if (entry_find(dir, name) != NULL)
        return 0;
    rc = tmpfs_create(dir, name, mode, 0, 0, rdev, &inode);
    if (rc == 0)
        inode_put(inode);
    return rc;
}

int
tmpfs_make_link(struct inode *dir, struct name name, struct name target)
{
    struct inode *inode;
    int rc;

    if (entry_find(dir, name) != NULL)
        return 0;
    rc = tmpfs_symlink(dir, name, 0, 0, target, &inode);
    if (rc == 0)
        inode_put(inode);
    return rc;
}

const struct fs_type tmpfs_type = { .name = "tmpfs", .mount = tmpfs_mount };

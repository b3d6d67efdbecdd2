/* The dentry cache: a hash by (parent, name), a list of unused ones in the order of their last use. */
#include <kernel/core/assert.h>
#include <kernel/core/fmt.h>
#include <kernel/core/log.h>
#include <kernel/fs/dentry.h>
#include <kernel/fs/inode.h>
#include <kernel/mm/kmem.h>
#include <kernel/trusted/span.h>

enum { DENTRY_BUCKETS = CONFIG_CACHE_BUCKETS, FNV_PRIME = 16777619 };
static const uint32_t fnv_basis = 2166136261u;

static struct dentry *_Nullable buckets[DENTRY_BUCKETS];
static struct list unused; /* oldest first */
static unsigned nr_unused;
static uint32_t last_id;

void
dcache_init(void)
{
    list_init(&unused);
}

bool
name_eq(struct name a, struct name b)
{
    return span_eq(cspan_of(a.text, a.len), cspan_of(b.text, b.len));
}

void
name_copy(char *dst, size_t size, struct name name)
{
    span_copy(span_of(dst, size), cspan_of(name.text, name.len));
}

static uint32_t
hash_of(const struct dentry *parent, struct name name)
{
    struct cspan s = cspan_of(name.text, name.len);
    uint32_t h = fnv_basis ^ (parent->id * 0x9e3779b1u);

    for (size_t i = 0; i < s.len; i++)
        h = (h ^ span_get(s, i)) * FNV_PRIME;
    return h ^ h >> 15;
}

struct inode *
dentry_inode(struct dentry *d)
{
    assert(d->inode != NULL);
    return d->inode;
}

static void
unhash(struct dentry *d)
{
    struct dentry **link = &buckets[d->hash % DENTRY_BUCKETS];

    if (!d->hashed)
        return;
    while (*link != d)
        link = &(*link)->hash_next;
    *link = d->hash_next;
    d->hash_next = NULL;
    d->hashed = false;
}

static void
hash(struct dentry *d)
{
    struct dentry **link;

    if (d->sb->no_dcache)
        return;
    d->hash = hash_of(d->parent, d->name);
    link = &buckets[d->hash % DENTRY_BUCKETS];
    d->hash_next = *link;
    *link = d;
    d->hashed = true;
}

static void
name_free(struct dentry *d)
{
    if (d->name.text != d->inline_name)
        kmem_free((char *)(uintptr_t)d->name.text);
}

int
dentry_prepare_name(struct name name, struct name *copy_out)
{
    char *copy = kmem_alloc(name.len + 1);

    if (copy == NULL)
        return -ENOMEM;
    name_copy(copy, name.len + 1, name);
    *copy_out = name_of(copy, name.len);
    return 0;
}

static struct dentry *_Nullable
dentry_alloc(struct superblock *sb, struct dentry *_Nullable parent, struct name name)
{
    struct dentry *d = kmem_alloc(sizeof(*d));

    if (d == NULL)
        return NULL;
    if (name.len > sizeof(d->inline_name)) {
        if (dentry_prepare_name(name, &d->name) < 0) {
            kmem_free(d);
            return NULL;
        }
    } else {
        name_copy(d->inline_name, sizeof d->inline_name, name);
        d->name = name_of(d->inline_name, name.len);
    }
    d->refs = 1;
    d->sb = sb;
    d->id = ++last_id;
    list_init(&d->children);
    if (parent != NULL) {
        d->parent = dentry_ref(parent);
        list_push_back(&parent->children, &d->sibling);
    }
    return d;
}

/* `d` names `inode` from now on.  A directory remembers the dentry: on a disk that is in order it has but one. */
static void
set_inode(struct dentry *d, struct inode *_Nullable inode)
{
    d->inode = inode;
    if (inode != NULL && inode_is(inode, S_IFDIR) && !d->sb->no_dcache)
        inode->dir_dentry = d;
}

static void
drop_inode(struct dentry *d)
{
    struct inode *inode = d->inode;

    d->inode = NULL;
    if (inode == NULL)
        return;
    if (inode->dir_dentry == d)
        inode->dir_dentry = NULL;
    inode_put(inode);
}

int
dentry_make_root(struct inode *inode, struct dentry **out)
{
    struct dentry *d = dentry_alloc(inode->sb, NULL, name_of("/", 1));

    if (d == NULL) {
        inode_put(inode);
        return -ENOMEM;
    }
    set_inode(d, inode);
    *out = d;
    return 0;
}

struct dentry *
dentry_ref(struct dentry *d)
{
    if (d->refs++ == 0 && list_linked(&d->lru_node)) {
        list_remove(&d->lru_node);
        nr_unused--;
    }
    return d;
}

/* Free `d`, which nobody refers to; returns its parent, whose reference is the caller's now. */
static struct dentry *_Nullable
dentry_free(struct dentry *d)
{
    struct dentry *parent = d->parent;

    assert(d->refs == 0 && d->mounted == NULL && list_empty(&d->children));
    unhash(d);
    if (parent != NULL)
        list_remove(&d->sibling);
    drop_inode(d);
    name_free(d);
    kmem_free(d);
    return parent;
}

void
dentry_put(struct dentry *d)
{
    while (d != NULL) {
        assert(d->refs > 0);
        if (--d->refs > 0)
            return;
        if (d->hashed) {
            list_push_back(&unused, &d->lru_node);
            nr_unused++;
            return;
        }
        d = dentry_free(d);
    }
}

static void
unused_free(struct dentry *d)
{
    struct dentry *parent;

    list_remove(&d->lru_node);
    nr_unused--;
    parent = dentry_free(d);
    if (parent != NULL)
        dentry_put(parent);
}

void
dentry_trim(unsigned keep)
{
    while (nr_unused > keep)
        unused_free(container_of(list_first(&unused), struct dentry, lru_node));
}

void
dentry_drop_all(struct superblock *sb)
{
    struct list_node *n;
    bool again;

    do { /* freeing sleeps: start over after each */
        again = false;
        list_for_each (n, &unused) {
            struct dentry *d = container_of(n, struct dentry, lru_node);

            if (d->sb == sb) {
                unused_free(d);
                again = true;
                break;
            }
        }
    } while (again);
}

static struct dentry *_Nullable
cache_find(struct dentry *parent, struct name name)
{
    uint32_t h = hash_of(parent, name);
    struct dentry *d = buckets[h % DENTRY_BUCKETS];

    while (d != NULL && (d->hash != h || d->parent != parent || !name_eq(d->name, name)))
        d = d->hash_next;
    return d;
}

int
dentry_lookup_locked(struct dentry *parent, struct name name, struct dentry **out)
{
    struct inode *dir = dentry_inode(parent);
    struct inode *inode = NULL;
    struct dentry *d = cache_find(parent, name);
    int rc;

    if (d != NULL) {
        *out = dentry_ref(d);
        return 0;
    }
    if (dir->bad)
        return -EUCLEAN;
    d = dentry_alloc(parent->sb, parent, name);
    if (d == NULL)
        return -ENOMEM;
    rc = dir->dead ? -ENOENT : dir->ops->lookup(dir, name, &inode);
    if (rc < 0 && rc != -ENOENT) {
        dentry_put(d);
        return rc;
    }
    /* A second name for a directory, or a way back up: the tree would be none, and the order of its locks no order. */
    if (rc == 0 && inode->dir_dentry != NULL && !d->sb->no_dcache) {
        klog(LOG_ERR, "%s: directory %llu has more than one name", d->sb->type->name,
             (unsigned long long)inode->ino);
        inode_put(inode);
        dentry_put(d);
        return -EUCLEAN;
    }
    set_inode(d, rc < 0 ? NULL : inode);
    if (!dir->dead)
        hash(d);
    *out = d;
    return 0;
}

int
dentry_lookup(struct dentry *parent, struct name name, struct dentry **out)
{
    struct inode *dir = dentry_inode(parent);
    struct dentry *d = cache_find(parent, name);
    int rc;

    if (d != NULL) {
        *out = dentry_ref(d);
        return 0;
    }
    dir_lock(dir);
    rc = dentry_lookup_locked(parent, name, out);
    dir_unlock(dir);
    return rc;
}

void
dentry_instantiate(struct dentry *d, struct inode *inode)
{
    assert(d->inode == NULL);
    set_inode(d, inode);
}

/* Free the unused children of a directory that was removed (negative ones: it was empty). */
static void
drop_children(struct dentry *d)
{
    struct list_node *n, *tmp;

    list_for_each_safe (n, tmp, &d->children) {
        struct dentry *c = container_of(n, struct dentry, sibling);

        if (c->refs == 0 && c->inode == NULL)
            unused_free(c);
    }
}

void
dentry_removed(struct dentry *d)
{
    if (d->inode != NULL && inode_is(d->inode, S_IFDIR))
        drop_children(d);
    if (d->refs == 1 && d->hashed && list_empty(&d->children)) {
        /* Only the caller knows it: it stays as a negative entry. */
        drop_inode(d);
    } else {
        unhash(d);
        d->deleted = true;
    }
}

void
dentry_move(struct dentry *d, struct dentry *parent, struct name prepared, struct dentry *over)
{
    struct dentry *old_parent = d->parent;

    if (over->inode != NULL && inode_is(over->inode, S_IFDIR))
        drop_children(over);
    over->deleted = true;
    unhash(over);
    unhash(d);
    name_free(d);
    d->name = prepared;
    list_remove(&d->sibling);
    d->parent = dentry_ref(parent);
    list_push_back(&parent->children, &d->sibling);
    hash(d);
    dentry_put(old_parent);
}

void
dentry_exchange(struct dentry *a, struct dentry *b)
{
    struct dentry *pa = a->parent, *pb = b->parent;
    struct name na, nb;

    unhash(a);
    unhash(b);
    /* Both keep their references to both parents: swap all of it.  Inline names move with their bytes. */
    if (a->name.text == a->inline_name || b->name.text == b->inline_name) {
        char tmp[DENTRY_INLINE];

        __builtin_memcpy(tmp, a->inline_name, sizeof(tmp));
        __builtin_memcpy(a->inline_name, b->inline_name, sizeof(tmp));
        __builtin_memcpy(b->inline_name, tmp, sizeof(tmp));
    }
    na = b->name.text == b->inline_name ? name_of(a->inline_name, b->name.len) : b->name;
    nb = a->name.text == a->inline_name ? name_of(b->inline_name, a->name.len) : a->name;
    a->name = na;
    b->name = nb;
    assert(pa != NULL && pb != NULL); /* roots stay where they are */
    list_remove(&a->sibling);
    list_remove(&b->sibling);
    a->parent = pb;
    b->parent = pa;
    list_push_back(&pb->children, &a->sibling);
    list_push_back(&pa->children, &b->sibling);
    hash(a);
    hash(b);
}

void
dentry_forget_negative(const struct inode *dir, struct name name)
{
    for (unsigned i = 0; i < DENTRY_BUCKETS; i++) {
        for (struct dentry *d = buckets[i]; d != NULL; d = d->hash_next) {
            if (d->inode == NULL && d->parent != NULL && d->parent->inode == dir &&
                name_eq(d->name, name)) {
                unhash(d);
                if (d->refs == 0)
                    unused_free(d);
                return;
            }
        }
    }
}

bool
dentry_is_ancestor(const struct dentry *a, const struct dentry *d)
{
    while (d != NULL && d != a)
        d = d->parent;
    return d != NULL;
}

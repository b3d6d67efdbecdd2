/* The inode cache: a hash by (superblock, number), a list of unused ones in the order of their last use, the dirty list.
 *
 * An inode that is being read in or evicted is in the hash and marked busy; inode_get() waits for it.  The kernel is
 * non-preemptive between sleep points, so the lists need no lock of their own. */
#include <kernel/core/assert.h>
#include <kernel/core/log.h>
#include <kernel/fs/inode.h>
#include <kernel/mm/kmem.h>

enum { INODE_BUCKETS = CONFIG_CACHE_BUCKETS / 2 };
enum inode_state { INODE_HASHED = BIT(0), INODE_NEW = BIT(1), INODE_FREEING = BIT(2) };
enum { RELATIME_MAX_AGE_S = 24 * 3600 };

static struct list buckets[INODE_BUCKETS];
static struct list unused; /* oldest first */
static unsigned nr_unused;
static struct list dirty; /* inodes with dirty pages or fields */
static struct waitq busy_wait;

void
inode_cache_init(void)
{
    for (unsigned i = 0; i < INODE_BUCKETS; i++)
        list_init(&buckets[i]);
    list_init(&unused);
    list_init(&dirty);
    waitq_init(&busy_wait);
}

static struct list *
bucket_of(const struct superblock *sb, uint64_t ino)
{
    return &buckets[(ino * 31 + sb->st_dev * 7u) % INODE_BUCKETS];
}

static struct inode *_Nullable
find(const struct superblock *sb, uint64_t ino)
{
    struct list_node *n;
    struct list *b = bucket_of(sb, ino);

    list_for_each (n, b) {
        struct inode *inode = container_of(n, struct inode, hash_node);

        if (inode->ino == ino && inode->sb == sb)
            return inode;
    }
    return NULL;
}

int
inode_new(struct superblock *sb, struct inode **inode_out)
{
    struct inode *inode = kmem_alloc(sizeof(*inode));
    static uint64_t generation;

    if (inode == NULL)
        return -ENOMEM;
    inode->sb = sb;
    inode->refs = 1;
    inode->generation = ++generation;
    inode->atime = inode->mtime = inode->ctime = time_wall();
    mutex_init(&inode->lock, "inode", RANK_INODE);
    turn_init(&inode->write_turn);
    pagecache_init(&inode->pages, inode);
    list_push_back(&sb->inodes, &inode->sb_node);
    *inode_out = inode;
    return 0;
}

void
inode_hash(struct inode *inode, uint64_t ino)
{
    assert((inode->state & INODE_HASHED) == 0);
    inode->ino = ino;
    inode->state |= INODE_HASHED;
    list_push_front(bucket_of(inode->sb, ino), &inode->hash_node);
}

static void
unhash(struct inode *inode)
{
    if ((inode->state & INODE_HASHED) == 0)
        return;
    inode->state &= (uint8_t)~INODE_HASHED;
    list_remove(&inode->hash_node);
}

struct inode *
inode_ref(struct inode *inode)
{
    if (inode->refs++ == 0 && list_linked(&inode->lru_node)) {
        list_remove(&inode->lru_node);
        nr_unused--;
    }
    return inode;
}

/* Give the struct back: nothing refers to it any more. */
static void
inode_destroy(struct inode *inode)
{
    pagecache_truncate(inode, 0);
    unhash(inode);
    if (list_linked(&inode->dirty_node))
        list_remove(&inode->dirty_node);
    list_remove(&inode->sb_node);
    assert(inode->refs == 0);
    kmem_free(inode);
    wake_all(&busy_wait);
}

/* The last reference is gone: write back, or free on the disk, and forget. */
static void
inode_evict(struct inode *inode)
{
    inode->state |= INODE_FREEING;
    if (list_linked(&inode->dirty_node))
        list_remove(&inode->dirty_node);
    if (inode->nlink == 0) {
        /* Its number may be given to a new file as soon as the file system has freed it. */
        unhash(inode);
        pagecache_truncate(inode, 0);
    } else if (inode_write(inode) < 0) {
        klog(LOG_ERR, "%s: inode %llu could not be written back", inode->sb->type->name,
             (unsigned long long)inode->ino);
    }
    if (inode->sb->ops->evict_inode != NULL)
        inode->sb->ops->evict_inode(inode);
    inode_destroy(inode);
}

void
inode_put(struct inode *inode)
{
    assert(inode->refs > 0);
    if (--inode->refs > 0 || (inode->state & INODE_FREEING) != 0)
        return;
    if (inode->nlink == 0 || inode->bad || (inode->state & INODE_HASHED) == 0) {
        inode_evict(inode);
    } else {
        list_push_back(&unused, &inode->lru_node);
        nr_unused++;
    }
}

/* Wait until `inode` is no longer busy; it may be gone then, so the caller looks it up again. */
static void
wait_busy(void)
{
    int rc = wait_on(&busy_wait, 0, WAIT_FOREVER);

    assert(rc <= 0);
}

int
inode_get(struct superblock *sb, uint64_t ino, struct inode **inode_out)
{
    struct inode *inode;

    while ((inode = find(sb, ino)) != NULL) {
        if ((inode->state & (INODE_NEW | INODE_FREEING)) == 0) {
            *inode_out = inode_ref(inode);
            return 0;
        }
        wait_busy();
    }

    int rc = inode_new(sb, &inode);

    if (rc < 0)
        return rc;
    inode_hash(inode, ino);
    inode->state |= INODE_NEW;
    rc = sb->ops->read_inode != NULL ? sb->ops->read_inode(inode) : -EIO;
    inode->state &= (uint8_t)~INODE_NEW;
    if (rc < 0) {
        inode->refs = 0;
        inode_destroy(inode);
        return rc;
    }
    wake_all(&busy_wait);
    *inode_out = inode;
    return 0;
}

static void
unused_evict(struct inode *inode)
{
    list_remove(&inode->lru_node);
    nr_unused--;
    inode_evict(inode);
}

void
inode_trim(unsigned keep)
{
    while (nr_unused > keep)
        unused_evict(container_of(list_first(&unused), struct inode, lru_node));
}

/* The unused inode that is as the disk has it and was used last the longest time ago. */
static struct inode *_Nullable
unused_clean(void)
{
    struct list_node *n;

    list_for_each (n, &unused) {
        struct inode *inode = container_of(n, struct inode, lru_node);

        if (!inode->dirty && inode->pages.nr_dirty == 0 && !list_linked(&inode->dirty_node))
            return inode;
    }
    return NULL;
}

void
inode_squeeze(void)
{
    struct inode *inode;

    while ((inode = unused_clean()) != NULL)
        unused_evict(inode);
}

unsigned
inode_drop_all(struct superblock *sb)
{
    struct list_node *n;
    unsigned in_use;
    bool again;

    do { /* evicting sleeps: start over after each */
        again = false;
        in_use = 0;
        list_for_each (n, &sb->inodes) {
            struct inode *inode = container_of(n, struct inode, sb_node);

            if (list_linked(&inode->lru_node)) {
                unused_evict(inode);
                again = true;
                break;
            }
            in_use++;
        }
    } while (again);
    return in_use;
}

void
dir_lock(struct inode *dir)
{
    dir->lock.rank = RANK_INODE_DIR;
    mutex_lock(&dir->lock);
}

void
dir_lock_nested(struct inode *dir)
{
    dir->lock.rank = RANK_INODE_DIR;
    mutex_lock_nested(&dir->lock);
}

void
dir_unlock(struct inode *dir)
{
    mutex_unlock(&dir->lock);
}

void
dir_lock_pair(struct inode *a, struct inode *b, bool b_first)
{
    a->lock.rank = b->lock.rank = RANK_INODE_DIR;
    mutex_lock_pair(&a->lock, &b->lock, b_first);
}

void
dir_unlock_pair(struct inode *a, struct inode *b)
{
    mutex_unlock_pair(&a->lock, &b->lock);
}

void
inode_dirty_list_add(struct inode *inode)
{
    if (list_linked(&inode->dirty_node) || (inode->state & INODE_FREEING) != 0)
        return;
    list_push_back(&dirty, &inode->dirty_node);
    pagecache_kick();
}

void
inode_mark_dirty(struct inode *inode)
{
    inode->dirty = true;
    if (inode->sb->ops->write_inode != NULL)
        inode_dirty_list_add(inode);
}

int
inode_write(struct inode *inode)
{
    int rc = pagecache_write_back(inode);

    if (inode->dirty) {
        int rc2 = 0;

        inode->dirty = false;
        if (inode->sb->ops->write_inode != NULL && !inode->bad && !inode->sb->read_only)
            rc2 = inode->sb->ops->write_inode(inode);
        if (rc == 0)
            rc = rc2;
    }
    return rc;
}

bool
inode_any_dirty(void)
{
    return !list_empty(&dirty);
}

int
inode_write_all(struct superblock *sb)
{
    struct list_node *n, *tmp;
    struct list todo;
    int rc = 0;

    /* Take the list as it is now: what becomes dirty while we sleep is for the next round. */
    list_init(&todo);
    list_for_each_safe (n, tmp, &dirty) {
        struct inode *inode = container_of(n, struct inode, dirty_node);

        if (sb == NULL || inode->sb == sb) {
            list_remove(n);
            list_push_back(&todo, n);
        }
    }
    while ((n = list_pop_front(&todo)) != NULL) {
        struct inode *inode = inode_ref(container_of(n, struct inode, dirty_node));
        int rc2 = inode_write(inode);

        if (rc == 0)
            rc = rc2;
        if (inode->pages.nr_dirty > 0 || inode->dirty)
            inode_dirty_list_add(inode);
        inode_put(inode);
    }
    return rc;
}

bool
ktime_before(struct ktime t, struct ktime u)
{
    return t.sec < u.sec || (t.sec == u.sec && t.nsec < u.nsec);
}

void
inode_touch_atime(struct inode *inode)
{
    struct ktime now;

    if (inode->sb->read_only || inode->sb->no_atime)
        return;
    now = time_wall();
    if (ktime_before(inode->mtime, inode->atime) && ktime_before(inode->ctime, inode->atime) &&
        now.sec - inode->atime.sec < RELATIME_MAX_AGE_S)
        return;
    inode->atime = now;
    inode_mark_dirty(inode);
}

void
inode_touch_mtime(struct inode *inode)
{
    inode->mtime = inode->ctime = time_wall();
    inode_mark_dirty(inode);
}

void
inode_touch_ctime(struct inode *inode)
{
    inode->ctime = time_wall();
    inode_mark_dirty(inode);
}

void
setattr_fields(struct inode *inode, const struct setattr *attr)
{
    if ((attr->valid & ATTR_MODE) != 0)
        inode->mode = (inode->mode & S_IFMT) | (attr->mode & 07777);
    if ((attr->valid & ATTR_UID) != 0)
        inode->uid = attr->uid;
    if ((attr->valid & ATTR_GID) != 0)
        inode->gid = attr->gid;
    if ((attr->valid & ATTR_SIZE) != 0)
        inode->size = attr->size;
    if ((attr->valid & ATTR_ATIME) != 0)
        inode->atime = attr->atime;
    if ((attr->valid & ATTR_MTIME) != 0)
        inode->mtime = attr->mtime;
    inode->ctime = time_wall();
    inode_mark_dirty(inode);
}

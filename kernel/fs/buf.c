/* See buf.h.  A hash table with an LRU list; at most BUFS_MAX blocks are kept, unreferenced clean ones go first. */
#include <kernel/abi/errno.h>
#include <kernel/core/assert.h>
#include <kernel/core/log.h>
#include <kernel/fs/buf.h>
#include <kernel/mm/kmem.h>

enum { HASH_SIZE = 256, BUFS_MAX = 2048, EVICT_SCAN_MAX = 64, SHRINK = 16 };

static struct {
    bool ready;
    struct list hash[HASH_SIZE];
    struct list lru; /* least recently used first; referenced ones stay in it */
    uint64_t count, dirty, bytes;
} cache;

static struct list *
bucket(const struct blkdev *dev, uint64_t block)
{
    uint64_t h = (block + dev->rdev * 31u) * 0x9e3779b97f4a7c15u;

    return &cache.hash[h >> 56 & (HASH_SIZE - 1)];
}

static void
init_once(void)
{
    if (cache.ready)
        return;
    for (unsigned i = 0; i < HASH_SIZE; i++)
        list_init(&cache.hash[i]);
    list_init(&cache.lru);
    cache.ready = true;
}

static struct buf *_Nullable
find(const struct blkdev *dev, uint32_t size, uint64_t block)
{
    struct list_node *n;

    list_for_each (n, bucket(dev, block)) {
        struct buf *b = container_of(n, struct buf, hash_node);

        if (b->dev == dev && b->block == block && b->size == size)
            return b;
    }
    return NULL;
}

static void
drop(struct buf *b)
{
    assert(b->refs == 0);
    if (b->dirty)
        cache.dirty--;
    cache.count--;
    cache.bytes -= b->size;
    list_remove(&b->hash_node);
    list_remove(&b->lru_node);
    kmem_free(b->data);
    kmem_free(b);
}

static int
write_one(struct buf *b)
{
    unsigned per = b->size / SECTOR_SIZE;
    int rc;

    b->dirty = false;
    cache.dirty--;
    b->refs++; /* the write sleeps */
    rc = blk_write(b->dev, b->block * per, buf_cspan(b));
    b->refs--;
    if (rc < 0)
        buf_dirty(b);
    return rc;
}

/* Make room: free old unreferenced blocks, writing dirty ones only when no clean one is near. */
static void
evict(void)
{
    struct list_node *n, *tmp;
    unsigned scanned = 0;

    list_for_each_safe (n, tmp, &cache.lru) {
        struct buf *b = container_of(n, struct buf, lru_node);

        if (cache.count < BUFS_MAX || ++scanned > EVICT_SCAN_MAX)
            break;
        if (b->refs == 0 && !b->dirty)
            drop(b);
    }
    if (cache.count < BUFS_MAX)
        return;
    list_for_each (n, &cache.lru) {
        struct buf *b = container_of(n, struct buf, lru_node);

        if (b->refs > 0)
            continue;
        if (b->dirty && write_one(b) < 0)
            continue;
        if (b->refs == 0 && !b->dirty)
            drop(b);
        return; /* the list may have changed while the write slept */
    }
}

/* Memory is short: free up to SHRINK clean blocks.  False: there was none. */
static bool
shrink(void)
{
    struct list_node *n, *tmp;
    unsigned freed = 0;

    list_for_each_safe (n, tmp, &cache.lru) {
        struct buf *b = container_of(n, struct buf, lru_node);

        if (b->refs > 0 || b->dirty)
            continue;
        drop(b);
        if (++freed == SHRINK)
            break;
    }
    return freed > 0;
}

/* kmem_alloc() at the cache's own expense. */
static void *_Nullable fresh_memory
alloc(size_t size)
{
    void *p = kmem_alloc(size);

    if (p == NULL && shrink())
        p = kmem_alloc(size);
    return p;
}

static int
add(struct blkdev *dev, uint32_t size, uint64_t block, struct buf **buf_out)
{
    struct buf *b;

    if (cache.count >= BUFS_MAX)
        evict();
    b = alloc(sizeof *b);
    if (b == NULL)
        return -ENOMEM;
    b->data = alloc(size);
    if (b->data == NULL) {
        kmem_free(b);
        return -ENOMEM;
    }
    b->dev = dev;
    b->block = block;
    b->size = size;
    b->refs = 1;
    *buf_out = b;
    return 0;
}

static void
insert(struct buf *b)
{
    cache.count++;
    cache.bytes += b->size;
    list_push_back(bucket(b->dev, b->block), &b->hash_node);
    list_push_back(&cache.lru, &b->lru_node);
}

static void
discard(struct buf *b)
{
    kmem_free(b->data);
    kmem_free(b);
}

static struct buf *
reuse(struct buf *b)
{
    b->refs++;
    list_remove(&b->lru_node);
    list_push_back(&cache.lru, &b->lru_node);
    return b;
}

int
buf_get(struct blkdev *dev, uint32_t size, uint64_t block, struct buf **buf_out)
{
    unsigned per = size / SECTOR_SIZE;
    struct buf *b, *other;
    int rc;

    init_once();
    b = find(dev, size, block);
    if (b != NULL) {
        *buf_out = reuse(b);
        return 0;
    }
    if (block >= dev->sectors / per)
        return -EINVAL;
    rc = add(dev, size, block, &b);
    if (rc < 0)
        return rc;
    rc = blk_read(dev, block * per, buf_span(b));
    other = find(dev, size, block); /* somebody else read it while we slept */
    if (other != NULL) {
        discard(b);
        *buf_out = reuse(other);
        return 0;
    }
    if (rc < 0) {
        discard(b);
        return rc;
    }
    insert(b);
    *buf_out = b;
    return 0;
}

int
buf_new(struct blkdev *dev, uint32_t size, uint64_t block, struct buf **buf_out)
{
    struct buf *b;
    int rc;

    init_once();
    if (block >= dev->sectors / (size / SECTOR_SIZE))
        return -EINVAL;
    b = find(dev, size, block);
    if (b == NULL) {
        rc = add(dev, size, block, &b);
        if (rc < 0)
            return rc;
        insert(b);
    } else {
        reuse(b);
        span_fill(buf_span(b), 0);
    }
    *buf_out = b;
    return 0;
}

void
buf_put(struct buf *b)
{
    if (b == NULL)
        return;
    assert(b->refs > 0);
    b->refs--;
}

void
buf_dirty(struct buf *b)
{
    if (!b->dirty)
        cache.dirty++;
    b->dirty = true;
}

void
buf_forget(struct blkdev *dev, uint32_t size, uint64_t block)
{
    struct buf *b;

    init_once();
    b = find(dev, size, block);
    if (b == NULL)
        return;
    if (b->dirty)
        cache.dirty--;
    b->dirty = false;
    if (b->refs == 0)
        drop(b);
}

/* The dirty, unfailed block with the lowest number >= `from`. */
static struct buf *
next_dirty(const struct blkdev *dev, uint64_t from)
{
    struct buf *best = NULL;
    struct list_node *n;

    list_for_each (n, &cache.lru) {
        struct buf *b = container_of(n, struct buf, lru_node);

        if (b->dev == dev && b->dirty && b->block >= from && (best == NULL || b->block < best->block))
            best = b;
    }
    return best;
}

int
buf_sync(struct blkdev *dev)
{
    uint64_t from = 0;
    int first = 0;

    init_once();
    for (;;) {
        struct buf *b = next_dirty(dev, from);
        int rc;

        if (b == NULL)
            break;
        from = b->block + 1;
        rc = write_one(b);
        if (rc < 0 && first == 0)
            first = rc;
    }
    return first;
}

void
buf_invalidate(struct blkdev *dev)
{
    struct list_node *n, *tmp;

    init_once();
    list_for_each_safe (n, tmp, &cache.lru) {
        struct buf *b = container_of(n, struct buf, lru_node);

        if (b->dev == dev && b->refs == 0)
            drop(b);
        else if (b->dev == dev)
            klog(LOG_ERR, "buf: block %llu of %s is still in use", (unsigned long long)b->block,
                 dev->name);
    }
}

void
buf_trim(void)
{
    struct list_node *n, *tmp;

    init_once();
    list_for_each_safe (n, tmp, &cache.lru) {
        struct buf *b = container_of(n, struct buf, lru_node);

        if (b->refs == 0 && !b->dirty)
            drop(b);
    }
}

void
buf_stats(struct buf_stats *out)
{
    *out = (struct buf_stats){ cache.count, cache.dirty, cache.bytes };
}

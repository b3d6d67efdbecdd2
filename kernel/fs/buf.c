/* See buf.h.  A hash table in order of use, by device and sector; at most BUFS_MAX blocks are kept, unreferenced clean ones go first,
 * also to whoever needs memory; the cache itself, when there is none, writes a dirty one to have its place. */
#include <kernel/abi/errno.h>
#include <kernel/core/assert.h>
#include <kernel/core/log.h>
#include <kernel/fs/buf.h>
#include <kernel/mm/grant.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/page.h>

enum {
    HASH_SIZE = CONFIG_CACHE_BUCKETS / 4,
    BUFS_MAX = CONFIG_BUFFERS_MAX,
    EVICT_SCAN_MAX = 64,
    SHRINK = 16
};

LRU_OF(buf_table, struct buf, node);

static struct {
    bool ready;
    struct list bucket[HASH_SIZE];
    struct buf_table table; /* referenced ones stay in it */
    uint64_t dirty, bytes;
} cache;

static size_t reclaim(size_t want);

static void
init_once(void)
{
    if (cache.ready)
        return;
    buf_table_init(&cache.table, cache.bucket, HASH_SIZE);
    cache.ready = true;
    page_set_reclaim(reclaim);
}

/* Blocks of different sizes are different blocks, wherever they lie. */
static uint64_t
device_key(const struct blkdev *dev, uint32_t size)
{
    return (uint64_t)dev->rdev << 32 | size;
}

static uint64_t
sector_of(uint32_t size, uint64_t block)
{
    return block * (size / SECTOR_SIZE);
}

static struct buf *_Nullable
find(const struct blkdev *dev, uint32_t size, uint64_t block)
{
    return buf_table_find(&cache.table, device_key(dev, size), sector_of(size, block));
}

static void
drop(struct buf *b)
{
    assert(b->refs == 0);
    if (b->dirty)
        cache.dirty--;
    cache.bytes -= b->size;
    buf_table_remove(&cache.table, b);
    kmem_free(b->data);
    kmem_free(b);
}

static int
write_one(struct buf *b)
{
    int rc;

    b->dirty = false;
    cache.dirty--;
    b->refs++; /* the write sleeps */
    rc = blk_write(b->dev, sector_of(b->size, b->block), buf_cspan(b));
    b->refs--;
    if (rc < 0)
        buf_dirty(b);
    return rc;
}

/* For whoever needs memory: clean blocks that nobody holds. */
static size_t
reclaim(size_t want)
{
    struct buf *b, *next;
    size_t got = 0;

    for (b = buf_table_oldest(&cache.table); b != NULL && got < want; b = next) {
        next = buf_table_newer(&cache.table, b);
        if (b->refs > 0 || b->dirty)
            continue;
        drop(b);
        got++;
    }
    return got;
}

/* The oldest unreferenced block goes, written if it must be.  False: there is none. */
static bool
evict_one(void)
{
    struct buf *b;

    for (b = buf_table_oldest(&cache.table); b != NULL; b = buf_table_newer(&cache.table, b)) {
        if (b->refs > 0)
            continue;
        if (b->dirty && write_one(b) < 0)
            continue;
        if (b->refs == 0 && !b->dirty)
            drop(b);
        return true; /* the list may have changed while the write slept */
    }
    return false;
}

/* Make room: free old unreferenced blocks, writing dirty ones only when no clean one is near. */
static void
evict(void)
{
    struct buf *b, *next;
    unsigned scanned = 0;

    for (b = buf_table_oldest(&cache.table); b != NULL; b = next) {
        next = buf_table_newer(&cache.table, b);
        if (cache.table.lru.len < BUFS_MAX || ++scanned > EVICT_SCAN_MAX)
            break;
        if (b->refs == 0 && !b->dirty)
            drop(b);
    }
    if (cache.table.lru.len >= BUFS_MAX)
        (void)evict_one();
}

/* kmem_alloc() at the cache's own expense. */
static void *_Nullable fresh_memory
alloc(size_t size)
{
    void *p = kmem_alloc_on(GRANT_COMMON, size);

    if (p == NULL && (reclaim(SHRINK) > 0 || evict_one()))
        p = kmem_alloc_on(GRANT_COMMON, size);
    return p;
}

static int
add(struct blkdev *dev, uint32_t size, uint64_t block, struct buf **buf_out)
{
    struct buf *b;

    if (cache.table.lru.len >= BUFS_MAX)
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
    cache.bytes += b->size;
    buf_table_insert(&cache.table, b, device_key(b->dev, b->size), sector_of(b->size, b->block));
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
    buf_table_touch(&cache.table, b);
    return b;
}

int
buf_get(struct blkdev *dev, uint32_t size, uint64_t block, struct buf **buf_out)
{
    struct buf *b, *other;
    int rc;

    init_once();
    b = find(dev, size, block);
    if (b != NULL) {
        *buf_out = reuse(b);
        return 0;
    }
    if (block >= dev->sectors / (size / SECTOR_SIZE))
        return -EINVAL;
    rc = add(dev, size, block, &b);
    if (rc < 0)
        return rc;
    rc = blk_read(dev, sector_of(size, block), buf_span(b));
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

    for (struct buf *b = buf_table_oldest(&cache.table); b != NULL;
         b = buf_table_newer(&cache.table, b)) {
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
    struct buf *next;

    init_once();
    for (struct buf *b = buf_table_oldest(&cache.table); b != NULL; b = next) {
        next = buf_table_newer(&cache.table, b);
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
    struct buf *next;

    init_once();
    for (struct buf *b = buf_table_oldest(&cache.table); b != NULL; b = next) {
        next = buf_table_newer(&cache.table, b);
        if (b->refs == 0 && !b->dirty)
            drop(b);
    }
}

void
buf_stats(struct buf_stats *out)
{
    *out = (struct buf_stats){ cache.table.lru.len, cache.dirty, cache.bytes };
}

/* The page cache.
 *
 * A page is in the index only while its contents are valid, and the index holds a reference of its own.  pc->fill (RANK_PAGE) lets
 * one thread at a time read in or write out pages of one file; lists and counters change only between sleep points and need
 * no lock.  Reclaim (from page_alloc(), possibly with any locks held) drops clean pages that nobody else refers to and never sleeps.
 *
 * Write-back clears PG_DIRTY before it writes, so a store during the write makes the page dirty again.  A page that programs have
 * mapped stays dirty, because a store through a mapping is not seen.
 */
#include <hal/time.h>
#include <kernel/core/assert.h>
#include <kernel/core/log.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/pagecache.h>
#include <kernel/mm/grant.h>
#include <kernel/mm/kmem.h>
#include <kernel/sched/thread.h>
#include <kernel/trusted/bounds.h>

enum {
    BUCKETS_MIN = 16, /* of the index, a power of two */
    BUCKETS_MAX = 32768,
    PAGES_PER_BUCKET = 4, /* with all of RAM in the cache */
    /* Writers write back themselves when more than this share of RAM is dirty; at once where it can be no cluster. */
    DIRTY_SHARE = PAGECACHE_CLUSTER > 1 ? 5 : 64,
    SMALL_COPY = PAGE_SIZE / 16,
};
#define FLUSH_INTERVAL_NS 5000000000ull

static struct page *_Nullable *buckets;
static uint64_t bucket_mask;
static struct list ring; /* caches with pages; reclaim starts at the front and moves on */
static uint64_t nr_cached, nr_dirty, dirty_max;
static struct thread flusher;
static struct waitq flush_wait;

static uint64_t
bucket_of(const struct pagecache *pc, uint64_t index)
{
    return ((uintptr_t)pc / sizeof(struct inode) * 61 + index) & bucket_mask;
}

static struct page *_Nullable
find(const struct pagecache *pc, uint64_t index)
{
    struct page *p = at(buckets, bucket_mask + 1, bucket_of(pc, index));

    while (p != NULL && (p->cache != pc || p->index != index))
        p = p->hash_next;
    return p;
}

void
pagecache_init(struct pagecache *pc, struct inode *inode)
{
    pc->inode = inode;
    list_init(&pc->pages);
    list_init(&pc->dirty);
    mutex_init(&pc->fill, "pagecache", RANK_PAGE);
}

/* Add an uptodate page; the index takes a reference. */
static void
insert(struct pagecache *pc, struct page *page, uint64_t index)
{
    struct page **bucket = &at(buckets, bucket_mask + 1, bucket_of(pc, index));

    page_get(page);
    page->cache = pc;
    page->index = index;
    page->flags = (uint16_t)((page->flags | PG_UPTODATE) & ~PG_DIRTY);
    page->hash_next = *bucket;
    *bucket = page;
    list_push_back(&pc->pages, &page->node);
    if (pc->nr_pages++ == 0)
        list_push_back(&ring, &pc->ring_node);
    nr_cached++;
}

static void
set_clean(struct pagecache *pc, struct page *page)
{
    if ((page->flags & PG_DIRTY) == 0)
        return;
    page->flags &= (uint16_t)~PG_DIRTY;
    list_remove(&page->node);
    list_push_back(&pc->pages, &page->node);
    pc->nr_dirty--;
    if (!pc->pinned)
        nr_dirty--;
    if (pc->account != NULL)
        --*pc->account;
}

static void
drop(struct pagecache *pc, struct page *page)
{
    struct page **link = &at(buckets, bucket_mask + 1, bucket_of(pc, page->index));

    while (*link != page)
        link = &(*link)->hash_next;
    *link = page->hash_next;
    page->hash_next = NULL;
    set_clean(pc, page);
    list_remove(&page->node);
    page->cache = NULL;
    page->flags &= (uint16_t)~(PG_UPTODATE | PG_REFERENCED);
    if (--pc->nr_pages == 0)
        list_remove(&pc->ring_node);
    nr_cached--;
    page_put(page);
}

void
pagecache_mark_dirty(struct page *page)
{
    struct pagecache *pc = page->cache;

    if (pc == NULL || (page->flags & PG_DIRTY) != 0)
        return;
    page->flags |= PG_DIRTY;
    list_remove(&page->node);
    list_push_back(&pc->dirty, &page->node);
    pc->nr_dirty++;
    if (pc->account != NULL)
        ++*pc->account;
    if (!pc->pinned) {
        nr_dirty++;
        inode_dirty_list_add(pc->inode);
    }
}

struct page *_Nullable
pagecache_peek(struct inode *inode, uint64_t index)
{
    struct page *p = find(&inode->pages, index);

    if (p != NULL) {
        page_get(p);
        p->flags |= PG_REFERENCED;
    }
    return p;
}

static uint64_t
page_count(uint64_t size)
{
    return size / PAGE_SIZE + (size % PAGE_SIZE != 0);
}

/* Memory for the cache, or to become the cache's: not the running process's. */
static struct page *_Nullable
cache_page(const struct pagecache *pc, unsigned order)
{
    return page_alloc_on(pc->pinned ? GRANT_KEPT : GRANT_COMMON, order);
}

/* Is the file being read in order?  Then its next pages are worth reading too. */
static bool
worth_cluster(struct inode *inode, uint64_t index)
{
    return PAGECACHE_CLUSTER > 1 && !inode->pages.pinned && inode->ops->read_page != NULL &&
           page_count(inode->size) > index + 1 &&
           (index % PAGECACHE_CLUSTER == 0 || find(&inode->pages, index - 1) != NULL);
}

/* Read the aligned cluster that `index` lies in with one request; pages that are cached already stay as they are. */
static void
fill_cluster(struct inode *inode, uint64_t index) requires_lock(inode->pages.fill)
{
    uint64_t first = index & ~(uint64_t)(PAGECACHE_CLUSTER - 1), end = page_count(inode->size);
    struct page *staging = cache_page(&inode->pages, PAGECACHE_CLUSTER_ORDER);
    struct span mem;

    if (staging == NULL)
        return;
    mem = span_of(page_ptr(staging), (size_t)PAGE_SIZE * PAGECACHE_CLUSTER);
    if (inode->ops->read_page(inode, first / PAGECACHE_CLUSTER, mem) == 0) {
        for (uint64_t i = first; i < first + PAGECACHE_CLUSTER && i < end; i++) {
            struct page *p = find(&inode->pages, i) == NULL ? cache_page(&inode->pages, 0) : NULL;

            if (p == NULL)
                continue;
            span_copy(span_of(page_ptr(p), PAGE_SIZE),
                      span_const(span_sub(mem, (size_t)(i - first) * PAGE_SIZE, PAGE_SIZE)));
            insert(&inode->pages, p, i);
            page_put(p);
        }
    }
    page_put(staging);
}

/* With pc->fill held: the page with a reference; read in if it lies within the file and `fresh` is not set, else zeroed. */
static int
fill_locked(struct inode *inode, uint64_t index, bool fresh, struct page **page_out)
    requires_lock(inode->pages.fill)
{
    struct page *p = pagecache_peek(inode, index);

    if (p == NULL && inode->bad)
        return -EUCLEAN;
    if (p == NULL && !fresh && worth_cluster(inode, index)) {
        fill_cluster(inode, index);
        p = pagecache_peek(inode, index);
    }
    if (p == NULL) {
        p = cache_page(&inode->pages, 0);
        if (p == NULL)
            return -ENOMEM;
        struct span mem = span_of(page_ptr(p), PAGE_SIZE);

        if (fresh || index >= page_count(inode->size) || inode->ops->read_page == NULL) {
            span_fill(mem, 0);
        } else {
            int rc = inode->ops->read_page(inode, index, mem);

            if (rc < 0) {
                page_put(p);
                return rc;
            }
        }
        insert(&inode->pages, p, index);
    }
    *page_out = p;
    return 0;
}

static int
grab(struct inode *inode, uint64_t index, bool fresh, struct page **page_out)
{
    struct page *p = pagecache_peek(inode, index);
    int rc = 0;

    if (p != NULL) {
        *page_out = p;
        return 0;
    }
    mutex_lock(&inode->pages.fill);
    rc = fill_locked(inode, index, fresh, page_out);
    mutex_unlock(&inode->pages.fill);
    return rc;
}

int
pagecache_get(struct inode *inode, uint64_t index, struct page **page_out)
{
    if (index >= page_count(inode->size))
        return -EIO;
    return grab(inode, index, false, page_out);
}

int64_t
pagecache_read(struct inode *inode, uint64_t pos, struct iobuf *buf)
{
    int64_t done = 0;

    while (buf->left > 0 && pos < inode->size) {
        struct page *p;
        size_t off = pos % PAGE_SIZE;
        size_t n = PAGE_SIZE - off;
        int rc = pagecache_get(inode, pos / PAGE_SIZE, &p);

        if (rc < 0)
            return done > 0 ? done : rc;
        /* The size may have changed while we slept. */
        if (pos >= inode->size) {
            page_put(p);
            break;
        }
        if (n > inode->size - pos)
            n = (size_t)(inode->size - pos);
        if (n > buf->left)
            n = buf->left;
        rc = iobuf_put(buf, span_sub(span_of(page_ptr(p), PAGE_SIZE), off, n).ptr, n);
        page_put(p);
        if (rc < 0)
            return done > 0 ? done : rc;
        pos += n;
        done += (int64_t)n;
        if (sched_wanted())
            sched_point();
    }
    return done;
}

/* The file grows from inside its last page: what a program stored beyond the end through a mapping must not show. */
static void
zero_tail(struct inode *inode)
{
    size_t off = inode->size % PAGE_SIZE;
    struct page *p = off != 0 ? pagecache_peek(inode, inode->size / PAGE_SIZE) : NULL;

    if (p != NULL) {
        span_fill(span_sub(span_of(page_ptr(p), PAGE_SIZE), off, PAGE_SIZE - off), 0);
        page_put(p);
    }
}

/* Put `data` (within one page) at `pos`.  `whole`: the page it lies in when it is a full page; the cache may keep that. */
static int
write_chunk(struct inode *inode, uint64_t pos, struct cspan data, struct page *_Nullable whole)
    requires_lock(inode->lock)
{
    struct pagecache *pc = &inode->pages;
    size_t off = pos % PAGE_SIZE;
    struct page *p;
    int rc = inode->ops->reserve != NULL ? inode->ops->reserve(inode, pos, data.len) : 0;

    if (rc < 0)
        return rc;
    if (pos > inode->size)
        zero_tail(inode);
    if (whole != NULL && find(pc, pos / PAGE_SIZE) == NULL) {
        mutex_lock(&pc->fill);
        if (find(pc, pos / PAGE_SIZE) == NULL)
            insert(pc, whole, pos / PAGE_SIZE);
        mutex_unlock(&pc->fill);
    }
    rc = grab(inode, pos / PAGE_SIZE, whole != NULL, &p);
    if (rc < 0)
        return rc;
    if (p != whole)
        span_copy(span_sub(span_of(page_ptr(p), PAGE_SIZE), off, data.len), data);
    if (pos + data.len > inode->size) {
        inode->size = pos + data.len;
        inode_mark_dirty(inode);
    }
    pagecache_mark_dirty(p);
    page_put(p);
    return 0;
}

/* One page's part of a write: gather from the caller without any lock, then store under the inode's lock. */
static int64_t
write_step(struct inode *inode, uint64_t pos, struct iobuf *buf)
{
    size_t n = PAGE_SIZE - pos % PAGE_SIZE;
    uint8_t small[SMALL_COPY];
    struct page *bounce = NULL;
    struct span mem;
    int rc;

    if (n > buf->left)
        n = buf->left;
    if (n > sizeof(small)) {
        bounce = cache_page(&inode->pages, 0);
        if (bounce == NULL)
            return -ENOMEM;
        mem = span_of(page_ptr(bounce), n);
    } else {
        mem = span_of(small, n);
    }
    rc = iobuf_get(buf, mem.ptr, n);
    if (rc == 0) {
        mutex_lock(&inode->lock);
        rc = write_chunk(inode, pos, span_const(mem), n == PAGE_SIZE ? bounce : NULL);
        mutex_unlock(&inode->lock);
    }
    if (bounce != NULL)
        page_put(bounce);
    return rc < 0 ? rc : (int64_t)n;
}

int64_t
pagecache_write(struct inode *inode, uint64_t pos, struct iobuf *buf)
{
    int64_t done = 0;

    while (buf->left > 0) {
        int64_t n = write_step(inode, pos, buf);

        if (n == -ENOMEM && inode->pages.nr_dirty > 0 && pagecache_write_back(inode) == 0)
            n = write_step(inode, pos, buf); /* what is written can go */
        if (n < 0)
            return done > 0 ? done : n;
        pos += (uint64_t)n;
        done += n;
        if (nr_dirty > dirty_max && pagecache_write_back(inode) < 0)
            break; /* the error is remembered for fsync */
        if (sched_wanted())
            sched_point();
    }
    return done;
}

/* A page that was taken off the dirty list to be written is done with. */
static void
written(struct pagecache *pc, struct page *p)
{
    if (p->map_count > 0 && p->cache == pc)
        pagecache_mark_dirty(p);
    page_put(p);
}

/* Write dirty pages: the one that has been so for longest and, copied to `staging`, those that follow it in the file.  How many. */
static unsigned
write_some(struct inode *inode, struct page *_Nullable staging) requires_lock(inode->pages.fill)
{
    struct pagecache *pc = &inode->pages;
    struct list_node *first = list_first(&pc->dirty);
    struct page *batch[PAGECACHE_CLUSTER];
    unsigned n = 0;
    int rc = 0;

    if (first == NULL)
        return 0;
    struct page *p = container_of(first, struct page, node);
    uint64_t index = p->index, pos = index * PAGE_SIZE;
    uint64_t beyond = inode->size > pos ? inode->size - pos : 0; /* bytes of the file from here on */
    size_t len = beyond < (uint64_t)PAGECACHE_CLUSTER * PAGE_SIZE
                     ? (size_t)beyond
                     : (size_t)PAGECACHE_CLUSTER * PAGE_SIZE;

    while (p != NULL && (p->flags & PG_DIRTY) != 0 && n < PAGECACHE_CLUSTER &&
           (n == 0 || n * PAGE_SIZE < len)) {
        page_get(p);
        set_clean(pc, p);
        batch[n++] = p;
        p = staging != NULL ? find(pc, index + n) : NULL;
    }
    if (len > n * PAGE_SIZE)
        len = n * PAGE_SIZE;
    if (len > 0 && inode->ops->write_page != NULL) {
        const struct page *from = n > 1 ? staging : batch[0];

        for (unsigned i = 0; n > 1 && i < n; i++)
            span_copy(span_sub(span_of(page_ptr(staging), (size_t)PAGE_SIZE * PAGECACHE_CLUSTER),
                               i * PAGE_SIZE, PAGE_SIZE),
                      cspan_of(page_ptr(batch[i]), PAGE_SIZE));
        rc = inode->ops->write_page(inode, index, cspan_of(page_ptr(from), len));
    }
    if (rc < 0 && pc->error == 0)
        pc->error = rc;
    for (unsigned i = 0; i < n; i++)
        written(pc, batch[i]);
    return n;
}

int
pagecache_write_back(struct inode *inode)
{
    struct pagecache *pc = &inode->pages;
    struct page *staging;

    if (pc->pinned || pc->nr_dirty == 0)
        return pc->error;
    staging =
        pc->nr_dirty > 1 && PAGECACHE_CLUSTER > 1 ? cache_page(pc, PAGECACHE_CLUSTER_ORDER) : NULL;
    /* As many as are dirty now: mapped pages stay dirty, and others may become so meanwhile. */
    for (uint64_t done = 0, todo = pc->nr_dirty; done < todo && pc->nr_dirty > 0;) {
        mutex_lock(&inode->pages.fill);
        done += write_some(inode, staging);
        mutex_unlock(&inode->pages.fill);
    }
    if (staging != NULL)
        page_put(staging);
    return pc->error;
}

int
pagecache_sync(struct inode *inode)
{
    int rc = pagecache_write_back(inode);

    inode->pages.error = 0;
    return rc;
}

/* Zero the last page from `size` on, also on the disk: the bytes must not come back when the file grows again. */
static void
zero_partial(struct inode *inode, uint64_t size)
{
    size_t off = size % PAGE_SIZE;
    struct page *p;

    if (off == 0 || size >= inode->size || grab(inode, size / PAGE_SIZE, false, &p) < 0)
        return;
    span_fill(span_sub(span_of(page_ptr(p), PAGE_SIZE), off, PAGE_SIZE - off), 0);
    pagecache_mark_dirty(p);
    page_put(p);
}

static void
drop_from(struct pagecache *pc, struct list *l, uint64_t first)
{
    struct list_node *n, *tmp;

    list_for_each_safe (n, tmp, l) {
        struct page *p = container_of(n, struct page, node);

        if (p->index >= first)
            drop(pc, p);
    }
}

void
pagecache_truncate(struct inode *inode, uint64_t size)
{
    struct pagecache *pc = &inode->pages;

    zero_partial(inode, size);
    if (pc->nr_pages == 0 && !mutex_held(&pc->fill) && pc->fill.owner == NULL)
        return;
    mutex_lock(&pc->fill);
    drop_from(pc, &pc->pages, page_count(size));
    drop_from(pc, &pc->dirty, page_count(size));
    mutex_unlock(&pc->fill);
}

static size_t
reclaim_from(struct pagecache *pc, size_t want)
{
    struct list_node *n, *tmp;
    size_t got = 0;

    list_for_each_safe (n, tmp, &pc->pages) {
        struct page *p = container_of(n, struct page, node);

        if (got == want)
            break;
        if (p->refs > 1 || p->map_count > 0)
            continue;
        if ((p->flags & PG_REFERENCED) != 0) {
            p->flags &= (uint16_t)~PG_REFERENCED;
            continue;
        }
        drop(pc, p);
        got++;
    }
    return got;
}

static size_t
reclaim(size_t want)
{
    size_t got = 0;
    uint64_t caches = 0;
    struct list_node *n;

    list_for_each (n, &ring)
        caches++;
    /* Twice around: the first time takes second chances away. */
    for (uint64_t i = 0; i < 2 * caches && got < want && (n = list_first(&ring)) != NULL; i++) {
        list_remove(n);
        list_push_back(&ring, n);
        got += reclaim_from(container_of(n, struct pagecache, ring_node), want - got);
    }
    if (got < want)
        wake_all(&flush_wait);
    return got;
}

void
pagecache_kick(void)
{
    wake_all(&flush_wait);
}

/* The flusher: sleeps for good while nothing is dirty, so that an idle machine is idle. */
static void
flush_loop(unused_param void *arg)
{
    for (;;) {
        if (!inode_any_dirty()) {
            if (wait_on(&flush_wait, 0, WAIT_FOREVER) < 0)
                continue;
        }
        if (thread_sleep_until(hal_time_now_ns() + FLUSH_INTERVAL_NS, 0) < 0)
            continue;

        int rc = inode_write_all(NULL);

        if (rc < 0)
            klog(LOG_ERR, "write-back: error %d", -rc);
    }
}

void
pagecache_stats(uint64_t *cached, uint64_t *dirty)
{
    *cached = nr_cached;
    *dirty = nr_dirty;
}

void
pagecache_boot(void)
{
    struct page_stats stats;
    uint64_t n = BUCKETS_MIN;

    page_stats(&stats);
    while (n < BUCKETS_MAX && n < stats.total / PAGES_PER_BUCKET)
        n *= 2;
    buckets = kmem_alloc(n * sizeof *buckets);
    if (buckets == NULL)
        panic("no memory for the page cache");
    bucket_mask = n - 1;
    dirty_max = stats.total / DIRTY_SHARE;
    list_init(&ring);
    waitq_init(&flush_wait);
    flusher = (struct thread){ 0 };
    page_set_reclaim(reclaim);
}

void
pagecache_start_flusher(void)
{
    if (flusher.stack != NULL)
        return;
    if (thread_create(&flusher, "kflushd", flush_loop, NULL) == 0)
        thread_start(&flusher);
    else
        klog(LOG_ERR, "page cache: no flusher thread: files are written back on sync only");
}

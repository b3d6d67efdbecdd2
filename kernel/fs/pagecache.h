/* The page cache: pages of files, indexed by (cache, page number); clean ones are reclaimed, dirty ones written back by the flusher
 * thread, by sync and when memory is short. */
#pragma once

#include <kernel/core/lock.h>
#include <kernel/mm/page.h>
#include <kernel/trusted/span.h>

struct inode;
struct iobuf;

/* Reading ahead and writing back move up to this many pages (a power of two) in one request. */
enum {
    PAGECACHE_CLUSTER_ORDER = PAGE_CLUSTER_ORDER,
    PAGECACHE_CLUSTER = 1 << PAGECACHE_CLUSTER_ORDER
};

struct pagecache {
    struct inode *_Nullable inode;
    page_index_t nr_pages, nr_dirty;
    struct list pages; /* the clean ones, through page->node */
    struct list dirty; /* the dirty ones, through page->node, in the order they became so */
    struct list_node ring_node; /* caches with pages, for reclaim */
    struct mutex fill; /* RANK_PAGE: one thread at a time reads in or writes out pages of this cache */
    int error;         /* of a write-back nobody was told of yet: fsync reports it once */
    uint64_t *_Nullable account; /* also counts the dirty pages here (tmpfs: its use of memory) */
    bool pinned; /* memory is the only place its pages are (tmpfs): no reclaim, no write-back */
};

void pagecache_init(struct pagecache *pc, struct inode *inode);
/* The page, uptodate, with a reference; reads it through inode->ops->read_page if needed.  -EIO (also: the page lies beyond the
 * end of the file), -EUCLEAN, -ENOMEM. */
int must_check pagecache_get(struct inode *inode, uint64_t index, struct page **page_out);
/* The page if it is cached and uptodate, with a reference; NULL otherwise.  Does not sleep (fault-around). */
struct page *_Nullable pagecache_peek(struct inode *inode, uint64_t index);
/* Generic read of a regular file at `pos`: bytes moved, 0 at the end.  No lock may be held (user memory is touched). */
int64_t must_check pagecache_read(struct inode *inode, uint64_t pos, struct iobuf *buf);
/* Generic write: extends the file.  The caller holds inode->write_turn and no mutex. */
int64_t must_check pagecache_write(struct inode *inode, uint64_t pos, struct iobuf *buf);
/* The page was written to (also: is mapped writable): it will be written back. */
void pagecache_mark_dirty(struct page *page);
/* Drop everything from byte `size` on, zeroing the tail of the last page (truncate); pages mapped by programs are unmapped lazily. */
void pagecache_truncate(struct inode *inode, uint64_t size);
/* Write all dirty pages back; waits.  The first error, of this or (once) of earlier write-backs. */
int must_check pagecache_sync(struct inode *inode);
/* The same, but errors stay remembered (the flusher, eviction). */
int must_check pagecache_write_back(struct inode *inode);
/* Something became dirty: the flusher wakes up if it sleeps for good. */
void pagecache_kick(void);
/* Pages in all caches, and how many of them wait for write-back. */
void pagecache_stats(uint64_t *cached, uint64_t *dirty);
/* Boot: the index, the reclaim hook. */
void pagecache_boot(void);
/* From now on there is something to write back to: the thread that does it, if it is not there yet. */
void pagecache_start_flusher(void);

/* The block cache: blocks of file system metadata, keyed by (device, block size, block number).
 *
 * Rules for callers: buf_get() gives the block with its contents, buf_new() one whose old contents do not matter (zeroed).  The
 * holder may change buf_span() and then says buf_dirty(); buf_put() when done.  Do not use the buffer after buf_put().  Two holders of
 * one block see the same bytes: the file system's own lock keeps them apart.  Dirty blocks reach the disk by buf_sync(), or earlier
 * when the cache is full.
 */
#pragma once

#include <kernel/core/blk.h>
#include <kernel/trusted/lru.h>

struct buf {
    struct blkdev *dev;
    uint64_t block;
    uint32_t size; /* bytes */
    uint32_t refs;
    bool dirty;
    uint8_t *data;
    struct lru_node node; /* in the cache, by (device and block size, sector) */
};

/* `size`: 1024, 2048 or 4096.  -EIO, -ENOMEM, -EINVAL outside the device.  Thread context; sleeps. */
int must_check buf_get(struct blkdev *dev, uint32_t size, uint64_t block, struct buf **buf_out);
int must_check buf_new(struct blkdev *dev, uint32_t size, uint64_t block, struct buf **buf_out);
void buf_put(struct buf *_Nullable b);
void buf_dirty(struct buf *b);

/* Forget a block without writing it: it was freed. */
void buf_forget(struct blkdev *dev, uint32_t size, uint64_t block);
/* Write all dirty blocks of the device in ascending order.  The first error is returned; failed blocks stay dirty. */
int must_check buf_sync(struct blkdev *dev);
/* Drop every block of the device (unmount, after buf_sync()).  Dirty ones are lost. */
void buf_invalidate(struct blkdev *dev);
/* Free every clean block nobody holds. */
void buf_trim(void);

static inline struct span
buf_span(struct buf *b)
{
    return span_of(b->data, b->size);
}

static inline struct cspan
buf_cspan(const struct buf *b)
{
    return cspan_of(b->data, b->size);
}

struct buf_stats {
    uint64_t count, dirty, bytes;
};
void buf_stats(struct buf_stats *out);

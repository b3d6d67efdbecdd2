/* DMA buffers: memory that a device and the CPU have in turns.
 *
 *     if (!dma_open(&b, dev, mem, HAL_DMA_FROM_DEVICE))   // the CPU's turn
 *         return -EFAULT;                                 // the device cannot reach it: go through another buffer
 *     dma_submit(&b);                                     // the device's turn: before it is told to begin
 *     ... start the device with dma_bus(&b), wait for it ...
 *     dma_complete(&b);                                   // the CPU's turn again
 *     ... look at dma_cpu(&b) ...
 *     dma_close(&b);
 *
 * The turn is a capability of clang's thread-safety analysis: dma_cpu() after dma_submit(), a second dma_submit(), a dma_close() while
 * the device has the buffer, or any of it on one branch only does not compile (-Wthread-safety).  What the compiler cannot see,
 * because a pointer into the buffer was kept from before, sanitizers do: from dma_submit() to dma_complete() the memory is
 * poisoned.  With CHECKS, memory that a device still has can be neither freed nor given to another transfer (panic: who submitted it,
 * who freed it).  Hosted, each device access is checked against the buffers that are the device's at that moment.
 *
 * dma_complete() takes the buffer back, so the caller must know that the device is done with it: it saw the completion, or it
 * reset the device, or it took the bus from it (pci_enable_master()).  After a time-out it knows nothing, and resets first.
 *
 * Why this is sound where a buffer behind a cell or a moved slice is not: the fences are part of the hand-over, so no access of the
 * CPU drifts across it; the memory is no C object of a live pointer type in between (poison); giving up on a device does not
 * give back the memory.
 */
#pragma once

#include <hal/dma.h>
#include <kernel/trusted/checks.h>
#include <kernel/trusted/list.h>
#include <kernel/trusted/span.h>

enum dma_turn { DMA_CLOSED, DMA_CPU, DMA_DEVICE };

struct dma_mark {
    struct list_node node;           /* in the list of what devices have */
    const char *_Nullable submitter; /* source line */
};

struct capability("DMA buffer") dma_buf {
    uint8_t *ptr;
    size_t len;
    enum dma_turn turn;
    enum hal_dma_dir dir;
    bool shared; /* see dma_open_shared() */
    dma_addr_t addr;
    const char *dev;
    struct dma_mark mark[CHECKS];
};

/* Can a device be given this memory: RAM, and whole cache lines if the device writes to it? */
bool dma_reachable(struct cspan mem, enum hal_dma_dir dir);
/* Grant `mem` to device `dev` (device.name).  False: it is not reachable, or there are too many grants. */
bool must_check dma_open(struct dma_buf *b, const char *dev, struct span mem, enum hal_dma_dir dir)
    try_acquires(true, b);
/* The same for memory that the device only reads and that others may go on using meanwhile (a page of the page cache on its way to the
 * disk): the device sees the old or the new; not poisoned. */
bool must_check dma_open_shared(struct dma_buf *b, const char *dev, struct cspan mem)
    try_acquires(true, b);
void dma_close(struct dma_buf *b) releases(b);

void dma_submit_at(struct dma_buf *b, const char *here) releases(b);
#define dma_submit(b) dma_submit_at((b), CHECKS_HERE)
void dma_complete(struct dma_buf *b) acquires(b);

/* The buffer goes into a structure and is the CPU's there: whoever takes it out begins with dma_assert_cpu(). */
void dma_keep(const struct dma_buf *b) releases(b);
/* For a buffer that comes out of a structure, where the compiler does not know whose turn it is: the CPU's, or panic. */
void dma_assert_cpu(const struct dma_buf *b) TSA(assert_capability(b));

/* Where the device finds it. */
static inline dma_addr_t
dma_bus(const struct dma_buf *b)
{
    return b->addr;
}

/* The bytes, in the CPU's turn. */
static inline struct span
dma_cpu(struct dma_buf *b) requires_lock(b)
{
    return (struct span){ b->ptr, b->len };
}

/* For the allocators, with CHECKS: panic if a device has any byte of [p, p+len). */
void dma_check_free(const void *p, size_t len, const char *what);

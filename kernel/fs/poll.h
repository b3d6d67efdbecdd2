/* Waiting on several files at once: what poll(2), select(2) and epoll_wait(2) are made of. */
#pragma once

#include <kernel/fs/vfs.h>

enum { POLL_INLINE = 8, POLL_CHUNK = 32 };

struct poll_chunk {
    struct poll_chunk *_Nullable next;
    struct waiter waiters[POLL_CHUNK];
};

/* The wait queues one poller sits on. */
struct poll_table {
    unsigned used; /* of the newest chunk, or of `first` */
    int error;     /* -ENOMEM: a queue could not be added */
    struct waiter first[POLL_INLINE];
    struct poll_chunk *_Nullable chunks;
};

void poll_table_init(struct poll_table *pt);
void poll_table_fini(struct poll_table *pt);

/* One file to wait for: `events` wanted (POLLERR, POLLHUP always), `revents` found. file NULL: skipped. */
struct poll_entry {
    struct file *_Nullable file;
    unsigned events, revents;
};

/* Wait until an entry is ready, the deadline (hal_time_now_ns() scale), or a signal: the number of ready entries, 0 at the
 * deadline; -EINTR (nothing is ready), -ENOMEM. */
int must_check poll_wait(struct poll_entry *entries, unsigned n, uint64_t deadline_ns);

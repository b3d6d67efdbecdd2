/* epoll(7) and eventfd(2). */
#pragma once

#include <kernel/fs/vfs.h>

struct epoll_event_k {
    uint32_t events;
    uint64_t data;
};

enum { EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLL_CTL_MOD = 3, EPOLL_EVENTS_MAX = 1024 };

int must_check epoll_create_file(struct file **out);
bool file_is_epoll(const struct file *f);
/* `fd`: the number it was added under (part of the key, as on Linux). */
int must_check epoll_ctl_file(struct file *ep, int op, int fd, struct file *target,
                              const struct epoll_event_k *ev);
/* Ready events, at most `max`: how many; 0 at the deadline (hal_time_now_ns() scale); -EINTR. */
int must_check epoll_wait_file(struct file *ep, struct epoll_event_k *events, unsigned max,
                               uint64_t deadline_ns);
/* The last reference to `f` is gone: no epoll set watches it any more. */
void epoll_file_gone(struct file *f);

/* `f` was read from (POLLIN) or written to (POLLOUT): such an event is news again for edge-triggered items. */
void epoll_file_io(struct file *f, unsigned events);

int must_check eventfd_create_file(uint64_t count, uint32_t flags, bool semaphore, struct file **out);

/* What the kernel keeps in file systems of its own: pipes, block devices' caches. */
#pragma once

#include <kernel/fs/vfs.h>

void blkfile_init(void);
void pipe_init(void);

/* Both ends of a new pipe; flags: O_NONBLOCK, O_DIRECT is ignored. */
int must_check pipe_create(uint32_t flags, struct file **read_end, struct file **write_end);
/* F_GETPIPE_SZ, F_SETPIPE_SZ; -EBADF: no pipe. */
int64_t pipe_size(struct file *f);
int64_t must_check pipe_set_size(struct file *f, uint64_t size);
bool file_is_pipe(const struct file *f);

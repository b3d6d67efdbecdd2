/* The commands of fcntl(2) for locks. */
#pragma once

#include <hal/types.h>

struct file;

/* F_GETLK, F_SETLK, F_SETLKW and those of open file descriptions; `arg`: the caller's struct flock.  -EINVAL in a kernel without locks. */
int64_t must_check fcntl_lock(struct file *f, int cmd, uint64_t arg);

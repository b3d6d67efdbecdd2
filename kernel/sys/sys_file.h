/* System calls on descriptors. */
#pragma once

#include <kernel/sys/sys.h>

/* sys_rw.c */
SYS_DECLARE(read);
SYS_DECLARE(write);
SYS_DECLARE(readv);
SYS_DECLARE(writev);
SYS_DECLARE(pread64);
SYS_DECLARE(pwrite64);
SYS_DECLARE(preadv);
SYS_DECLARE(pwritev);
SYS_DECLARE(preadv2);
SYS_DECLARE(pwritev2);
SYS_DECLARE(lseek);
SYS_DECLARE(sendfile);
SYS_DECLARE(copy_file_range);
SYS_DECLARE(getdents);
SYS_DECLARE(getdents64);

/* sys_file.c */
SYS_DECLARE(close);
SYS_DECLARE(close_range);
SYS_DECLARE(dup);
SYS_DECLARE(dup2);
SYS_DECLARE(dup3);
SYS_DECLARE(fcntl);
SYS_DECLARE(flock);
SYS_DECLARE(ioctl);
SYS_DECLARE(fsync);
SYS_DECLARE(fdatasync);
SYS_DECLARE(syncfs);
SYS_DECLARE(ftruncate);
SYS_DECLARE(fallocate);
SYS_DECLARE(fadvise64);
SYS_DECLARE(pipe);
SYS_DECLARE(pipe2);

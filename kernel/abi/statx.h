/* Linux: statx(2) (linux/stat.h), struct timespec and timeval with 64-bit time, struct iovec, struct pollfd, linux_dirent64. */
#pragma once

#include <abi/types.h>

enum { STATX_BASIC_STATS = 0x7ff, STATX_BTIME = 0x800, STATX_MNT_ID = 0x1000 };
#define STATX__RESERVED       0x80000000u
#define STATX_ATTR_MOUNT_ROOT 0x2000u

struct abi_statx_time {
    int64_t sec;
    uint32_t nsec;
    int32_t pad;
};

struct abi_statx {
    uint32_t mask, blksize;
    uint64_t attributes;
    uint32_t nlink, uid, gid;
    uint16_t mode, pad0;
    uint64_t ino, size, blocks, attributes_mask;
    struct abi_statx_time atime, btime, ctime, mtime;
    uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
    uint64_t mnt_id;
    uint64_t spare[13];
};
_Static_assert(sizeof(struct abi_statx) == 256, "struct statx");

struct abi_timespec {
    int64_t sec, nsec;
};

struct abi_timeval {
    abi_long sec, usec;
};

struct abi_iovec {
    abi_ulong base, len;
};

struct abi_pollfd {
    int32_t fd;
    int16_t events, revents;
};

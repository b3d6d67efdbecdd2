/* Linux on x86-64: struct stat, statfs, flock, epoll_event (arch/x86/include/uapi/asm/stat.h, asm-generic/statfs.h). */
#pragma once

#include <stdint.h>

struct abi_stat {
    uint64_t st_dev, st_ino, st_nlink;
    uint32_t st_mode, st_uid, st_gid, pad0;
    uint64_t st_rdev;
    int64_t st_size, st_blksize, st_blocks;
    int64_t st_atime, st_atime_nsec, st_mtime, st_mtime_nsec, st_ctime, st_ctime_nsec;
    int64_t unused[3];
};
_Static_assert(sizeof(struct abi_stat) == 144, "struct stat");

static inline void
abi_stat_set_ino(struct abi_stat *s, uint64_t ino)
{
    s->st_ino = ino;
}

struct abi_statfs {
    int64_t f_type, f_bsize;
    uint64_t f_blocks, f_bfree, f_bavail, f_files, f_ffree;
    int32_t f_fsid[2];
    int64_t f_namelen, f_frsize, f_flags, f_spare[4];
};
_Static_assert(sizeof(struct abi_statfs) == 120, "struct statfs");

struct abi_flock {
    int16_t l_type, l_whence;
    uint32_t pad0;
    int64_t l_start, l_len;
    int32_t l_pid;
    uint32_t pad1;
};
_Static_assert(sizeof(struct abi_flock) == 32, "struct flock");

struct abi_epoll_event {
    uint32_t events;
    uint64_t data;
} __attribute__((packed));
_Static_assert(sizeof(struct abi_epoll_event) == 12, "struct epoll_event");

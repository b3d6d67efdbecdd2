/* Linux on 32-bit Arm: struct stat64, statfs64, flock64, epoll_event (arch/arm/include/uapi/asm/stat.h, asm/statfs.h, asm/fcntl.h). */
#pragma once

#include <stdint.h>

/* struct stat64: what stat64(2) and its kind fill in. */
struct abi_stat {
    uint64_t st_dev;
    uint32_t pad0, ino_low;
    uint32_t st_mode, st_nlink, st_uid, st_gid;
    uint64_t st_rdev;
    uint32_t pad3[2];
    int64_t st_size;
    uint32_t st_blksize, pad4;
    uint64_t st_blocks;
    uint32_t st_atime, st_atime_nsec, st_mtime, st_mtime_nsec, st_ctime, st_ctime_nsec;
    uint64_t st_ino;
};
_Static_assert(sizeof(struct abi_stat) == 104, "struct stat64");

/* The number is there twice: whole, and its low word where it used to be. */
static inline void
abi_stat_set_ino(struct abi_stat *s, uint64_t ino)
{
    s->st_ino = ino;
    s->ino_low = (uint32_t)ino;
}

/* struct statfs64 */
struct abi_statfs {
    uint32_t f_type, f_bsize;
    uint64_t f_blocks, f_bfree, f_bavail, f_files, f_ffree;
    int32_t f_fsid[2];
    uint32_t f_namelen, f_frsize, f_flags, f_spare[4];
} __attribute__((packed, aligned(4)));
_Static_assert(sizeof(struct abi_statfs) == 84, "struct statfs64");

/* struct flock64 */
struct abi_flock {
    int16_t l_type, l_whence;
    uint32_t pad0;
    int64_t l_start, l_len;
    int32_t l_pid;
    uint32_t pad1;
};
_Static_assert(sizeof(struct abi_flock) == 32, "struct flock64");

struct abi_epoll_event {
    uint32_t events, pad;
    uint64_t data;
};
_Static_assert(sizeof(struct abi_epoll_event) == 16, "struct epoll_event");

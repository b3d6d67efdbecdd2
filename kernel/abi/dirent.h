/* Linux: what getdents64(2) fills in (linux/dirent.h). */
#pragma once

#include <stdint.h>

/* The next one is `reclen` bytes further on.  In the ABI the name begins at byte 19 and there is no padding before it. */
struct abi_dirent64 {
    uint64_t ino;
    int64_t off;
    uint16_t reclen;
    uint8_t type;
    char name[5]; /* and further: it ends with a zero byte */
};
_Static_assert(__builtin_offsetof(struct abi_dirent64, name) == 19, "struct linux_dirent64");

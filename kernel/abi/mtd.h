/* Linux: ioctl(2) of memory technology devices, /dev/mtd0 (mtd/mtd-abi.h). */
#pragma once

#include <stdint.h>

enum {
    MTD_NORFLASH = 3,
    MTD_CAP_NORFLASH = 0x400 | 0x800, /* writable, bit by bit */
};

struct mtd_info_user {
    uint8_t type, pad[3];
    uint32_t flags;
    uint32_t size, erasesize, writesize, oobsize; /* bytes */
    uint32_t padding[2]; /* one of 64 bits there, and no more aligned than these on x86 of 32 bits */
};

struct erase_info_user {
    uint32_t start, length; /* bytes; multiples of erasesize */
};

#define MEMGETINFO 0x80204d01u
#define MEMERASE   0x40084d02u

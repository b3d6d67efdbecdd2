/* open(2) flags that Arm has of its own (arch/arm/include/uapi/asm/fcntl.h). */
#pragma once

enum {
    O_DIRECTORY = 040000,
    O_NOFOLLOW = 0100000,
    O_DIRECT = 0200000,
    O_LARGEFILE = 0400000,
};

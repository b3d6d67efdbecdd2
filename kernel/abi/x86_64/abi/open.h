/* open(2) flags whose values differ between architectures: those of asm-generic/fcntl.h. */
#pragma once

enum {
    O_DIRECT = 040000,
    O_LARGEFILE = 0100000,
    O_DIRECTORY = 0200000,
    O_NOFOLLOW = 0400000,
};

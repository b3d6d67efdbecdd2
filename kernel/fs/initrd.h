/* The first files, where the machine came with some: an image in memory, which a file system is made of (romfs.c). */
#pragma once

#include <hal/types.h>
#include <kernel/trusted/span.h>

struct initrd {
    struct cspan image; /* empty: none */
    paddr_t at;         /* where programs can read and execute it; 0: nowhere */
};
/* Constant once the root is mounted. */
extern struct initrd initrd;

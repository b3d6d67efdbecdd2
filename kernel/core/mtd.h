/* Flash memory that programs may write, between its driver and /dev/mtd0 (kernel/fs/mtddev.c): erased bytes are 0xff, programming clears bits,
 * only erasing a whole page sets them. */
#pragma once

#include <kernel/trusted/span.h>

struct mtd;

/* Places are bytes from the start of what is free for programs, inside of it.  Thread context; they sleep.  -EPERM: protected; -EIO. */
struct mtd_ops {
    void (*read)(struct mtd *m, uint32_t at, struct span to);
    int (*program)(struct mtd *m, uint32_t at, struct cspan from);
    int (*erase)(struct mtd *m, uint32_t page);
};

struct mtd {
    const struct mtd_ops *ops;
    void *driver;
    uint32_t size, page; /* bytes; the size is a multiple of the page's */
};

/* The struct is the driver's and stays.  -EBUSY: there is one already; -ENOMEM. */
int must_check mtd_add(struct mtd *m);

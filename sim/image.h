/* Disk images: what a disk model reads and writes.  A file descriptor or memory; errors are
 * negative errno. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim;

struct sim_image {
    const char *slot; /* which drive it is in: "ide0.0" (channel.drive); must outlive the machine */
    int fd;           /* the file, not closed by the machine; used when mem is NULL */
    uint8_t *mem;     /* or memory, not freed by the machine */
    uint64_t size;    /* bytes */
    bool read_only;
    uint32_t serial; /* of a medium that can be told from others: no two have the same */
    uint64_t reads, writes, flushes; /* counted by the machine */
};

/* The image in a slot, or NULL: the drive is not there. */
struct sim_image *sim_image_find(struct sim *sim, const char *slot);
/* The `i`th image, or NULL past the end. */
struct sim_image *sim_image_nth(struct sim *sim, size_t i);

/* 0, -EINVAL (outside the image), -EROFS, -EIO and what the host says. */
int sim_image_read(struct sim_image *image, uint64_t off, void *buf, size_t len);
int sim_image_write(struct sim_image *image, uint64_t off, const void *buf, size_t len);
int sim_image_flush(struct sim_image *image);

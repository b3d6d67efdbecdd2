/* Block devices: 512-byte sectors, requests of up to BLK_PAGES_MAX pages, synchronous for the caller (the thread sleeps), queued and
 * sorted per device.  Names "hda", "hda1"... appear in /dev as block special files (major 3). */
#pragma once

#include <kernel/core/lock.h>
#include <kernel/trusted/list.h>
#include <kernel/trusted/span.h>

enum { SECTOR_SHIFT = 9, SECTOR_SIZE = 512 };

struct blkdev;

struct blk_ops {
    /* Move `count` sectors between the device and `buf` (RAM, any alignment of 2; the driver sees to DMA limits).
     * Called by one thread at a time (the device's mutex).  -EIO, -EROFS, -ENODEV. */
    int (*read)(struct blkdev *dev, uint64_t sector, struct span buf);
    int (*write)(struct blkdev *dev, uint64_t sector, struct cspan buf);
    int (*flush)(struct blkdev *dev);
    /* Of a drive whose medium can be another one (NULL: never): nobody uses it; what is in it now?  0: what was; 1: another, and its size
     * and whether it can be written are in `dev`; -ENOMEDIUM, -EIO: none, and `sectors` is 0. */
    int (*medium)(struct blkdev *dev);
};

struct blkdev {
    char name[16];
    uint32_t rdev; /* Linux makedev() number */
    uint64_t sectors;
    bool read_only;
    const struct blk_ops *ops;
    void *state;
    struct blkdev *_Nullable whole; /* of a partition: the drive, and its first sector there */
    uint64_t start;
    unsigned users; /* of a drive: mounts and open files, of its partitions too; by the lock */
    struct mutex lock;
    uint64_t reads, writes, errors; /* requests */
    uint64_t sectors_read, sectors_written;
    struct list_node node;
};

/* A driver adds its drive; the struct is the driver's and stays.  Scans for an MBR partition table and adds partitions. */
int must_check blk_add(struct blkdev *dev);
struct blkdev *_Nullable blk_find(const char *name); /* "hda" or "/dev/hda" */
struct blkdev *_Nullable blk_find_rdev(uint32_t rdev);
void blk_for_each(void (*fn)(struct blkdev *dev, void *arg), void *arg);

/* Use a drive or partition by its number: as long as somebody does, its medium is the one that was found.  The first user has the driver look
 * for another one, with other partitions.  -ENXIO: no such device; -ENOMEDIUM, -EIO.  Thread context; sleeps. */
int must_check blk_get(uint32_t rdev, struct blkdev **dev_out);
/* Once more, of one that is used or was there at boot. */
void blk_ref(struct blkdev *dev);
void blk_put(struct blkdev *dev);

/* buf.len is a multiple of SECTOR_SIZE.  -EIO; -EINVAL outside the device; -EROFS.  Thread context; sleeps. */
int must_check blk_read(struct blkdev *dev, uint64_t sector, struct span buf);
int must_check blk_write(struct blkdev *dev, uint64_t sector, struct cspan buf);
int must_check blk_flush(struct blkdev *dev);

/* For blk_add(): look for a partition table and add what it names.  Thread context. */
void blk_scan_partitions(struct blkdev *dev);
/* Put a device on the list without looking for partitions.  -EEXIST: the name is taken. */
int must_check blk_register(struct blkdev *dev);

/* Partition tables: the input is the disk, as far as it goes. */
#include <kernel/abi/errno.h>
#include <kernel/core/blk.h>
#include <kernel/mm/kmem.h>

#include <stdlib.h>

#include "hostile.h"

enum { SECTORS = 4096, PARTITIONS_MAX = 64 };

static struct fuzz_input disk;
static uint64_t reads;
static unsigned partitions;

/* Sector k holds 64 bytes of the input: the table at its end, a signature; so that a short input is a disk with many tables. */
static int
disk_read(struct blkdev *dev unused_param, uint64_t sector, struct span buf)
{
    if (++reads > 2000)
        abort(); /* it goes round in circles */
    memset(buf.ptr, 0, buf.len);
    for (uint64_t s = 0; s < buf.len / SECTOR_SIZE; s++) {
        uint8_t *table = buf.ptr + s * SECTOR_SIZE + 446;
        size_t at = (size_t)(sector + s) * 64;

        if (at >= disk.left)
            continue;
        memcpy(table, disk.at + at, disk.left - at < 64 ? disk.left - at : 64);
        table[64] = 0x55;
        table[65] = 0xaa;
    }
    return 0;
}

static const struct blk_ops ops = { .read = disk_read };

static void
check(struct blkdev *dev, void *arg unused_param)
{
    uint8_t *buf = kmem_alloc(SECTOR_SIZE);

    partitions++;
    if (dev->whole != NULL && (dev->start == 0 || dev->sectors == 0 || dev->start >= SECTORS ||
                               dev->sectors > SECTORS - dev->start))
        abort();
    if (buf == NULL || blk_read(dev, dev->sectors - 1, span_of(buf, SECTOR_SIZE)) != 0 ||
        blk_read(dev, dev->sectors, span_of(buf, SECTOR_SIZE)) != -EINVAL)
        abort();
    kmem_free(buf);
}

static void
use(void)
{
    static struct blkdev hda;

    hda = (struct blkdev){ .name = "hda", .rdev = 3 << 8, .sectors = SECTORS, .ops = &ops };
    if (blk_add(&hda) != 0)
        abort();
    blk_for_each(check, NULL);
    if (partitions > PARTITIONS_MAX)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    disk = (struct fuzz_input){ data, size };
    reads = 0;
    partitions = 0;
    hostile = (struct hostile){ 0 };
    hostile_run(NULL, 0, use);
    return 0;
}

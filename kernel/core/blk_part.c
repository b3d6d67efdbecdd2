/* MBR partition tables: four primary entries, and the chain of extended boot records behind one of them (as the PC's FDISK wrote
 * them).  Not here: GPT; a disk with a protective MBR shows no partitions.  The table is disk data: everything is checked. */
#include <kernel/abi/errno.h>
#include <kernel/core/blk.h>
#include <kernel/core/fmt.h>
#include <kernel/core/log.h>
#include <kernel/mm/kmem.h>
#include <kernel/trusted/bounds.h>
#include <kernel/trusted/field.h>

enum {
    TABLE_OFFSET = 446,
    ENTRY_SIZE = 16,
    ENTRIES = 4,
    SIGNATURE = 0xaa55,

    TYPE_EXTENDED = 0x05,
    TYPE_EXTENDED_LBA = 0x0f,
    TYPE_EXTENDED_LINUX = 0x85,
    TYPE_GPT = 0xee,

    FIRST_LOGICAL = 5,
    LAST_PARTITION = 63, /* minor numbers per drive */
};

/* An entry, and the sector's signature. */
#define PART_FIELDS(F)                                                                             \
    F(ENTRY_BOOT, u8, 0)                                                                           \
    F(ENTRY_TYPE, u8, 4)                                                                           \
    F(ENTRY_START, le32, 8)                                                                        \
    F(ENTRY_COUNT, le32, 12)                                                                       \
    F(SIGNATURE_AT, le16, 510)
FIELDS(PART_FIELDS);

struct entry {
    uint8_t boot, type;
    uint64_t start, count;
};

static struct entry
entry_get(struct cspan sector, unsigned i)
{
    struct cspan e = cspan_sub(sector, TABLE_OFFSET + i * ENTRY_SIZE, ENTRY_SIZE);

    return (struct entry){ .boot = field_get(e, ENTRY_BOOT),
                           .type = field_get(e, ENTRY_TYPE),
                           .start = field_get(e, ENTRY_START),
                           .count = field_get(e, ENTRY_COUNT) };
}

static bool
is_extended(const struct entry *e)
{
    return e->type == TYPE_EXTENDED || e->type == TYPE_EXTENDED_LBA || e->type == TYPE_EXTENDED_LINUX;
}

/* A boot sector of a file system has the signature too; a table's boot flags are 0 or 0x80. */
static bool
is_table(struct cspan sector)
{
    if (field_get(sector, SIGNATURE_AT) != SIGNATURE)
        return false;
    for (unsigned i = 0; i < ENTRIES; i++) {
        if ((entry_get(sector, i).boot & 0x7f) != 0)
            return false;
    }
    return true;
}

/* hda1, but mmcblk0p1. */
static bool
digit_last(const char *name)
{
    size_t n = str_len(name);
    char last = at(name, n + 1, n - 1);

    return last >= '0' && last <= '9';
}

static void
partition_add(struct blkdev *dev, unsigned number, uint64_t start, uint64_t count)
{
    if (start == 0 || count == 0 || start > dev->sectors || count > dev->sectors - start) {
        klog(LOG_WARN, "%s: partition %u lies outside the disk: ignored", dev->name, number);
        return;
    }

    struct blkdev *part = kmem_alloc(sizeof *part);

    if (part == NULL) {
        klog(LOG_WARN, "%s: partition %u: out of memory", dev->name, number);
        return;
    }
    fmt_print(part->name, sizeof part->name, digit_last(dev->name) ? "%sp%u" : "%s%u", dev->name,
              number);
    part->rdev = dev->rdev + number;
    part->sectors = count;
    part->read_only = dev->read_only;
    part->whole = dev;
    part->start = start;
    if (blk_register(part) < 0) {
        kmem_free(part);
        return;
    }
    klog(LOG_INFO, "%s: sectors %llu to %llu", part->name, (unsigned long long)start,
         (unsigned long long)(start + count - 1));
}

/* Each extended boot record has one logical partition, relative to itself, and a link, relative to the first of them. */
static void
scan_extended(struct blkdev *dev, struct span sector, uint64_t first)
{
    uint64_t at = first;

    for (unsigned number = FIRST_LOGICAL; number <= LAST_PARTITION; number++) {
        if (at >= dev->sectors || blk_read(dev, at, sector) < 0 || !is_table(span_const(sector)))
            return;

        struct entry logical = entry_get(span_const(sector), 0);
        struct entry link = entry_get(span_const(sector), 1);

        if (logical.type != 0 && !is_extended(&logical))
            partition_add(dev, number, at + logical.start, logical.count);
        if (!is_extended(&link) || link.start == 0)
            return;
        at = first + link.start;
    }
    klog(LOG_WARN, "%s: more partitions than can be named", dev->name);
}

void
blk_scan_partitions(struct blkdev *dev)
{
    uint64_t extended = 0;
    struct span sector = span_of(kmem_alloc(SECTOR_SIZE), SECTOR_SIZE);

    if (sector.ptr == NULL) {
        klog(LOG_ERR, "%s: partitions: out of memory", dev->name);
        return;
    }
    if (dev->sectors == 0 || blk_read(dev, 0, sector) < 0 || !is_table(span_const(sector)))
        goto done;
    for (unsigned i = 0; i < ENTRIES; i++) {
        struct entry e = entry_get(span_const(sector), i);

        if (e.type == TYPE_GPT)
            klog(LOG_WARN, "%s: GPT partition tables are not supported", dev->name);
        else if (is_extended(&e) && extended == 0)
            extended = e.start;
        else if (e.type != 0 && !is_extended(&e))
            partition_add(dev, i + 1, e.start, e.count);
    }
    if (extended != 0)
        scan_extended(dev, sector, extended);
done:
    kmem_free(sector.ptr);
}

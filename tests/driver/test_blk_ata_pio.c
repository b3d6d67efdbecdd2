/* The ATA driver's way without DMA, and how it gets there. */
#include <kernel/abi/errno.h>
#include <kernel/core/log.h>
#include <kernel/drivers/blk_ata.h>
#include <kernel/mm/kmem.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <sim/image.h>
#include <tests/suite.h>

#include "machine.h"

enum { SECTORS = 4096 };

static uint8_t disk[SECTORS * SECTOR_SIZE];
static struct sim_image image = { .slot = "ide0.0", .fd = -1, .mem = disk, .size = sizeof disk };

static void
run(void (*body)(void))
{
    for (size_t k = 0; k < sizeof disk; k++)
        disk[k] = (uint8_t)(k / 512 * 7 + k);
    disk[510] = 0;

    struct machine_config config = { .images = &image, .image_count = 1 };

    machine_run(&config, body);
}

static struct blkdev *
drive(void)
{
    struct blkdev *dev = blk_find("hda");

    ck_assert_ptr_nonnull(dev);
    return dev;
}

static void
exercise(struct blkdev *dev)
{
    static const size_t counts[] = { 1, 2, 127, 255, 256, 257, 1000 };

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct span buf = span_of(kmem_alloc(counts[i] * SECTOR_SIZE), counts[i] * SECTOR_SIZE);
        uint64_t at = i * 17 + 1;

        ck_assert_ptr_nonnull(buf.ptr);
        ck_assert_int_eq(blk_read(dev, at, buf), 0);
        ck_assert(memcmp(buf.ptr, disk + at * SECTOR_SIZE, buf.len) == 0);
        for (size_t k = 0; k < buf.len; k++)
            buf.ptr[k] = (uint8_t)(buf.ptr[k] * 5 + i);
        ck_assert_int_eq(blk_write(dev, at + 3, span_const(buf)), 0);
        ck_assert(memcmp(buf.ptr, disk + (at + 3) * SECTOR_SIZE, buf.len) == 0);
        kmem_free(buf.ptr);
    }
    ck_assert_int_eq(blk_flush(dev), 0);
}

static void
pio_body(void)
{
    struct ata_drive *d = drive()->state;

    ck_assert(d->dma);
    d->dma = false;
    exercise(drive());
    d->lba48 = false;
    exercise(drive());
    d->dma = true;
    exercise(drive());
}

START_TEST(pio)
{
    run(pio_body);
}
END_TEST

/* The controller cannot read its descriptors: it reports an error, and the driver goes on without DMA. */
static void
dma_breaks_body(void)
{
    struct ata_drive *d = drive()->state;

    machine_errors_expected = true; /* the machine reports the access outside the grants */
    cell_with (e, &d->channel->engine)
        hal_dma_revoke(d->channel->dev->name, dma_bus(&e->table), PAGE_SIZE);
    exercise(drive());
    ck_assert(!d->dma);
    ck_assert(strstr(machine_log(), "programmed I/O from now on") != NULL);
}

START_TEST(dma_breaks)
{
    run(dma_breaks_body);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("blk_ata_pio");
    TCase *tc = tcase_create("driver");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, pio);
    tcase_add_test(tc, dma_breaks);
    suite_add_tcase(s, tc);
    return run_suite(s);
}

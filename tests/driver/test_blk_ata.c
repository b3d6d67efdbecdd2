/* The ATA driver on the modelled PIIX3 controller and drives. */
#include <kernel/abi/errno.h>
#include <kernel/core/blk.h>
#include <kernel/core/log.h>
#include <kernel/core/wait.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/page.h>

#include <hal/time.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <devices/ide_piix3.h>
#include <sim/bus.h>
#include <sim/ram.h>
#include <tests/suite.h>

#include "machine.h"

enum { SECTORS = 8192, SLOTS = 4 };

static uint8_t disk[SLOTS][SECTORS * 512];
static struct sim_image images[SLOTS];
static const char *const slots[SLOTS] = { "ide0.0", "ide0.1", "ide1.0", "ide1.1" };

static bool noncoherent;

static void
run(unsigned drives, void (*before_attach)(void), void (*body)(void))
{
    struct machine_config config = { .images = images,
                                     .before_attach = before_attach,
                                     .dma_noncoherent = noncoherent };

    for (unsigned i = 0; i < SLOTS; i++) {
        if ((drives & BIT(i)) == 0)
            continue;
        for (size_t k = 0; k < sizeof disk[i]; k++)
            disk[i][k] = (uint8_t)(k / 512 * 7 + k + i * 31);
        disk[i][510] = 0; /* no partition table */
        images[config.image_count++] =
            (struct sim_image){ .slot = slots[i], .fd = -1, .mem = disk[i], .size = sizeof disk[i] };
    }
    machine_run(&config, body);
}

static struct span
buffer(size_t len)
{
    uint8_t *p = kmem_alloc(len);

    ck_assert_ptr_nonnull(p);
    return span_of(p, len);
}

static struct blkdev *
drive(const char *name)
{
    struct blkdev *dev = blk_find(name);

    ck_assert_msg(dev != NULL, "no %s; the log says: %s", name, machine_log());
    return dev;
}

/* Read, write, read back in all sizes on one drive, against the image. */
static void
exercise(struct blkdev *dev, const uint8_t *image)
{
    static const size_t counts[] = { 1, 2, 8, 127, 128, 129, 255, 256, 257, 1000, 2048, 2049, 4000 };
    size_t live = sim_dma_grants(host.sim);

    ck_assert_uint_eq(dev->sectors, SECTORS);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct span buf = buffer(counts[i] * SECTOR_SIZE);
        uint64_t at = i * 17 + 1;

        ck_assert_int_eq(blk_read(dev, at, buf), 0);
        ck_assert(memcmp(buf.ptr, image + at * SECTOR_SIZE, buf.len) == 0);
        for (size_t k = 0; k < buf.len; k++)
            buf.ptr[k] = (uint8_t)(buf.ptr[k] * 5 + i);
        ck_assert_int_eq(blk_write(dev, at + 3, span_const(buf)), 0);
        ck_assert(memcmp(buf.ptr, image + (at + 3) * SECTOR_SIZE, buf.len) == 0);
        kmem_free(buf.ptr);
    }

    struct span last = buffer(SECTOR_SIZE);

    ck_assert_int_eq(blk_read(dev, SECTORS - 1, last), 0);
    ck_assert_int_eq(blk_read(dev, SECTORS, last), -EINVAL);
    ck_assert_int_eq(blk_flush(dev), 0);
    ck_assert_uint_eq(sim_dma_grants(host.sim), live);
    kmem_free(last.ptr);
}

static void
all_drives_body(void)
{
    exercise(drive("hda"), disk[0]);
    exercise(drive("hdb"), disk[1]);
    exercise(drive("hdc"), disk[2]);
    exercise(drive("hdd"), disk[3]);
    ck_assert_uint_eq(drive("hdc")->rdev, 22 << 8);
    ck_assert_uint_eq(drive("hdb")->rdev, 3 << 8 | 64);
}

START_TEST(all_drives)
{
    run(15, NULL, all_drives_body);
}
END_TEST

static void
one_slave_body(void)
{
    ck_assert_ptr_null(blk_find("hda"));
    ck_assert_ptr_null(blk_find("hdc"));
    exercise(drive("hdb"), disk[1]);
}

/* Caches that devices do not see: every hand-over is where it must be. */
START_TEST(noncoherent_dma)
{
    noncoherent = true;
    run(15, NULL, all_drives_body);
}
END_TEST

START_TEST(one_slave)
{
    run(2, NULL, one_slave_body);
}
END_TEST

static void
no_drives_body(void)
{
    ck_assert_ptr_null(blk_find("hda"));
}

START_TEST(no_drives)
{
    run(0, NULL, no_drives_body);
}
END_TEST

/* --- before the driver comes --- */

enum { SRST_SETTLE_NS = 2000000 /* ATA/ATAPI-6, 9.2: nobody looks at the status sooner */ };

/* What firmware leaves: registers of its last command, the other drive selected, no interrupts. */
static void
firmware(void)
{
    static const uint16_t command[] = { 0x1f2, 0x1f3, 0x1f4, 0x1f5, 0x172, 0x173, 0x174, 0x175 };

    for (size_t i = 0; i < sizeof command / sizeof command[0]; i++)
        sim_bus_write(host.sim, SIM_PORT, command[i], 1, 0x40 + i);
    sim_bus_write(host.sim, SIM_PORT, 0x1f6, 1, 0xb0);
    sim_bus_write(host.sim, SIM_PORT, 0x3f6, 1, 0x02); /* nIEN */
    sim_bus_write(host.sim, SIM_PORT, 0x376, 1, 0x02);
}

static void
fresh_body(void)
{
    ck_assert_uint_lt(hal_time_now_ns(), SRST_SETTLE_NS);
    all_drives_body();
}

static void
used_body(void)
{
    ck_assert_uint_ge(hal_time_now_ns(), SRST_SETTLE_NS);
    all_drives_body();
}

/* Drives nobody has used are not reset, for that takes time. */
START_TEST(fresh_drives)
{
    run(15, NULL, fresh_body);
}
END_TEST

START_TEST(used_drives)
{
    run(15, firmware, used_body);
}
END_TEST

/* --- buffers --- */

static uint8_t outside[64 * SECTOR_SIZE] __attribute__((aligned(64)));

static void
bounce_body(void)
{
    struct blkdev *dev = drive("hda");

    /* Not in RAM. */
    ck_assert_int_eq(blk_read(dev, 5, span_of(outside, sizeof outside)), 0);
    ck_assert_mem_eq(outside, disk[0] + 5 * SECTOR_SIZE, sizeof outside);
    memset(outside, 0x3c, sizeof outside);
    ck_assert_int_eq(blk_write(dev, 100, cspan_of(outside, sizeof outside)), 0);
    ck_assert_mem_eq(outside, disk[0] + 100 * SECTOR_SIZE, sizeof outside);

    /* In RAM at an odd address. */
    struct span buf = buffer(300 * SECTOR_SIZE + 1);
    struct span odd = span_sub(buf, 1, 300 * SECTOR_SIZE);

    ck_assert_int_eq(blk_read(dev, 1000, odd), 0);
    ck_assert(memcmp(odd.ptr, disk[0] + 1000 * SECTOR_SIZE, odd.len) == 0);
    memset(odd.ptr, 0xc3, odd.len);
    ck_assert_int_eq(blk_write(dev, 2000, span_const(odd)), 0);
    ck_assert(memcmp(odd.ptr, disk[0] + 2000 * SECTOR_SIZE, odd.len) == 0);

    /* Any even address.  What is written is fetched from there, by descriptors that start and end anywhere; what is read must
     * fill whole cache lines, and comes by way of the driver's own buffer. */
    struct span even = span_sub(buf, 2, 200 * SECTOR_SIZE);

    memset(even.ptr, 0x77, even.len);
    ck_assert_int_eq(blk_write(dev, 4000, span_const(even)), 0);
    ck_assert(memcmp(even.ptr, disk[0] + 4000 * SECTOR_SIZE, even.len) == 0);

    ck_assert_int_eq(blk_read(dev, 3000, even), 0);
    ck_assert(memcmp(even.ptr, disk[0] + 3000 * SECTOR_SIZE, even.len) == 0);
}

START_TEST(bounce)
{
    run(1, NULL, bounce_body);
}
END_TEST

/* --- faults --- */

static void
arm(const struct ata_faults *faults)
{
    ck_assert_int_eq(ide_piix3_set_faults(sim_model_find(host.sim, "ide0"), 0, 0, faults), 0);
}

static struct ide_counts
counts(void)
{
    struct ide_counts n;

    ck_assert_int_eq(ide_piix3_counts(sim_model_find(host.sim, "ide0"), 0, 0, &n), 0);
    return n;
}

static void
errors_body(void)
{
    struct blkdev *dev = drive("hda");
    struct span buf = buffer(8 * SECTOR_SIZE);

    arm(&(struct ata_faults){ .bad = true, .bad_lba = 50, .bad_count = 2 });
    ck_assert_int_eq(blk_read(dev, 48, buf), -EIO);
    ck_assert(strstr(machine_log(), "uncorrectable") != NULL);
    ck_assert_int_eq(blk_read(dev, 42, buf), 0);
    ck_assert_int_eq(blk_read(dev, 52, buf), 0);
    ck_assert_int_eq(blk_write(dev, 48, span_const(buf)), 0); /* heals */
    ck_assert_int_eq(blk_read(dev, 48, buf), 0);

    arm(&(struct ata_faults){ .fail_write_at = counts().writes + 1 });
    ck_assert_int_eq(blk_write(dev, 100, span_const(buf)), -EIO);
    ck_assert_int_eq(blk_write(dev, 100, span_const(buf)), 0);

    arm(&(struct ata_faults){ .fail_flush_at = counts().flushes + 1 });
    ck_assert_int_eq(blk_flush(dev), -EIO);
    ck_assert_int_eq(blk_flush(dev), 0);

    arm(&(struct ata_faults){ .fail_read_at = counts().reads + 1, .device_fault = true });
    ck_assert_int_eq(blk_read(dev, 200, buf), -EIO);
    ck_assert(strstr(machine_log(), "device fault") != NULL);
    ck_assert_int_eq(blk_read(dev, 200, buf), 0);

    /* Damaged on the cable: tried again. */
    arm(&(struct ata_faults){ .fail_read_at = counts().reads + 1, .error = 0x84 });
    ck_assert_int_eq(blk_read(dev, 200, buf), 0);
    ck_assert_uint_eq(dev->errors, 4);
    exercise(dev, disk[0]);
}

START_TEST(errors)
{
    run(1, NULL, errors_body);
}
END_TEST

static void
stall_body(void)
{
    struct blkdev *dev = drive("hda");
    struct span buf = buffer(8 * SECTOR_SIZE);

    for (unsigned i = 0; i < 5; i++) { /* a stall now and then costs a reset, never the DMA mode */
        arm(&(struct ata_faults){ .stall_at = counts().commands + 1 });
        ck_assert_int_eq(blk_read(dev, 10, buf), 0);
        ck_assert(memcmp(buf.ptr, disk[0] + 10 * SECTOR_SIZE, buf.len) == 0);
        arm(&(struct ata_faults){ .stall_at = counts().commands + 1 });
        ck_assert_int_eq(blk_flush(dev), 0);
    }
    ck_assert(strstr(machine_log(), "programmed I/O from now on") == NULL);
    ck_assert(strstr(machine_log(), "reset") != NULL);
    exercise(dev, disk[0]);
}

START_TEST(stall)
{
    run(3, NULL, stall_body);
}
END_TEST

/* The drive does not answer, not even to a reset, and the bus master goes on when it is told to stop: the request fails, its memory is
 * used for something else, and when the drive comes back at last with its data, there is no way for it to get there. */
static void
runaway_body(void)
{
    struct blkdev *dev = drive("hda");
    struct span buf = buffer(8 * SECTOR_SIZE);

    arm(&(struct ata_faults){
        .stall_at = counts().commands + 1, .late_ns = 60000000000ull, .runaway = true });
    ck_assert_int_eq(blk_read(dev, 10, buf), -EIO);
    ck_assert_uint_lt(hal_time_now_ns(), 60000000000ull);
    ck_assert(strstr(machine_log(), "do not answer a reset") != NULL);
    ck_assert_uint_eq(sim_dma_grants(host.sim), 2); /* the two tables */
    memset(buf.ptr, 0x5a, buf.len);
    ck_assert_int_eq(thread_sleep_until(100000000000ull, 0), 0);
    for (size_t i = 0; i < buf.len; i++)
        ck_assert_uint_eq(buf.ptr[i], 0x5a);
    kmem_free(buf.ptr);
    ck_assert_uint_eq(sim_violations(host.sim), 0);
    arm(&(struct ata_faults){ 0 }); /* now it hears resets */
    exercise(dev, disk[0]);         /* by programmed I/O */
    exercise(drive("hdc"), disk[2]);
}

START_TEST(runaway)
{
    run(5, NULL, runaway_body);
}
END_TEST

/* The same drive, but it hears the reset: the reset comes before the memory is taken back. */
static void
late_body(void)
{
    struct blkdev *dev = drive("hda");
    struct span buf = buffer(8 * SECTOR_SIZE);

    arm(&(struct ata_faults){ .stall_at = counts().commands + 1, .late_ns = 5000001000ull });
    ck_assert_int_eq(blk_read(dev, 10, buf), 0);
    ck_assert(memcmp(buf.ptr, disk[0] + 10 * SECTOR_SIZE, buf.len) == 0);
    ck_assert(strstr(machine_log(), "reset") != NULL);
    ck_assert_uint_eq(sim_violations(host.sim), 0);
}

START_TEST(late)
{
    run(1, NULL, late_body);
}
END_TEST

/* --- memory --- */

static void
no_leak_body(void)
{
    struct page_stats before, after;
    struct kmem_stats objects_before, objects_after;
    struct blkdev *dev = drive("hda");
    struct span buf = buffer(64 * SECTOR_SIZE);

    kmem_stats(&objects_before);
    page_stats(&before);
    for (unsigned i = 0; i < 500; i++)
        ck_assert_int_eq(blk_read(dev, i, buf), 0);
    kmem_fail_at(1, 1000); /* requests need no memory */
    for (unsigned i = 0; i < 50; i++) {
        ck_assert_int_eq(blk_read(dev, i, buf), 0);
        ck_assert_int_eq(blk_write(dev, i, span_const(buf)), 0);
    }
    kmem_fail_at(0, 0);
    kmem_stats(&objects_after);
    page_stats(&after);
    ck_assert_uint_eq(objects_before.objects, objects_after.objects);
    ck_assert_uint_eq(before.free, after.free);
}

START_TEST(no_leak)
{
    run(1, NULL, no_leak_body);
}
END_TEST

static void
failing_body(void)
{
    struct blkdev *dev = blk_find("hda");

    kmem_fail_at(0, 0);
    if (dev != NULL) /* it may work with less; then it works */
        exercise(dev, disk[0]);
}

/* Attaching with no memory from the nth allocation on: less works, nothing breaks. */
START_TEST(attach_without_memory)
{
    machine_fail_at = (uint64_t)_i;
    run(3, NULL, failing_body);
}
END_TEST

START_TEST(attach_one_failure)
{
    machine_fail_at = (uint64_t)_i;
    machine_fail_count = 1;
    run(3, NULL, failing_body);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("blk_ata");
    TCase *tc = tcase_create("driver");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, all_drives);
    tcase_add_test(tc, noncoherent_dma);
    tcase_add_test(tc, one_slave);
    tcase_add_test(tc, no_drives);
    tcase_add_test(tc, fresh_drives);
    tcase_add_test(tc, used_drives);
    tcase_add_test(tc, bounce);
    tcase_add_test(tc, errors);
    tcase_add_test(tc, stall);
    tcase_add_test(tc, runaway);
    tcase_add_test(tc, late);
    tcase_add_test(tc, no_leak);
    tcase_add_loop_test(tc, attach_without_memory, 1, 40);
    tcase_add_loop_test(tc, attach_one_failure, 1, 40);
    suite_add_tcase(s, tc);
    return run_suite(s);
}

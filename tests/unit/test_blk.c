/* Block devices and partition tables, on a disk in memory. */
#include <kernel/abi/errno.h>
#include <kernel/core/blk.h>
#include <kernel/mm/kmem.h>
#include <kernel/sched/thread.h>
#include <kernel/trusted/field.h>
#include <tests/suite.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "fake_hal.h"

enum { SECTORS = 4096 };

static uint8_t disk[SECTORS * SECTOR_SIZE];
static struct blkdev hda;
static int fail;

static int
disk_read(struct blkdev *dev unused_param, uint64_t sector, struct span buf)
{
    if (fail != 0)
        return fail;
    memcpy(buf.ptr, disk + sector * SECTOR_SIZE, buf.len);
    return 0;
}

static int
disk_write(struct blkdev *dev unused_param, uint64_t sector, struct cspan buf)
{
    if (fail != 0)
        return fail;
    memcpy(disk + sector * SECTOR_SIZE, buf.ptr, buf.len);
    return 0;
}

static const struct blk_ops ops = { .read = disk_read, .write = disk_write };

static void
setup(void)
{
    fake_boot(4 << 20);
    memset(disk, 0, sizeof disk);
    fail = 0;
    hda = (struct blkdev){ .name = "hda", .rdev = 3 << 8, .sectors = SECTORS, .ops = &ops };
}

static void
entry(size_t sector, unsigned i, uint8_t boot, uint8_t type, uint32_t start, uint32_t count)
{
    struct span s = span_of(disk + sector * SECTOR_SIZE, SECTOR_SIZE);
    struct span e = span_sub(s, 446 + i * 16, 16);

    span_put(e, 0, boot);
    span_put(e, 4, type);
    put_le32(e, 8, start);
    put_le32(e, 12, count);
    put_le16(s, 510, 0xaa55);
}

START_TEST(no_table)
{
    ck_assert_int_eq(blk_add(&hda), 0);
    ck_assert_ptr_eq(blk_find("hda"), &hda);
    ck_assert_ptr_eq(blk_find("/dev/hda"), &hda);
    ck_assert_ptr_eq(blk_find_rdev(0x300), &hda);
    ck_assert_ptr_null(blk_find("hda1"));
    ck_assert_int_eq(blk_add(&hda), -EEXIST);
}
END_TEST

START_TEST(primary_and_logical)
{
    entry(0, 0, 0x80, 0x83, 64, 100);
    entry(0, 2, 0, 0x05, 1000, 2000);
    entry(0, 3, 0, 0x82, 200, 50);
    entry(1000, 0, 0, 0x83, 10, 90); /* hda5: 1010 */
    entry(1000, 1, 0, 0x05, 100, 100);
    entry(1100, 0, 0, 0x83, 10, 90); /* hda6: 1110 */
    ck_assert_int_eq(blk_add(&hda), 0);
    ck_assert_uint_eq(blk_find("hda1")->sectors, 100);
    ck_assert_uint_eq(blk_find("hda1")->rdev, 0x301);
    ck_assert_ptr_null(blk_find("hda2"));
    ck_assert_ptr_null(blk_find("hda3")); /* the extended one itself */
    ck_assert_uint_eq(blk_find("hda4")->start, 200);
    ck_assert_uint_eq(blk_find("hda5")->start, 1010);
    ck_assert_uint_eq(blk_find("hda6")->start, 1110);
    ck_assert_ptr_null(blk_find("hda7"));

    uint8_t *buf = kmem_alloc(2 * SECTOR_SIZE);
    struct blkdev *p = blk_find("hda1");

    memset(buf, 0x5a, 2 * SECTOR_SIZE);
    ck_assert_int_eq(blk_write(p, 98, cspan_of(buf, 2 * SECTOR_SIZE)), 0);
    ck_assert_uint_eq(disk[(64 + 98) * SECTOR_SIZE], 0x5a);
    ck_assert_int_eq(blk_write(p, 99, cspan_of(buf, 2 * SECTOR_SIZE)), -EINVAL);
    ck_assert_int_eq(blk_read(p, UINT64_MAX, span_of(buf, SECTOR_SIZE)), -EINVAL);
    ck_assert_int_eq(blk_read(p, 0, span_of(buf, 100)), -EINVAL);
    ck_assert_int_eq(blk_read(p, 100, span_of(buf, 0)), 0);
    fail = -EIO;
    ck_assert_int_eq(blk_read(p, 0, span_of(buf, SECTOR_SIZE)), -EIO);
    ck_assert_uint_eq(p->errors, 1);
    ck_assert_uint_eq(p->sectors_written, 2);
    ck_assert_int_eq(blk_flush(p), 0);
    p->read_only = true;
    ck_assert_int_eq(blk_write(p, 0, cspan_of(buf, SECTOR_SIZE)), -EROFS);
}
END_TEST

static void
count_one(struct blkdev *dev unused_param, void *arg)
{
    ++*(unsigned *)arg;
}

START_TEST(bad_tables)
{
    unsigned n = 0;

    entry(0, 0, 0, 0x83, 0, 100);         /* starts on the table */
    entry(0, 1, 0, 0x83, SECTORS - 1, 2); /* ends behind the disk */
    entry(0, 2, 0, 0x83, 0xffffffff, 0xffffffff);
    entry(0, 3, 0, 0x0f, 500, 100);
    entry(500, 1, 0, 0x0f, 0, 100); /* ends the chain: a link to itself */
    entry(500, 0, 0, 0x83, 0xffffffff, 0xffffffff);
    ck_assert_int_eq(blk_add(&hda), 0);
    blk_for_each(count_one, &n);
    ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(looped_chain)
{
    unsigned n = 0;

    entry(0, 0, 0, 0x0f, 500, 1000);
    entry(500, 0, 0, 0x83, 1, 1);
    entry(500, 1, 0, 0x05, 10, 10);
    entry(510, 0, 0, 0x83, 1, 1);
    entry(510, 1, 0, 0x05, 10, 10); /* itself, for ever */
    ck_assert_int_eq(blk_add(&hda), 0);
    blk_for_each(count_one, &n);
    ck_assert_uint_eq(n, 1 + 59);
}
END_TEST

START_TEST(not_a_table)
{
    unsigned n = 0;

    entry(0, 0, 0x55, 0x83, 64, 100); /* a boot sector of something else */
    ck_assert_int_eq(blk_add(&hda), 0);
    blk_for_each(count_one, &n);
    ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(random_tables)
{
    srand((unsigned)_i);
    for (size_t s = 0; s < 64; s++) {
        for (size_t i = 446; i < 510; i++)
            disk[s * SECTOR_SIZE + i] = (uint8_t)(rand() % 4 == 0 ? rand() : 0);
        for (unsigned i = 0; i < 4; i++) {
            disk[s * SECTOR_SIZE + 446 + i * 16] = 0;
            disk[s * SECTOR_SIZE + 446 + i * 16 + 10] = 0;
            disk[s * SECTOR_SIZE + 446 + i * 16 + 11] = 0;
        }
        disk[s * SECTOR_SIZE + 510] = 0x55;
        disk[s * SECTOR_SIZE + 511] = 0xaa;
    }
    hda.sectors = 64;
    ck_assert_int_eq(blk_add(&hda), 0);
}
END_TEST

START_TEST(unreadable)
{
    fail = -EIO;
    ck_assert_int_eq(blk_add(&hda), 0);
    ck_assert_ptr_eq(blk_find("hda"), &hda);
}
END_TEST

START_TEST(no_memory)
{
    unsigned n = 0;

    entry(0, 0, 0, 0x83, 64, 100);
    kmem_fail_at(1, 1000);
    ck_assert_int_eq(blk_add(&hda), 0);
    kmem_fail_at(0, 0);
    blk_for_each(count_one, &n);
    ck_assert_uint_eq(n, 1);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("blk");
    TCase *tc = tcase_create("partitions");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, no_table);
    tcase_add_test(tc, primary_and_logical);
    tcase_add_test(tc, bad_tables);
    tcase_add_test(tc, looped_chain);
    tcase_add_test(tc, not_a_table);
    tcase_add_loop_test(tc, random_tables, 0, 50);
    tcase_add_test(tc, unreadable);
    tcase_add_test(tc, no_memory);
    suite_add_tcase(s, tc);
    return run_suite(s);
}

/* The drivers of the LM3S6965 evaluation board when memory is short at boot: less works, nothing breaks; and what works does so later too, with
 * another card in the holder while memory is short. */
#include <kernel/abi/errno.h>
#include <kernel/mm/kmem.h>

#include <string.h>

#include <sim/model.h>
#include <tests/suite.h>

#include "lm3s.h"
#include "machine.h"

enum { SECTORS = 4096, FAILURES = 40, LATER = 6, TABLE = 446 };

static uint8_t medium[2][SECTORS * SECTOR_SIZE];
static struct sim_image image[2] = {
    { .slot = "sd0", .fd = -1, .mem = medium[0], .size = sizeof medium[0] },
    { .slot = "sd0", .fd = -1, .mem = medium[1], .size = sizeof medium[1] / 2, .serial = 1 },
};

static void
start_up(void)
{
    lm3s_start_up(host.sim);
}

/* A partition on each card, as many sectors as from its first one on. */
static void
run(void (*body)(void))
{
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *entry = medium[i] + TABLE;

        memset(medium[i], 0x11 + (int)i, sizeof medium[i]);
        memset(entry, 0, 64);
        entry[4] = 0x83;
        entry[8] = (uint8_t)(10 + i);
        entry[12] = 100;
        memcpy(medium[i] + 510, "\x55\xaa", 2);
    }
    machine_run(
        &(struct machine_config){
            .board = &lm3s_board, .images = image, .image_count = 1, .before_attach = start_up },
        body);
}

/* The card is the one in the holder, whichever of its partitions there was memory for. */
static void
check_card(unsigned which, bool all)
{
    struct blkdev *d = blk_find("mmcblk0"), *part;
    uint8_t buf[SECTOR_SIZE];

    if (d == NULL)
        return;
    ck_assert_int_eq(blk_get(d->rdev, &d), 0);
    ck_assert_uint_eq(d->sectors, image[which].size / SECTOR_SIZE);
    ck_assert_int_eq(blk_read(d, 20, span_of(buf, sizeof buf)), 0);
    ck_assert_uint_eq(buf[0], 0x11 + which);
    part = blk_find("mmcblk0p1");
    ck_assert(part != NULL || !all);
    if (part != NULL)
        ck_assert_uint_eq(part->start, 10 + which);
    blk_put(d);
}

static void
booted_body(void)
{
    kmem_fail_at(0, 0);
    check_card(0, false);
    if (blk_find("mmcblk0") != NULL)
        ck_assert_int_eq(model_plug(sim_model_find(host.sim, "sd0"), &image[1]), 0);
    check_card(1, true);
}

START_TEST(one_failure_at_boot)
{
    machine_fail_at = (uint64_t)_i;
    machine_fail_count = 1;
    run(booted_body);
}
END_TEST

START_TEST(no_memory_from_then_on)
{
    machine_fail_at = (uint64_t)_i;
    run(booted_body);
}
END_TEST

static uint64_t later;

static void
later_body(void)
{
    check_card(0, true);
    ck_assert_int_eq(model_plug(sim_model_find(host.sim, "sd0"), &image[1]), 0);
    kmem_fail_at(later, 1000);
    check_card(1, later > 3);
    kmem_fail_at(0, 0);
    ck_assert_int_eq(model_plug(sim_model_find(host.sim, "sd0"), &image[0]), 0);
    check_card(0, true);
}

START_TEST(another_card_without_memory)
{
    later = (uint64_t)_i;
    run(later_body);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("lm3s_oom");
    TCase *tc = tcase_create("driver");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, one_failure_at_boot, 1, FAILURES);
    tcase_add_loop_test(tc, no_memory_from_then_on, 1, FAILURES);
    tcase_add_loop_test(tc, another_card_without_memory, 1, LATER);
    suite_add_tcase(s, tc);
    return run_suite(s);
}

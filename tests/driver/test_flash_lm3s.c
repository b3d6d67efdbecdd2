/* The driver of the LM3S6965's flash memory on its model: programming, erasing, what is protected, and that nothing outside of what is free for
 * programs changes.  (/dev/mtd0 on it: tests/unit/test_mtddev.c, tests/system/test_lm3s_devices.py.) */
#include <kernel/abi/errno.h>
#include <kernel/core/mtd.h>
#include <kernel/core/wait.h>

#include <hal/time.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <devices/flash_lm3s.h>
#include <sim/bus.h>
#include <tests/suite.h>

#include "lm3s.h"
#include "machine.h"

enum {
    PAGE = 1024,
    FMPPE3 = 0x400fe40c,
    FMC = 0x400fd008,
    FMC_ERASE = 0xa4420002,
    LAST_BLOCK = LM3S_DATA_SIZE - 2048,
};

static struct mtd *mtd;
static uint8_t data[LM3S_DATA_SIZE], expected[FLASH_LM3S_SIZE];

int
mtd_add(struct mtd *m)
{
    mtd = m;
    return 0;
}

static void
start_up(void)
{
    lm3s_start_up(host.sim);
}

static void
run(void (*body)(void))
{
    memset(expected, 0xff, sizeof expected);
    machine_run(&(struct machine_config){ .board = &lm3s_board, .before_attach = start_up }, body);
}

/* What the driver gives is what is there, and nothing else was touched. */
static void
check_all(void)
{
    ck_assert_mem_eq(flash_lm3s_bytes(sim_model_find(host.sim, "flash0")), expected, FLASH_LM3S_SIZE);
    mtd->ops->read(mtd, 0, span_of(data, sizeof data));
    ck_assert_mem_eq(data, expected + LM3S_DATA_AT, LM3S_DATA_SIZE);
}

static void
program(uint32_t at, size_t n, uint8_t seed)
{
    for (size_t i = 0; i < n; i++) {
        data[i] = (uint8_t)(seed + i * 37 + i / 50);
        expected[LM3S_DATA_AT + at + i] &= data[i];
    }
    ck_assert_int_eq(mtd->ops->program(mtd, at, cspan_of(data, n)), 0);
    check_all();
}

static void
erase(uint32_t page)
{
    ck_assert_int_eq(mtd->ops->erase(mtd, page), 0);
    memset(expected + LM3S_DATA_AT + page, 0xff, PAGE);
    check_all();
}

static void
programs_and_erases_body(void)
{
    ck_assert_uint_eq(mtd->size, LM3S_DATA_SIZE);
    ck_assert_uint_eq(mtd->page, PAGE);
    check_all();
    program(0, 4, 1);
    for (uint32_t at = 8; at < 72; at += 16) /* parts of words */
        for (uint32_t n = 1; n <= 6; n++)
            program(at + 64 * n + at / 16, n, (uint8_t)(at * n));
    program(1999, 300, 4); /* over a page's end */
    program(0, 4, 90);     /* twice: only clears */
    program(LM3S_DATA_SIZE - 3, 3, 5);
    erase(PAGE);
    erase(LM3S_DATA_SIZE - PAGE);
    program(PAGE, 64, 6);
    erase(0);
}

START_TEST(programs_and_erases)
{
    run(programs_and_erases_body);
}
END_TEST

static void
protected_body(void)
{
    sim_bus_write(host.sim, SIM_MMIO, FMPPE3, 4, 0x7fffffff); /* the last 2 KiB */
    ck_assert_int_eq(mtd->ops->program(mtd, LAST_BLOCK, cspan_of("x", 1)), -EPERM);
    ck_assert_int_eq(mtd->ops->program(mtd, LAST_BLOCK - 4, cspan_of("\xff\xff\xff\xff\0", 5)),
                     -EPERM);
    ck_assert_int_eq(mtd->ops->erase(mtd, LAST_BLOCK), -EPERM);
    ck_assert_int_eq(mtd->ops->erase(mtd, LAST_BLOCK + PAGE), -EPERM);
    check_all();
    erase(LAST_BLOCK - PAGE); /* one that failed does not make the next fail */
    program(LAST_BLOCK - 4, 4, 7);
}

START_TEST(what_is_protected)
{
    run(protected_body);
}
END_TEST

/* Somebody else's erasing is not over. */
static void
busy_body(void)
{
    sim_bus_write(host.sim, SIM_MMIO, FMC, 4,
                  FMC_ERASE); /* the page at FMA, where the driver has tried it: 0 */
    memset(expected, 0xff, PAGE);
    ck_assert_int_eq(mtd->ops->program(mtd, 0, cspan_of("x", 1)), -EIO);
    ck_assert_int_eq(thread_sleep_until(hal_time_now_ns() + 30000000, 0), 0);
    program(0, 1, 1);
}

START_TEST(busy)
{
    run(busy_body);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("flash_lm3s");
    TCase *tc = tcase_create("driver");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, programs_and_erases);
    tcase_add_test(tc, what_is_protected);
    tcase_add_test(tc, busy);
    suite_add_tcase(s, tc);
    return run_suite(s);
}

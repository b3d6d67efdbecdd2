/* The drivers of the LM3S6965 evaluation board on its models: pins, keys and the lamp, the SD card, the display. */
#include <kernel/abi/errno.h>
#include <kernel/core/gpio.h>
#include <kernel/core/panel.h>
#include <kernel/core/wait.h>

#include <hal/time.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <devices/gpio_panel.h>
#include <devices/sd_card.h>
#include <sim/display.h>
#include <sim/model.h>
#include <tests/suite.h>

#include "lm3s.h"
#include "machine.h"

enum { SECTORS = 4096, MANY = 40 };

static uint8_t medium[SECTORS * SECTOR_SIZE], buf[MANY * SECTOR_SIZE];
static struct sim_image image = { .slot = "sd0", .fd = -1, .mem = medium, .size = sizeof medium };

static void
start_up(void)
{
    lm3s_start_up(host.sim);
}

static void
run_with(size_t images, void (*body)(void))
{
    const struct machine_config config = {
        .board = &lm3s_board, .images = &image, .image_count = images, .before_attach = start_up
    };

    for (size_t i = 0; i < sizeof medium; i++)
        medium[i] = (uint8_t)(i / SECTOR_SIZE * 31 + i * 7);
    machine_run(&config, body);
}

static void
run(void (*body)(void))
{
    run_with(1, body);
}

static struct blkdev *
drive(void)
{
    struct blkdev *d = blk_find("mmcblk0");

    ck_assert_ptr_nonnull(d);
    return d;
}

static struct model *
card(void)
{
    return sim_model_find(host.sim, "sd0");
}

static void
fill(uint8_t seed)
{
    for (size_t i = 0; i < sizeof buf; i++)
        buf[i] = (uint8_t)(i * 13 + seed);
}

static void
reads_and_writes_body(void)
{
    struct blkdev *d = drive();

    ck_assert_uint_eq(d->sectors, SECTORS);
    ck_assert(!d->read_only);
    ck_assert_int_eq(blk_read(d, 7, span_of(buf, SECTOR_SIZE)), 0);
    ck_assert_mem_eq(buf, medium + 7 * SECTOR_SIZE, SECTOR_SIZE);
    ck_assert_int_eq(blk_read(d, 100, span_of(buf, sizeof buf)), 0);
    ck_assert_mem_eq(buf, medium + 100 * SECTOR_SIZE, sizeof buf);
    ck_assert_int_eq(blk_read(d, SECTORS - 1, span_of(buf, SECTOR_SIZE)), 0);
    ck_assert_int_eq(blk_read(d, SECTORS, span_of(buf, SECTOR_SIZE)), -EINVAL);
    fill(1);
    ck_assert_int_eq(blk_write(d, 9, cspan_of(buf, SECTOR_SIZE)), 0);
    ck_assert_mem_eq(medium + 9 * SECTOR_SIZE, buf, SECTOR_SIZE);
    fill(2);
    ck_assert_int_eq(blk_write(d, 200, cspan_of(buf, sizeof buf)), 0);
    ck_assert_mem_eq(medium + 200 * SECTOR_SIZE, buf, sizeof buf);
    ck_assert_uint_eq(medium[240 * SECTOR_SIZE], (uint8_t)(240 * 31));
    ck_assert_int_eq(blk_flush(d), 0);
    ck_assert_uint_eq(d->errors, 0);
}

START_TEST(reads_and_writes)
{
    run(reads_and_writes_body);
}
END_TEST

static void
errors_that_pass_body(void)
{
    struct blkdev *d = drive();
    struct sd_faults *f = sd_card_faults(card());

    f->bad_read_crc_at = sd_card_reads(card()) + 2;
    ck_assert_int_eq(blk_read(d, 50, span_of(buf, 4 * SECTOR_SIZE)), 0);
    ck_assert_mem_eq(buf, medium + 50 * SECTOR_SIZE, 4 * SECTOR_SIZE);
    f->fail_read_at = sd_card_reads(card()) + 1;
    ck_assert_int_eq(blk_read(d, 50, span_of(buf, SECTOR_SIZE)), 0);
    f->stall_read_at = sd_card_reads(card()) + 1;
    ck_assert_int_eq(blk_read(d, 50, span_of(buf, SECTOR_SIZE)), 0);
    fill(3);
    f->fail_write_at = sd_card_writes(card()) + 2;
    ck_assert_int_eq(blk_write(d, 60, cspan_of(buf, 4 * SECTOR_SIZE)), 0);
    ck_assert_mem_eq(medium + 60 * SECTOR_SIZE, buf, 4 * SECTOR_SIZE);
}

START_TEST(errors_that_pass)
{
    run(errors_that_pass_body);
}
END_TEST

static void
pulled_body(void)
{
    struct blkdev *d = drive();
    struct sd_faults *f = sd_card_faults(card());

    fill(4);
    f->pull_at = sd_card_reads(card()) + sd_card_writes(card()) + 3;
    ck_assert_int_eq(blk_write(d, 300, cspan_of(buf, sizeof buf)), -EIO);
    ck_assert(!sd_card_present(card()));
    ck_assert_int_eq(blk_read(d, 1, span_of(buf, SECTOR_SIZE)), -EIO);
    f->pull_at = 0;
    sd_card_insert(card(), true); /* the same one again */
    ck_assert_int_eq(blk_read(d, 1, span_of(buf, SECTOR_SIZE)), 0);
    ck_assert_mem_eq(buf, medium + SECTOR_SIZE, SECTOR_SIZE);
    fill(5);
    ck_assert_int_eq(blk_write(d, 300, cspan_of(buf, sizeof buf)), 0);
    ck_assert_mem_eq(medium + 300 * SECTOR_SIZE, buf, sizeof buf);
}

START_TEST(pulled_and_put_in_again)
{
    run(pulled_body);
}
END_TEST

static void
busy_for_ever_body(void)
{
    struct blkdev *d = drive();
    uint64_t start;

    fill(6);
    sd_card_faults(card())->stall_write_at = sd_card_writes(card()) + 1;
    start = hal_time_now_ns();
    ck_assert_int_eq(blk_write(d, 10, cspan_of(buf, SECTOR_SIZE)), -EIO);
    ck_assert_uint_lt(hal_time_now_ns() - start, 10ull * 1000000000);
    ck_assert(strstr(machine_log(), "writing sector 10") != NULL);
}

START_TEST(busy_for_ever)
{
    run(busy_for_ever_body);
}
END_TEST

static void
empty_holder_body(void)
{
    struct blkdev *d = drive();

    ck_assert_uint_eq(d->sectors, 0);
    ck_assert_int_eq(blk_get(d->rdev, &d), -ENOMEDIUM);
    ck_assert_int_eq(model_plug(card(), &image), 0);
    ck_assert_int_eq(blk_get(d->rdev, &d), 0);
    ck_assert_uint_eq(d->sectors, SECTORS);
    ck_assert_int_eq(blk_read(d, 1, span_of(buf, SECTOR_SIZE)), 0);
    ck_assert_mem_eq(buf, medium + SECTOR_SIZE, SECTOR_SIZE);
    ck_assert_ptr_null(strstr(machine_log(), "error"));
}

START_TEST(empty_holder)
{
    run_with(0, empty_holder_body);
}
END_TEST

static unsigned key_events;
static bool key_down;

static void
key_event(void *arg unused_param, bool down)
{
    key_events++;
    key_down = down;
}

static void
keys_and_lamp_body(void)
{
    struct model *led = sim_model_find(host.sim, "led0"), *key = sim_model_find(host.sim, "select");
    struct led *l = led_find("led0");
    struct key *k = key_find("select");

    ck_assert_ptr_nonnull(l);
    ck_assert_ptr_nonnull(k);
    ck_assert_ptr_null(key_find("up"));
    ck_assert(!gpio_led_lit(led));
    led_set(l, true);
    ck_assert(gpio_led_lit(led));
    led_set(l, false);
    ck_assert(!gpio_led_lit(led));
    k->changed = key_event;
    ck_assert(!k->down);
    for (unsigned i = 1; i <= 3; i++) {
        gpio_key_press(key, true);
        ck_assert_int_eq(thread_sleep_until(hal_time_now_ns() + 1000000, 0), 0);
        ck_assert(key_down);
        gpio_key_press(key, false);
        ck_assert_int_eq(thread_sleep_until(hal_time_now_ns() + 1000000, 0), 0);
        ck_assert(!key_down);
        ck_assert_uint_eq(k->presses, i);
    }
    ck_assert_uint_eq(key_events, 6);
    ck_assert_int_eq(gpio_output((6u * GPIO_PORT_PINS), true), -ENODEV);
    ck_assert(!gpio_get((6u * GPIO_PORT_PINS)));
}

START_TEST(keys_and_lamp)
{
    run(keys_and_lamp_body);
}
END_TEST

static void
display_body(void)
{
    struct display *d = display_find(NULL);
    const struct sim_display *glass = sim_display_find(host.sim, "oled0");
    static uint8_t rows[4 * 64], grey[128 * 64];

    ck_assert_ptr_nonnull(d);
    ck_assert_uint_eq(d->width, glass->width);
    ck_assert_uint_eq(d->height, glass->height);
    glass->render(glass->owner, grey);
    for (size_t i = 0; i < sizeof grey; i++)
        ck_assert_uint_eq(grey[i], 0);
    for (size_t i = 0; i < sizeof rows; i++)
        rows[i] = (uint8_t)(i * 5 + 3);
    ck_assert_int_eq(display_show(d, 20, 4, cspan_of(rows, sizeof rows)), 0);
    glass->render(glass->owner, grey);
    for (unsigned y = 0; y < 64; y++) {
        for (unsigned x = 0; x < 128; x++) {
            uint8_t byte = y >= 20 && y < 24 ? rows[(y - 20) * 64 + x / 2] : 0;

            ck_assert_uint_eq(grey[y * 128 + x], x % 2 ? byte & 15 : byte >> 4);
        }
    }
    ck_assert_int_eq(display_show(d, 62, 4, cspan_of(rows, sizeof rows)), -EINVAL);
    ck_assert_int_eq(display_show(d, 0, 3, cspan_of(rows, sizeof rows)), -EINVAL);
    ck_assert_int_eq(blk_read(drive(), 3, span_of(buf, SECTOR_SIZE)), 0); /* on the same bus */
    ck_assert_mem_eq(buf, medium + 3 * SECTOR_SIZE, SECTOR_SIZE);
}

START_TEST(display_and_card_share_a_bus)
{
    run(display_body);
}
END_TEST

RUN_TESTS("lm3s", reads_and_writes, errors_that_pass, pulled_and_put_in_again, busy_for_ever,
          empty_holder, keys_and_lamp, display_and_card_share_a_bus)

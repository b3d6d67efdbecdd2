/* The SSD0323 model against its data sheet (revision 2.3), and its picture. */
#include <stdlib.h>

#include "ssi_bench.h"

enum { WIDTH = 128, HEIGHT = 64 };

static uint8_t picture[WIDTH * HEIGHT];

static void
command(uint8_t b)
{
    write32(GPIOC + 4 * 0x80, 0);
    spi(b);
}

static void
data(uint8_t b)
{
    write32(GPIOC + 4 * 0x80, 0x80);
    spi(b);
}

static void
window(uint8_t x0, uint8_t x1, uint8_t y0, uint8_t y1)
{
    command(0x15);
    command(x0);
    command(x1);
    command(0x75);
    command(y0);
    command(y1);
}

/* On, first row at the top, high nibble left. */
static void
start(void)
{
    ssi_start(NULL);
    select_display(true);
    command(0xa0);
    command(0x12);
    command(0xaf);
}

static uint8_t
at(unsigned x, unsigned y)
{
    const struct sim_display *d = sim_display_find(t.sim, "oled0");

    d->render(d->owner, picture);
    return picture[y * WIDTH + x];
}

START_TEST(dark_at_first)
{
    struct sim_display *d;

    ssi_start(NULL);
    d = sim_display_find(t.sim, NULL);
    ck_assert_ptr_nonnull(d);
    ck_assert_uint_eq(d->width, WIDTH);
    ck_assert_uint_eq(d->height, HEIGHT);
    ck_assert_ptr_null(sim_display_find(t.sim, "sd0"));
    select_display(true);
    data(0xff); /* it is in the memory, but the display is off */
    ck_assert_uint_eq(at(0, 0), 0);
    command(0xaf);
    command(0xa0);
    command(0x12);
    ck_assert_uint_eq(at(0, 0), 15);
    command(0xae);
    ck_assert_uint_eq(at(0, 0), 0);
    finish();
}
END_TEST

START_TEST(address_counter)
{
    start();
    window(2, 3, 5, 6);
    for (uint8_t i = 1; i <= 5; i++) {
        data((uint8_t)(i << 4));
    }
    ck_assert_uint_eq(at(4, 5), 5); /* the fifth is where the first was */
    ck_assert_uint_eq(at(6, 5), 2);
    ck_assert_uint_eq(at(4, 6), 3);
    ck_assert_uint_eq(at(6, 6), 4);
    command(0xa0);
    command(0x16); /* rows first */
    window(2, 3, 5, 6);
    for (uint8_t i = 1; i <= 4; i++) {
        data((uint8_t)(i << 4));
    }
    ck_assert_uint_eq(at(4, 5), 1);
    ck_assert_uint_eq(at(4, 6), 2);
    ck_assert_uint_eq(at(6, 5), 3);
    finish();
}
END_TEST

START_TEST(remaps)
{
    start();
    data(0x71);
    ck_assert_uint_eq(at(0, 0), 7);
    ck_assert_uint_eq(at(1, 0), 1);
    command(0xa0);
    command(0x10); /* nibbles */
    ck_assert_uint_eq(at(0, 0), 1);
    ck_assert_uint_eq(at(1, 0), 7);
    command(0xa0);
    command(0x11); /* columns */
    ck_assert_uint_eq(at(127, 0), 1);
    ck_assert_uint_eq(at(126, 0), 7);
    command(0xa8);
    command(63); /* 64 rows */
    command(0xa0);
    command(0x02); /* from below */
    ck_assert_uint_eq(at(0, 63), 7);
    finish();
}
END_TEST

START_TEST(modes_and_start_line)
{
    start();
    window(0, 63, 10, 10);
    data(0x30);
    command(0xa1);
    command(10);
    ck_assert_uint_eq(at(0, 0), 3);
    command(0xa7);
    ck_assert_uint_eq(at(0, 0), 12);
    ck_assert_uint_eq(at(5, 5), 15);
    command(0xa5);
    ck_assert_uint_eq(at(0, 0), 15);
    command(0xa6);
    ck_assert_uint_eq(at(5, 5), 0);
    command(0xa4);
    ck_assert_uint_eq(at(0, 0), 3);
    command(0xa8);
    command(15);
    window(0, 63, 40, 40);
    data(0xff);
    ck_assert_uint_eq(at(0, 30), 0); /* beyond the 16 rows that are driven */
    finish();
}
END_TEST

START_TEST(electrical_commands_take_their_arguments)
{
    static const uint8_t one[] = { 0x81, 0xa2, 0xad, 0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 0xbc, 0xbe, 0xbf };

    start();
    for (unsigned i = 0; i < sizeof one; i++) {
        command(one[i]);
        command(0x11); /* not a command by itself */
    }
    command(0xb8);
    for (uint8_t i = 0; i < 8; i++) {
        command(i);
    }
    command(0x84);
    command(0x86);
    command(0xe3);
    data(0xf0);
    ck_assert_uint_eq(at(0, 0), 15);
    finish();
}
END_TEST

START_TEST(selection)
{
    start();
    select_display(false);
    data(0xff);
    ck_assert_uint_eq(at(0, 0), 0);
    write32(GPIOA + G_AFSEL, 0x3c); /* the controller's own select */
    data(0xff);
    ck_assert_uint_eq(at(0, 0), 15);
    finish();
}
END_TEST

START_TEST(as_pgm)
{
    static const char header[] = "P5\n128 64\n15\n";
    uint8_t *pgm;
    size_t len = 0;

    start();
    data(0x9c);
    pgm = sim_display_pgm(sim_display_find(t.sim, "oled0"), &len);
    ck_assert_ptr_nonnull(pgm);
    ck_assert_uint_eq(len, sizeof header - 1 + WIDTH * HEIGHT);
    ck_assert_mem_eq(pgm, header, sizeof header - 1);
    ck_assert_uint_eq(pgm[sizeof header - 1], 9);
    ck_assert_uint_eq(pgm[sizeof header], 12);
    free(pgm);
    finish();
}
END_TEST

START_TEST(guest_errors)
{
    start();
    command(0x23); /* graphic acceleration is not modelled */
    expect_error(SIM_V_STATE);
    command(0x15);
    command(0);
    command(64);
    expect_error(SIM_V_STATE);
    command(0x75);
    command(9);
    command(8);
    expect_error(SIM_V_STATE);
    command(0xa8);
    command(3);
    expect_error(SIM_V_STATE);
    finish();
}
END_TEST

START_TEST(sister_with_96_rows)
{
    static const struct model_class *const models[] = { &gpio_pl061_class, &ssi_pl022_class,
                                                        &oled_ssd1329_class, NULL };
    struct board_dev devs[6];
    struct sim_config config = default_config();
    const struct sim_display *d;
    uint8_t *pgm;
    size_t len;

    memcpy(devs, ssi_devs, sizeof devs);
    devs[4] = devs[5];
    devs[4].compatible = "solomon,ssd1329";
    start_with(&config, devs, 5, models);
    d = sim_display_find(t.sim, "oled0");
    ck_assert_uint_eq(d->height, 96);
    pgm = sim_display_pgm(d, &len);
    ck_assert_mem_eq(pgm, "P5\n128 96\n15\n", 13);
    free(pgm);
    finish();
}
END_TEST

RUN_TESTS("oled_ssd0323", dark_at_first, address_counter, remaps, modes_and_start_line,
          electrical_commands_take_their_arguments, selection, as_pgm, guest_errors,
          sister_with_96_rows)

/* The MC146818 model against the data sheet. */
#include "harness.h"

enum { IRQ = 8 };

/* Wednesday, 29 February 2012, 23:59:50 UTC. */
#define EPOCH 1330559990u

static const struct board_dev dev = { "motorola,mc146818", "rtc", BOARD_PORT, 0x70, 2, IRQ, 32768 };

static uint8_t
cmos(uint8_t index)
{
    outb(0x70, index);
    return inb(0x71);
}

static void
set_cmos(uint8_t index, uint8_t value)
{
    outb(0x70, index);
    outb(0x71, value);
}

static void
start(void)
{
    const struct model_class *models[] = { &rtc_mc146818_class, NULL };
    struct sim_config config = default_config();

    config.epoch_s = EPOCH;
    start_with(&config, &dev, 1, models);
}

static void
expect_time(uint8_t hours, uint8_t minutes, uint8_t seconds)
{
    ck_assert_uint_eq(cmos(0x04), hours);
    ck_assert_uint_eq(cmos(0x02), minutes);
    ck_assert_uint_eq(cmos(0x00), seconds);
}

START_TEST(calendar)
{
    start();
    expect_time(0x23, 0x59, 0x50);
    ck_assert_uint_eq(cmos(0x06), 0x04); /* Sunday is 1 */
    ck_assert_uint_eq(cmos(0x07), 0x29);
    ck_assert_uint_eq(cmos(0x08), 0x02);
    ck_assert_uint_eq(cmos(0x09), 0x12);
    ck_assert_uint_eq(cmos(0x32), 0x20);
    step(10 * S);
    expect_time(0x00, 0x00, 0x00);
    ck_assert_uint_eq(cmos(0x06), 0x05);
    ck_assert_uint_eq(cmos(0x07), 0x01);
    ck_assert_uint_eq(cmos(0x08), 0x03);
    finish();
}
END_TEST

START_TEST(formats)
{
    start();
    step(3600 * 14 * S + 10 * S); /* 14:00:00 */
    expect_time(0x14, 0x00, 0x00);
    set_cmos(0x0b, 0x06); /* binary, 24 hours */
    expect_time(14, 0, 0);
    set_cmos(0x0b, 0x00); /* BCD, 12 hours */
    expect_time(0x82, 0x00, 0x00);
    set_cmos(0x0b, 0x04); /* binary, 12 hours */
    step(10 * 3600 * S);  /* midnight is 12 AM */
    expect_time(12, 0, 0);
    step(12 * 3600 * S); /* noon is 12 PM */
    expect_time(0x80 | 12, 0, 0);
    finish();
}
END_TEST

START_TEST(setting_the_time)
{
    start();
    set_cmos(0x0b, 0x82); /* SET */
    step(5 * S);
    expect_time(0x23, 0x59, 0x50); /* stands still */
    set_cmos(0x04, 0x11);
    set_cmos(0x02, 0x22);
    set_cmos(0x00, 0x33);
    set_cmos(0x07, 0x31);
    set_cmos(0x08, 0x12);
    set_cmos(0x09, 0x99);
    set_cmos(0x32, 0x19);
    set_cmos(0x06, 0x06);
    step(5 * S);
    expect_time(0x11, 0x22, 0x33);
    set_cmos(0x0b, 0x02);
    step(2 * S);
    expect_time(0x11, 0x22, 0x35);
    step(13 * 3600 * S);
    ck_assert_uint_eq(cmos(0x07), 0x01);
    ck_assert_uint_eq(cmos(0x08), 0x01);
    ck_assert_uint_eq(cmos(0x09), 0x00);
    ck_assert_uint_eq(cmos(0x32), 0x20);
    ck_assert_uint_eq(cmos(0x06), 0x07);
    set_cmos(0x00, 0x59); /* a running clock can be written, too */
    step(1 * S);
    ck_assert_uint_eq(cmos(0x00), 0x00);
    finish();
}
END_TEST

START_TEST(update_in_progress)
{
    start();
    ck_assert_uint_eq(cmos(0x0a), 0x26);
    step(1 * S - 2229 * US);
    ck_assert_uint_eq(cmos(0x0a), 0x26);
    step(2 * US);
    ck_assert_uint_eq(cmos(0x0a), 0xa6);
    ck_assert_uint_eq(cmos(0x00), 0x50);
    step(2227 * US);
    ck_assert_uint_eq(cmos(0x0a), 0x26);
    ck_assert_uint_eq(cmos(0x00), 0x51);
    finish();
}
END_TEST

START_TEST(periodic_interrupt)
{
    start();
    ck_assert_uint_eq(cmos(0x0c), 0);
    step(1 * MS);
    ck_assert_uint_eq(cmos(0x0c), 0x40); /* the flag needs no enable, IRQF does */
    set_cmos(0x0b, 0x42);
    ck_assert(!irq(IRQ));
    for (unsigned i = 0; i < 1024; i++) {
        step(S / 1024 + 1);
        ck_assert(irq(IRQ));
        ck_assert_uint_eq(cmos(0x0c) & 0xef, 0xc0);
        ck_assert(!irq(IRQ));
    }
    ck_assert_uint_lt(sim_now(t.sim), 1 * S + 2 * MS);
    set_cmos(0x0a, 0x2f); /* 2 Hz */
    cmos(0x0c);
    step(400 * MS);
    ck_assert(!irq(IRQ));
    step(100 * MS);
    ck_assert(irq(IRQ));
    finish();
}
END_TEST

START_TEST(update_interrupt)
{
    start();
    set_cmos(0x0b, 0x12);
    step(1 * S - 1);
    ck_assert(!irq(IRQ));
    step(1);
    ck_assert(irq(IRQ));
    ck_assert_uint_eq(cmos(0x0c) & 0xb0, 0x90);
    ck_assert(!irq(IRQ));
    set_cmos(0x0b, 0x92); /* SET clears UIE */
    ck_assert_uint_eq(cmos(0x0b), 0x82);
    finish();
}
END_TEST

START_TEST(alarm)
{
    start();
    set_cmos(0x01, 0x05);
    set_cmos(0x03, 0x01);
    set_cmos(0x05, 0x00);
    set_cmos(0x0b, 0x22);
    step(74 * S); /* 00:01:04 */
    ck_assert(!irq(IRQ));
    step(1 * S);
    ck_assert(irq(IRQ));
    ck_assert_uint_eq(cmos(0x0c) & 0xa0, 0xa0);
    step(86399 * S);
    ck_assert(!irq(IRQ));
    step(1 * S); /* every day */
    ck_assert(irq(IRQ));
    cmos(0x0c);
    set_cmos(0x05, 0xff); /* any hour, any minute */
    set_cmos(0x03, 0xc0);
    step(59 * S);
    ck_assert(!irq(IRQ));
    step(1 * S);
    ck_assert(irq(IRQ));
    finish();
}
END_TEST

START_TEST(flags_without_interrupts)
{
    start();
    set_cmos(0x01, 0x55);
    set_cmos(0x03, 0xff);
    set_cmos(0x05, 0xff);
    ck_assert_uint_eq(sim_next_event_ns(t.sim), SIM_NEVER); /* an idle clock costs nothing */
    step(4 * S);
    ck_assert_uint_eq(cmos(0x0c) & 0x30, 0x10);
    step(1 * S);
    ck_assert_uint_eq(cmos(0x0c) & 0x30, 0x30);
    ck_assert(!irq(IRQ));
    finish();
}
END_TEST

START_TEST(divider_reset)
{
    start();
    set_cmos(0x0a, 0x76);
    step(10 * S);
    ck_assert_uint_eq(cmos(0x00), 0x50);
    set_cmos(0x0a, 0x26);
    step(499 * MS);
    ck_assert_uint_eq(cmos(0x00), 0x50);
    step(2 * MS); /* half a second after the divider starts */
    ck_assert_uint_eq(cmos(0x00), 0x51);
    finish();
}
END_TEST

START_TEST(memory_and_errors)
{
    start();
    for (uint8_t i = 0x40; i < 0x80; i++) {
        set_cmos(i, (uint8_t)(i ^ 0x5a));
    }
    for (uint8_t i = 0x40; i < 0x80; i++) {
        ck_assert_uint_eq(cmos(i | 0x80), i ^ 0x5a); /* bit 7 masks NMIs */
    }
    ck_assert_uint_eq(cmos(0x0d), 0x80);
    set_cmos(0x0d, 0);
    expect_error(SIM_V_READ_ONLY);
    inb(0x70);
    expect_error(SIM_V_WRITE_ONLY);
    finish();
}
END_TEST

START_TEST(hostile_times)
{
    start();
    for (unsigned v = 0; v < 256; v++) { /* no value of any register upsets it */
        for (uint8_t reg = 0; reg < 10; reg++) {
            set_cmos(reg, (uint8_t)(v * 37 + reg));
        }
        set_cmos(0x32, (uint8_t)v);
        set_cmos(0x0b, (uint8_t)(v & 0xfe));
        set_cmos(0x0a, (uint8_t)(v & 0x7f));
        step(700 * MS);
        for (uint8_t reg = 0; reg < 14; reg++) {
            cmos(reg);
        }
    }
    finish();
}
END_TEST

RUN_TESTS("rtc_mc146818", calendar, formats, setting_the_time, update_in_progress,
          periodic_interrupt, update_interrupt, alarm, flags_without_interrupts, divider_reset,
          memory_and_errors, hostile_times)

/* The PL061 model against the LM3S6965 data sheet, chapter 8, and the PrimeCell TRM (DDI 0190). */
#include <devices/gpio_pl061.h>

#include "harness.h"

enum {
    BASE = 0x40025000,
    DATA = BASE,
    ALL = BASE + 0x3fc,
    DIR = BASE + 0x400,
    IS = BASE + 0x404,
    IBE = BASE + 0x408,
    IEV = BASE + 0x40c,
    IM = BASE + 0x410,
    RIS = BASE + 0x414,
    MIS = BASE + 0x418,
    ICR = BASE + 0x41c,
    AFSEL = BASE + 0x420,
    DR2R = BASE + 0x500,
    DR4R = BASE + 0x504,
    DR8R = BASE + 0x508,
    PUR = BASE + 0x510,
    PDR = BASE + 0x514,
    DEN = BASE + 0x51c,
    LOCK = BASE + 0x520,
    CR = BASE + 0x524,
    ID = BASE + 0xfd0,
    IRQ = 30,
};

#define KEY 0x1acce551u

static struct model *p;
static unsigned watched;

static void
start(const char *name)
{
    const struct board_dev dev = { "arm,pl061", name, BOARD_MMIO, BASE, 0x1000, IRQ, 0 };

    start_one(&gpio_pl061_class, &dev);
    p = sim_model_find(t.sim, name);
}

/* All eight pins digital inputs that the board holds low. */
static void
inputs(void)
{
    start("gpiof");
    write32(DEN, 0xff);
    for (unsigned i = 0; i < 8; i++) {
        gpio_pl061_drive(p, i, false);
    }
}

START_TEST(reset_values)
{
    static const uint8_t id[12] = { 0, 0, 0, 0, 0x61, 0, 0x18, 1, 0x0d, 0xf0, 0x05, 0xb1 };

    start("gpiof");
    ck_assert_uint_eq(read32(DIR) | read32(IS) | read32(IBE) | read32(IEV) | read32(IM), 0);
    ck_assert_uint_eq(read32(RIS) | read32(MIS) | read32(AFSEL) | read32(DEN) | read32(PUR), 0);
    ck_assert_uint_eq(read32(DR2R), 0xff);
    ck_assert_uint_eq(read32(LOCK), 1);
    ck_assert_uint_eq(read32(CR), 0xff);
    for (unsigned i = 0; i < 12; i++) {
        ck_assert_uint_eq(read32(ID + 4 * i), id[i]);
    }
    finish();
}
END_TEST

START_TEST(address_bits_choose_pins)
{
    start("gpiof");
    write32(DEN, 0xff);
    write32(DIR, 0xff);
    write32(ALL, 0xa5);
    ck_assert_uint_eq(read32(ALL), 0xa5);
    write32(DATA + 4 * 0x0f, 0xff);
    ck_assert_uint_eq(read32(ALL), 0xaf);
    write32(DATA, 0xff); /* no pin */
    ck_assert_uint_eq(read32(DATA), 0);
    ck_assert_uint_eq(read32(DATA + 4 * 0xf0), 0xa0);
    ck_assert(gpio_pl061_level(p, 7));
    ck_assert(!gpio_pl061_level(p, 6));
    ck_assert(gpio_pl061_drives(p, 6));
    finish();
}
END_TEST

START_TEST(digital_enable_and_direction)
{
    start("gpiof");
    gpio_pl061_drive(p, 0, true);
    gpio_pl061_drive(p, 1, true);
    ck_assert_uint_eq(read32(ALL), 0); /* not enabled */
    write32(DEN, 3);
    ck_assert_uint_eq(read32(ALL), 3);
    write32(ALL, 0); /* inputs do not take it */
    ck_assert_uint_eq(read32(ALL), 3);
    write32(DIR, 1);
    ck_assert_uint_eq(read32(ALL), 2);
    write32(DIR, 0);
    write32(ALL, 1);
    write32(DIR, 1);
    ck_assert_uint_eq(read32(ALL), 2); /* nor do they keep it */
    write32(ALL, 1);
    ck_assert_uint_eq(read32(ALL), 3);
    write32(DEN, 2);
    ck_assert(!gpio_pl061_drives(p, 0));
    finish();
}
END_TEST

START_TEST(pulls)
{
    start("gpiof");
    write32(DEN, 0xff);
    write32(PUR, 0x0f);
    ck_assert_uint_eq(read32(ALL), 0x0f);
    write32(PDR, 0x03); /* one clears the other */
    ck_assert_uint_eq(read32(PUR), 0x0c);
    ck_assert_uint_eq(read32(ALL), 0x0c);
    gpio_pl061_drive(p, 3, false); /* who drives is stronger */
    ck_assert_uint_eq(read32(ALL), 0x04);
    write32(DR8R, 0x10);
    ck_assert_uint_eq(read32(DR2R), 0xef);
    write32(DR4R, 0x10);
    ck_assert_uint_eq(read32(DR8R), 0);
    finish();
}
END_TEST

START_TEST(edges)
{
    inputs();
    write32(IM, 0xff);
    write32(IEV, 0x02); /* 0 falling, 1 rising */
    write32(IBE, 0x04); /* 2 both */
    write32(ICR, 0xff);
    gpio_pl061_drive(p, 0, true);
    ck_assert_uint_eq(read32(RIS), 0);
    gpio_pl061_drive(p, 0, false);
    ck_assert_uint_eq(read32(RIS), 1);
    ck_assert(irq(IRQ));
    write32(ICR, 1);
    ck_assert(!irq(IRQ));
    gpio_pl061_drive(p, 1, true);
    gpio_pl061_drive(p, 1, false); /* a pulse is kept */
    ck_assert_uint_eq(read32(MIS), 2);
    write32(IM, 0);
    ck_assert(!irq(IRQ));
    ck_assert_uint_eq(read32(RIS), 2);
    write32(IM, 4);
    gpio_pl061_drive(p, 2, true);
    ck_assert_uint_eq(read32(MIS), 4);
    write32(ICR, 4);
    gpio_pl061_drive(p, 2, false);
    ck_assert_uint_eq(read32(MIS), 4);
    finish();
}
END_TEST

START_TEST(levels)
{
    inputs();
    write32(IS, 1);
    write32(IEV, 1);
    write32(IM, 1);
    ck_assert(!irq(IRQ));
    gpio_pl061_drive(p, 0, true);
    ck_assert(irq(IRQ));
    write32(ICR, 1); /* a level stays */
    ck_assert(irq(IRQ));
    gpio_pl061_drive(p, 0, false);
    ck_assert(!irq(IRQ));
    write32(IEV, 0);
    ck_assert(irq(IRQ)); /* low is the level now */
    finish();
}
END_TEST

START_TEST(commit)
{
    start("gpioc"); /* C0 to C3 are JTAG's */
    ck_assert_uint_eq(read32(AFSEL), 0x0f);
    ck_assert_uint_eq(read32(DEN), 0x0f);
    ck_assert_uint_eq(read32(PUR), 0x0f);
    ck_assert_uint_eq(read32(CR), 0xf0);
    ck_assert(gpio_pl061_alternate(p, 3));
    write32(AFSEL, 0xf0); /* those stay */
    ck_assert_uint_eq(read32(AFSEL), 0xff);
    write32(CR, 0xff); /* locked */
    ck_assert_uint_eq(read32(CR), 0xf0);
    write32(LOCK, KEY);
    ck_assert_uint_eq(read32(LOCK), 0);
    write32(CR, 0xff);
    ck_assert_uint_eq(read32(CR), 0xff);
    write32(LOCK, 0);
    ck_assert_uint_eq(read32(LOCK), 1);
    write32(AFSEL, 0);
    ck_assert_uint_eq(read32(AFSEL), 0);
    finish();
}
END_TEST

static void
watch(void *dev)
{
    ck_assert_ptr_eq(dev, p);
    watched++;
}

START_TEST(watchers)
{
    start("gpiof");
    watched = 0;
    ck_assert_int_eq(gpio_pl061_watch(p, p, watch), 0);
    write32(DEN, 1);
    write32(DIR, 1);
    write32(DATA + 4, 1);
    ck_assert_uint_eq(watched, 3);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(gpio_pl061_watch(p, p, watch), 0);
    }
    ck_assert_int_eq(gpio_pl061_watch(p, p, watch), -ENOSPC);
    finish();
}
END_TEST

START_TEST(guest_errors)
{
    start("gpiof");
    write32(DIR, 0x100);
    expect_error(SIM_V_RESERVED);
    write32(RIS, 0);
    expect_error(SIM_V_READ_ONLY);
    read32(ICR);
    expect_error(SIM_V_WRITE_ONLY);
    read32(BASE + 0x424);
    expect_error(SIM_V_NO_REG);
    sim_bus_write(t.sim, SIM_MMIO, ALL, 1, 0);
    expect_error(SIM_V_WIDTH);
    sim_bus_read(t.sim, SIM_MMIO, DATA + 2, 4);
    expect_error(SIM_V_WIDTH);
    finish();
}
END_TEST

RUN_TESTS("gpio_pl061", reset_values, address_bits_choose_pins, digital_enable_and_direction, pulls,
          edges, levels, commit, watchers, guest_errors)

/* The system control of the LM3S6965 against its data sheet, chapter 5. */
#include <devices/sysctl_lm3s.h>

#include "harness.h"

enum {
    BASE = 0x400fe000,
    DID0 = BASE,
    DID1 = BASE + 0x004,
    DC0 = BASE + 0x008,
    SRCR1 = BASE + 0x044,
    RIS = BASE + 0x050,
    IMC = BASE + 0x054,
    MISC = BASE + 0x058,
    RESC = BASE + 0x05c,
    RCC = BASE + 0x060,
    PLLCFG = BASE + 0x064,
    RCC2 = BASE + 0x070,
    RCGC0 = BASE + 0x100,
    RCGC1 = BASE + 0x104,

    TIMER0 = 0x40030000,
    TAMR = TIMER0 + 4,
    CTL = TIMER0 + 0x0c,
    TRIS = TIMER0 + 0x1c,
    TAILR = TIMER0 + 0x28,
    TAR = TIMER0 + 0x48,

    PLLLRIS = 1 << 6,
    BYPASS = 1 << 11,
    PWRDN = 1 << 13,
    USESYSDIV = 1 << 22,
    GATE_TIMER0 = 1 << 16,
    IRQ = 28,
};

#define RCC_RESET 0x078e3ad1u
#define USERCC2   0x80000000u

static const struct board_dev devs[] = {
    { "luminary,sysctl", "sysctl", BOARD_MMIO, BASE, 0x1000, IRQ, 50000000 },
    { "luminary,gptm", "timer0", BOARD_MMIO, TIMER0, 0x1000, 19, 50000000 },
};

static void
start(void)
{
    static const struct model_class *const models[] = { &sysctl_lm3s_class, &timer_gptm_class, NULL };
    struct sim_config config = default_config();

    start_with(&config, devs, 2, models);
}

START_TEST(reset_values)
{
    start();
    ck_assert_uint_eq(read32(DID1) >> 16 & 0xff, 0x73); /* LM3S6965 */
    ck_assert_uint_eq(read32(DC0), 0x00ff007f);         /* 64 KiB of SRAM, 256 KiB of flash */
    ck_assert_uint_eq(read32(RCC), RCC_RESET);
    ck_assert_uint_eq(read32(RCC2), 0x07802810);
    ck_assert_uint_eq(read32(RCGC0), 0x40);
    ck_assert_uint_eq(read32(RCGC1), 0);
    ck_assert_uint_eq(read32(RIS), 0);
    ck_assert_uint_eq(read32(RESC), RESC_POR);
    ck_assert_uint_eq(sysctl_lm3s_hz(t.sim, 1), 12000000); /* the internal oscillator */
    finish();
}
END_TEST

START_TEST(part_without_clock_is_not_there)
{
    start();
    ck_assert_uint_eq(read32(TAILR), 0xffffffff);
    expect_error(SIM_V_UNCLAIMED);
    write32(RCGC1, GATE_TIMER0);
    write32(TAILR, 1234);
    ck_assert_uint_eq(read32(TAILR), 1234);
    write32(SRCR1, GATE_TIMER0); /* reset by software */
    write32(SRCR1, 0);
    ck_assert_uint_eq(read32(TAILR), 0xffffffff);
    write32(TAILR, 1234);
    write32(RCGC1, 0);
    write32(TAILR, 1);
    expect_error(SIM_V_UNCLAIMED);
    write32(RCGC1, GATE_TIMER0); /* it kept what it had */
    ck_assert_uint_eq(read32(TAILR), 1234);
    finish();
}
END_TEST

/* 5.2.4: the PLL to 50 MHz as the data sheet says: bypass, power up, wait for lock, off with the bypass. */
START_TEST(pll)
{
    uint32_t rcc;

    start();
    write32(IMC, PLLLRIS);
    rcc = (RCC_RESET & ~(uint32_t)(0xf << 23 | 3 << 4 | 1 | 0x3c0)) |
          0xe << 6; /* main oscillator, 8 MHz */
    write32(RCC, rcc);
    ck_assert_uint_eq(sysctl_lm3s_hz(t.sim, 1), 8000000);
    ck_assert_uint_eq(read32(PLLCFG), 0x0640); /* 8 MHz * 50 / 1 */
    rcc = (rcc & ~(uint32_t)PWRDN) | 3 << 23 | USESYSDIV;
    write32(RCC, rcc);
    ck_assert_uint_eq(sysctl_lm3s_hz(t.sim, 1), 2000000); /* still bypassed, divided by 4 */
    ck_assert_uint_eq(read32(RIS), 0);
    step(500 * US);
    ck_assert_uint_eq(read32(RIS), PLLLRIS);
    ck_assert(irq(IRQ));
    write32(RCC, rcc & ~(uint32_t)BYPASS);
    ck_assert_uint_eq(sysctl_lm3s_hz(t.sim, 1), 50000000);
    write32(MISC, PLLLRIS);
    ck_assert_uint_eq(read32(RIS), 0);
    ck_assert(!irq(IRQ));
    finish();
}
END_TEST

START_TEST(pll_without_lock)
{
    start();
    write32(RCC, RCC_RESET & ~(uint32_t)(PWRDN | BYPASS));
    expect_error(SIM_V_STATE);
    finish();
}
END_TEST

START_TEST(second_configuration_register)
{
    start();
    write32(RCC2, USERCC2 | 0x0780 << 16 | PWRDN | BYPASS | 3 << 4); /* the 30 kHz oscillator */
    ck_assert_uint_eq(sysctl_lm3s_hz(t.sim, 1), 30000);
    write32(RCC2, USERCC2 | 0x0780 << 16 | PWRDN | BYPASS | 7 << 4);
    ck_assert_uint_eq(sysctl_lm3s_hz(t.sim, 1), 32768);
    write32(RCC, RCC_RESET | USESYSDIV); /* divided by 16, of RCC2 */
    ck_assert_uint_eq(sysctl_lm3s_hz(t.sim, 1), 2048);
    finish();
}
END_TEST

START_TEST(others_follow_the_clock)
{
    start();
    write32(RCGC1, GATE_TIMER0);
    write32(TAMR, 1);
    write32(TAILR, 12000 * 100); /* 100 ms at 12 MHz */
    write32(CTL, 1);
    step(50 * MS);
    write32(RCC, RCC_RESET & ~(uint32_t)(3 << 4 | 1)); /* 8 MHz: the rest takes 75 ms */
    ck_assert_uint_eq(read32(TAR), 600000);
    step(75 * MS - 1);
    ck_assert_uint_eq(read32(TRIS), 0);
    step(1);
    ck_assert_uint_eq(read32(TRIS), 1);
    finish();
}
END_TEST

START_TEST(reset_cause)
{
    start();
    write32(RESC, 0);
    ck_assert_uint_eq(read32(RESC), 0);
    sysctl_lm3s_reset(t.sim, RESC_WDT);
    ck_assert_int_eq(t.ended, SIM_END_RESET);
    sim_reset(t.sim);
    ck_assert_uint_eq(read32(RESC), RESC_WDT);
    sim_reset(t.sim);
    ck_assert_uint_eq(read32(RESC), RESC_POR);
    finish();
}
END_TEST

START_TEST(guest_errors)
{
    start();
    write32(RCGC1, 1 << 3);
    expect_error(SIM_V_RESERVED);
    write32(RIS, 0);
    expect_error(SIM_V_READ_ONLY);
    read32(BASE + 0x0c);
    expect_error(SIM_V_NO_REG);
    sim_bus_read(t.sim, SIM_MMIO, DID0, 2);
    expect_error(SIM_V_WIDTH);
    write32(DID0, 0); /* ignored: identification is asked that way, too */
    finish();
}
END_TEST

RUN_TESTS("sysctl_lm3s", reset_values, part_without_clock_is_not_there, pll, pll_without_lock,
          second_configuration_register, others_follow_the_clock, reset_cause, guest_errors)

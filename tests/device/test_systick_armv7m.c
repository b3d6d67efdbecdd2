/* The SysTick model against the ARMv7-M manual (DDI 0403E, B3.3). */
#include <devices/nvic_armv7m.h>

#include "harness.h"

enum {
    NVIC = 0xe000e000u,
    CSR = NVIC + 0x10,
    RVR = NVIC + 0x14,
    CVR = NVIC + 0x18,
    CALIB = NVIC + 0x1c,
    ICSR = NVIC + 0xd04,
    PENDSTSET = 1 << 26,
    PENDSTCLR = 1 << 25,
    ENABLE = 1,
    TICKINT = 2,
    CLKSOURCE = 4,
    COUNTFLAG = 1 << 16,
};

/* 1 MHz, so that a tick is a microsecond. */
static const struct board_dev devs[] = {
    { "arm,armv7m-nvic", "nvic", BOARD_MMIO, NVIC, 0x1000, BOARD_NO_IRQ, 0 },
    { "arm,armv7m-systick", "systick", BOARD_MMIO, NVIC + 0x10, 0x10, BOARD_NO_IRQ, 1000000 },
};

static void
start(void)
{
    static const struct model_class *const models[] = { &nvic_armv7m_class, &systick_armv7m_class,
                                                        NULL };
    struct sim_config config = default_config();

    start_with(&config, devs, 2, models);
}

static bool
pending(void)
{
    return read32(ICSR) & PENDSTSET;
}

START_TEST(reset_values)
{
    start();
    ck_assert_uint_eq(read32(CSR), CLKSOURCE); /* no reference clock: it cannot be cleared */
    ck_assert_uint_eq(read32(RVR), 0);
    ck_assert_uint_eq(read32(CVR), 0);
    ck_assert_uint_eq(read32(CALIB) >> 31, 1); /* NOREF */
    write32(CSR, 0);
    ck_assert_uint_eq(read32(CSR), CLKSOURCE);
    finish();
}
END_TEST

START_TEST(counts_down_and_reloads)
{
    start();
    write32(RVR, 9);
    write32(CVR, 0);
    write32(CSR, ENABLE | CLKSOURCE);
    step(1 * US); /* the first tick loads */
    for (unsigned i = 0; i < 100; i++) {
        ck_assert_uint_eq(read32(CVR), 9 - i % 10);
        step(1 * US);
    }
    ck_assert(!pending()); /* TICKINT is off */
    finish();
}
END_TEST

START_TEST(flag_and_interrupt)
{
    start();
    write32(RVR, 99);
    write32(CVR, 77);
    ck_assert_uint_eq(read32(CVR), 0); /* any value clears it */
    write32(CSR, ENABLE | TICKINT | CLKSOURCE);
    step(99 * US);
    ck_assert(!pending());
    step(1 * US);
    ck_assert(pending());
    ck_assert_uint_eq(read32(CSR), COUNTFLAG | CLKSOURCE | TICKINT | ENABLE);
    ck_assert_uint_eq(read32(CSR), CLKSOURCE | TICKINT | ENABLE); /* cleared by reading */
    ck_assert_int_eq(sim_cpu_intr_ack(t.sim), NVIC_SYSTICK);
    nvic_armv7m_return(sim_model_find(t.sim, "nvic"), NVIC_SYSTICK);
    step(99 * US);
    ck_assert(!pending());
    step(1 * US);
    ck_assert(pending());
    write32(ICSR, PENDSTCLR);
    ck_assert(!pending());
    finish();
}
END_TEST

START_TEST(writing_the_counter_clears_the_flag)
{
    start();
    write32(RVR, 9);
    write32(CSR, ENABLE | CLKSOURCE);
    step(100 * US);
    write32(CVR, 1);
    ck_assert_uint_eq(read32(CSR), ENABLE | CLKSOURCE);
    step(1 * US);
    ck_assert_uint_eq(read32(CVR), 9);
    finish();
}
END_TEST

START_TEST(new_reload_value_from_the_next_period)
{
    start();
    write32(RVR, 9);
    write32(CSR, ENABLE | CLKSOURCE);
    step(3 * US);
    write32(RVR, 99);
    ck_assert_uint_eq(read32(CVR), 7);
    step(7 * US);
    ck_assert_uint_eq(read32(CVR), 0);
    step(1 * US);
    ck_assert_uint_eq(read32(CVR), 99);
    finish();
}
END_TEST

START_TEST(stops_and_goes_on)
{
    start();
    write32(RVR, 99);
    write32(CSR, ENABLE | CLKSOURCE);
    step(11 * US);
    write32(CSR, CLKSOURCE);
    ck_assert_uint_eq(read32(CVR), 89);
    step(1 * S);
    ck_assert_uint_eq(read32(CVR), 89);
    write32(CSR, ENABLE | CLKSOURCE);
    step(9 * US);
    ck_assert_uint_eq(read32(CVR), 80);
    finish();
}
END_TEST

/* B3.3.1: with a reload value of 0 it stops at the next wrap. */
START_TEST(reload_of_zero_stops)
{
    start();
    write32(RVR, 5);
    write32(CSR, ENABLE | TICKINT | CLKSOURCE);
    step(2 * US);
    write32(RVR, 0);
    step(4 * US);
    ck_assert(pending());
    write32(ICSR, PENDSTCLR);
    step(1 * S);
    ck_assert(!pending());
    ck_assert_uint_eq(read32(CVR), 0);
    ck_assert_uint_eq(sim_next_event_ns(t.sim), SIM_NEVER);
    finish();
}
END_TEST

START_TEST(long_run_does_not_drift)
{
    unsigned ticks = 0;

    start();
    write32(RVR, 9999); /* 100 Hz */
    write32(CSR, ENABLE | TICKINT | CLKSOURCE);
    for (unsigned i = 0; i < 100 * 100; i++) {
        step(10 * MS);
        ticks += pending();
        write32(ICSR, PENDSTCLR);
    }
    ck_assert_uint_eq(ticks, 100 * 100);
    finish();
}
END_TEST

START_TEST(guest_errors)
{
    start();
    write32(RVR, 0x01000000);
    expect_error(SIM_V_RESERVED);
    write32(CSR, 8);
    expect_error(SIM_V_RESERVED);
    write32(CALIB, 0);
    expect_error(SIM_V_READ_ONLY);
    sim_bus_read(t.sim, SIM_MMIO, CSR, 2);
    expect_error(SIM_V_WIDTH);
    finish();
}
END_TEST

RUN_TESTS("systick_armv7m", reset_values, counts_down_and_reloads, flag_and_interrupt,
          writing_the_counter_clears_the_flag, new_reload_value_from_the_next_period,
          stops_and_goes_on, reload_of_zero_stops, long_run_does_not_drift, guest_errors)

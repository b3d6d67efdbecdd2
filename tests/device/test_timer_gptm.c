/* The GPTM model against the LM3S6965 data sheet, chapter 9. */
#include "harness.h"

enum {
    BASE = 0x40030000,
    CFG = BASE,
    TAMR = BASE + 0x04,
    TBMR = BASE + 0x08,
    CTL = BASE + 0x0c,
    IMR = BASE + 0x18,
    RIS = BASE + 0x1c,
    MIS = BASE + 0x20,
    ICR = BASE + 0x24,
    TAILR = BASE + 0x28,
    TBILR = BASE + 0x2c,
    TAMATCHR = BASE + 0x30,
    TAPR = BASE + 0x38,
    TBPR = BASE + 0x3c,
    TAR = BASE + 0x48,
    TBR = BASE + 0x4c,

    ONE_SHOT = 1,
    PERIODIC = 2,
    TAEN = 1,
    TBEN = 1 << 8,
    TATO = 1,
    RTCRIS = 8,
    TBTO = 1 << 8,
    IRQ = 19,
};

/* 1 MHz, so that a tick is a microsecond. */
static const struct board_dev timer = { "luminary,gptm", "timer0", BOARD_MMIO, BASE,
                                        0x1000,          IRQ,      1000000 };

START_TEST(reset_values)
{
    start_one(&timer_gptm_class, &timer);
    ck_assert_uint_eq(read32(CFG) | read32(TAMR) | read32(TBMR) | read32(CTL) | read32(IMR), 0);
    ck_assert_uint_eq(read32(RIS) | read32(MIS) | read32(TAPR), 0);
    ck_assert_uint_eq(read32(TAILR), 0xffffffff);
    ck_assert_uint_eq(read32(TBILR), 0xffff);
    ck_assert_uint_eq(read32(TAMATCHR), 0xffffffff);
    ck_assert_uint_eq(read32(TAR), 0xffffffff);
    ck_assert_uint_eq(read32(TBR), 0xffff);
    finish();
}
END_TEST

START_TEST(one_shot)
{
    start_one(&timer_gptm_class, &timer);
    write32(TAMR, ONE_SHOT);
    write32(TAILR, 1000);
    write32(IMR, TATO);
    write32(CTL, TAEN);
    ck_assert_uint_eq(read32(TAR), 1000);
    step(400 * US);
    ck_assert_uint_eq(read32(TAR), 600);
    step(599 * US);
    ck_assert(!irq(IRQ));
    step(1 * US);
    ck_assert(irq(IRQ));
    ck_assert_uint_eq(read32(MIS), TATO);
    ck_assert_uint_eq(read32(CTL), 0); /* it switches itself off */
    write32(ICR, TATO);
    ck_assert(!irq(IRQ));
    step(S);
    ck_assert_uint_eq(read32(RIS), 0);
    ck_assert_uint_eq(sim_next_event_ns(t.sim), SIM_NEVER);
    finish();
}
END_TEST

START_TEST(periodic)
{
    unsigned n = 0;

    start_one(&timer_gptm_class, &timer);
    write32(TAMR, PERIODIC);
    write32(TAILR, 99);
    write32(IMR, TATO);
    write32(CTL, TAEN);
    for (unsigned i = 0; i < 10000; i++) {
        step(1 * US);
        if (irq(IRQ)) {
            write32(ICR, TATO);
            ck_assert_uint_eq(read32(TAR), 0);
            n++;
        }
    }
    ck_assert_uint_eq(n, 100);
    step(S); /* nobody clears it: it stays, and costs nothing */
    ck_assert(irq(IRQ));
    ck_assert_uint_eq(sim_next_event_ns(t.sim), SIM_NEVER);
    write32(ICR, TATO);
    ck_assert(!irq(IRQ));
    step(100 * US);
    ck_assert(irq(IRQ));
    finish();
}
END_TEST

START_TEST(two_halves_with_prescalers)
{
    start_one(&timer_gptm_class, &timer);
    write32(CFG, 4);
    write32(TAMR, ONE_SHOT);
    write32(TBMR, PERIODIC);
    write32(TAILR, 9);
    write32(TAPR, 9);
    write32(TBILR, 49);
    write32(IMR, TATO | TBTO);
    write32(CTL, TAEN | TBEN);
    step(50 * US);
    ck_assert_uint_eq(read32(RIS), TBTO);
    ck_assert_uint_eq(read32(TAR), 4); /* 99 - 50 ticks, by 10 */
    write32(ICR, TBTO);
    step(50 * US);
    ck_assert_uint_eq(read32(RIS), TATO | TBTO);
    ck_assert_uint_eq(read32(CTL), TBEN);
    write32(IMR, TATO);
    ck_assert_uint_eq(read32(MIS), TATO);
    finish();
}
END_TEST

START_TEST(halves_of_one_timer)
{
    start_one(&timer_gptm_class, &timer);
    write32(TAILR, 0x12345678);
    ck_assert_uint_eq(read32(TBILR), 0x1234);
    write32(TBILR, 0xffff); /* ignored */
    ck_assert_uint_eq(read32(TAILR), 0x12345678);
    write32(TAMATCHR, 0xabcd0001);
    ck_assert_uint_eq(read32(TAMATCHR + 4), 0xabcd);
    write32(TAMR, PERIODIC);
    write32(CTL, TAEN);
    ck_assert_uint_eq(read32(TBR), 0x1234);
    write32(CTL, 0);
    write32(CFG, 4); /* two timers */
    ck_assert_uint_eq(read32(TAILR), 0x5678);
    ck_assert_uint_eq(read32(TBILR), 0x1234);
    write32(TAILR, 0x00019999);
    ck_assert_uint_eq(read32(TAILR), 0x9999);
    ck_assert_uint_eq(read32(TBILR), 0x1234);
    write32(TBILR, 0x4321);
    ck_assert_uint_eq(read32(TBILR), 0x4321);
    finish();
}
END_TEST

START_TEST(stops_where_it_is)
{
    start_one(&timer_gptm_class, &timer);
    write32(TAMR, PERIODIC);
    write32(TAILR, 1000);
    write32(CTL, TAEN);
    step(300 * US);
    write32(CTL, 0);
    step(S);
    ck_assert_uint_eq(read32(TAR), 700);
    ck_assert_uint_eq(read32(RIS), 0);
    write32(CTL, TAEN); /* from the start again */
    ck_assert_uint_eq(read32(TAR), 1000);
    finish();
}
END_TEST

START_TEST(new_interval_while_it_runs)
{
    start_one(&timer_gptm_class, &timer);
    write32(TAMR, PERIODIC);
    write32(TAILR, 1000);
    write32(CTL, TAEN);
    step(300 * US);
    write32(TAILR, 50); /* "loads on the next cycle" */
    step(50 * US);
    ck_assert_uint_eq(read32(RIS), TATO);
    finish();
}
END_TEST

START_TEST(real_time_clock)
{
    start_one(&timer_gptm_class, &timer);
    write32(CFG, 1);
    write32(TAMATCHR, 4);
    write32(IMR, RTCRIS);
    write32(CTL, TAEN);
    ck_assert_uint_eq(read32(TAR), 1); /* counts from 1 */
    step(2 * S);
    ck_assert_uint_eq(read32(TAR), 3);
    ck_assert(!irq(IRQ));
    step(1 * S);
    ck_assert(irq(IRQ));
    write32(ICR, RTCRIS);
    write32(TAMATCHR, 10);
    step(6 * S);
    ck_assert_uint_eq(read32(MIS), RTCRIS);
    finish();
}
END_TEST

START_TEST(guest_errors)
{
    start_one(&timer_gptm_class, &timer);
    write32(CTL, 1 << 7);
    expect_error(SIM_V_RESERVED);
    write32(TAR, 0);
    expect_error(SIM_V_READ_ONLY);
    read32(ICR);
    expect_error(SIM_V_WRITE_ONLY);
    read32(BASE + 0x10);
    expect_error(SIM_V_NO_REG);
    sim_bus_read(t.sim, SIM_MMIO, CFG, 2);
    expect_error(SIM_V_WIDTH);
    write32(TAMR, PERIODIC);
    write32(CTL, TAEN);
    write32(TAMR, ONE_SHOT);
    expect_error(SIM_V_STATE);
    finish();
}
END_TEST

RUN_TESTS("timer_gptm", reset_values, one_shot, periodic, two_halves_with_prescalers,
          halves_of_one_timer, stops_where_it_is, new_interval_while_it_runs, real_time_clock,
          guest_errors)

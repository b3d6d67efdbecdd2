/* The two ways to end a run. */
#include "harness.h"

static const struct board_dev debug_exit = { "qemu,debug-exit", "exit", BOARD_PORT, 0xf4, 4,
                                             BOARD_NO_IRQ,      0 };
static const struct board_dev pm = { "acpi,pm", "pm", BOARD_PORT, 0x604, 4, BOARD_NO_IRQ, 0 };

START_TEST(exit_code)
{
    start_one(&exit_port_class, &debug_exit);
    ck_assert_int_eq(sim_ended(t.sim, NULL), SIM_RUNNING);
    sim_bus_write(t.sim, SIM_PORT, 0xf4, 4, 0x21);
    ck_assert_int_eq(t.ended, SIM_END_EXIT);
    ck_assert_int_eq(t.end_code, 0x43);
    outb(0xf4, 0); /* the first one counts */
    ck_assert_int_eq(sim_ended(t.sim, &t.end_code), SIM_END_EXIT);
    ck_assert_int_eq(t.end_code, 0x43);
    finish();
}
END_TEST

START_TEST(power_off)
{
    start_one(&pm_port_class, &pm);
    sim_bus_write(t.sim, SIM_PORT, 0x604, 2, 0x0000);
    ck_assert_int_eq(t.ended, SIM_RUNNING);
    sim_bus_write(t.sim, SIM_PORT, 0x604, 2, 0x2400);
    expect_error(SIM_V_STATE);
    sim_bus_write(t.sim, SIM_PORT, 0x604, 2, 0x2000);
    ck_assert_int_eq(t.ended, SIM_END_POWER_OFF);
    ck_assert_int_eq(t.end_code, 0);
    ck_assert_int_eq(sim_run_until(t.sim, 100), SIM_END_POWER_OFF);
    finish();
}
END_TEST

RUN_TESTS("exit_port", exit_code, power_off)

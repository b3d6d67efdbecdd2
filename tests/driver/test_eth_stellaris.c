/* The driver of the LM3S6965's Ethernet controller on its model: what the log says, and that the controller is quiet. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <devices/eth_stellaris.h>
#include <sim/bus.h>
#include <tests/suite.h>

#include "lm3s.h"
#include "machine.h"

enum { IM = 0x40048004, IA0 = 0x40048014, IA1 = 0x40048018, MDV = 0x40048024 };

static bool link_up;

static void
start_up(void)
{
    lm3s_start_up(host.sim);
    sim_bus_write(host.sim, SIM_MMIO, IA0, 4, 0x33b61a00);
    sim_bus_write(host.sim, SIM_MMIO, IA1, 4, 0x7f01);
    eth_stellaris_link(sim_model_find(host.sim, "eth0"), link_up);
}

static void
found_body(void)
{
    ck_assert_ptr_nonnull(
        strstr(machine_log(),
               link_up ? "eth0: Ethernet, address 00:1a:b6:33:01:7f, PHY 000e7237, link\n"
                       : "eth0: Ethernet, address 00:1a:b6:33:01:7f, PHY 000e7237, no link\n"));
    ck_assert_uint_eq(sim_bus_read(host.sim, SIM_MMIO, IM, 4), 0);
    ck_assert_uint_eq(sim_bus_read(host.sim, SIM_MMIO, MDV, 4),
                      9); /* 50 MHz / (2 * 10): 2.5 MHz, as fast as a PHY must be */
}

START_TEST(found)
{
    link_up = _i == 1;
    machine_run(&(struct machine_config){ .board = &lm3s_board, .before_attach = start_up },
                found_body);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("eth_stellaris");
    TCase *tc = tcase_create("driver");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, found, 0, 2);
    suite_add_tcase(s, tc);
    return run_suite(s);
}

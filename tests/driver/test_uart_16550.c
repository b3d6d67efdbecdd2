/* The 16550 driver on the modelled chip. */
#include <kernel/core/uart.h>
#include <kernel/mm/kmem.h>

#include <hal/time.h>

#include <check.h>
#include <stdlib.h>

#include <devices/uart_16550.h>
#include <tests/suite.h>

#include "machine.h"
#include "uart_bodies.h"

static const struct machine_config pc = { 0 };

START_TEST(output)
{
    machine_run(&pc, uart_output_body);
}
END_TEST

START_TEST(input)
{
    machine_run(&pc, uart_input_body);
}
END_TEST

START_TEST(echoes)
{
    machine_run(&pc, uart_echo_body);
}
END_TEST

START_TEST(line_and_panic)
{
    machine_run(&pc, uart_line_body);
}
END_TEST

static void
nothing_body(void)
{
}

START_TEST(attach_without_memory)
{
    machine_fail_at = (uint64_t)_i;
    machine_run(&pc, nothing_body);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("uart_16550");
    TCase *tc = tcase_create("driver");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, output);
    tcase_add_test(tc, input);
    tcase_add_test(tc, echoes);
    tcase_add_test(tc, line_and_panic);
    tcase_add_loop_test(tc, attach_without_memory, 1, 20);
    suite_add_tcase(s, tc);

    uart_make_break = uart_16550_break;
    return run_suite(s);
}

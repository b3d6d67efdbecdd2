/* The PL011 driver on the modelled chip, and a terminal on it. */
#include <kernel/abi/errno.h>
#include <kernel/abi/fcntl.h>
#include <kernel/abi/resource.h>
#include <kernel/core/uart.h>
#include <kernel/core/wait.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/kmem.h>
#include <kernel/proc/proc.h>
#include <kernel/sched/thread.h>
#include <kernel/tty/tty.h>

#include <hal/time.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <devices/uart_pl011.h>
#include <sim/chardev.h>
#include <tests/suite.h>

#include "lm3s.h"
#include "machine.h"
#include "uart_bodies.h"

enum { FE = 1 << 8, PE = 1 << 9, FIFO = 16, MANY = 3000 };
enum { CONSOLE_OUT = 6000 };

static const struct machine_config lm3s = { .board = &lm3s_board };

START_TEST(output)
{
    machine_run(&lm3s, uart_output_body);
}
END_TEST

START_TEST(input)
{
    machine_run(&lm3s, uart_input_body);
}
END_TEST

START_TEST(echoes)
{
    machine_run(&lm3s, uart_echo_body);
}
END_TEST

START_TEST(line_and_panic)
{
    machine_run(&lm3s, uart_line_body);
}
END_TEST

/* --- what is wrong with a character --- */

static struct {
    uint8_t byte;
    unsigned errors;
} got[64];
static size_t got_len;

static void
record(struct uart *u unused_param, uint8_t byte, unsigned errors)
{
    ck_assert_uint_lt(got_len, sizeof got / sizeof got[0]);
    got[got_len].byte = byte;
    got[got_len++].errors = errors;
}

static void
pause_ms(unsigned ms)
{
    ck_assert_int_eq(thread_sleep_until(hal_time_now_ns() + ms * 1000000ull, 0), 0);
}

static void
errors_body(void)
{
    struct model *chip = sim_model_find(host.sim, "uart0");
    struct uart *u = uart_find("uart0");

    ck_assert_ptr_nonnull(u);
    u->input = record;
    uart_start(u);
    uart_pl011_receive(chip, 'a', 0);
    uart_pl011_receive(chip, 'b', FE);
    uart_pl011_receive(chip, 'c', PE);
    uart_pl011_break(chip);
    uart_pl011_receive(chip, 'd', 0);
    pause_ms(2);
    ck_assert_uint_eq(got_len, 5);
    ck_assert(got[0].byte == 'a' && got[0].errors == 0);
    ck_assert(got[1].byte == 'b' && got[1].errors == UART_FRAMING);
    ck_assert(got[2].byte == 'c' && got[2].errors == UART_PARITY);
    ck_assert(got[3].byte == 0 && got[3].errors == UART_BREAK);
    ck_assert(got[4].byte == 'd' && got[4].errors == 0);
    ck_assert_uint_eq(u->line_errors, 3);

    got_len = 0; /* more than the FIFO holds, before anybody looks */
    for (unsigned i = 0; i < FIFO + 3; i++)
        uart_pl011_receive(chip, (uint8_t)('A' + i), 0);
    pause_ms(2);
    uart_pl011_receive(chip, 'z', 0);
    pause_ms(2);
    ck_assert_uint_eq(got_len, FIFO + 1);
    for (unsigned i = 0; i < FIFO; i++)
        ck_assert(got[i].byte == 'A' + i && got[i].errors == 0);
    ck_assert(got[FIFO].byte == 'z' && got[FIFO].errors == UART_OVERRUN);
    ck_assert_uint_eq(u->overruns, 1);
    ck_assert_int_eq(u->error, 0);
}

START_TEST(errors_come_with_their_characters)
{
    machine_run(&lm3s, errors_body);
}
END_TEST

/* A line so fast that the FIFO is never above its mark: no interrupt comes for what is left. */
static uint8_t wire[CONSOLE_OUT + 4096];
static size_t wire_len;

static int
to_wire(void *arg unused_param, const uint8_t *bytes, size_t n)
{
    ck_assert_uint_le(n, sizeof wire - wire_len);
    memcpy(wire + wire_len, bytes, n);
    wire_len += n;
    return (int)n;
}

static void
instant_body(void)
{
    static uint8_t text[UART_TX_SIZE + MANY];
    struct uart *u = uart_find("uart0");

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 11 + i / 256);
    uart_start(u);
    sim_char_connect(sim_char_find(host.sim, "uart0"), to_wire, NULL, NULL);
    uart_pl011_set_instant(sim_model_find(host.sim, "uart0"), true);
    ck_assert_uint_eq(uart_write(u, cspan_of(text, MANY)), MANY);
    ck_assert_uint_eq(uart_write(u, cspan_of(text, sizeof text)), sizeof text);
    pause_ms(1);
    ck_assert(uart_idle(u));
    ck_assert_uint_eq(wire_len, MANY + sizeof text);
    ck_assert_mem_eq(wire + MANY, text, sizeof text);
}

START_TEST(faster_than_the_fifo)
{
    machine_run(&lm3s, instant_body);
}
END_TEST

/* --- a terminal --- */

static struct proc proc;
static struct session session;
static struct rlimits limits;
static struct sighand sighand;

static void
terminal_body(void)
{
    static uint8_t text[CONSOLE_OUT];
    struct sim_char *far = sim_char_find(host.sim, "uart0");
    struct file *f = NULL;
    uint8_t line[64] = { 0 };
    struct iobuf out = iobuf_kernel(text, sizeof text), in = iobuf_kernel(line, sizeof line);

    sim_char_connect(far, to_wire, NULL, NULL);
    vfs_init();
    tty_init();
    proc.session = &session; /* as far as terminals look at who uses them */
    proc.sighand = &sighand;
    proc.fs = NULL;
    limits.of[RLIMIT_FSIZE].cur = UINT64_MAX;
    proc.rlimits = &limits;
    thread_current()->proc = &proc;
    ck_assert_int_eq(vfs_mount_root("tmpfs", false), 0);
    ck_assert_int_eq(vfs_open(NULL, "/dev/ttyS0", O_RDWR | O_NOCTTY, 0, &f), 0);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(' ' + i % 90);
    ck_assert_int_eq(file_write(f, &out), CONSOLE_OUT); /* more than both queues hold: it waits */
    pause_ms(1000);
    ck_assert_uint_eq(wire_len, CONSOLE_OUT);
    ck_assert_mem_eq(wire, text, CONSOLE_OUT);

    wire_len = 0;
    ck_assert_uint_eq(sim_char_input(far, (const uint8_t *)"one\177E\rtwo", 9), 9);
    pause_ms(5);
    uart_pl011_receive(sim_model_find(host.sim, "uart0"), '!', PE); /* is dropped */
    ck_assert_int_eq(file_read(f, &in), 4);
    ck_assert_mem_eq(line, "onE\n", 4);
    ck_assert_mem_eq(wire, "one\b \bE\r\ntwo", 11);
    file_put(f);
    thread_current()->proc = NULL;
}

START_TEST(terminal)
{
    machine_run(&lm3s, terminal_body);
}
END_TEST

static void
nothing_body(void)
{
}

START_TEST(attach_without_memory)
{
    machine_fail_at = (uint64_t)_i;
    machine_run(&lm3s, nothing_body);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("uart_pl011");
    TCase *tc = tcase_create("driver");

    uart_make_break = uart_pl011_break;
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, output);
    tcase_add_test(tc, input);
    tcase_add_test(tc, echoes);
    tcase_add_test(tc, line_and_panic);
    tcase_add_test(tc, errors_come_with_their_characters);
    tcase_add_test(tc, faster_than_the_fifo);
    tcase_add_test(tc, terminal);
    tcase_add_loop_test(tc, attach_without_memory, 1, 20);
    suite_add_tcase(s, tc);
    return run_suite(s);
}

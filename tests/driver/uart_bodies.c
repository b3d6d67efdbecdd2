/* See uart_bodies.h. */
#include <kernel/abi/errno.h>
#include <kernel/core/uart.h>
#include <kernel/core/wait.h>

#include <hal/time.h>

#include <check.h>
#include <string.h>

#include <sim/chardev.h>

#include "machine.h"
#include "uart_bodies.h"

enum { BYTES = 20000 };

static uint8_t sent[BYTES + 64], received[BYTES + 64];
static size_t sent_len, received_len;
static unsigned breaks, drained;
static struct waitq queue = WAITQ_INIT(queue);

void (*uart_make_break)(struct model *model);

static int
wire_out(void *arg unused_param, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n && sent_len < sizeof sent; i++)
        sent[sent_len++] = bytes[i];
    return (int)n;
}

static void
got_byte(struct uart *u unused_param, uint8_t byte, unsigned errors)
{
    if ((errors & UART_BREAK) != 0)
        breaks++;
    else if (received_len < sizeof received)
        received[received_len++] = byte;
    wake_all(&queue);
}

static void
got_room(struct uart *u unused_param)
{
    drained++;
    wake_all(&queue);
}

static struct uart *
port(void)
{
    struct uart *u = uart_find("uart0");

    ck_assert_ptr_nonnull(u);
    ck_assert_ptr_eq(uart_console(), u);
    u->input = got_byte;
    uart_start(u);
    u->drained = got_room;
    sim_char_connect(sim_char_find(host.sim, "uart0"), wire_out, NULL, NULL);
    return u;
}

static void
write_all(struct uart *u, struct cspan data)
{
    while (data.len > 0) {
        size_t n = uart_write(u, data);

        data = cspan_sub(data, n, data.len - n);
        if (data.len > 0)
            ck_assert_int_eq(wait_on(&queue, 0, hal_time_now_ns() + 5000000000ull), 0);
    }
}

void
uart_output_body(void)
{
    static uint8_t text[BYTES];
    struct uart *u = port();

    for (size_t i = 0; i < BYTES; i++)
        text[i] = (uint8_t)(i * 7 + i / 256);

    uint64_t start = hal_time_now_ns();

    write_all(u, cspan_of(text, BYTES));
    while (!uart_idle(u))
        ck_assert_int_eq(thread_sleep_until(hal_time_now_ns() + 1000000, 0), 0);
    ck_assert_uint_eq(sent_len, BYTES);
    ck_assert(memcmp(sent, text, BYTES) == 0);
    ck_assert_uint_ge(drained, 2);
    ck_assert_uint_eq(u->tx_bytes, BYTES);

    uint64_t took = hal_time_now_ns() - start; /* 10 bits a byte at 115200 */

    ck_assert_uint_ge(took, BYTES * 86ull * 1000);
    ck_assert_uint_le(took, BYTES * 90ull * 1000);
}

void
uart_input_body(void)
{
    struct uart *u = port();
    struct sim_char *wire = sim_char_find(host.sim, "uart0");
    uint8_t text[BYTES];
    size_t fed = 0;

    for (size_t i = 0; i < BYTES; i++)
        text[i] = (uint8_t)(i * 3 + i / 256);
    for (unsigned n = 0; received_len < BYTES; n++) {
        ck_assert_uint_lt(n, 100000);
        fed += sim_char_input(wire, text + fed, fed < BYTES ? BYTES - fed : 0);
        ck_assert_int_eq(thread_sleep_until(hal_time_now_ns() + 200000, 0), 0);
    }
    ck_assert(memcmp(received, text, BYTES) == 0);
    ck_assert_uint_eq(u->rx_bytes, BYTES);
    ck_assert_uint_eq(u->overruns, 0);

    /* A single byte comes in time, not at the FIFO's trigger. */
    ck_assert_uint_eq(sim_char_input(wire, (const uint8_t *)"x", 1), 1);
    ck_assert_int_eq(thread_sleep_until(hal_time_now_ns() + 2000000, 0), 0);
    ck_assert_uint_eq(received_len, BYTES + 1);

    uart_make_break(sim_model_find(host.sim, "uart0"));
    ck_assert_int_eq(thread_sleep_until(hal_time_now_ns() + 2000000, 0), 0);
    ck_assert_uint_eq(breaks, 1);
}

static void
echo(struct uart *u, uint8_t byte, unsigned errors unused_param)
{
    ck_assert_uint_eq(uart_write(u, cspan_of(&byte, 1)), 1);
}

void
uart_echo_body(void)
{
    struct uart *u = port();
    struct sim_char *wire = sim_char_find(host.sim, "uart0");
    uint8_t text[2000];
    size_t fed = 0;

    u->input = echo;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 3);
    for (unsigned n = 0; sent_len < sizeof text; n++) {
        ck_assert_uint_lt(n, 100000);
        fed += sim_char_input(wire, text + fed, sizeof text - fed);
        ck_assert_int_eq(thread_sleep_until(hal_time_now_ns() + 200000, 0), 0);
    }
    ck_assert(memcmp(sent, text, sizeof text) == 0);
}

void
uart_line_body(void)
{
    static const struct uart_line none[] = {
        { .baud = 9600, .data_bits = 4, .stop_bits = 1 },
        { .baud = 9600, .data_bits = 9, .stop_bits = 1 },
        { .baud = 9600, .data_bits = 8, .stop_bits = 0 },
        { .baud = 9600, .data_bits = 8, .stop_bits = 3 },
    };
    struct uart *u = port();
    struct uart_line line = u->line;

    for (unsigned i = 0; i < sizeof none / sizeof none[0]; i++)
        ck_assert_int_eq(uart_set_line(u, &none[i]), -EINVAL);

    line.baud = 0;
    ck_assert_int_eq(uart_set_line(u, &line), -EINVAL);
    line.baud = UINT32_MAX;
    ck_assert_int_eq(uart_set_line(u, &line), -EINVAL);
    ck_assert_uint_eq(u->line.baud, 115200);
    line = (struct uart_line){ .baud = 9600, .data_bits = 7, .stop_bits = 2, .parity = UART_EVEN };
    ck_assert_int_eq(uart_set_line(u, &line), 0);

    uint64_t start = hal_time_now_ns();

    write_all(u, cspan_of("hello, world", 12));
    while (!uart_idle(u))
        ck_assert_int_eq(thread_sleep_until(hal_time_now_ns() + 100000, 0), 0);
    ck_assert_uint_ge(hal_time_now_ns() - start, 12 * 11 * 1000000000ull / 9600);
    ck_assert_mem_eq(sent, "hello, world", 12);

    ck_assert_uint_eq(uart_write(u, cspan_of(received, 3000)), 3000);
    uart_flush_output(u);
    uart_panic_write("panic", 5);
    while (!uart_idle(u))
        ck_assert_int_eq(thread_sleep_until(hal_time_now_ns() + 100000, 0), 0);
    ck_assert_uint_lt(sent_len, 12 + 64);
    ck_assert_mem_eq(sent + sent_len - 5, "panic", 5);
}

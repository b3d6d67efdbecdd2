/* The 16550 driver against a chip that answers anything. */
#include <kernel/core/device.h>
#include <kernel/core/uart.h>

#include <hal/board.h>

#include <stdlib.h>

#include <tests/unit/fake_hal.h>

#include "hostile.h"

enum { STEPS = 40, IRQ = 4, IIR = 2, LSR = 5, LSR_EMPTY = 0x60, IIR_NONE = 0xc1 };

static const struct board_dev devs[] = {
    { "ns16550a", "uart0", BOARD_PORT, 0x3f8, 8, IRQ, 1843200 },
    { 0 },
};
static const struct board board = { .name = "fuzz", .devs = devs };
static uint8_t scratch;
static uint64_t received;

static uint64_t
chip(const struct io *io unused_param, uint32_t off, unsigned width unused_param)
{
    return off == IIR ? IIR_NONE : off == LSR ? LSR_EMPTY : off == 7 ? scratch : 0;
}

static void
written(const struct io *io unused_param, uint32_t off, unsigned width unused_param, uint64_t v)
{
    if (off == 7)
        scratch = (uint8_t)v;
}

static void
input(struct uart *u, uint8_t byte, unsigned errors unused_param)
{
    received++;
    (void)uart_write(u, cspan_of(&byte, 1)); /* an echo */
}

static void
set_line(struct uart *u)
{
    uint8_t d = fuzz_decision(&hostile.in);
    struct uart_line line = {
        .baud = (uint32_t)fuzz_value(&hostile.in, 4),
        .data_bits = d & 15,
        .stop_bits = d >> 4 & 3,
        .parity = d >> 6 & 3,
    };

    if (uart_set_line(u, &line) > 0)
        abort();
}

static void
step(struct uart *u)
{
    static const uint8_t text[100];

    switch (fuzz_decision(&hostile.in) % 8) {
    case 0:
        (void)uart_write(u, cspan_of(text, fuzz_decision(&hostile.in) % sizeof text));
        break;
    case 1:
        set_line(u);
        break;
    case 2:
        uart_set_break(u, fuzz_decision(&hostile.in) & 1);
        break;
    case 3:
        (void)uart_idle(u);
        break;
    case 4:
        uart_flush_output(u);
        break;
    case 5:
        uart_panic_write("panic\n", 6);
        break;
    default:
        fake_irq(IRQ);
        break;
    }
}

static void
use(void)
{
    struct uart *u;

    device_attach_all(&board);
    u = uart_find("uart0");
    if (u == NULL)
        return;
    u->input = input;
    uart_start(u);
    for (unsigned i = 0; i < STEPS; i++)
        step(u);
    if (uart_room(u) > UART_TX_SIZE)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scratch = 0;
    hostile = (struct hostile){ .plausible = chip, .written = written, .irq = { IRQ, IRQ } };
    hostile_run(data, size, use);
    return 0;
}

/* See uart_steps.h. */
#include <kernel/core/device.h>
#include <kernel/core/uart.h>

#include <stdlib.h>

#include <tests/unit/fake_hal.h>

#include "hostile.h"
#include "uart_steps.h"

enum { STEPS = 40 };

const struct board *fuzz_uart_board;
static uint64_t received;

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
        fake_irq(hostile.irq[0]);
        break;
    }
}

void
fuzz_uart_use(void)
{
    struct uart *u;

    device_attach_all(fuzz_uart_board);
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

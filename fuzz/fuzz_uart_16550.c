/* The 16550 driver against a chip that answers anything. */
#include "hostile.h"
#include "uart_steps.h"

enum { IRQ = 4, IIR = 2, LSR = 5, LSR_EMPTY = 0x60, IIR_NONE = 0xc1 };

static const struct board_dev devs[] = {
    { "ns16550a", "uart0", BOARD_PORT, 0x3f8, 8, IRQ, 1843200 },
    { 0 },
};
static const struct board board = { .name = "fuzz", .devs = devs };
static uint8_t scratch;

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scratch = 0;
    fuzz_uart_board = &board;
    hostile = (struct hostile){ .plausible = chip, .written = written, .irq = { IRQ, IRQ } };
    hostile_run(data, size, fuzz_uart_use);
    return 0;
}

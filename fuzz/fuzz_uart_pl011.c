/* The PL011 driver against a chip that answers anything. */
#include <kernel/drivers/drivers.h>

#include "hostile.h"
#include "uart_steps.h"

enum { IRQ = 5, FIFO = 16, DR = 0x00, FR = 0x18, IMSC = 0x38, MIS = 0x40, ICR = 0x44 };
enum { FR_BUSY = 1 << 3, FR_RXFE = 1 << 4, FR_TXFF = 1 << 5, INT_TX = 1 << 5, INT_RT = 1 << 6 };

const struct driver *const kernel_drivers[] = { &driver_uart_pl011, NULL };
const size_t kernel_drivers_len = sizeof kernel_drivers / sizeof kernel_drivers[0];

static const struct board_dev devs[] = {
    { "arm,pl011", "uart0", BOARD_MMIO, 0x4000c000, 0x1000, IRQ, 50000000 },
    { 0 },
};
static const struct board board = { .name = "fuzz", .devs = devs };

/* A chip in order: a transmit FIFO that empties while the driver asks for the interrupt, and what comes in. */
static struct {
    unsigned tx, rx;
    uint32_t imsc, ris;
} fifo;

static uint64_t
chip(const struct io *io unused_param, uint32_t off, unsigned width unused_param)
{
    switch (off) {
    case DR:
        fifo.rx -= fifo.rx > 0;
        return 'x';
    case FR:
        return (fifo.tx > 0 ? FR_BUSY : 0) | (fifo.tx == FIFO ? FR_TXFF : 0) |
               (fifo.rx == 0 ? FR_RXFE : 0);
    case MIS:
        fifo.rx = (fifo.rx + 3) % FIFO;
        fifo.tx = 0;
        return (fifo.ris | INT_TX | INT_RT) & fifo.imsc;
    default:
        return 0;
    }
}

static void
written(const struct io *io unused_param, uint32_t off, unsigned width unused_param, uint64_t v)
{
    if (off == DR && fifo.tx < FIFO)
        fifo.tx++;
    else if (off == IMSC)
        fifo.imsc = (uint32_t)v;
    else if (off == ICR)
        fifo.ris &= ~(uint32_t)v;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    memset(&fifo, 0, sizeof fifo);
    fuzz_uart_board = &board;
    hostile = (struct hostile){ .plausible = chip, .written = written, .irq = { IRQ, IRQ } };
    hostile_run(data, size, fuzz_uart_use);
    return 0;
}

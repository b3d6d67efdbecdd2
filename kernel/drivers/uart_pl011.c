/* Driver for Arm's PrimeCell UART, PL011 (technical reference manual DDI 0183, chapters 2 and 3).
 *
 * FIFOs on; receive and transmit by interrupt.  No DMA, no flow control by the modem lines, no IrDA. */
#include <hal/irq.h>
#include <kernel/abi/errno.h>
#include <kernel/core/device.h>
#include <kernel/core/fmt.h>
#include <kernel/core/uart.h>
#include <kernel/drivers/drivers.h>
#include <kernel/mm/kmem.h>

enum {
    UARTDR = 0x00,
    UARTRSR = 0x04,
    UARTFR = 0x18,
    UARTIBRD = 0x24,
    UARTFBRD = 0x28,
    UARTLCR_H = 0x2c,
    UARTCR = 0x30,
    UARTIFLS = 0x34,
    UARTIMSC = 0x38,
    UARTMIS = 0x40,
    UARTICR = 0x44,
    REGISTERS = 0x48,
};

#define DR_FE BIT(8)
#define DR_PE BIT(9)
#define DR_BE BIT(10)
#define DR_OE BIT(11)

#define FR_BUSY BIT(3)
#define FR_RXFE BIT(4)
#define FR_TXFF BIT(5)

#define LCR_BRK  BIT(0)
#define LCR_PEN  BIT(1)
#define LCR_EPS  BIT(2)
#define LCR_STP2 BIT(3)
#define LCR_FEN  BIT(4)
#define LCR_WLEN 5

#define CR_UARTEN BIT(0)
#define CR_TXE    BIT(8)
#define CR_RXE    BIT(9)

#define INT_RX  BIT(4)
#define INT_TX  BIT(5)
#define INT_RT  BIT(6) /* receive time-out: the line pauses, the FIFO is not empty */
#define INT_ALL 0x7f0u

enum {
    RX_DRAIN_MAX = 256, /* bytes in one interrupt: more is a broken device */
    POLL_MAX = 1000000, /* reads of UARTFR for one byte */
    BAUD_DEFAULT = 115200,
};

struct pl011 {
    struct device *dev;
    struct io io;
    struct uart uart;
    uint32_t imsc, lcr; /* what the registers hold; changed under uart.lock */
};

static void
imsc_set(struct pl011 *u, uint32_t imsc)
{
    if (u->imsc != imsc)
        io_write32(&u->io, UARTIMSC, imsc);
    u->imsc = imsc;
}

/* Bytes from the queue to the FIFO, as long as both last; the interrupt is wanted while bytes are left.  It comes when the FIFO has
 * drained to its mark, so the first bytes are written here, and until it is full: one that was never above its mark stays silent. */
static void
tx_fill(struct pl011 *u) requires_lock(u->uart.lock)
{
    for (unsigned n = 0; n < UART_TX_SIZE && (io_read32(&u->io, UARTFR) & FR_TXFF) == 0; n++) {
        int byte = uart_tx_take(&u->uart);

        if (byte < 0)
            break;
        io_write32(&u->io, UARTDR, (uint32_t)byte);
    }
    imsc_set(u, u->uart.tx_len > 0 ? u->imsc | INT_TX : u->imsc & ~INT_TX);
}

static void
pl011_tx_start(struct uart *uart)
{
    struct pl011 *u = uart->driver;

    irqlock_assert_held(&u->uart.lock);
    tx_fill(u);
}

static void
give_up(struct pl011 *u)
{
    imsc_set(u, 0);
    device_fail(u->dev, -EIO);
    uart_fail(&u->uart, -EIO);
}

/* Read what the receiver has.  False: it never empties. */
static bool
rx_drain(struct pl011 *u)
{
    for (unsigned n = 0; n < RX_DRAIN_MAX; n++) {
        unsigned errors = 0;
        uint32_t dr;

        if ((io_read32(&u->io, UARTFR) & FR_RXFE) != 0)
            return true;
        dr = io_read32(&u->io, UARTDR);
        errors |= (dr & DR_OE) != 0 ? UART_OVERRUN : 0;
        errors |= (dr & DR_BE) != 0 ? UART_BREAK : 0;
        if ((dr & DR_BE) == 0) { /* a break is a framing error too */
            errors |= (dr & DR_PE) != 0 ? UART_PARITY : 0;
            errors |= (dr & DR_FE) != 0 ? UART_FRAMING : 0;
        }
        uart_input(&u->uart, (uint8_t)dr, errors);
    }
    return false;
}

static void
pl011_irq(void *arg)
{
    struct pl011 *u = arg;
    uint32_t mis = io_read32(&u->io, UARTMIS);

    if (u->uart.error != 0)
        return;
    /* Acknowledge first: a byte that lands while we drain must be able to raise the line again. */
    io_write32(&u->io, UARTICR, mis);
    if ((mis & ~(uint32_t)INT_TX) != 0 && !rx_drain(u)) {
        give_up(u);
        return;
    }
    if ((mis & INT_TX) == 0)
        return;
    irqlock_lock(&u->uart.lock);

    bool above = u->uart.tx_len > UART_TX_LOW;

    tx_fill(u);
    irqlock_unlock(&u->uart.lock);
    uart_tx_done(&u->uart, above);
}

/* The divisor has 16 bits and 6 more of a fraction (3.3.6); writing UARTLCR_H makes it hold. */
static int
pl011_set_line(struct uart *uart, const struct uart_line *line)
{
    struct pl011 *u = uart->driver;
    uint32_t lcr = LCR_FEN;

    uint64_t divisor = ((uint64_t)u->dev->hz * 4 + line->baud / 2) / line->baud;

    if (divisor < 64 || divisor >= (uint64_t)UINT16_MAX * 64)
        return -EINVAL;
    lcr |= (uint32_t)(line->data_bits - 5) << LCR_WLEN;
    lcr |= line->stop_bits == 2 ? LCR_STP2 : 0;
    lcr |= line->parity != UART_NONE ? LCR_PEN : 0;
    lcr |= line->parity == UART_EVEN ? LCR_EPS : 0;
    io_write32(&u->io, UARTCR, 0);
    io_write32(&u->io, UARTIBRD, (uint32_t)(divisor / 64));
    io_write32(&u->io, UARTFBRD, (uint32_t)(divisor % 64));
    io_write32(&u->io, UARTLCR_H, lcr);
    io_write32(&u->io, UARTCR, CR_UARTEN | CR_TXE | CR_RXE);
    u->lcr = lcr;
    return 0;
}

static void
pl011_set_break(struct uart *uart, bool on)
{
    struct pl011 *u = uart->driver;

    io_write32(&u->io, UARTLCR_H, on ? u->lcr | LCR_BRK : u->lcr);
}

static bool
pl011_tx_idle(struct uart *uart)
{
    struct pl011 *u = uart->driver;

    return (io_read32(&u->io, UARTFR) & FR_BUSY) == 0;
}

static void
pl011_poll_write(struct uart *uart, struct cspan text)
{
    struct pl011 *u = uart->driver;

    for (size_t i = 0; i < text.len; i++) {
        unsigned n = 0;

        while ((io_read32(&u->io, UARTFR) & FR_TXFF) != 0) {
            if (++n == POLL_MAX)
                return;
        }
        io_write32(&u->io, UARTDR, span_get(text, i));
    }
}

static void
pl011_rx_start(struct uart *uart)
{
    struct pl011 *u = uart->driver;

    imsc_set(u, u->imsc | INT_RX | INT_RT);
}

static const struct uart_ops pl011_ops = {
    .rx_start = pl011_rx_start,
    .tx_start = pl011_tx_start,
    .set_line = pl011_set_line,
    .set_break = pl011_set_break,
    .tx_idle = pl011_tx_idle,
    .poll_write = pl011_poll_write,
};

static int
pl011_attach(struct device *dev)
{
    const struct uart_line line = {
        .baud = BAUD_DEFAULT, .data_bits = 8, .stop_bits = 1, .parity = UART_NONE
    };

    if (dev->io[0].size < REGISTERS)
        return -EINVAL;

    struct pl011 *u = kmem_alloc(sizeof *u);
    int rc;

    if (u == NULL)
        return -ENOMEM;
    u->dev = dev;
    u->io = dev->io[0];
    u->uart.driver = u;
    u->uart.ops = &pl011_ops;
    u->uart.line = line;
    str_copy(u->uart.name, sizeof u->uart.name, dev->name);
    io_write32(&u->io, UARTIMSC, 0);
    io_write32(&u->io, UARTICR, INT_ALL);
    rc = pl011_set_line(&u->uart, &line);
    if (rc < 0)
        goto free;
    io_write32(&u->io, UARTRSR, 0);
    io_write32(&u->io, UARTIFLS, 2 << 3 | 2); /* both FIFOs: at half */
    uart_add(&u->uart);
    rc = hal_irq_attach(dev->irq, pl011_irq, u);
    if (rc < 0)
        goto remove;
    dev->state = u;
    return 0;

remove:
    list_remove(&u->uart.node);
free:
    kmem_free(u);
    return rc;
}

static const char *const pl011_compatible[] = { "arm,pl011", NULL };

const struct driver driver_uart_pl011 = {
    .name = "uart_pl011",
    .compatible = pl011_compatible,
    .attach = pl011_attach,
};

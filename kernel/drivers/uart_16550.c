/* Driver for the 16550A UART (National Semiconductor PC16550D data sheet, June 1995, section 8).
 *
 * FIFOs on; receive and transmit by interrupt.  On a PC the OUT2 output gates the interrupt line.  No flow control by the modem
 * lines, no DMA mode.  The line is edge-triggered on ISA: the handler goes on until IIR says that nothing is pending. */
#include <hal/irq.h>
#include <kernel/abi/errno.h>
#include <kernel/core/device.h>
#include <kernel/core/fmt.h>
#include <kernel/core/uart.h>
#include <kernel/drivers/drivers.h>
#include <kernel/mm/kmem.h>

enum {
    RBR_THR = 0,
    IER = 1,
    IIR_FCR = 2,
    LCR = 3,
    MCR = 4,
    LSR = 5,
    MSR = 6,
    SCR = 7,
    DLL = 0,
    DLM = 1
};

#define IER_RX   BIT(0) /* data available, and the character time-out */
#define IER_THRE BIT(1)
#define IER_LINE BIT(2) /* receiver line status */

#define IIR_NONE    BIT(0)
#define IIR_ID      0x0fu
#define IIR_MODEM   0x00u
#define IIR_THRE    0x02u
#define IIR_RX      0x04u
#define IIR_LINE    0x06u
#define IIR_TIMEOUT 0x0cu
#define IIR_FIFOS   0xc0u /* both: the FIFOs work (16550A) */

#define FCR_ENABLE   BIT(0)
#define FCR_CLEAR_RX BIT(1)
#define FCR_CLEAR_TX BIT(2)
#define FCR_TRIGGER8 BIT(7) /* interrupt at 8 of 16 bytes, or when the line pauses */

#define LCR_STOP2  BIT(2)
#define LCR_PARITY BIT(3)
#define LCR_EVEN   BIT(4)
#define LCR_BREAK  BIT(6)
#define LCR_DLAB   BIT(7)

#define MCR_DTR  BIT(0)
#define MCR_RTS  BIT(1)
#define MCR_OUT2 BIT(3)

#define LSR_DATA    BIT(0)
#define LSR_OVERRUN BIT(1)
#define LSR_PARITY  BIT(2)
#define LSR_FRAMING BIT(3)
#define LSR_BREAK   BIT(4)
#define LSR_THRE    BIT(5) /* transmit FIFO empty */
#define LSR_TEMT    BIT(6) /* and the shift register */

enum {
    FIFO_SIZE = 16,
    RX_DRAIN_MAX = 256,  /* bytes in one interrupt: more is a broken device */
    IRQ_ROUNDS_MAX = 64, /* causes in one interrupt */
    POLL_MAX = 1000000,  /* reads of LSR for one byte */
    BAUD_DEFAULT = 115200,
};

struct ns16550 {
    struct device *dev;
    struct io io;
    struct uart uart;
    uint8_t ier; /* what the register holds; changed under uart.lock */
    uint8_t lcr;
    uint8_t fifo; /* bytes the transmitter takes at once */
    bool sending; /* a transmit interrupt will come */
};

static void
ier_set(struct ns16550 *u, uint8_t ier)
{
    if (u->ier != ier)
        io_write8(&u->io, IER, ier);
    u->ier = ier;
}

/* Bytes from the queue to the transmitter, which is empty. */
static void
tx_fill(struct ns16550 *u) requires_lock(u->uart.lock)
{
    unsigned n = 0;

    for (; n < u->fifo; n++) {
        int byte = uart_tx_take(&u->uart);

        if (byte < 0)
            break;
        io_write8(&u->io, RBR_THR, (uint8_t)byte);
    }
    u->sending = n > 0;
}

static void
ns16550_tx_start(struct uart *uart)
{
    struct ns16550 *u = uart->driver;

    irqlock_assert_held(&u->uart.lock);
    if (u->sending)
        return;
    if ((io_read8(&u->io, LSR) & LSR_THRE) != 0)
        tx_fill(u);
    else
        u->sending = true;
    ier_set(u, u->ier | IER_THRE);
}

static void
give_up(struct ns16550 *u)
{
    ier_set(u, 0);
    device_fail(u->dev, -EIO);
    uart_fail(&u->uart, -EIO);
}

/* Read what the receiver has.  False: it never empties. */
static bool
rx_drain(struct ns16550 *u)
{
    for (unsigned n = 0; n < RX_DRAIN_MAX; n++) {
        uint8_t lsr = io_read8(&u->io, LSR);
        unsigned errors = 0;

        if ((lsr & LSR_DATA) == 0) {
            if ((lsr & LSR_OVERRUN) != 0)
                u->uart.overruns++;
            return true;
        }
        errors |= (lsr & LSR_OVERRUN) != 0 ? UART_OVERRUN : 0;
        errors |= (lsr & LSR_BREAK) != 0 ? UART_BREAK : 0;
        if ((lsr & LSR_BREAK) == 0) { /* a break is a framing error too, and has no parity */
            errors |= (lsr & LSR_PARITY) != 0 ? UART_PARITY : 0;
            errors |= (lsr & LSR_FRAMING) != 0 ? UART_FRAMING : 0;
        }
        uart_input(&u->uart, io_read8(&u->io, RBR_THR), errors);
    }
    return false;
}

static void
tx_ready(struct ns16550 *u)
{
    irqlock_lock(&u->uart.lock);

    bool above = u->uart.tx_len > UART_TX_LOW;

    tx_fill(u);
    if (!u->sending)
        ier_set(u, u->ier & (uint8_t)~IER_THRE);
    irqlock_unlock(&u->uart.lock);
    uart_tx_done(&u->uart, above);
}

static void
ns16550_irq(void *arg)
{
    struct ns16550 *u = arg;

    if (u->uart.error != 0)
        return;
    for (unsigned n = 0; n < IRQ_ROUNDS_MAX; n++) {
        uint8_t iir = io_read8(&u->io, IIR_FCR);

        if ((iir & IIR_NONE) != 0)
            return;
        switch (iir & IIR_ID) {
        case IIR_RX:
        case IIR_LINE:
        case IIR_TIMEOUT:
            if (!rx_drain(u)) {
                give_up(u);
                return;
            }
            break;
        case IIR_THRE:
            tx_ready(u);
            break; /* reading IIR acknowledged it */
        default:
            (void)io_read8(&u->io, MSR);
            break;
        }
    }
    give_up(u);
}

static int
ns16550_set_line(struct uart *uart, const struct uart_line *line)
{
    struct ns16550 *u = uart->driver;
    uint8_t lcr = 0;

    uint32_t divisor = (u->dev->hz / 16 + line->baud / 2) / line->baud;

    if (divisor == 0 || divisor > UINT16_MAX)
        return -EINVAL;
    lcr |= (uint8_t)(line->data_bits - 5);
    lcr |= line->stop_bits == 2 ? LCR_STOP2 : 0;
    lcr |= line->parity != UART_NONE ? LCR_PARITY : 0;
    lcr |= line->parity == UART_EVEN ? LCR_EVEN : 0;
    io_write8(&u->io, LCR, lcr | LCR_DLAB);
    io_write8(&u->io, DLL, (uint8_t)divisor);
    io_write8(&u->io, DLM, (uint8_t)(divisor >> 8));
    io_write8(&u->io, LCR, lcr);
    u->lcr = lcr;
    return 0;
}

static void
ns16550_set_break(struct uart *uart, bool on)
{
    struct ns16550 *u = uart->driver;

    io_write8(&u->io, LCR, on ? u->lcr | LCR_BREAK : u->lcr);
}

static bool
ns16550_tx_idle(struct uart *uart)
{
    struct ns16550 *u = uart->driver;

    return (io_read8(&u->io, LSR) & LSR_TEMT) != 0;
}

static void
ns16550_poll_write(struct uart *uart, struct cspan text)
{
    struct ns16550 *u = uart->driver;

    for (size_t i = 0; i < text.len; i++) {
        unsigned n = 0;

        while ((io_read8(&u->io, LSR) & LSR_THRE) == 0) {
            if (++n == POLL_MAX)
                return;
        }
        io_write8(&u->io, RBR_THR, span_get(text, i));
    }
}

static void
ns16550_rx_start(struct uart *uart)
{
    struct ns16550 *u = uart->driver;

    ier_set(u, u->ier | IER_RX | IER_LINE);
}

static const struct uart_ops ns16550_ops = {
    .rx_start = ns16550_rx_start,
    .tx_start = ns16550_tx_start,
    .set_line = ns16550_set_line,
    .set_break = ns16550_set_break,
    .tx_idle = ns16550_tx_idle,
    .poll_write = ns16550_poll_write,
};

/* Is there a UART at all?  An empty bus reads as ones; the scratch register keeps what is written. */
static bool
ns16550_probe(const struct io *io)
{
    io_write8(io, SCR, 0x5a);
    if (io_read8(io, SCR) != 0x5a)
        return false;
    io_write8(io, SCR, 0xa5);
    return io_read8(io, SCR) == 0xa5;
}

static int
ns16550_attach(struct device *dev)
{
    const struct uart_line line = {
        .baud = BAUD_DEFAULT, .data_bits = 8, .stop_bits = 1, .parity = UART_NONE
    };
    int rc = -ENODEV;

    if (dev->io[0].size < 8)
        return -EINVAL;

    struct ns16550 *u = kmem_alloc(sizeof *u);

    if (u == NULL)
        return -ENOMEM;
    u->dev = dev;
    u->io = dev->io[0];
    u->uart.driver = u;
    u->uart.ops = &ns16550_ops;
    u->uart.line = line;
    str_copy(u->uart.name, sizeof u->uart.name, dev->name);
    if (!ns16550_probe(&u->io))
        goto free;
    io_write8(&u->io, IER, 0);
    rc = ns16550_set_line(&u->uart, &line);
    if (rc < 0)
        goto free;
    io_write8(&u->io, IIR_FCR, FCR_ENABLE | FCR_CLEAR_RX | FCR_CLEAR_TX | FCR_TRIGGER8);
    u->fifo = (io_read8(&u->io, IIR_FCR) & IIR_FIFOS) == IIR_FIFOS ? FIFO_SIZE : 1;
    (void)io_read8(&u->io, LSR); /* forget old errors and bytes */
    (void)io_read8(&u->io, RBR_THR);
    (void)io_read8(&u->io, MSR);
    uart_add(&u->uart);
    rc = hal_irq_attach(dev->irq, ns16550_irq, u);
    if (rc < 0)
        goto remove;
    io_write8(&u->io, MCR, MCR_DTR | MCR_RTS | MCR_OUT2);
    dev->state = u;
    return 0;

remove:
    list_remove(&u->uart.node);
free:
    kmem_free(u);
    return rc;
}

static const char *const ns16550_compatible[] = { "ns16550a", NULL };

const struct driver driver_uart_16550 = {
    .name = "uart_16550",
    .compatible = ns16550_compatible,
    .attach = ns16550_attach,
};

/* Model of the 16550A UART (National Semiconductor PC16550D data sheet, June 1995), wired as in a
 * PC: OUT2 opens the gate between INTR and the interrupt line.
 *
 * The far end obeys flow control: a byte from the host waits on the line while the receiver is
 * full, so only loopback can overrun.  Writing THR while it is full loses the byte and is a guest
 * error.
 *
 * Not modelled: parity and framing errors on reception, the break bit of LCR, DMA mode (RXRDY/TXRDY
 * pins), the delay of the THRE interrupt by one character, the factory-test writes of LSR and MSR.
 */
#include <devices/models.h>
#include <devices/uart_16550.h>

enum {
    R_RBR,
    R_THR,
    R_DLL,
    R_IER,
    R_DLM,
    R_IIR,
    R_FCR,
    R_LCR,
    R_MCR,
    R_LSR,
    R_MSR,
    R_SCR,
    R_COUNT
};

enum {
    IER_RDA = 1 << 0,
    IER_THRE = 1 << 1,
    IER_LS = 1 << 2,
    IER_MS = 1 << 3,

    IIR_NONE = 0x01,
    IIR_LS = 0x06,
    IIR_RDA = 0x04,
    IIR_TIMEOUT = 0x0c,
    IIR_THRE = 0x02,
    IIR_MS = 0x00,
    IIR_FIFO = 0xc0,

    FCR_ENABLE = 1 << 0,
    FCR_CLEAR_RX = 1 << 1,
    FCR_CLEAR_TX = 1 << 2,

    LCR_STOP = 1 << 2,
    LCR_PARITY = 1 << 3,
    LCR_DLAB = 1 << 7,

    MCR_DTR = 1 << 0,
    MCR_RTS = 1 << 1,
    MCR_OUT1 = 1 << 2,
    MCR_OUT2 = 1 << 3,
    MCR_LOOP = 1 << 4,

    LSR_DR = 1 << 0,
    LSR_OE = 1 << 1,
    LSR_BI = 1 << 4,
    LSR_THRE = 1 << 5,
    LSR_TEMT = 1 << 6,
    LSR_FIFO_ERROR = 1 << 7,
    LSR_CHAR_ERRORS = 0x1c, /* parity, framing, break: of the character at the head of the FIFO */
    LSR_ERRORS = LSR_OE | LSR_CHAR_ERRORS,

    MSR_TERI = 1 << 2,
    MSR_CTS = 1 << 4,
    MSR_DSR = 1 << 5,
    MSR_RI = 1 << 6,
    MSR_DCD = 1 << 7,
    MSR_STATUS = 0xf0,
    MSR_DELTA = 0x0f,

    FIFO_SIZE = 16,
    LINE_SIZE = 256, /* bytes under way from the host */
    TIMEOUT_CHARS = 4,
};

struct uart_16550 {
    struct model model;
    struct reg_bank bank;
    struct sim_region region;
    struct sim_line irq;
    struct sim_event tx_done, rx_done, rx_timeout;
    struct sim_char port;
    uint32_t hz;
    bool instant;

    /* State. */
    uint64_t val[R_COUNT];
    uint8_t rx[FIFO_SIZE], rx_errors[FIFO_SIZE];
    uint8_t tx[FIFO_SIZE];
    uint8_t line[LINE_SIZE];
    uint32_t rx_head, rx_len, tx_head, tx_len, line_head, line_len;
    uint8_t shifter;   /* the transmitter's shift register */
    bool sending;      /* it holds a character */
    bool blocked;      /* which the host has refused for now */
    bool starved;      /* the host was refused input and waits for `ready` */
    bool thre_pending; /* the THRE interrupt is latched */
    bool timed_out;    /* characters lie in the receive FIFO unread */
};

static bool
fifo_on(const struct uart_16550 *u)
{
    return u->val[R_FCR] & FCR_ENABLE;
}

static uint32_t
fifo_depth(const struct uart_16550 *u)
{
    return fifo_on(u) ? FIFO_SIZE : 1;
}

static uint32_t
rx_trigger(const struct uart_16550 *u)
{
    static const uint8_t levels[4] = { 1, 4, 8, 14 };

    return fifo_on(u) ? levels[u->val[R_FCR] >> 6 & 3] : 1;
}

/* Start bit, data, parity and stop bits at the programmed rate. */
static uint64_t
char_ns(const struct uart_16550 *u)
{
    uint64_t lcr = u->val[R_LCR];
    uint64_t divisor = u->val[R_DLM] << 8 | u->val[R_DLL];
    uint64_t data = 5 + (lcr & 3);
    uint64_t half_bits = 2 * (1 + data + ((lcr & LCR_PARITY) != 0));

    half_bits += !(lcr & LCR_STOP) ? 2 : data == 5 ? 3 : 4;
    return half_bits * 8 * (divisor ? divisor : 1) * 1000000000u / u->hz;
}

/* --- receiver --- */

static void
restart_timeout(struct uart_16550 *u)
{
    uint64_t wait = TIMEOUT_CHARS * (u->instant ? 1000 : char_ns(u));

    u->timed_out = false;
    if (fifo_on(u) && u->rx_len) {
        sim_event_at(&u->rx_timeout, model_now(&u->model) + wait);
    } else {
        sim_event_cancel(&u->rx_timeout);
    }
}

/* The errors of a character show in LSR when it comes to the head. */
static void
show_head(struct uart_16550 *u)
{
    if (u->rx_len) {
        u->val[R_LSR] |= u->rx_errors[u->rx_head];
    }
}

static void
receive(struct uart_16550 *u, uint8_t byte, uint8_t errors)
{
    uint32_t at;

    if (u->rx_len == fifo_depth(u)) {
        u->val[R_LSR] |= LSR_OE;
        if (!fifo_on(u)) { /* the new character replaces the unread one; with FIFOs it is lost */
            u->rx[u->rx_head] = byte;
        }
        return;
    }
    at = (u->rx_head + u->rx_len) % FIFO_SIZE;
    u->rx[at] = byte;
    u->rx_errors[at] = errors;
    if (u->rx_len++ == 0) {
        show_head(u);
    }
    restart_timeout(u);
}

/* Let the next byte on the line arrive one character time from now, if the receiver has room for
 * it. */
static void
start_rx(struct uart_16550 *u)
{
    if (!u->line_len || sim_event_armed(&u->rx_done) || u->rx_len >= fifo_depth(u) ||
        (u->val[R_MCR] & MCR_LOOP)) {
        return;
    }
    sim_event_at(&u->rx_done, model_now(&u->model) + (u->instant ? 0 : char_ns(u)));
}

static void
rx_done(void *dev)
{
    struct uart_16550 *u = dev;

    while (u->line_len && u->rx_len < fifo_depth(u) && !(u->val[R_MCR] & MCR_LOOP)) {
        receive(u, u->line[u->line_head], 0);
        u->line_head = (u->line_head + 1) % LINE_SIZE;
        u->line_len--;
        if (!u->instant) {
            break;
        }
    }
    start_rx(u);
    if (u->starved && u->line_len <= LINE_SIZE / 2) {
        u->starved = false;
        if (u->port.ready) {
            u->port.ready(u->port.arg);
        }
    }
}

static void
rx_timeout(void *dev)
{
    struct uart_16550 *u = dev;

    u->timed_out = u->rx_len != 0;
}

static void
clear_rx(struct uart_16550 *u)
{
    u->rx_len = 0;
    u->val[R_LSR] &= ~(uint64_t)LSR_CHAR_ERRORS;
    restart_timeout(u);
    start_rx(u);
}

static size_t
input(void *dev, const uint8_t *bytes, size_t n)
{
    struct uart_16550 *u = dev;
    size_t taken = 0;

    while (taken < n && u->line_len < LINE_SIZE) {
        u->line[(u->line_head + u->line_len) % LINE_SIZE] = bytes[taken++];
        u->line_len++;
    }
    u->starved = taken < n;
    start_rx(u);
    return taken;
}

static uint64_t
rbr_peek(const void *dev, unsigned reg)
{
    const struct uart_16550 *u = dev;

    return u->rx_len ? u->rx[u->rx_head] : u->val[reg];
}

static uint64_t
rbr_read(void *dev, unsigned reg)
{
    struct uart_16550 *u = dev;

    u->val[reg] = rbr_peek(dev, reg);
    if (u->rx_len) {
        u->rx_errors[u->rx_head] = 0;
        u->rx_head = (u->rx_head + 1) % FIFO_SIZE;
        u->rx_len--;
        show_head(u);
        restart_timeout(u);
        start_rx(u);
    }
    return u->val[reg];
}

/* --- transmitter --- */

/* Move characters on until one is on the line or the host refuses one. */
static void
run_tx(struct uart_16550 *u)
{
    while (!u->sending && u->tx_len) {
        u->shifter = u->tx[u->tx_head];
        u->tx_head = (u->tx_head + 1) % FIFO_SIZE;
        u->sending = true;
        if (--u->tx_len == 0) {
            u->thre_pending = true;
        }
        if (!u->instant) {
            sim_event_at(&u->tx_done, model_now(&u->model) + char_ns(u));
            return;
        }
        if (u->val[R_MCR] & MCR_LOOP) {
            receive(u, u->shifter, 0);
        } else if (sim_char_out(&u->port, &u->shifter, 1) == 0) {
            u->blocked = true;
            return;
        }
        u->sending = false;
    }
}

static void
tx_done(void *dev)
{
    struct uart_16550 *u = dev;

    if (u->val[R_MCR] & MCR_LOOP) {
        receive(u, u->shifter, 0);
    } else if (sim_char_out(&u->port, &u->shifter, 1) == 0) {
        u->blocked = true;
        return;
    }
    u->sending = false;
    run_tx(u);
}

/* The host can take output again. */
static void
resume(void *dev)
{
    struct uart_16550 *u = dev;

    if (u->blocked) {
        u->blocked = false;
        tx_done(u);
    }
}

static void
thr_write(void *dev, unsigned reg, uint64_t value)
{
    struct uart_16550 *u = dev;

    (void)reg;
    if (u->tx_len == fifo_depth(u)) {
        model_guest_error(&u->model, "THR", value, "written while full, the byte is lost");
        return;
    }
    u->tx[(u->tx_head + u->tx_len++) % FIFO_SIZE] = (uint8_t)value;
    u->thre_pending = false;
    run_tx(u);
}

/* --- the other registers --- */

static bool
dlab_on(const void *dev)
{
    const struct uart_16550 *u = dev;

    return u->val[R_LCR] & LCR_DLAB;
}

static bool
dlab_off(const void *dev)
{
    return !dlab_on(dev);
}

static uint64_t
lsr_peek(const void *dev, unsigned reg)
{
    const struct uart_16550 *u = dev;
    uint64_t lsr = u->val[reg] & LSR_ERRORS;

    lsr |= u->rx_len ? LSR_DR : 0;
    lsr |= u->tx_len == 0 ? LSR_THRE : 0;
    lsr |= u->tx_len == 0 && !u->sending ? LSR_TEMT : 0;
    for (uint32_t i = 0; fifo_on(u) && i < u->rx_len; i++) {
        lsr |= u->rx_errors[(u->rx_head + i) % FIFO_SIZE] ? LSR_FIFO_ERROR : 0;
    }
    return lsr;
}

static uint64_t
lsr_read(void *dev, unsigned reg)
{
    struct uart_16550 *u = dev;
    uint64_t lsr = lsr_peek(dev, reg);

    u->val[reg] = 0;
    if (u->rx_len) {
        u->rx_errors[u->rx_head] = 0; /* seen */
    }
    return lsr;
}

/* The modem inputs: a connected far end, or in loopback our own outputs. */
static void
set_modem_inputs(struct uart_16550 *u)
{
    uint64_t mcr = u->val[R_MCR];
    uint64_t old = u->val[R_MSR];
    uint64_t now = MSR_CTS | MSR_DSR | MSR_DCD;
    uint64_t delta;

    if (mcr & MCR_LOOP) {
        now = (mcr & MCR_RTS ? MSR_CTS : 0) | (mcr & MCR_DTR ? MSR_DSR : 0) |
              (mcr & MCR_OUT1 ? MSR_RI : 0) | (mcr & MCR_OUT2 ? MSR_DCD : 0);
    }
    delta = (old ^ now) >> 4;
    if (now & MSR_RI) {
        delta &= ~(uint64_t)MSR_TERI; /* only the trailing edge of RI counts */
    }
    u->val[R_MSR] = now | (old & MSR_DELTA) | delta;
}

static void
mcr_write(void *dev, unsigned reg, uint64_t value)
{
    struct uart_16550 *u = dev;

    (void)reg;
    (void)value;
    set_modem_inputs(u);
    start_rx(u);
}

static void
ier_write(void *dev, unsigned reg, uint64_t value)
{
    struct uart_16550 *u = dev;

    (void)reg;
    if ((value & IER_THRE) && !(u->bank.old & IER_THRE) && u->tx_len == 0) {
        u->thre_pending = true;
    }
}

static void
fcr_write(void *dev, unsigned reg, uint64_t value)
{
    struct uart_16550 *u = dev;
    bool was_on = u->bank.old & FCR_ENABLE;
    bool on = value & FCR_ENABLE;

    u->val[reg] = on ? value & ~(uint64_t)(FCR_CLEAR_RX | FCR_CLEAR_TX)
                     : 0; /* other bits need the enable bit */
    if (on != was_on || (on && (value & FCR_CLEAR_RX))) {
        clear_rx(u);
    }
    if (on != was_on || (on && (value & FCR_CLEAR_TX))) {
        u->thre_pending |= u->tx_len != 0;
        u->tx_len = 0;
    }
}

static uint64_t
iir_peek(const void *dev, unsigned reg)
{
    const struct uart_16550 *u = dev;
    uint64_t ier = u->val[R_IER];
    uint64_t id = IIR_NONE;

    (void)reg;
    if ((ier & IER_LS) && (u->val[R_LSR] & LSR_ERRORS)) {
        id = IIR_LS;
    } else if ((ier & IER_RDA) && u->rx_len >= rx_trigger(u)) {
        id = IIR_RDA;
    } else if ((ier & IER_RDA) && u->timed_out) {
        id = IIR_TIMEOUT;
    } else if ((ier & IER_THRE) && u->thre_pending) {
        id = IIR_THRE;
    } else if ((ier & IER_MS) && (u->val[R_MSR] & MSR_DELTA)) {
        id = IIR_MS;
    }
    return id | (fifo_on(u) ? IIR_FIFO : 0);
}

static uint64_t
iir_read(void *dev, unsigned reg)
{
    struct uart_16550 *u = dev;
    uint64_t iir = iir_peek(dev, reg);

    if ((iir & 0x0f) == IIR_THRE) {
        u->thre_pending = false;
    }
    return iir;
}

static const struct reg regs[R_COUNT] = {
    [R_RBR] = { "RBR", 0, .ro = 0xff, .read = rbr_read, .peek = rbr_peek, .when = dlab_off },
    [R_THR] = { "THR", 0, .wo = 0xff, .write = thr_write, .when = dlab_off },
    [R_DLL] = { "DLL", 0, .rw = 0xff, .reset = 12, .when = dlab_on },
    [R_IER] = { "IER", 1, .rw = 0x0f, .write = ier_write, .when = dlab_off },
    [R_DLM] = { "DLM", 1, .rw = 0xff, .when = dlab_on },
    [R_IIR] = { "IIR", 2, .ro = 0xff, .read = iir_read, .peek = iir_peek },
    [R_FCR] = { "FCR", 2, .wo = 0xcf, .write = fcr_write },
    [R_LCR] = { "LCR", 3, .rw = 0xff },
    [R_MCR] = { "MCR", 4, .rw = 0x1f, .write = mcr_write },
    [R_LSR] = { "LSR", 5, .ro = 0xff, .read = lsr_read, .peek = lsr_peek },
    [R_MSR] = { "MSR", 6, .ro = 0xf0, .rc = 0x0f },
    [R_SCR] = { "SCR", 7, .rw = 0xff },
};

static const struct bank_class bank = { .regs = regs, .count = R_COUNT, .size = 8 };

static void
update(void *dev)
{
    struct uart_16550 *u = dev;

    model_set_irq(&u->model, 0, !(iir_peek(dev, R_IIR) & IIR_NONE) && (u->val[R_MCR] & MCR_OUT2));
}

static void
reset(void *dev)
{
    struct uart_16550 *u = dev;

    u->rx_len = u->tx_len = 0;
    u->sending = u->blocked = u->thre_pending = u->timed_out = false;
    u->val[R_MSR] = MSR_CTS | MSR_DSR | MSR_DCD;
    start_rx(u); /* what the host has sent stays on the line */
}

static int
create(struct model *model, const struct board_dev *where)
{
    struct uart_16550 *u = (struct uart_16550 *)model;
    int err;

    u->hz = where->hz ? where->hz : 1843200;
    u->instant = sim_config_of(model->sim)->instant_serial;
    model_line_init(model, &u->irq, 0, "irq", where->irq);
    model_event_init(model, &u->tx_done, "tx", tx_done);
    model_event_init(model, &u->rx_done, "rx", rx_done);
    model_event_init(model, &u->rx_timeout, "rx timeout", rx_timeout);
    model_char_init(model, &u->port, input, resume);
    err = model_bank_init(model, &u->bank, &bank, u->val);
    if (err) {
        return err;
    }
    return model_region_bank(model, &u->region, model_board_space(where), where->base, 8, &u->bank,
                             0);
}

size_t
uart_16550_input(struct model *model, const uint8_t *bytes, size_t n)
{
    struct uart_16550 *u = (struct uart_16550 *)model;

    return sim_char_input(&u->port, bytes, n);
}

void
uart_16550_break(struct model *model)
{
    receive((struct uart_16550 *)model, 0, LSR_BI);
    model_update(model);
}

void
uart_16550_set_instant(struct model *model, bool instant)
{
    ((struct uart_16550 *)model)->instant = instant;
}

const struct model_class uart_16550_class = {
    .compatible = "ns16550a",
    .size = sizeof(struct uart_16550),
    .state = offsetof(struct uart_16550, val),
    .create = create,
    .reset = reset,
    .update = update,
};

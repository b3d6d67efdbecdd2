/* Model of the PL011 UART as TI builds it into the LM3S6965 (LM3S6965 data sheet, chapter 12, "universal asynchronous receivers/
 * transmitters"; Arm PrimeCell UART PL011 TRM, DDI 0183, chapter 3): no modem lines, no DMA.
 *
 * The far end obeys flow control: a byte from the host waits on the line while the receiver is full, so only loopback and
 * uart_pl011_receive() can overrun.  Writing DR while the FIFO is full loses the byte and is a guest error.
 *
 * Not modelled: IrDA (SIREN, SIRLP, ILPR), sending a break, pin multiplexing.
 */
#include <devices/models.h>
#include <devices/sysctl_lm3s.h>
#include <devices/uart_pl011.h>

enum {
    R_DR,
    R_RSR,
    R_FR,
    R_ILPR,
    R_IBRD,
    R_FBRD,
    R_LCRH,
    R_CTL,
    R_IFLS,
    R_IM,
    R_RIS,
    R_MIS,
    R_ICR,
    R_ID,
    R_COUNT = R_ID + 12
};

enum {
    DR_FE = 1 << 8,
    DR_PE = 1 << 9,
    DR_BE = 1 << 10,
    DR_OE = 1 << 11,

    FR_BUSY = 1 << 3,
    FR_RXFE = 1 << 4,
    FR_TXFF = 1 << 5,
    FR_RXFF = 1 << 6,
    FR_TXFE = 1 << 7,

    LCRH_PEN = 1 << 1,
    LCRH_STP2 = 1 << 3,
    LCRH_FEN = 1 << 4,

    CTL_UARTEN = 1 << 0,
    CTL_LBE = 1 << 7,
    CTL_TXE = 1 << 8,
    CTL_RXE = 1 << 9,

    INT_RX = 1 << 4,
    INT_TX = 1 << 5,
    INT_RT = 1 << 6,
    INT_FE = 1 << 7,
    INT_PE = 1 << 8,
    INT_BE = 1 << 9,
    INT_OE = 1 << 10,
    INT_ALL = 0x7f0,

    FIFO_SIZE = 16,
    LINE_SIZE = 256, /* bytes under way from the host */
    TIMEOUT_BITS = 32,
};

struct uart_pl011 {
    struct model model;
    struct reg_bank bank;
    struct sim_region region;
    struct sim_line irq;
    struct sim_event tx_done, rx_done, rx_timeout;
    struct sim_char port;
    uint32_t board_hz;
    bool instant;

    /* State. */
    uint64_t val[R_COUNT];
    uint16_t rx[FIFO_SIZE]; /* with its error bits, as in DR */
    uint8_t tx[FIFO_SIZE];
    uint8_t line[LINE_SIZE];
    uint32_t rx_head, rx_len, tx_head, tx_len, line_head, line_len;
    uint32_t hz;
    uint32_t divisor; /* in 64ths, as the last write of LCRH took it over */
    uint16_t ris;
    uint8_t shifter; /* the transmitter's shift register */
    bool sending;    /* it holds a character */
    bool blocked;    /* which the host has refused for now */
    bool starved;    /* the host was refused input and waits for `ready` */
    bool overrun;    /* the next character that is stored comes after a lost one */
};

static uint32_t
depth(const struct uart_pl011 *u)
{
    return u->val[R_LCRH] & LCRH_FEN ? FIFO_SIZE : 1;
}

/* 12.4, IFLS: an eighth, a quarter, half, three quarters, seven eighths; without FIFOs one character. */
static uint32_t
trigger(const struct uart_pl011 *u, unsigned field)
{
    static const uint8_t levels[8] = { 2, 4, 8, 12, 14, 14, 14, 14 };

    return depth(u) == 1 ? 1 : levels[field & 7];
}

static uint32_t
rx_trigger(const struct uart_pl011 *u)
{
    return trigger(u, (unsigned)(u->val[R_IFLS] >> 3));
}

/* The transmit interrupt comes when so many are left. */
static uint32_t
tx_trigger(const struct uart_pl011 *u)
{
    return depth(u) == 1 ? 0 : trigger(u, (unsigned)u->val[R_IFLS]);
}

static uint64_t
bits_ns(const struct uart_pl011 *u, uint64_t bits)
{
    uint64_t divisor = u->divisor ? u->divisor : 1;

    return bits * divisor * 1000000000u / (4 * (uint64_t)u->hz);
}

static uint64_t
char_ns(const struct uart_pl011 *u)
{
    uint64_t lcrh = u->val[R_LCRH];

    return bits_ns(u, 1 + 5 + (lcrh >> 5 & 3) + ((lcrh & LCRH_PEN) != 0) + 1 +
                          ((lcrh & LCRH_STP2) != 0));
}

static bool
enabled(const struct uart_pl011 *u, uint64_t direction)
{
    return (u->val[R_CTL] & CTL_UARTEN) && (u->val[R_CTL] & direction);
}

/* --- receiver --- */

static void
restart_timeout(struct uart_pl011 *u)
{
    if (u->rx_len) {
        uint64_t wait = u->instant ? 1000 : bits_ns(u, TIMEOUT_BITS);

        sim_event_at(&u->rx_timeout, model_now(&u->model) + wait);
    } else {
        sim_event_cancel(&u->rx_timeout);
        u->ris &= (uint16_t)~INT_RT;
    }
}

static void
rx_timeout(void *dev)
{
    struct uart_pl011 *u = dev;

    u->ris |= u->rx_len ? INT_RT : 0;
}

/* 12.2.6: the interrupt follows the FIFO's level through the trigger. */
static void
receive(struct uart_pl011 *u, uint16_t c)
{
    if (u->rx_len == depth(u)) {
        u->ris |= INT_OE;
        u->val[R_RSR] |= DR_OE >> 8;
        u->overrun = true;
        return;
    }
    if (u->overrun) {
        c |= DR_OE;
        u->overrun = false;
    }
    u->ris |= c & DR_BE ? INT_BE : 0;
    u->ris |= c & DR_FE ? INT_FE : 0;
    u->ris |= c & DR_PE ? INT_PE : 0;
    u->rx[(u->rx_head + u->rx_len) % FIFO_SIZE] = c;
    if (++u->rx_len == rx_trigger(u)) {
        u->ris |= INT_RX;
    }
    restart_timeout(u);
}

static bool
listens(const struct uart_pl011 *u)
{
    return enabled(u, CTL_RXE) && !(u->val[R_CTL] & CTL_LBE) && u->rx_len < depth(u);
}

/* Let the next byte on the line arrive one character time from now, if the receiver has room for it. */
static void
start_rx(struct uart_pl011 *u)
{
    if (u->line_len && !sim_event_armed(&u->rx_done) && listens(u)) {
        sim_event_at(&u->rx_done, model_now(&u->model) + (u->instant ? 0 : char_ns(u)));
    }
}

static void
rx_done(void *dev)
{
    struct uart_pl011 *u = dev;

    while (u->line_len && listens(u)) {
        receive(u, u->line[u->line_head]);
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

static size_t
input(void *dev, const uint8_t *bytes, size_t n)
{
    struct uart_pl011 *u = dev;
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
dr_peek(const void *dev, unsigned reg)
{
    const struct uart_pl011 *u = dev;

    return u->rx_len ? u->rx[u->rx_head] : u->val[reg];
}

static uint64_t
dr_read(void *dev, unsigned reg)
{
    struct uart_pl011 *u = dev;

    u->val[reg] = dr_peek(dev, reg);
    if (u->rx_len) {
        u->val[R_RSR] = u->val[reg] >> 8;
        u->rx_head = (u->rx_head + 1) % FIFO_SIZE;
        if (u->rx_len-- == rx_trigger(u)) {
            u->ris &= (uint16_t)~INT_RX;
        }
        restart_timeout(u);
        start_rx(u);
    }
    return u->val[reg];
}

/* --- transmitter --- */

static void run_tx(struct uart_pl011 *u);

/* The character in the shift register arrives; false: the host does not take it now. */
static bool
deliver(struct uart_pl011 *u)
{
    if (u->val[R_CTL] & CTL_LBE) {
        if (enabled(u, CTL_RXE)) {
            receive(u, u->shifter);
        }
    } else if (sim_char_out(&u->port, &u->shifter, 1) == 0) {
        u->blocked = true;
        return false;
    }
    u->sending = false;
    return true;
}

static void
tx_done(void *dev)
{
    struct uart_pl011 *u = dev;

    if (u->sending && deliver(u)) {
        run_tx(u);
    }
}

/* Move characters on until one is on the line or the host refuses one. */
static void
run_tx(struct uart_pl011 *u)
{
    while (!u->sending && u->tx_len && enabled(u, CTL_TXE)) {
        u->shifter = u->tx[u->tx_head];
        u->tx_head = (u->tx_head + 1) % FIFO_SIZE;
        u->sending = true;
        /* A line that takes no time never lets the FIFO fill up: each time it is empty it has passed the mark. */
        if (--u->tx_len == tx_trigger(u) || (u->instant && u->tx_len == 0)) {
            u->ris |= INT_TX;
        }
        if (!u->instant) {
            sim_event_at(&u->tx_done, model_now(&u->model) + char_ns(u));
            return;
        }
        if (!deliver(u)) {
            return;
        }
    }
}

/* The host can take output again. */
static void
resume(void *dev)
{
    struct uart_pl011 *u = dev;

    if (u->blocked) {
        u->blocked = false;
        tx_done(u);
    }
}

static void
dr_write(void *dev, unsigned reg, uint64_t value)
{
    struct uart_pl011 *u = dev;

    u->val[reg] &= 0xfff;
    if (u->tx_len == depth(u)) {
        model_guest_error(&u->model, "DR", value, "written while full, the byte is lost");
        return;
    }
    u->tx[(u->tx_head + u->tx_len++) % FIFO_SIZE] = (uint8_t)value;
    if (u->tx_len > tx_trigger(u)) {
        u->ris &= (uint16_t)~INT_TX;
    }
    run_tx(u);
}

/* --- the other registers --- */

static void
rsr_write(void *dev, unsigned reg, uint64_t value)
{
    struct uart_pl011 *u = dev;

    (void)value; /* ECR: any value clears the errors */
    u->val[reg] = 0;
}

static uint64_t
fr_peek(const void *dev, unsigned reg)
{
    const struct uart_pl011 *u = dev;

    (void)reg;
    return (u->tx_len == 0 ? FR_TXFE : 0) | (u->tx_len == depth(u) ? FR_TXFF : 0) |
           (u->rx_len == 0 ? FR_RXFE : 0) | (u->rx_len == depth(u) ? FR_RXFF : 0) |
           (u->tx_len || u->sending ? FR_BUSY : 0);
}

/* 12.4: a new divisor counts after the next write of LCRH; FIFOs that are switched are empty. */
static void
lcrh_write(void *dev, unsigned reg, uint64_t value)
{
    struct uart_pl011 *u = dev;

    u->divisor = (uint32_t)(u->val[R_IBRD] << 6 | u->val[R_FBRD]);
    if ((u->bank.old ^ value) & LCRH_FEN) {
        u->rx_len = u->tx_len = 0;
        u->ris &= (uint16_t)~INT_RX;
        restart_timeout(u);
    }
    (void)reg;
    start_rx(u);
}

static void
ctl_write(void *dev, unsigned reg, uint64_t value)
{
    struct uart_pl011 *u = dev;

    (void)reg;
    (void)value;
    run_tx(u);
    start_rx(u);
}

static uint64_t
ris_peek(const void *dev, unsigned reg)
{
    const struct uart_pl011 *u = dev;

    return reg == R_MIS ? u->ris & u->val[R_IM] : u->ris;
}

static void
icr_write(void *dev, unsigned reg, uint64_t value)
{
    struct uart_pl011 *u = dev;

    u->val[reg] = 0;
    u->ris &= (uint16_t)~value;
}

#define ID(n, v) [R_ID + n] = { "ID" #n, 0xfd0 + 4 * n, .ro = 0xff, .reset = v }

static const struct reg regs[R_COUNT] = {
    [R_DR] = { "DR", 0x00, .rw = 0xff, .ro = 0xf00, .read = dr_read, .peek = dr_peek,
               .write = dr_write },
    [R_RSR] = { "RSR", 0x04, .ro = 0x0f, .wo = 0xf0, .write = rsr_write },
    [R_FR] = { "FR", 0x18, .ro = 0xf8, .reset = 0x90, .peek = fr_peek },
    [R_ILPR] = { "ILPR", 0x20, .rw = 0xff },
    [R_IBRD] = { "IBRD", 0x24, .rw = 0xffff },
    [R_FBRD] = { "FBRD", 0x28, .rw = 0x3f },
    [R_LCRH] = { "LCRH", 0x2c, .rw = 0xfe, .unimp = 1, .write = lcrh_write },
    [R_CTL] = { "CTL", 0x30, .rw = 0x381, .reset = 0x300, .unimp = 6, .write = ctl_write },
    [R_IFLS] = { "IFLS", 0x34, .rw = 0x3f, .reset = 0x12 },
    [R_IM] = { "IM", 0x38, .rw = INT_ALL },
    [R_RIS] = { "RIS", 0x3c, .ro = INT_ALL, .peek = ris_peek },
    [R_MIS] = { "MIS", 0x40, .ro = INT_ALL, .peek = ris_peek },
    [R_ICR] = { "ICR", 0x44, .wo = INT_ALL, .write = icr_write },
    ID(0, 0x00),
    ID(1, 0x00),
    ID(2, 0x00),
    ID(3, 0x00),
    ID(4, 0x11),
    ID(5, 0x00),
    ID(6, 0x18),
    ID(7, 0x01),
    ID(8, 0x0d),
    ID(9, 0xf0),
    ID(10, 0x05),
    ID(11, 0xb1),
};

static const struct bank_class bank = { .regs = regs, .count = R_COUNT, .size = 0x1000, .reg_size = 4 };

static void
update(void *dev)
{
    struct uart_pl011 *u = dev;

    model_set_irq(&u->model, 0, u->ris & u->val[R_IM]);
}

static void
new_clock(void *dev, uint32_t hz)
{
    ((struct uart_pl011 *)dev)->hz = hz;
}

static void
reset(void *dev)
{
    struct uart_pl011 *u = dev;

    u->rx_len = u->tx_len = 0;
    u->ris = 0;
    u->divisor = 0;
    u->sending = u->blocked = u->overrun = false;
    u->hz = sysctl_lm3s_hz(u->model.sim, u->board_hz);
}

static int
create(struct model *model, const struct board_dev *where)
{
    struct uart_pl011 *u = (struct uart_pl011 *)model;
    int err;

    u->board_hz = where->hz ? where->hz : 50000000;
    u->instant = sim_config_of(model->sim)->instant_serial;
    model_line_init(model, &u->irq, 0, "irq", where->irq);
    model_event_init(model, &u->tx_done, "tx", tx_done);
    model_event_init(model, &u->rx_done, "rx", rx_done);
    model_event_init(model, &u->rx_timeout, "rx timeout", rx_timeout);
    model_char_init(model, &u->port, input, resume);
    err = sysctl_lm3s_listen(model, new_clock);
    if (!err) {
        err = model_bank_init(model, &u->bank, &bank, u->val);
    }
    return err ? err
               : model_region_bank(model, &u->region, SIM_MMIO, where->base, 0x1000, &u->bank, 0);
}

void
uart_pl011_break(struct model *model)
{
    receive((struct uart_pl011 *)model, DR_BE);
    model_update(model);
}

void
uart_pl011_receive(struct model *model, uint8_t byte, unsigned errors)
{
    struct uart_pl011 *u = (struct uart_pl011 *)model;

    if (enabled(u, CTL_RXE) && !(u->val[R_CTL] & CTL_LBE)) {
        receive(u, (uint16_t)(byte | (errors & (DR_FE | DR_PE))));
    }
    model_update(model);
}

void
uart_pl011_set_instant(struct model *model, bool instant)
{
    ((struct uart_pl011 *)model)->instant = instant;
}

const struct model_class uart_pl011_class = {
    .compatible = "arm,pl011",
    .size = sizeof(struct uart_pl011),
    .state = offsetof(struct uart_pl011, val),
    .create = create,
    .reset = reset,
    .update = update,
};

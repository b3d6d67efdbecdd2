/* Model of the PL022 synchronous serial port as TI builds it into the LM3S6965 (LM3S6965 data sheet, chapter 13, "synchronous serial
 * interface"; Arm PrimeCell SSP PL022 TRM, DDI 0194): the master of an SPI bus.
 *
 * A word takes as many clocks as it has bits; the peripheral that is selected sees it when they are over.  If the pins do not belong to
 * the port (AFSEL of port A, where the machine has one), nothing gets out and zeros come in.  Nobody selected: the bus's pull-up is read.
 *
 * Not modelled: slave mode, the TI and Microwire formats (their words meet nobody), DMA, the gaps between words.
 */
#include <devices/gpio_pl061.h>
#include <devices/models.h>
#include <devices/ssi_pl022.h>
#include <devices/sysctl_lm3s.h>

enum { R_CR0, R_CR1, R_DR, R_SR, R_CPSR, R_IM, R_RIS, R_MIS, R_ICR, R_ID, R_COUNT = R_ID + 12 };

enum {
    CR0_FRF = 3 << 4,

    CR1_LBM = 1 << 0,
    CR1_SSE = 1 << 1,

    SR_TFE = 1 << 0,
    SR_TNF = 1 << 1,
    SR_RNE = 1 << 2,
    SR_RFF = 1 << 3,
    SR_BSY = 1 << 4,

    INT_ROR = 1 << 0,
    INT_RT = 1 << 1,
    INT_RX = 1 << 2,
    INT_TX = 1 << 3,

    FIFO_SIZE = 8,
    TIMEOUT_BITS = 32,
    PERIPHERALS = 4,

    PIN_CLK = 2, /* of port A */
    PIN_RX = 4,
    PIN_TX = 5,
};

struct ssi_pl022 {
    struct model model;
    struct reg_bank bank;
    struct sim_region region;
    struct sim_line irq;
    struct sim_event word_done, rx_timeout;
    struct ssi_peripheral peripheral[PERIPHERALS];
    unsigned peripherals;
    uint32_t board_hz;

    /* State. */
    uint64_t val[R_COUNT];
    uint16_t rx[FIFO_SIZE], tx[FIFO_SIZE];
    uint32_t rx_head, rx_len, tx_head, tx_len;
    uint32_t hz;
    uint16_t shifter;
    bool sending;
    uint8_t latched; /* ROR and RT */
};

static unsigned
word_bits(const struct ssi_pl022 *s)
{
    return (unsigned)(s->val[R_CR0] & 0xf) + 1;
}

/* 13.3.1: FSysClk / (CPSDVSR * (1 + SCR)). */
static uint64_t
bits_ns(const struct ssi_pl022 *s, unsigned bits)
{
    uint64_t prescale = s->val[R_CPSR] ? s->val[R_CPSR] : 2;

    return bits * prescale * (1 + (s->val[R_CR0] >> 8 & 0xff)) * 1000000000u / s->hz;
}

static bool
enabled(const struct ssi_pl022 *s)
{
    return s->val[R_CR1] & CR1_SSE;
}

/* --- words --- */

static bool
on_pins(const struct ssi_pl022 *s)
{
    const struct model *port = sim_model_find(s->model.sim, "gpioa");

    return !port || (gpio_pl061_alternate(port, PIN_CLK) && gpio_pl061_alternate(port, PIN_RX) &&
                     gpio_pl061_alternate(port, PIN_TX));
}

static uint16_t
exchange(struct ssi_pl022 *s, uint16_t out)
{
    unsigned bits = word_bits(s);
    uint16_t mask = (uint16_t)((2u << (bits - 1)) - 1);
    uint16_t in = mask;

    if (s->val[R_CR1] & CR1_LBM) {
        return out & mask;
    }
    if (!on_pins(s)) {
        return 0;
    }
    if (s->val[R_CR0] & CR0_FRF) {
        sim_log(s->model.sim, "%s: not modelled: another frame format than SPI", s->model.name);
        return in;
    }
    for (unsigned i = 0; i < s->peripherals; i++) {
        struct ssi_peripheral *p = &s->peripheral[i];

        if (p->selected(p->dev)) { /* two at once: whoever drives low wins */
            in &= p->exchange(p->dev, out & mask, bits);
        }
    }
    return in;
}

static void
restart_timeout(struct ssi_pl022 *s)
{
    s->latched &= (uint8_t)~INT_RT;
    if (s->rx_len) {
        sim_event_at(&s->rx_timeout, model_now(&s->model) + bits_ns(s, TIMEOUT_BITS));
    } else {
        sim_event_cancel(&s->rx_timeout);
    }
}

static void
rx_timeout(void *dev)
{
    struct ssi_pl022 *s = dev;

    s->latched |= s->rx_len ? INT_RT : 0;
}

static void
run(struct ssi_pl022 *s)
{
    if (s->sending || !s->tx_len || !enabled(s)) {
        return;
    }
    s->shifter = s->tx[s->tx_head];
    s->tx_head = (s->tx_head + 1) % FIFO_SIZE;
    s->tx_len--;
    s->sending = true;
    sim_event_at(&s->word_done, model_now(&s->model) + bits_ns(s, word_bits(s)));
}

static void
word_done(void *dev)
{
    struct ssi_pl022 *s = dev;
    uint16_t in = exchange(s, s->shifter);

    s->sending = false;
    if (s->rx_len == FIFO_SIZE) { /* the new word is lost */
        s->latched |= INT_ROR;
    } else {
        s->rx[(s->rx_head + s->rx_len++) % FIFO_SIZE] = in;
        restart_timeout(s);
    }
    run(s);
}

/* --- registers --- */

static uint64_t
dr_peek(const void *dev, unsigned reg)
{
    const struct ssi_pl022 *s = dev;

    return s->rx_len ? s->rx[s->rx_head] : s->val[reg];
}

static uint64_t
dr_read(void *dev, unsigned reg)
{
    struct ssi_pl022 *s = dev;

    s->val[reg] = dr_peek(dev, reg);
    if (s->rx_len) {
        s->rx_head = (s->rx_head + 1) % FIFO_SIZE;
        s->rx_len--;
        restart_timeout(s);
    }
    return s->val[reg];
}

static void
dr_write(void *dev, unsigned reg, uint64_t value)
{
    struct ssi_pl022 *s = dev;

    s->val[reg] = s->bank.old;
    if (s->tx_len == FIFO_SIZE) {
        model_guest_error(&s->model, "DR", value, "written while full, the word is lost");
        return;
    }
    s->tx[(s->tx_head + s->tx_len++) % FIFO_SIZE] = (uint16_t)value;
    run(s);
}

static uint64_t
sr_peek(const void *dev, unsigned reg)
{
    const struct ssi_pl022 *s = dev;

    (void)reg;
    return (s->tx_len == 0 ? SR_TFE : 0) | (s->tx_len < FIFO_SIZE ? SR_TNF : 0) |
           (s->rx_len ? SR_RNE : 0) | (s->rx_len == FIFO_SIZE ? SR_RFF : 0) |
           (s->sending || s->tx_len ? SR_BSY : 0);
}

/* 13.4: "the SSE bit must be cleared before any control registers are reprogrammed". */
static void
control_write(void *dev, unsigned reg, uint64_t value)
{
    struct ssi_pl022 *s = dev;

    if (enabled(s) && value != s->bank.old) {
        model_guest_error(&s->model, reg == R_CR0 ? "CR0" : "CPSR", value,
                          "written while the port is enabled");
    }
}

static void
cr1_write(void *dev, unsigned reg, uint64_t value)
{
    struct ssi_pl022 *s = dev;

    (void)reg;
    if (value & ~s->bank.old & CR1_SSE) {
        if (s->val[R_CPSR] < 2) {
            model_guest_error(&s->model, "CPSR", s->val[R_CPSR], "enabled without a clock prescaler");
        }
        if (word_bits(s) < 4 || (s->val[R_CR0] & CR0_FRF) == CR0_FRF) {
            model_guest_error(&s->model, "CR0", s->val[R_CR0],
                              "enabled with a reserved size or format");
        }
    }
    run(s);
}

static uint8_t
raw_status(const struct ssi_pl022 *s)
{
    return (uint8_t)(s->latched | (s->rx_len >= FIFO_SIZE / 2 ? INT_RX : 0) |
                     (s->tx_len <= FIFO_SIZE / 2 ? INT_TX : 0));
}

static uint64_t
ris_peek(const void *dev, unsigned reg)
{
    const struct ssi_pl022 *s = dev;

    return reg == R_MIS ? raw_status(s) & s->val[R_IM] : raw_status(s);
}

static void
icr_write(void *dev, unsigned reg, uint64_t value)
{
    struct ssi_pl022 *s = dev;

    s->val[reg] = 0;
    s->latched &= (uint8_t)~value;
}

#define ID(n, v) [R_ID + n] = { "ID" #n, 0xfd0 + 4 * n, .ro = 0xff, .reset = v }

static const struct reg regs[R_COUNT] = {
    [R_CR0] = { "CR0", 0x00, .rw = 0xffff, .write = control_write },
    [R_CR1] = { "CR1", 0x04, .rw = 0x3, .unimp = 0xc, .write = cr1_write },
    [R_DR] = { "DR", 0x08, .rw = 0xffff, .read = dr_read, .peek = dr_peek, .write = dr_write },
    [R_SR] = { "SR", 0x0c, .ro = 0x1f, .peek = sr_peek },
    /* Bit 0 is hard-wired to 0. */
    [R_CPSR] = { "CPSR", 0x10, .rw = 0xfe, .ro = 1, .write = control_write },
    [R_IM] = { "IM", 0x14, .rw = 0xf },
    [R_RIS] = { "RIS", 0x18, .ro = 0xf, .peek = ris_peek },
    [R_MIS] = { "MIS", 0x1c, .ro = 0xf, .peek = ris_peek },
    [R_ICR] = { "ICR", 0x20, .wo = 0x3, .write = icr_write },
    ID(0, 0x00),
    ID(1, 0x00),
    ID(2, 0x00),
    ID(3, 0x00),
    ID(4, 0x22),
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
    struct ssi_pl022 *s = dev;

    model_set_irq(&s->model, 0, raw_status(s) & s->val[R_IM]);
}

static void
new_clock(void *dev, uint32_t hz)
{
    ((struct ssi_pl022 *)dev)->hz = hz;
}

static void
reset(void *dev)
{
    struct ssi_pl022 *s = dev;

    s->rx_len = s->tx_len = s->rx_head = s->tx_head = 0;
    s->sending = false;
    s->latched = 0;
    s->hz = sysctl_lm3s_hz(s->model.sim, s->board_hz);
}

static int
create(struct model *model, const struct board_dev *where)
{
    struct ssi_pl022 *s = (struct ssi_pl022 *)model;
    int err;

    s->board_hz = where->hz ? where->hz : 50000000;
    model_line_init(model, &s->irq, 0, "irq", where->irq);
    model_event_init(model, &s->word_done, "word", word_done);
    model_event_init(model, &s->rx_timeout, "rx timeout", rx_timeout);
    err = sysctl_lm3s_listen(model, new_clock);
    if (!err) {
        err = model_bank_init(model, &s->bank, &bank, s->val);
    }
    return err ? err
               : model_region_bank(model, &s->region, SIM_MMIO, where->base, 0x1000, &s->bank, 0);
}

int
ssi_pl022_attach(struct model *ssi, const struct ssi_peripheral *peripheral)
{
    struct ssi_pl022 *s = (struct ssi_pl022 *)ssi;

    if (s->peripherals == PERIPHERALS) {
        return -ENOSPC;
    }
    s->peripheral[s->peripherals++] = *peripheral;
    return 0;
}

struct model *
ssi_pl022_find(const struct sim *sim, unsigned n)
{
    char name[] = "ssi0";

    name[3] = (char)(name[3] + n);
    return n < 10 ? sim_model_find(sim, name) : NULL;
}

const struct model_class ssi_pl022_class = {
    .compatible = "arm,pl022",
    .size = sizeof(struct ssi_pl022),
    .state = offsetof(struct ssi_pl022, val),
    .create = create,
    .reset = reset,
    .update = update,
};

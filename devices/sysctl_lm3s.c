/* Model of the system control of the LM3S6965 (LM3S6965 data sheet, chapter 5, "system control"): identification, resets, clocks.
 *
 * A part of the chip without its clock (RCGCn) is not on the bus: an access is one that nobody claims (on the chip a bus fault).  The
 * crystal of the board has 8 MHz; the PLL gives 400 MHz, which the divider sees halved.
 *
 * Not modelled: what sleep and deep sleep change (SCGCn, DCGCn and DSLPCLKCFG are kept only), brown-outs and the regulator, clock
 * verification.
 */
#include <devices/models.h>
#include <devices/sysctl_lm3s.h>

enum {
    R_DID0,
    R_DID1,
    R_DC0,
    R_DC1,
    R_DC2,
    R_DC3,
    R_DC4,
    R_PBORCTL,
    R_LDOPCTL,
    R_SRCR0,
    R_SRCR1,
    R_SRCR2,
    R_RIS,
    R_IMC,
    R_MISC,
    R_RESC,
    R_RCC,
    R_PLLCFG,
    R_RCC2,
    R_RCGC0,
    R_RCGC1,
    R_RCGC2,
    R_SCGC0,
    R_SCGC1,
    R_SCGC2,
    R_DCGC0,
    R_DCGC1,
    R_DCGC2,
    R_DSLPCLKCFG,
    R_CLKVCLR,
    R_LDOARST,
    R_COUNT
};

enum {
    INT_PLLL = 1 << 6,
    INT_ALL = 0x7f,

    RCC_USESYSDIV = 1 << 22,
    RCC_PWRDN = 1 << 13, /* RCC2: the same bits */
    RCC_BYPASS = 1 << 11,

    IOSC_HZ = 12000000,
    MAIN_HZ = 8000000,
    SLOW_HZ = 30000,
    RTC_HZ = 32768,
    PLL_HZ = 200000000, /* behind its fixed divider by 2 */
    MINSYSDIV = 3,      /* DC1: 50 MHz */

    PLL_LOCK_NS = 500000,
    LISTENERS = 16,
};

#define RCC2_USERCC2 (UINT64_C(1) << 31)
#define RCGC0_MASK   0x00110f48u
#define RCGC1_MASK   0x030f5317u
#define RCGC2_MASK   0x5000007fu

struct sysctl_lm3s {
    struct model model;
    struct reg_bank bank;
    struct sim_region region[5];
    struct sim_line irq;
    struct sim_event pll;
    struct {
        struct model *dev;
        void (*fn)(void *dev, uint32_t hz);
    } listener[LISTENERS];
    unsigned listeners;
    unsigned cause; /* of the next reset */

    /* State. */
    uint64_t val[R_COUNT];
    uint8_t ris;
    bool locked;
    uint8_t unused[6]; /* no padding: it is part of a saved state */
};

/* Which bit of RCGCn clocks whom. */
static const struct {
    const char *name;
    uint8_t n, bit;
} gates[] = {
    { "wdt0", 0, 3 },    { "adc0", 0, 16 },   { "uart0", 1, 0 },   { "uart1", 1, 1 },
    { "uart2", 1, 2 },   { "ssi0", 1, 4 },    { "i2c0", 1, 12 },   { "i2c1", 1, 14 },
    { "timer0", 1, 16 }, { "timer1", 1, 17 }, { "timer2", 1, 18 }, { "timer3", 1, 19 },
    { "gpioa", 2, 0 },   { "gpiob", 2, 1 },   { "gpioc", 2, 2 },   { "gpiod", 2, 3 },
    { "gpioe", 2, 4 },   { "gpiof", 2, 5 },   { "gpiog", 2, 6 },   { "eth0", 2, 28 },
};

enum { GATES = sizeof gates / sizeof gates[0] };

/* --- clocks --- */

static uint32_t
oscillator_hz(uint64_t source)
{
    switch (source & 7) {
    case 0:
        return MAIN_HZ;
    case 1:
        return IOSC_HZ;
    case 2:
        return IOSC_HZ / 4;
    case 7:
        return RTC_HZ;
    default:
        return SLOW_HZ;
    }
}

static uint32_t
clock_hz(const struct sysctl_lm3s *s)
{
    uint64_t rcc = s->val[R_RCC], rcc2 = s->val[R_RCC2];
    bool second = rcc2 & RCC2_USERCC2;
    uint64_t div = second ? rcc2 >> 23 & 0x3f : rcc >> 23 & 0xf;

    if (!((second ? rcc2 : rcc) & RCC_BYPASS)) { /* the divider cannot be left out */
        return PLL_HZ / ((uint32_t)(div < MINSYSDIV ? MINSYSDIV : div) + 1);
    }
    return oscillator_hz(second ? rcc2 >> 4 & 7 : rcc >> 4 & 3) /
           ((rcc & RCC_USESYSDIV ? (uint32_t)div : 0) + 1);
}

static void
tell_clock(struct sysctl_lm3s *s)
{
    uint32_t hz = clock_hz(s);

    for (unsigned i = 0; i < s->listeners; i++) {
        s->listener[i].fn(s->listener[i].dev, hz);
        model_update(s->listener[i].dev);
    }
}

static bool
pll_on(const struct sysctl_lm3s *s)
{
    return !((s->val[R_RCC2] & RCC2_USERCC2 ? s->val[R_RCC2] : s->val[R_RCC]) & RCC_PWRDN);
}

static void
pll_locked(void *dev)
{
    struct sysctl_lm3s *s = dev;

    s->locked = true;
    s->ris |= INT_PLLL;
}

static void
rcc_write(void *dev, unsigned reg, uint64_t value)
{
    struct sysctl_lm3s *s = dev;
    uint64_t down = s->bank.old & ~value;

    if (!pll_on(s)) {
        s->locked = false;
        sim_event_cancel(&s->pll);
    } else if (down & RCC_PWRDN) {
        s->locked = false;
        sim_event_at(&s->pll, model_now(&s->model) + PLL_LOCK_NS);
    }
    if (!((s->val[R_RCC2] & RCC2_USERCC2 ? s->val[R_RCC2] : s->val[R_RCC]) & RCC_BYPASS) &&
        !s->locked) {
        model_guest_error(&s->model, reg == R_RCC ? "RCC" : "RCC2", value,
                          "clocked by a PLL that is not locked");
    }
    tell_clock(s);
}

static uint64_t
pllcfg_peek(const void *dev, unsigned reg)
{
    /* 5.4: F in bits 13:5, R in 4:0: XTAL * F / (R + 1) is 400 MHz, by the XTAL field. */
    static const uint16_t settings[16] = { 0x3200, 0x1b20, 0x1900, 0xf42b, 0x37e3, 0x1b21,
                                           0x0c80, 0x98ee, 0xd5b4, 0x0a00, 0x4e27, 0x1902,
                                           0xec1c, 0x1b23, 0x0640, 0xb11c };
    const struct sysctl_lm3s *s = dev;

    (void)reg;
    return settings[s->val[R_RCC] >> 6 & 0xf];
}

/* --- gates and resets --- */

static void
open_gates(struct sysctl_lm3s *s)
{
    for (unsigned i = 0; i < GATES; i++) {
        struct model *m = sim_model_find(s->model.sim, gates[i].name);
        bool on = s->val[R_RCGC0 + gates[i].n] >> gates[i].bit & 1;

        for (struct sim_region *r = m ? m->regions : NULL; r; r = r->next_of_model) {
            sim_region_set(r, r->base, on);
        }
    }
}

static void
rcgc_write(void *dev, unsigned reg, uint64_t value)
{
    (void)reg;
    (void)value;
    open_gates(dev);
}

static void
srcr_write(void *dev, unsigned reg, uint64_t value)
{
    struct sysctl_lm3s *s = dev;
    uint64_t rising = value & ~s->bank.old;

    for (unsigned i = 0; i < GATES; i++) {
        struct model *m = sim_model_find(s->model.sim, gates[i].name);

        if (m && gates[i].n == reg - R_SRCR0 && (rising >> gates[i].bit & 1)) {
            model_reset(m);
        }
    }
}

/* --- interrupts --- */

static uint64_t
ris_peek(const void *dev, unsigned reg)
{
    const struct sysctl_lm3s *s = dev;

    return reg == R_MISC ? s->ris & s->val[R_IMC] : s->ris;
}

static void
misc_write(void *dev, unsigned reg, uint64_t value)
{
    struct sysctl_lm3s *s = dev;

    s->val[reg] = 0;
    s->ris &= (uint8_t)~value;
}

#define FIXED(name, off, v)      { name, off, .ro = 0xffffffff, .reset = v, .quiet_ro = true }
#define GATE(name, off, mask, v) { name, off, .rw = mask, .reset = v }

static const struct reg regs[R_COUNT] = {
    [R_DID0] = FIXED("DID0", 0x000, 0x10010002),
    [R_DID1] = FIXED("DID1", 0x004, 0x1073402e),
    [R_DC0] = FIXED("DC0", 0x008, 0x00ff007f),
    [R_DC1] = FIXED("DC1", 0x010, 0x001133ff),
    [R_DC2] = FIXED("DC2", 0x014, 0x030f5317),
    [R_DC3] = FIXED("DC3", 0x018, 0x0f0f87ff),
    [R_DC4] = FIXED("DC4", 0x01c, 0x5000007f),
    [R_PBORCTL] = { "PBORCTL", 0x030, .rw = 0xffff, .reset = 0x7ffd },
    [R_LDOPCTL] = { "LDOPCTL", 0x034, .rw = 0x3f },
    [R_SRCR0] = { "SRCR0", 0x040, .rw = 0x00110048, .write = srcr_write },
    [R_SRCR1] = { "SRCR1", 0x044, .rw = RCGC1_MASK, .write = srcr_write },
    [R_SRCR2] = { "SRCR2", 0x048, .rw = RCGC2_MASK, .write = srcr_write },
    [R_RIS] = { "RIS", 0x050, .ro = INT_ALL, .peek = ris_peek },
    [R_IMC] = { "IMC", 0x054, .rw = INT_ALL },
    [R_MISC] = { "MISC", 0x058, .w1c = INT_ALL, .peek = ris_peek, .write = misc_write },
    [R_RESC] = { "RESC", 0x05c, .rw = 0x3f },
    [R_RCC] = { "RCC", 0x060, .rw = 0x07de3ff3, .reset = 0x078e3ad1, .write = rcc_write },
    [R_PLLCFG] = { "PLLCFG", 0x064, .ro = 0xffff, .peek = pllcfg_peek },
    [R_RCC2] = { "RCC2", 0x070, .rw = 0x9f802870, .reset = 0x07802810, .write = rcc_write },
    [R_RCGC0] = { "RCGC0", 0x100, .rw = RCGC0_MASK, .reset = 0x40, .write = rcgc_write },
    [R_RCGC1] = { "RCGC1", 0x104, .rw = RCGC1_MASK, .write = rcgc_write },
    [R_RCGC2] = { "RCGC2", 0x108, .rw = RCGC2_MASK, .write = rcgc_write },
    [R_SCGC0] = GATE("SCGC0", 0x110, RCGC0_MASK, 0x40),
    [R_SCGC1] = GATE("SCGC1", 0x114, RCGC1_MASK, 0),
    [R_SCGC2] = GATE("SCGC2", 0x118, RCGC2_MASK, 0),
    [R_DCGC0] = GATE("DCGC0", 0x120, RCGC0_MASK, 0x40),
    [R_DCGC1] = GATE("DCGC1", 0x124, RCGC1_MASK, 0),
    [R_DCGC2] = GATE("DCGC2", 0x128, RCGC2_MASK, 0),
    [R_DSLPCLKCFG] = { "DSLPCLKCFG", 0x144, .rw = 0x1f800070, .reset = 0x07800000 },
    [R_CLKVCLR] = { "CLKVCLR", 0x150, .rw = 1 },
    [R_LDOARST] = { "LDOARST", 0x160, .rw = 1 },
};

static const struct bank_class bank = { .regs = regs, .count = R_COUNT, .size = 0x1000, .reg_size = 4 };

static void
update(void *dev)
{
    struct sysctl_lm3s *s = dev;

    model_set_irq(&s->model, 0, s->ris & s->val[R_IMC]);
}

static void
reset(void *dev)
{
    struct sysctl_lm3s *s = dev;

    s->val[R_RESC] = s->cause;
    s->cause = RESC_POR;
    s->ris = 0;
    s->locked = false;
    open_gates(s);
    tell_clock(s);
}

static int
create(struct model *model, const struct board_dev *where)
{
    /* The page is shared with the flash controller, which has the holes between these. */
    static const struct {
        uint16_t at, size;
    } ranges[] = { { 0x000, 0x130 }, { 0x144, 0x8c } };
    struct sysctl_lm3s *s = (struct sysctl_lm3s *)model;
    int err;

    s->cause = RESC_POR;
    model_line_init(model, &s->irq, 0, "irq", where->irq);
    model_event_init(model, &s->pll, "PLL", pll_locked);
    err = model_bank_init(model, &s->bank, &bank, s->val);
    for (unsigned i = 0; !err && i < sizeof ranges / sizeof ranges[0]; i++) {
        err = model_region_bank(model, &s->region[i], SIM_MMIO, where->base + ranges[i].at,
                                ranges[i].size, &s->bank, ranges[i].at);
    }
    return err;
}

/* --- for the other models --- */

static struct sysctl_lm3s *
find(const struct sim *sim)
{
    for (struct model *m = sim_model_next(sim, NULL); m; m = sim_model_next(sim, m)) {
        if (m->class == &sysctl_lm3s_class) {
            return (struct sysctl_lm3s *)m;
        }
    }
    return NULL;
}

uint32_t
sysctl_lm3s_hz(const struct sim *sim, uint32_t otherwise)
{
    const struct sysctl_lm3s *s = find(sim);

    return s ? clock_hz(s) : otherwise;
}

int
sysctl_lm3s_listen(struct model *model, void (*fn)(void *dev, uint32_t hz))
{
    struct sysctl_lm3s *s = find(model->sim);

    if (!s) {
        return 0;
    }
    if (s->listeners == LISTENERS) {
        return -ENOSPC;
    }
    s->listener[s->listeners].dev = model;
    s->listener[s->listeners++].fn = fn;
    return 0;
}

void
sysctl_lm3s_reset(struct sim *sim, unsigned cause)
{
    struct sysctl_lm3s *s = find(sim);

    if (s) {
        s->cause = cause;
    }
    sim_end(sim, SIM_END_RESET, 0);
}

const struct model_class sysctl_lm3s_class = {
    .compatible = "luminary,sysctl",
    .size = sizeof(struct sysctl_lm3s),
    .state = offsetof(struct sysctl_lm3s, val),
    .create = create,
    .reset = reset,
    .update = update,
};

/* Model of the general-purpose timer module of the LM3S6965 (LM3S6965 data sheet, chapter 9, "general-purpose timers"): one 32-bit or two
 * 16-bit one-shot and periodic timers, or a real-time clock that counts seconds.
 *
 * A timer that has reached 0 reloads with the next tick, so its period is the interval load value and one.  The raw interrupt status of a
 * periodic timer that nobody clears stays as it is, and costs no event until somebody does.
 *
 * Not modelled: edge count, edge time and PWM modes, stalling in a debugger, the trigger of the ADC (TnOTE).
 */
#include <devices/models.h>
#include <devices/sysctl_lm3s.h>
#include <devices/ticks.h>

enum {
    R_CFG,
    R_TAMR,
    R_TBMR,
    R_CTL,
    R_IMR,
    R_RIS,
    R_MIS,
    R_ICR,
    R_TAILR,
    R_TBILR,
    R_TAMATCHR,
    R_TBMATCHR, /* after timer A's, each of them */
    R_TAPR,
    R_TBPR,
    R_TAPMR,
    R_TBPMR,
    R_TAR,
    R_TBR,
    R_COUNT
};

enum {
    CFG_32BIT = 0,
    CFG_RTC = 1,
    CFG_16BIT = 4,

    MR_ONE_SHOT = 1,
    MR_PERIODIC = 2,

    CTL_TAEN = 1 << 0,
    CTL_TBEN = 1 << 8,

    INT_TATO = 1 << 0,
    INT_RTC = 1 << 3,
    INT_TBTO = 1 << 8,
    INT_ALL = 0x70f,

    RTC_FIRST = 1,
};

/* A running timer: from `start_ns` on it counts down from `first`, then again and again from `load`; the RTC counts up from `first`. */
struct half {
    uint64_t start_ns;
    uint64_t first, load;
    bool on;
    bool periodic;
    bool rtc;
    uint8_t unused[5]; /* no padding: it is part of a saved state */
};

struct timer_gptm {
    struct model model;
    struct reg_bank bank;
    struct sim_region region;
    struct sim_line irq;
    struct sim_event due[2];
    uint32_t board_hz;

    /* State. */
    uint64_t val[R_COUNT];
    struct half half[2];
    uint32_t hz;
    uint16_t ris;
};

static uint32_t
hz_of(const struct timer_gptm *g, const struct half *h)
{
    return h->rtc ? 1 : g->hz;
}

static uint64_t
elapsed(const struct timer_gptm *g, const struct half *h)
{
    return ticks_in(sim_now(g->model.sim) - h->start_ns, hz_of(g, h));
}

/* The counter, with its prescaler as the low part. */
static uint64_t
counter(const struct timer_gptm *g, const struct half *h)
{
    uint64_t e = elapsed(g, h);

    if (h->rtc) {
        return (h->first + e) & UINT32_MAX;
    }
    if (e <= h->first) {
        return h->first - e;
    }
    return h->load - (e - h->first - 1) % (h->load + 1);
}

/* Ticks from the start to the first time-out after `e` of them. */
static uint64_t
next_timeout(const struct half *h, uint64_t e)
{
    uint64_t period = h->load + 1;

    if (h->rtc) { /* load: the match value */
        uint64_t first = (h->load - h->first) & UINT32_MAX;

        return first > e ? first
                         : first + ((e - first) / (UINT64_C(1) << 32) + 1) * (UINT64_C(1) << 32);
    }
    return e < h->first ? h->first : h->first + ((e - h->first) / period + 1) * period;
}

static uint16_t
bit_of(const struct half *h, unsigned n)
{
    return h->rtc ? INT_RTC : n ? INT_TBTO : INT_TATO;
}

/* Wake up at the next time-out that anybody can notice. */
static void
schedule(struct timer_gptm *g, unsigned n)
{
    const struct half *h = &g->half[n];
    uint64_t e;

    if (!h->on || ((g->ris & bit_of(h, n)) && (h->periodic || h->rtc))) {
        sim_event_cancel(&g->due[n]);
        return;
    }
    e = elapsed(g, h);
    e = h->periodic || h->rtc || e < h->first ? next_timeout(h, e) : h->first;
    sim_event_at(&g->due[n], h->start_ns + ticks_ns(e, hz_of(g, h)));
}

static void
timeout(struct timer_gptm *g, unsigned n)
{
    struct half *h = &g->half[n];

    if (!h->on) {
        return;
    }
    g->ris |= bit_of(h, n);
    if (!h->periodic && !h->rtc) {
        h->on = false;
        g->val[R_CTL] &= ~(uint64_t)(n ? CTL_TBEN : CTL_TAEN);
        g->val[n ? R_TBR : R_TAR] = h->load;
    }
    schedule(g, n);
}

static void
due_a(void *dev)
{
    timeout(dev, 0);
}

static void
due_b(void *dev)
{
    timeout(dev, 1);
}

/* --- programming --- */

static bool
pair(const struct timer_gptm *g)
{
    return !(g->val[R_CFG] & CFG_16BIT);
}

/* 9.5: as one timer of 32 bits, timer B's interval and match registers are the upper halves of timer A's. */
static uint64_t
joined(const struct timer_gptm *g, unsigned reg)
{
    return g->val[reg] | g->val[reg + 1] << 16;
}

static uint64_t
joined_peek(const void *dev, unsigned reg)
{
    const struct timer_gptm *g = dev;

    return pair(g) ? joined(g, reg) : g->val[reg];
}

/* Only the half that is meant takes a value. */
static void
split(struct timer_gptm *g, unsigned reg, uint64_t value)
{
    bool b = reg == R_TBILR || reg == R_TBMATCHR;

    if (b && pair(g)) {
        g->val[reg] = g->bank.old;
        return;
    }
    g->val[reg] = value & 0xffff;
    if (!b && pair(g)) {
        g->val[reg + 1] = value >> 16;
    }
}

static uint64_t
load_of(const struct timer_gptm *g, unsigned n)
{
    uint64_t prescale = g->val[n ? R_TBPR : R_TAPR] + 1;

    if (pair(g)) {
        return joined(g, R_TAILR);
    }
    return ((g->val[n ? R_TBILR : R_TAILR] & 0xffff) + 1) * prescale - 1;
}

static void
start(struct timer_gptm *g, unsigned n)
{
    struct half *h = &g->half[n];
    uint64_t mode = g->val[n ? R_TBMR : R_TAMR] & 0xf;

    *h = (struct half){ .start_ns = sim_now(g->model.sim), .on = true };
    if (g->val[R_CFG] == CFG_RTC) {
        h->rtc = true;
        h->first = RTC_FIRST;
        h->load = joined(g, R_TAMATCHR);
    } else if (mode != MR_ONE_SHOT && mode != MR_PERIODIC) {
        h->on = false;
        sim_log(g->model.sim, "%s: not modelled: timer mode %#llx", g->model.name,
                (unsigned long long)mode);
    } else {
        h->first = h->load = load_of(g, n);
        h->periodic = mode == MR_PERIODIC;
    }
    schedule(g, n);
}

static void
stop(struct timer_gptm *g, unsigned n)
{
    struct half *h = &g->half[n];

    if (h->on) { /* it stands where it was */
        g->val[n ? R_TBR : R_TAR] = counter(g, h);
        h->on = false;
        schedule(g, n);
    }
}

static void
ctl_write(void *dev, unsigned reg, uint64_t value)
{
    struct timer_gptm *g = dev;
    uint64_t changed = g->bank.old ^ value;

    (void)reg;
    if (changed & CTL_TAEN) {
        (value & CTL_TAEN ? start : stop)(g, 0);
    }
    if ((changed & CTL_TBEN) && !pair(g)) {
        (value & CTL_TBEN ? start : stop)(g, 1);
    }
}

/* 9.4: "the timer must be disabled when its registers are reprogrammed". */
static void
config_write(void *dev, unsigned reg, uint64_t value)
{
    struct timer_gptm *g = dev;
    uint64_t on = reg == R_CFG ? CTL_TAEN | CTL_TBEN : reg == R_TAMR ? CTL_TAEN : CTL_TBEN;

    if (g->val[R_CTL] & on) {
        model_guest_error(&g->model, reg == R_CFG ? "CFG" : "TnMR", value,
                          "written while the timer runs");
    }
    if (reg == R_CFG) {
        stop(g, 0);
        stop(g, 1);
    }
}

/* A new interval is loaded with the next tick. */
static void
load_write(void *dev, unsigned reg, uint64_t value)
{
    struct timer_gptm *g = dev;
    unsigned n = reg == R_TBILR;

    split(g, reg, value);
    if (g->half[n].on && !g->half[n].rtc) {
        start(g, n);
    }
}

static void
match_write(void *dev, unsigned reg, uint64_t value)
{
    struct timer_gptm *g = dev;

    split(g, reg, value);
    if (g->half[0].on && g->half[0].rtc) {
        g->half[0].load = joined(g, R_TAMATCHR);
        schedule(g, 0);
    }
}

static uint64_t
tr_peek(const void *dev, unsigned reg)
{
    const struct timer_gptm *g = dev;
    unsigned n = reg == R_TBR && !pair(g);
    uint64_t v = g->half[n].on ? counter(g, &g->half[n]) : g->val[n ? R_TBR : R_TAR];

    if (g->half[n].on && !pair(g)) {
        v /= g->val[n ? R_TBPR : R_TAPR] + 1;
    }
    return reg == R_TBR && pair(g) ? v >> 16 : v;
}

static uint64_t
ris_peek(const void *dev, unsigned reg)
{
    const struct timer_gptm *g = dev;

    return reg == R_MIS ? g->ris & g->val[R_IMR] : g->ris;
}

static void
icr_write(void *dev, unsigned reg, uint64_t value)
{
    struct timer_gptm *g = dev;

    g->val[reg] = 0;
    g->ris &= (uint16_t)~value;
    schedule(g, 0);
    schedule(g, 1);
}

static const struct reg regs[R_COUNT] = {
    [R_CFG] = { "CFG", 0x00, .rw = 7, .write = config_write },
    [R_TAMR] = { "TAMR", 0x04, .rw = 0xf, .write = config_write },
    [R_TBMR] = { "TBMR", 0x08, .rw = 0xf, .write = config_write },
    [R_CTL] = { "CTL", 0x0c, .rw = 0x6f7f, .write = ctl_write },
    [R_IMR] = { "IMR", 0x18, .rw = INT_ALL },
    [R_RIS] = { "RIS", 0x1c, .ro = INT_ALL, .peek = ris_peek },
    [R_MIS] = { "MIS", 0x20, .ro = INT_ALL, .peek = ris_peek },
    [R_ICR] = { "ICR", 0x24, .wo = INT_ALL, .write = icr_write },
    [R_TAILR] = { "TAILR", 0x28, .rw = 0xffffffff, .reset = 0xffff, .peek = joined_peek,
                  .write = load_write },
    [R_TBILR] = { "TBILR", 0x2c, .rw = 0xffff, .reset = 0xffff, .write = load_write },
    [R_TAMATCHR] = { "TAMATCHR", 0x30, .rw = 0xffffffff, .reset = 0xffff, .peek = joined_peek,
                     .write = match_write },
    [R_TBMATCHR] = { "TBMATCHR", 0x34, .rw = 0xffff, .reset = 0xffff, .write = match_write },
    [R_TAPR] = { "TAPR", 0x38, .rw = 0xff },
    [R_TBPR] = { "TBPR", 0x3c, .rw = 0xff },
    [R_TAPMR] = { "TAPMR", 0x40, .rw = 0xff },
    [R_TBPMR] = { "TBPMR", 0x44, .rw = 0xff },
    [R_TAR] = { "TAR", 0x48, .ro = 0xffffffff, .reset = 0xffffffff, .peek = tr_peek },
    [R_TBR] = { "TBR", 0x4c, .ro = 0xffff, .reset = 0xffff, .peek = tr_peek },
};

static const struct bank_class bank = { .regs = regs, .count = R_COUNT, .size = 0x1000, .reg_size = 4 };

static void
update(void *dev)
{
    struct timer_gptm *g = dev;

    model_set_irq(&g->model, 0, g->ris & g->val[R_IMR]);
}

/* What was counted stays; the rest goes at the new rate. */
static void
new_clock(void *dev, uint32_t hz)
{
    struct timer_gptm *g = dev;

    for (unsigned n = 0; n < 2; n++) {
        struct half *h = &g->half[n];

        if (h->on && !h->rtc && hz != g->hz) {
            h->first = counter(g, h);
            h->start_ns = sim_now(g->model.sim);
        }
    }
    g->hz = hz;
    schedule(g, 0);
    schedule(g, 1);
}

static void
reset(void *dev)
{
    struct timer_gptm *g = dev;

    g->half[0] = g->half[1] = (struct half){ 0 };
    g->ris = 0;
    g->hz = sysctl_lm3s_hz(g->model.sim, g->board_hz);
}

static int
create(struct model *model, const struct board_dev *where)
{
    struct timer_gptm *g = (struct timer_gptm *)model;
    int err;

    g->board_hz = where->hz ? where->hz : 50000000;
    model_line_init(model, &g->irq, 0, "irq", where->irq);
    model_event_init(model, &g->due[0], "timer A", due_a);
    model_event_init(model, &g->due[1], "timer B", due_b);
    err = sysctl_lm3s_listen(model, new_clock);
    if (!err) {
        err = model_bank_init(model, &g->bank, &bank, g->val);
    }
    return err ? err
               : model_region_bank(model, &g->region, SIM_MMIO, where->base, 0x1000, &g->bank, 0);
}

const struct model_class timer_gptm_class = {
    .compatible = "luminary,gptm",
    .size = sizeof(struct timer_gptm),
    .state = offsetof(struct timer_gptm, val),
    .create = create,
    .reset = reset,
    .update = update,
};

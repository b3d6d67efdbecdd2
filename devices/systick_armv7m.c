/* Model of SysTick, the system timer of ARMv7-M (ARMv7-M Architecture Reference Manual, DDI 0403E, B3.3), as in the LM3S6965: there is no
 * external reference clock, so CLKSOURCE reads as one.
 *
 * The counter reloads with the tick after the one that takes it to 0, so its period is RVR + 1; counting from 1 to 0 sets COUNTFLAG and
 * makes the exception pending.
 */
#include <devices/models.h>
#include <devices/nvic_armv7m.h>
#include <devices/sysctl_lm3s.h>
#include <devices/ticks.h>

enum { R_CSR, R_RVR, R_CVR, R_CALIB, R_COUNT };

enum {
    CSR_ENABLE = 1 << 0,
    CSR_TICKINT = 1 << 1,
    CSR_CLKSOURCE = 1 << 2,
    CSR_COUNTFLAG = 1 << 16,

    COUNT_MASK = 0xffffff,
};

struct systick {
    struct model model;
    struct reg_bank bank;
    struct sim_region region;
    struct sim_event zero;
    uint32_t board_hz;

    /* State. */
    uint64_t val[R_COUNT];
    uint64_t start_ns; /* the counter was `first` then, and goes on with val[R_RVR] */
    uint32_t first;
    uint32_t load; /* what the counter reloads with, as far as it has */
    uint32_t hz;
    bool on;
    bool flag;
    uint8_t unused[2]; /* no padding: it is part of a saved state */
};

static uint64_t
elapsed(const struct systick *s)
{
    return ticks_in(sim_now(s->model.sim) - s->start_ns, s->hz);
}

/* Ticks from the start to the first arrival at 0 after `e` of them; 0: never. */
static uint64_t
next_zero(const struct systick *s, uint64_t e)
{
    uint64_t first = s->first ? s->first : s->load + 1;

    if (e < first && (s->first || s->load)) {
        return first;
    }
    return s->load ? first + ((e - first) / (s->load + 1) + 1) * (s->load + 1) : 0;
}

static uint32_t
counter(const struct systick *s)
{
    uint64_t e = s->on ? elapsed(s) : 0;

    if (e <= s->first) {
        return (uint32_t)(s->first - e);
    }
    return (uint32_t)(s->load - (e - s->first - 1) % ((uint64_t)s->load + 1));
}

static void
schedule(struct systick *s)
{
    uint64_t at = s->on ? next_zero(s, elapsed(s)) : 0;

    if (at && (!s->flag || (s->val[R_CSR] & CSR_TICKINT))) {
        sim_event_at(&s->zero, s->start_ns + ticks_ns(at, s->hz));
    } else {
        sim_event_cancel(&s->zero); /* nobody could notice */
    }
}

static void
zero(void *dev)
{
    struct systick *s = dev;
    struct model *nvic = nvic_armv7m_find(s->model.sim);

    s->flag = true;
    if ((s->val[R_CSR] & CSR_TICKINT) && nvic) {
        nvic_armv7m_pend(nvic, NVIC_SYSTICK);
    }
    schedule(s);
}

/* Go on from the present count, under what is new. */
static void
rebase(struct systick *s)
{
    s->first = counter(s);
    s->start_ns = sim_now(s->model.sim);
}

static uint64_t
csr_peek(const void *dev, unsigned reg)
{
    const struct systick *s = dev;

    return (s->val[reg] & (CSR_ENABLE | CSR_TICKINT)) | CSR_CLKSOURCE | (s->flag ? CSR_COUNTFLAG : 0);
}

static uint64_t
csr_read(void *dev, unsigned reg)
{
    struct systick *s = dev;
    uint64_t v = csr_peek(dev, reg);

    s->flag = false;
    schedule(s);
    return v;
}

static void
csr_write(void *dev, unsigned reg, uint64_t value)
{
    struct systick *s = dev;

    (void)reg;
    rebase(s);
    s->on = value & CSR_ENABLE;
    schedule(s);
}

static void
rvr_write(void *dev, unsigned reg, uint64_t value)
{
    struct systick *s = dev;

    (void)reg;
    rebase(s);
    s->load = (uint32_t)(value & COUNT_MASK);
    schedule(s);
}

static uint64_t
cvr_peek(const void *dev, unsigned reg)
{
    (void)reg;
    return counter(dev);
}

/* Any value: the counter and COUNTFLAG are 0, and no exception comes of it. */
static void
cvr_write(void *dev, unsigned reg, uint64_t value)
{
    struct systick *s = dev;

    (void)reg;
    (void)value;
    s->first = 0;
    s->start_ns = sim_now(s->model.sim);
    s->flag = false;
    schedule(s);
}

static const struct reg regs[R_COUNT] = {
    [R_CSR] = { "CSR", 0x0, .rw = 7, .ro = CSR_COUNTFLAG, .read = csr_read, .peek = csr_peek,
                .write = csr_write },
    [R_RVR] = { "RVR", 0x4, .rw = COUNT_MASK, .write = rvr_write },
    [R_CVR] = { "CVR", 0x8, .rw = 0xffffffff, .peek = cvr_peek, .write = cvr_write },
    [R_CALIB] = { "CALIB", 0xc, .ro = 0xffffffff, .reset = 0x80000000 }, /* NOREF */
};

static const struct bank_class bank = { .regs = regs, .count = R_COUNT, .size = 0x10, .reg_size = 4 };

static void
new_clock(void *dev, uint32_t hz)
{
    struct systick *s = dev;

    rebase(s);
    s->hz = hz;
    schedule(s);
}

static void
reset(void *dev)
{
    struct systick *s = dev;

    s->hz = sysctl_lm3s_hz(s->model.sim, s->board_hz);
    s->start_ns = sim_now(s->model.sim);
    s->first = s->load = 0;
    s->on = s->flag = false;
}

static int
create(struct model *model, const struct board_dev *where)
{
    struct systick *s = (struct systick *)model;
    int err;

    s->board_hz = where->hz ? where->hz : 50000000;
    s->hz = s->board_hz;
    model_event_init(model, &s->zero, "zero", zero);
    err = sysctl_lm3s_listen(model, new_clock);
    if (!err) {
        err = model_bank_init(model, &s->bank, &bank, s->val);
    }
    return err ? err : model_region_bank(model, &s->region, SIM_MMIO, where->base, 0x10, &s->bank, 0);
}

const struct model_class systick_armv7m_class = {
    .compatible = "arm,armv7m-systick",
    .size = sizeof(struct systick),
    .state = offsetof(struct systick, val),
    .create = create,
    .reset = reset,
};

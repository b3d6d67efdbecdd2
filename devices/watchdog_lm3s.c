/* Model of the watchdog timer of the LM3S6965 (LM3S6965 data sheet, chapter 10; a PrimeCell SP805, DDI 0270, with a test register): an
 * interrupt at the first time-out, a reset of the chip at the second one if nobody has cleared the first.
 *
 * It starts with INTEN, which only a reset clears.  The counter reloads with the tick after the one that takes it to 0.
 *
 * Not modelled: stalling in a debugger.
 */
#include <devices/models.h>
#include <devices/sysctl_lm3s.h>
#include <devices/ticks.h>

enum { R_LOAD, R_VALUE, R_CTL, R_ICR, R_RIS, R_MIS, R_TEST, R_LOCK, R_ID, R_COUNT = R_ID + 12 };

enum { CTL_INTEN = 1 << 0, CTL_RESEN = 1 << 1 };

#define LOCK_KEY UINT64_C(0x1acce551)

struct watchdog {
    struct model model;
    struct reg_bank bank;
    struct sim_region region;
    struct sim_line irq;
    struct sim_event zero;
    uint32_t board_hz;

    /* State. */
    uint64_t val[R_COUNT];
    uint64_t start_ns; /* the counter was `first` then */
    uint32_t first;
    uint32_t hz;
    bool locked;
    bool raised;
    uint8_t unused[6]; /* no padding: it is part of a saved state */
};

static bool
runs(const struct watchdog *w)
{
    return w->val[R_CTL] & CTL_INTEN;
}

static uint32_t
counter(const struct watchdog *w)
{
    uint64_t e = runs(w) ? ticks_in(sim_now(w->model.sim) - w->start_ns, w->hz) : 0;
    uint64_t load = w->val[R_LOAD];

    return (uint32_t)(e <= w->first ? w->first - e : load - (e - w->first - 1) % (load + 1));
}

static void
count_from(struct watchdog *w, uint32_t first)
{
    w->first = first;
    w->start_ns = sim_now(w->model.sim);
    if (runs(w)) {
        sim_event_at(&w->zero, w->start_ns + ticks_ns(first, w->hz));
    }
}

static void
zero(void *dev)
{
    struct watchdog *w = dev;

    if (w->raised && (w->val[R_CTL] & CTL_RESEN)) {
        sysctl_lm3s_reset(w->model.sim, RESC_WDT);
        return;
    }
    if (w->raised) {
        return; /* nobody could notice the next ones: the event sleeps until the interrupt is cleared */
    }
    w->raised = true;
    if (w->val[R_CTL] & CTL_RESEN) {
        uint64_t first = w->first, load = w->val[R_LOAD];

        sim_event_at(&w->zero, w->start_ns + ticks_ns(first + load + 1, w->hz));
    }
}

static bool
locked(struct watchdog *w, unsigned reg, const char *name)
{
    if (w->locked) {
        w->val[reg] = w->bank.old;
        model_guest_error(&w->model, name, 0, "written while locked");
    }
    return w->locked;
}

static void
load_write(void *dev, unsigned reg, uint64_t value)
{
    struct watchdog *w = dev;

    if (!locked(w, reg, "LOAD")) {
        count_from(w, (uint32_t)value);
    }
}

static uint64_t
value_peek(const void *dev, unsigned reg)
{
    (void)reg;
    return counter(dev);
}

static void
ctl_write(void *dev, unsigned reg, uint64_t value)
{
    struct watchdog *w = dev;
    uint64_t old = w->bank.old;

    if (locked(w, reg, "CTL")) {
        return;
    }
    w->val[reg] |= old & CTL_INTEN;
    if (value & ~old & CTL_INTEN) {
        count_from(w, (uint32_t)w->val[R_LOAD]);
    } else if (value & ~old & CTL_RESEN && w->raised) {
        count_from(w, counter(w)); /* the second time-out matters now */
    }
}

static void
icr_write(void *dev, unsigned reg, uint64_t value)
{
    struct watchdog *w = dev;

    (void)value;
    if (!locked(w, reg, "ICR")) {
        w->val[reg] = 0;
        w->raised = false;
        count_from(w, (uint32_t)w->val[R_LOAD]);
    }
}

static uint64_t
ris_peek(const void *dev, unsigned reg)
{
    const struct watchdog *w = dev;

    return w->raised && (reg == R_RIS || runs(w));
}

static void
test_write(void *dev, unsigned reg, uint64_t value)
{
    (void)value;
    (void)locked(dev, reg, "TEST");
}

static uint64_t
lock_peek(const void *dev, unsigned reg)
{
    (void)reg;
    return ((const struct watchdog *)dev)->locked;
}

static void
lock_write(void *dev, unsigned reg, uint64_t value)
{
    struct watchdog *w = dev;

    w->val[reg] = 0;
    w->locked = value != LOCK_KEY;
}

#define ID(n, v) [R_ID + n] = { "ID" #n, 0xfd0 + 4 * n, .ro = 0xff, .reset = v }

static const struct reg regs[R_COUNT] = {
    [R_LOAD] = { "LOAD", 0x000, .rw = 0xffffffff, .reset = 0xffffffff, .write = load_write },
    [R_VALUE] = { "VALUE", 0x004, .ro = 0xffffffff, .reset = 0xffffffff, .peek = value_peek },
    [R_CTL] = { "CTL", 0x008, .rw = 0x3, .write = ctl_write },
    [R_ICR] = { "ICR", 0x00c, .wo = 0xffffffff, .write = icr_write },
    [R_RIS] = { "RIS", 0x010, .ro = 1, .peek = ris_peek },
    [R_MIS] = { "MIS", 0x014, .ro = 1, .peek = ris_peek },
    [R_TEST] = { "TEST", 0x418, .rw = 0x100, .write = test_write },
    [R_LOCK] = { "LOCK", 0xc00, .rw = 0xffffffff, .peek = lock_peek, .write = lock_write },
    ID(0, 0x00),
    ID(1, 0x00),
    ID(2, 0x00),
    ID(3, 0x00),
    ID(4, 0x05),
    ID(5, 0x18),
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
    struct watchdog *w = dev;

    model_set_irq(&w->model, 0, w->raised && runs(w));
}

static void
new_clock(void *dev, uint32_t hz)
{
    struct watchdog *w = dev;
    uint32_t at = counter(w);

    w->hz = hz;
    if (runs(w) && (!w->raised || (w->val[R_CTL] & CTL_RESEN))) {
        count_from(w, at);
    } else {
        w->first = at;
        w->start_ns = sim_now(w->model.sim);
    }
}

static void
reset(void *dev)
{
    struct watchdog *w = dev;

    w->hz = sysctl_lm3s_hz(w->model.sim, w->board_hz);
    w->first = UINT32_MAX;
    w->start_ns = sim_now(w->model.sim);
    w->locked = w->raised = false;
}

static int
create(struct model *model, const struct board_dev *where)
{
    struct watchdog *w = (struct watchdog *)model;
    int err;

    w->board_hz = where->hz ? where->hz : 50000000;
    w->hz = w->board_hz;
    model_line_init(model, &w->irq, 0, "irq", where->irq);
    model_event_init(model, &w->zero, "zero", zero);
    err = sysctl_lm3s_listen(model, new_clock);
    if (!err) {
        err = model_bank_init(model, &w->bank, &bank, w->val);
    }
    return err ? err
               : model_region_bank(model, &w->region, SIM_MMIO, where->base, 0x1000, &w->bank, 0);
}

const struct model_class watchdog_lm3s_class = {
    .compatible = "luminary,watchdog",
    .size = sizeof(struct watchdog),
    .state = offsetof(struct watchdog, val),
    .create = create,
    .reset = reset,
    .update = update,
};

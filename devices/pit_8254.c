/* Model of the 8254 programmable interval timer (Intel 8254 data sheet, order number 231164-005),
 * wired as in a PC: gates 0 and 1 high, OUT 0 to an interrupt line, counter 2 gated by port 0x61
 * (NMI status and control, PIIX3 290550-002, section 2.5.5).
 *
 * CLK runs freely from power-on; all times are ticks of it.  A counter is loaded by the tick after
 * its count is written. Not modelled: in mode 3 a new count takes effect at the end of the whole
 * period, not of the half; the speaker.
 */
#include <devices/models.h>
#include <devices/ticks.h>

enum { R_COUNTER0, R_COUNTER1, R_COUNTER2, R_CONTROL, R_NMISC, R_COUNT };

enum {
    CONTROL_BCD = 1 << 0,
    CONTROL_READ_BACK = 3, /* in the counter field */
    RW_LATCH = 0,
    RW_LSB = 1,
    RW_MSB = 2,
    RW_BOTH = 3,
    BACK_NO_COUNT = 1 << 5,
    BACK_NO_STATUS = 1 << 4,

    STATUS_OUT = 1 << 7,
    STATUS_NULL = 1 << 6,

    NMISC_GATE2 = 1 << 0,
    NMISC_REFRESH = 1 << 4,
    NMISC_OUT2 = 1 << 5,

    REFRESH_NS = 15085, /* half a period of the refresh toggle */
};

#define TICK_NEVER INT64_MAX

struct counter {
    int64_t start;       /* the tick at which the count was loaded; TICK_NEVER: not loaded */
    int64_t paused;      /* ticks counted when the gate stopped it; -1: it counts */
    int64_t next_start;  /* modes 2 and 3: when next_count takes over; TICK_NEVER: nothing waits */
    uint32_t count;      /* 1 .. 65536 */
    uint32_t next_count; /* modes 1 and 5: for the next trigger; 0: none */
    uint8_t mode;        /* 0 .. 5 */
    uint8_t rw;          /* RW_LSB .. RW_BOTH */
    bool bcd;
    bool gate;
    bool null_count;          /* written, not yet loaded: status bit 6 */
    bool write_msb, read_msb; /* RW_BOTH: the second byte is next */
    uint8_t write_low;
    bool count_latched, status_latched, latch_msb;
    uint16_t latch;
    uint8_t status;
};

struct pit_8254 {
    struct model model;
    struct reg_bank bank;
    struct sim_region region[2];
    struct sim_line irq;
    struct sim_event edge;
    uint32_t hz;

    /* State. */
    uint64_t val[R_COUNT];
    struct counter counter[3];
    bool out0;
};

static int64_t
tick_of(const struct pit_8254 *p, uint64_t ns)
{
    return (int64_t)ticks_in(ns, p->hz);
}

/* The first nanosecond of a tick. */
static uint64_t
ns_of(const struct pit_8254 *p, int64_t tick)
{
    return ticks_ns((uint64_t)tick, p->hz);
}

static int64_t
tick_now(const struct pit_8254 *p)
{
    return tick_of(p, sim_now(p->model.sim));
}

static bool
periodic(const struct counter *c)
{
    return c->mode == 2 || c->mode == 3;
}

/* Ticks since the load; negative: not loaded yet. */
static int64_t
elapsed(const struct counter *c, int64_t tick)
{
    if (c->paused >= 0) {
        return c->paused;
    }
    return c->start == TICK_NEVER ? -1 : tick - c->start;
}

/* Let a count that waits for the end of the period take over. */
static void
settle(struct counter *c, int64_t tick)
{
    if (c->next_start <= tick) {
        c->start = c->next_start;
        c->count = c->next_count;
        c->next_start = TICK_NEVER;
        c->next_count = 0;
    }
    if (c->start <= tick) {
        c->null_count = c->next_start != TICK_NEVER || (!periodic(c) && c->next_count);
    }
}

static bool
out_at(const struct counter *c, int64_t tick)
{
    int64_t d = elapsed(c, tick);
    int64_t n = c->count;

    switch (c->mode) {
    case 0:
        return d >= n;
    case 1:
        return d < 0 || d >= n;
    case 2:
        return !c->gate || d < 0 || d % n != n - 1;
    case 3:
        return !c->gate || d < 0 || d % n < (n + 1) / 2;
    default: /* 4 and 5: a strobe of one tick */
        return d != n;
    }
}

/* The tick at which OUT changes next, after `tick`; TICK_NEVER: not by itself. */
static int64_t
next_change(const struct counter *c, int64_t tick)
{
    int64_t d = elapsed(c, tick);
    int64_t n = c->count;
    int64_t period, at;

    if (c->start == TICK_NEVER || c->paused >= 0 || (periodic(c) && !c->gate)) {
        return TICK_NEVER;
    }
    if (d < 0) {
        return c->start; /* look again when it is loaded */
    }
    period = d / n * n;
    switch (c->mode) {
    case 0:
    case 1:
        at = n;
        break;
    case 2:
        at = d - period < n - 1 ? period + n - 1 : period + n;
        break;
    case 3:
        at = d - period < (n + 1) / 2 ? period + (n + 1) / 2 : period + n;
        break;
    default:
        at = d < n ? n : n + 1;
        break;
    }
    return at > d ? c->start + at : TICK_NEVER;
}

/* The counting element as a read sees it. */
static uint16_t
value_at(const struct counter *c, int64_t tick)
{
    int64_t d = elapsed(c, tick);
    int64_t n = c->count;
    int64_t wrap = c->bcd ? 10000 : 65536;
    int64_t half, v;

    if (d < 0) {
        v = n;
    } else if (c->mode == 2) {
        v = n - d % n;
    } else if (c->mode == 3) {
        half = (n + 1) / 2;
        v = d % n < half ? d % n : d % n - half;
        v = (n & ~(int64_t)1) - 2 * v; /* counts by two, an odd count from the even number below */
    } else {
        v = n - d % wrap;
    }
    v = (v % wrap + wrap) % wrap;
    if (c->bcd) {
        v = v / 1000 << 12 | v / 100 % 10 << 8 | v / 10 % 10 << 4 | v % 10;
    }
    return (uint16_t)v;
}

static uint32_t
count_of(const struct counter *c, unsigned raw)
{
    uint32_t n = raw;

    if (c->bcd) { /* digits above 9 count for what they weigh; the data sheet does not say */
        n = (raw >> 12 & 15) * 1000 + (raw >> 8 & 15) * 100 + (raw >> 4 & 15) * 10 + (raw & 15);
    }
    return n ? n : c->bcd ? 10000 : 65536;
}

/* Counter 0's OUT follows events, not the clock, so that no pulse is lost when the clock runs ahead
 * of them. */
static void
schedule(struct pit_8254 *p, int64_t tick)
{
    const struct counter *c = &p->counter[0];
    int64_t next = next_change(c, tick);

    if (c->next_start < next) {
        next = c->next_start;
    }
    if (next == TICK_NEVER) {
        sim_event_cancel(&p->edge);
    } else {
        sim_event_at(&p->edge, ns_of(p, next));
    }
}

static void
edge(void *dev)
{
    struct pit_8254 *p = dev;
    int64_t tick = tick_of(p, p->edge.at_ns);

    settle(&p->counter[0], tick);
    p->out0 = out_at(&p->counter[0], tick);
    schedule(p, tick);
}

/* After the guest changed counter n. */
static void
changed(struct pit_8254 *p, unsigned n)
{
    if (n == 0) {
        int64_t tick = tick_now(p);

        p->out0 = out_at(&p->counter[0], tick);
        schedule(p, tick);
    }
}

/* --- programming --- */

static void
load(struct pit_8254 *p, struct counter *c, unsigned raw)
{
    int64_t tick = tick_now(p);
    uint32_t count = count_of(c, raw);

    c->null_count = true;
    if (c->mode == 2 && count == 1) {
        model_guest_error(&p->model, "COUNTER", raw, "a count of 1 in mode 2");
    }
    if (periodic(c) && c->start != TICK_NEVER && c->start <= tick && c->gate) {
        /* The running period ends first. */
        c->next_count = count;
        c->next_start = c->start + ((tick - c->start) / c->count + 1) * c->count;
        return;
    }
    if (c->mode == 1 || c->mode == 5) {
        c->next_count = count; /* waits for a trigger */
        return;
    }
    c->count = count;
    c->start = tick + 1;
    c->next_start = TICK_NEVER;
    c->paused = c->gate ? -1 : 0;
}

static void
set_gate(struct pit_8254 *p, unsigned n, bool gate)
{
    struct counter *c = &p->counter[n];
    int64_t tick = tick_now(p);

    settle(c, tick);
    if (gate == c->gate) {
        return;
    }
    c->gate = gate;
    if (c->mode == 1 || c->mode == 5) {
        if (gate) {
            c->count = c->next_count ? c->next_count : c->count; /* the trigger */
            c->next_count = 0;
            c->start = tick + 1;
        }
    } else if (periodic(c)) {
        if (gate && c->start != TICK_NEVER) {
            c->start = tick + 1;
            c->paused = -1;
            if (c->next_start != TICK_NEVER) {
                c->count = c->next_count;
                c->next_start = TICK_NEVER;
            }
        }
    } else if (!gate && c->start != TICK_NEVER) {
        c->paused = tick > c->start ? tick - c->start : 0;
    } else if (c->paused >= 0) {
        c->start = tick - c->paused;
        c->paused = -1;
    }
    changed(p, n);
}

static void
counter_write(void *dev, unsigned reg, uint64_t value)
{
    struct pit_8254 *p = dev;
    struct counter *c = &p->counter[reg];

    settle(c, tick_now(p));
    if (c->rw == RW_LSB) {
        load(p, c, (unsigned)value);
    } else if (c->rw == RW_MSB) {
        load(p, c, (unsigned)value << 8);
    } else if (c->write_msb) {
        c->write_msb = false;
        load(p, c, (unsigned)value << 8 | c->write_low);
    } else {
        c->write_low = (uint8_t)value;
        c->write_msb = true;
        if (c->mode == 0) { /* the first byte stops the count */
            c->start = TICK_NEVER;
            c->paused = -1;
        }
    }
    changed(p, reg);
}

static void
latch_count(struct pit_8254 *p, struct counter *c)
{
    if (!c->count_latched) { /* a latch holds until it is read */
        c->latch = value_at(c, tick_now(p));
        c->latch_msb = false;
        c->count_latched = true;
    }
}

static void
latch_status(struct pit_8254 *p, struct counter *c)
{
    unsigned n = (unsigned)(c - p->counter);
    bool out = n == 0 ? p->out0 : out_at(c, tick_now(p));

    if (!c->status_latched) {
        c->status = (uint8_t)((out ? STATUS_OUT : 0) | (c->null_count ? STATUS_NULL : 0) |
                              c->rw << 4 | c->mode << 1 | c->bcd);
        c->status_latched = true;
    }
}

static void
read_back(struct pit_8254 *p, uint64_t value)
{
    if (value & 1) {
        model_guest_error(&p->model, "CONTROL", value, "reserved bit of the read-back command");
    }
    for (unsigned n = 0; n < 3; n++) {
        struct counter *c = &p->counter[n];

        settle(c, tick_now(p));
        if (!(value & 2u << n)) {
            continue;
        }
        if (!(value & BACK_NO_COUNT)) {
            latch_count(p, c);
        }
        if (!(value & BACK_NO_STATUS)) {
            latch_status(p, c);
        }
    }
}

static void
control_write(void *dev, unsigned reg, uint64_t value)
{
    struct pit_8254 *p = dev;
    unsigned n = (unsigned)(value >> 6);
    unsigned mode = value >> 1 & 7;
    struct counter *c;

    (void)reg;
    if (n == CONTROL_READ_BACK) {
        read_back(p, value);
        return;
    }
    c = &p->counter[n];
    settle(c, tick_now(p));
    if ((value >> 4 & 3) == RW_LATCH) {
        latch_count(p, c);
        return;
    }
    *c = (struct counter){
        .start = TICK_NEVER,
        .paused = -1,
        .next_start = TICK_NEVER,
        .count = c->count,
        .mode = (uint8_t)(mode > 5 ? mode - 4 : mode),
        .rw = value >> 4 & 3,
        .bcd = value & CONTROL_BCD,
        .gate = c->gate,
        .null_count = true,
    };
    changed(p, n);
}

/* --- reading --- */

static uint64_t
counter_read(void *dev, unsigned reg)
{
    struct pit_8254 *p = dev;
    struct counter *c = &p->counter[reg];
    uint16_t v;

    settle(c, tick_now(p));
    if (c->status_latched) {
        c->status_latched = false;
        return c->status;
    }
    if (c->count_latched) {
        bool msb = c->rw == RW_MSB || c->latch_msb;

        c->count_latched = c->rw == RW_BOTH && !c->latch_msb;
        c->latch_msb = c->count_latched;
        return msb ? c->latch >> 8 : c->latch & 0xff;
    }
    v = value_at(c, tick_now(p));
    if (c->rw == RW_BOTH) {
        c->read_msb = !c->read_msb;
        return c->read_msb ? v & 0xff : v >> 8;
    }
    return c->rw == RW_MSB ? v >> 8 : v & 0xff;
}

static uint64_t
counter_peek(const void *dev, unsigned reg)
{
    const struct pit_8254 *p = dev;

    return value_at(&p->counter[reg], tick_now(p)); /* all 16 bits, cut to 8 by the register's size */
}

static uint64_t
nmisc_peek(const void *dev, unsigned reg)
{
    const struct pit_8254 *p = dev;
    bool refresh = sim_now(p->model.sim) / REFRESH_NS & 1;

    return (p->val[reg] & 0x0f) | (refresh ? NMISC_REFRESH : 0) |
           (out_at(&p->counter[2], tick_now(p)) ? NMISC_OUT2 : 0);
}

static uint64_t
nmisc_read(void *dev, unsigned reg)
{
    struct pit_8254 *p = dev;

    settle(&p->counter[2], tick_now(p));
    return nmisc_peek(dev, reg);
}

static void
nmisc_write(void *dev, unsigned reg, uint64_t value)
{
    (void)reg;
    set_gate(dev, 2, value & NMISC_GATE2);
}

#define COUNTER(n)                                                                                 \
    [R_COUNTER##n] = { "COUNTER" #n,         n,                                                    \
                       .rw = 0xff,           .read = counter_read,                                 \
                       .peek = counter_peek, .write = counter_write }

static const struct reg regs[R_COUNT] = {
    COUNTER(0),
    COUNTER(1),
    COUNTER(2),
    [R_CONTROL] = { "CONTROL", 3, .wo = 0xff, .write = control_write },
    [R_NMISC] = { "NMISC", 4, .rw = 0x0f, .ro = 0xf0, .read = nmisc_read, .peek = nmisc_peek,
                  .write = nmisc_write },
};

static const struct bank_class bank = { .regs = regs, .count = R_COUNT, .size = 5 };

static void
update(void *dev)
{
    struct pit_8254 *p = dev;

    model_set_irq(&p->model, 0, p->out0);
}

static void
reset(void *dev)
{
    struct pit_8254 *p = dev;

    /* The data sheet leaves everything undefined; quiet is the kindest of that. */
    for (unsigned n = 0; n < 3; n++) {
        p->counter[n] = (struct counter){
            .start = TICK_NEVER,
            .paused = -1,
            .next_start = TICK_NEVER,
            .count = 65536,
            .rw = RW_BOTH,
            .mode = 3,
            .gate = n != 2,
            .null_count = true,
        };
    }
    p->out0 = false;
}

static int
create(struct model *model, const struct board_dev *where)
{
    struct pit_8254 *p = (struct pit_8254 *)model;
    int err;

    p->hz = where->hz ? where->hz : 1193182;
    model_line_init(model, &p->irq, 0, "out0", where->irq);
    model_event_init(model, &p->edge, "out0", edge);
    err = model_bank_init(model, &p->bank, &bank, p->val);
    if (!err) {
        err = model_region_bank(model, &p->region[0], SIM_PORT, where->base, 4, &p->bank, 0);
    }
    if (!err) {
        err = model_region_bank(model, &p->region[1], SIM_PORT, 0x61, 1, &p->bank, 4);
    }
    return err;
}

const struct model_class pit_8254_class = {
    .compatible = "intel,i8254",
    .size = sizeof(struct pit_8254),
    .state = offsetof(struct pit_8254, val),
    .create = create,
    .reset = reset,
    .update = update,
};

/* Model of the local APIC of one CPU (Intel SDM volume 3A, chapter "Advanced Programmable Interrupt
 * Controller", xAPIC mode).
 *
 * Out of reset LINT0 is as firmware leaves it on the boot CPU, ExtINT and unmasked, so that an 8259
 * works without touching the APIC.  The time stamp counter that the TSC-deadline mode compares with
 * counts at the board's `hz` from power-on.  The MSRs IA32_APIC_BASE and IA32_TSC_DEADLINE are in
 * SIM_MSR.
 *
 * Not modelled: x2APIC mode, moving the base, INIT, start-up, SMI and NMI delivery, thermal and
 * performance interrupts, focus processors, arbitration.
 */
#include <devices/models.h>
#include <devices/ticks.h>

enum {
    R_ID,
    R_VERSION,
    R_TPR,
    R_APR,
    R_PPR,
    R_EOI,
    R_LDR,
    R_DFR,
    R_SVR,
    R_ISR, /* eight of each */
    R_TMR = R_ISR + 8,
    R_IRR = R_TMR + 8,
    R_ESR = R_IRR + 8,
    R_ICR_LOW,
    R_ICR_HIGH,
    R_LVT_TIMER,
    R_LVT_THERMAL,
    R_LVT_PERF,
    R_LVT_LINT0,
    R_LVT_LINT1,
    R_LVT_ERROR,
    R_TIMER_ICR,
    R_TIMER_CCR,
    R_TIMER_DCR,
    R_COUNT,
};

enum { M_TSC_DEADLINE, M_APIC_BASE, M_COUNT };

enum {
    SVR_ENABLE = 1 << 8,
    LVT_VECTOR = 0xff,
    LVT_MODE_EXTINT = 7 << 8,
    LVT_MODE = 7 << 8,
    LVT_MASKED = 1 << 16,
    TIMER_ONE_SHOT = 0,
    TIMER_PERIODIC = 1,
    TIMER_TSC_DEADLINE = 2,
    ICR_LOGICAL = 1 << 11,
    ICR_SHORTHAND_SHIFT = 18,
    ESR_SEND_ILLEGAL = 1 << 5,
    ESR_RECEIVE_ILLEGAL = 1 << 6,
    BASE_ENABLE = 1 << 11,
    FIRST_LEGAL_VECTOR = 16,
};

enum shorthand { TO_DEST, TO_SELF, TO_ALL, TO_OTHERS };

struct lapic {
    struct model model;
    struct reg_bank bank, msr;
    struct sim_region region, msr_region[2];
    struct sim_intr intr;
    struct sim_event expire;
    uint32_t hz;

    /* State. */
    uint64_t val[R_COUNT];
    uint64_t msr_val[M_COUNT];
    uint64_t timer_start_ns; /* when the initial count was loaded */
    uint32_t esr_pending;    /* errors since ESR was last written */
    bool timer_runs;
};

/* --- vectors: three sets of 256 bits, 32 to a register --- */

static void
vector_set(struct lapic *a, unsigned set, unsigned vector, bool on)
{
    uint64_t bit = 1u << vector % 32;
    uint64_t *r = &a->val[set + vector / 32];

    *r = on ? *r | bit : *r & ~bit;
}

static bool
vector_test(const struct lapic *a, unsigned set, unsigned vector)
{
    return a->val[set + vector / 32] >> vector % 32 & 1;
}

/* The highest vector of a set, or -1. */
static int
vector_highest(const struct lapic *a, unsigned set)
{
    for (int i = 7; i >= 0; i--) {
        uint32_t bits = (uint32_t)a->val[set + (unsigned)i];

        if (bits) {
            return i * 32 + 31 - __builtin_clz(bits);
        }
    }
    return -1;
}

static unsigned
ppr(const struct lapic *a)
{
    int isr = vector_highest(a, R_ISR);
    unsigned served = isr < 0 ? 0 : (unsigned)isr & 0xf0;
    unsigned tpr = (unsigned)a->val[R_TPR];

    return (tpr & 0xf0) >= served ? tpr : served;
}

/* The vector to deliver now, or -1. */
static int
deliverable(const struct lapic *a)
{
    int irr = vector_highest(a, R_IRR);

    if (irr < 0 || !(a->val[R_SVR] & SVR_ENABLE) || !(a->msr_val[M_APIC_BASE] & BASE_ENABLE)) {
        return -1;
    }
    return ((unsigned)irr & 0xf0) > (ppr(a) & 0xf0) ? irr : -1;
}

static void raise_error(struct lapic *a, uint32_t bit);

static void
accept(struct lapic *a, unsigned vector, bool level)
{
    if (vector < FIRST_LEGAL_VECTOR) {
        raise_error(a, ESR_RECEIVE_ILLEGAL);
        return;
    }
    vector_set(a, R_IRR, vector, true);
    vector_set(a, R_TMR, vector, level);
}

/* An interrupt of our own, through its local vector table entry. */
static void
local_interrupt(struct lapic *a, unsigned lvt)
{
    uint64_t v = a->val[lvt];

    if (!(v & LVT_MASKED) && !(v & LVT_MODE)) {
        accept(a, v & LVT_VECTOR, false);
    }
}

static void
raise_error(struct lapic *a, uint32_t bit)
{
    a->esr_pending |= bit;
    /* An illegal vector here would be an error again, without end. */
    if ((a->val[R_LVT_ERROR] & LVT_VECTOR) >= FIRST_LEGAL_VECTOR) {
        local_interrupt(a, R_LVT_ERROR);
    }
}

/* --- messages --- */

static bool
is_for(const struct lapic *a, const struct sim_msg *msg)
{
    unsigned ldr = (unsigned)(a->val[R_LDR] >> 24);

    if (!msg->logical) {
        return msg->dest == 0xff || msg->dest == (a->val[R_ID] >> 24 & 0xff);
    }
    if (msg->dest == 0xff) {
        return true;
    }
    if (a->val[R_DFR] >> 28 == 0) { /* cluster model: cluster number above, members below */
        return msg->dest >> 4 == ldr >> 4 && (msg->dest & ldr & 0x0f);
    }
    return msg->dest & ldr;
}

static bool
receive(void *dev, const struct sim_msg *msg)
{
    struct lapic *a = dev;

    if (!is_for(a, msg) || !(a->val[R_SVR] & SVR_ENABLE) || !(a->msr_val[M_APIC_BASE] & BASE_ENABLE)) {
        return false;
    }
    if (msg->mode != SIM_MSG_FIXED && msg->mode != SIM_MSG_LOWEST) {
        sim_log(a->model.sim, "%s: delivery mode %d is not modelled", a->model.name, (int)msg->mode);
        return false;
    }
    accept(a, msg->vector, msg->level);
    return true;
}

static void
icr_write(void *dev, unsigned reg, uint64_t value)
{
    struct lapic *a = dev;
    struct sim_msg msg = {
        .vector = (uint8_t)value,
        .dest = (uint8_t)(a->val[R_ICR_HIGH] >> 24),
        .logical = value & ICR_LOGICAL,
        .mode = (enum sim_msg_mode)(value >> 8 & 7),
    };

    (void)reg;
    if (msg.mode == SIM_MSG_FIXED && msg.vector < FIRST_LEGAL_VECTOR) {
        raise_error(a, ESR_SEND_ILLEGAL);
        return;
    }
    switch ((enum shorthand)(value >> ICR_SHORTHAND_SHIFT & 3)) {
    case TO_SELF:
        if (a->val[R_SVR] & SVR_ENABLE) {
            accept(a, msg.vector, false);
        }
        return;
    case TO_OTHERS: /* there are none */
        return;
    case TO_ALL:
        msg.dest = 0xff;
        msg.logical = false;
        break;
    case TO_DEST:
        break;
    }
    sim_msg_send(a->model.sim, &msg);
}

static void
eoi_write(void *dev, unsigned reg, uint64_t value)
{
    struct lapic *a = dev;
    int vector = vector_highest(a, R_ISR);

    (void)reg;
    (void)value;
    if (vector < 0) {
        return;
    }
    vector_set(a, R_ISR, (unsigned)vector, false);
    if (vector_test(a, R_TMR, (unsigned)vector)) {
        sim_eoi_broadcast(a->model.sim, (uint8_t)vector);
    }
}

/* --- the INTR pin --- */

static int
ack(void *dev)
{
    struct lapic *a = dev;
    int vector = deliverable(a);

    if (vector < 0) {
        return (int)(a->val[R_SVR] & LVT_VECTOR); /* spurious: nothing goes into service */
    }
    vector_set(a, R_IRR, (unsigned)vector, false);
    vector_set(a, R_ISR, (unsigned)vector, true);
    return vector;
}

static int
ack_lost(void *dev, unsigned irq)
{
    const struct lapic *a = dev;

    (void)irq;
    return a->val[R_SVR] & SVR_ENABLE ? (int)(a->val[R_SVR] & LVT_VECTOR) : -1;
}

/* May the 8259 behind LINT0 reach the CPU? */
static bool
gate(const void *dev)
{
    const struct lapic *a = dev;
    uint64_t lint0 = a->val[R_LVT_LINT0];

    return !(a->msr_val[M_APIC_BASE] & BASE_ENABLE) ||
           ((lint0 & LVT_MODE) == LVT_MODE_EXTINT && !(lint0 & LVT_MASKED));
}

/* --- the timer --- */

static unsigned
timer_mode(const struct lapic *a)
{
    return a->val[R_LVT_TIMER] >> 17 & 3;
}

static uint64_t
divisor(const struct lapic *a)
{
    uint64_t dcr = a->val[R_TIMER_DCR];
    unsigned code = (unsigned)((dcr & 3) | (dcr >> 1 & 4));

    return code == 7 ? 1 : 2u << code;
}

static uint64_t
ticks_to_ns(const struct lapic *a, uint64_t ticks)
{
    return ticks_ns(ticks, a->hz);
}

static uint64_t
ns_to_ticks(const struct lapic *a, uint64_t ns)
{
    return ticks_in(ns, a->hz);
}

static void
timer_load(struct lapic *a)
{
    uint64_t count = a->val[R_TIMER_ICR];

    a->timer_runs = count != 0 && timer_mode(a) != TIMER_TSC_DEADLINE;
    if (!a->timer_runs) {
        sim_event_cancel(&a->expire);
        return;
    }
    a->timer_start_ns = model_now(&a->model);
    sim_event_at(&a->expire, a->timer_start_ns + ticks_to_ns(a, count * divisor(a)));
}

static uint64_t
ccr_peek(const void *dev, unsigned reg)
{
    const struct lapic *a = dev;
    uint64_t gone;

    (void)reg;
    if (!a->timer_runs) {
        return 0;
    }
    gone = ns_to_ticks(a, sim_now(a->model.sim) - a->timer_start_ns) / divisor(a);
    return gone < a->val[R_TIMER_ICR] ? a->val[R_TIMER_ICR] - gone : 0;
}

static void
expire(void *dev)
{
    struct lapic *a = dev;

    local_interrupt(a, R_LVT_TIMER);
    if (timer_mode(a) == TIMER_TSC_DEADLINE) {
        a->msr_val[M_TSC_DEADLINE] = 0; /* disarmed */
    } else if (timer_mode(a) == TIMER_PERIODIC && a->timer_runs) {
        a->timer_start_ns = a->expire.at_ns;
        sim_event_at(&a->expire,
                     a->timer_start_ns + ticks_to_ns(a, a->val[R_TIMER_ICR] * divisor(a)));
    } else {
        a->timer_runs = false;
    }
}

static void
timer_icr_write(void *dev, unsigned reg, uint64_t value)
{
    struct lapic *a = dev;

    (void)value;
    if (timer_mode(a) == TIMER_TSC_DEADLINE) {
        a->val[reg] = 0; /* writes are ignored */
        return;
    }
    timer_load(a);
}

static void
timer_dcr_write(void *dev, unsigned reg, uint64_t value)
{
    struct lapic *a = dev;
    uint64_t left, fraction_lost;

    (void)value;
    if (!a->timer_runs || a->bank.old == a->val[reg]) {
        return;
    }
    /* Go on from the current count at the new rate. */
    a->val[reg] = a->bank.old;
    left = ccr_peek(a, R_TIMER_CCR);
    fraction_lost = a->val[R_TIMER_ICR] - left;
    a->val[reg] = value;
    a->timer_start_ns = model_now(&a->model) - ticks_to_ns(a, fraction_lost * divisor(a));
    sim_event_at(&a->expire, model_now(&a->model) + ticks_to_ns(a, left * divisor(a)));
}

static void
tsc_deadline_write(void *dev, unsigned reg, uint64_t value)
{
    struct lapic *a = dev;
    uint64_t now = model_now(&a->model);

    if (timer_mode(a) != TIMER_TSC_DEADLINE) {
        a->msr_val[reg] = 0; /* writes are ignored */
    } else if (value == 0) {
        sim_event_cancel(&a->expire);
    } else {
        uint64_t tsc = ns_to_ticks(a, now);

        sim_event_at(&a->expire, value <= tsc ? now : ticks_to_ns(a, value));
    }
}

/* --- the other registers --- */

static void
lvt_write(void *dev, unsigned reg, uint64_t value)
{
    struct lapic *a = dev;
    uint64_t changed = (a->bank.old ^ a->val[reg]) >> 17 & 3;

    if (!(a->val[R_SVR] & SVR_ENABLE)) {
        a->val[reg] |= LVT_MASKED; /* cannot be unmasked while the APIC is software-disabled */
    }
    if (reg == R_LVT_TIMER && (value >> 17 & 3) == 3) {
        model_guest_error(&a->model, "LVT_TIMER", value, "reserved timer mode");
    }
    /* To or from TSC-deadline mode: disarm. */
    if (reg == R_LVT_TIMER && (changed & TIMER_TSC_DEADLINE)) {
        sim_event_cancel(&a->expire);
        a->timer_runs = false;
        a->msr_val[M_TSC_DEADLINE] = 0;
        a->val[R_TIMER_ICR] = 0;
    }
}

static void
svr_write(void *dev, unsigned reg, uint64_t value)
{
    struct lapic *a = dev;

    (void)reg;
    if (!(value & SVR_ENABLE)) {
        for (unsigned lvt = R_LVT_TIMER; lvt <= R_LVT_ERROR; lvt++) {
            a->val[lvt] |= LVT_MASKED;
        }
    }
}

static void
esr_write(void *dev, unsigned reg, uint64_t value)
{
    struct lapic *a = dev;

    (void)value;
    a->val[reg] = a->esr_pending;
    a->esr_pending = 0;
}

static uint64_t
ppr_peek(const void *dev, unsigned reg)
{
    (void)reg;
    return ppr(dev);
}

#define VEC(name, first, off, n) [(first) + (n)] = { name #n, (off) + 0x10 * (n), .ro = 0xffffffff }
#define EIGHT(name, first, off)                                                                    \
    VEC(name, first, off, 0), VEC(name, first, off, 1), VEC(name, first, off, 2),                  \
        VEC(name, first, off, 3), VEC(name, first, off, 4), VEC(name, first, off, 5),              \
        VEC(name, first, off, 6), VEC(name, first, off, 7)

/* Delivery status (bit 12) of the LVT and of the ICR is always idle here. */
static const struct reg regs[R_COUNT] = {
    [R_ID] = { "ID", 0x20, .rw = 0xff000000 },
    [R_VERSION] = { "VERSION", 0x30, .ro = 0xffffffff, .reset = 0x00050014 },
    [R_TPR] = { "TPR", 0x80, .rw = 0xff },
    [R_APR] = { "APR", 0x90, .ro = 0xff },
    [R_PPR] = { "PPR", 0xa0, .ro = 0xff, .peek = ppr_peek },
    [R_EOI] = { "EOI", 0xb0, .write = eoi_write },
    [R_LDR] = { "LDR", 0xd0, .rw = 0xff000000 },
    [R_DFR] = { "DFR", 0xe0, .rw = 0xf0000000, .reset = 0xffffffff },
    [R_SVR] = { "SVR", 0xf0, .rw = 0x3ff, .reset = 0xff, .write = svr_write },
    EIGHT("ISR", R_ISR, 0x100),
    EIGHT("TMR", R_TMR, 0x180),
    EIGHT("IRR", R_IRR, 0x200),
    [R_ESR] = { "ESR", 0x280, .ro = 0xff, .write = esr_write },
    [R_ICR_LOW] = { "ICR_LOW", 0x300, .rw = 0xccfff, .ro = 0x1000, .write = icr_write },
    [R_ICR_HIGH] = { "ICR_HIGH", 0x310, .rw = 0xff000000 },
    [R_LVT_TIMER] = { "LVT_TIMER", 0x320, .rw = 0x700ff, .ro = 0x1000, .reset = LVT_MASKED,
                      .write = lvt_write },
    [R_LVT_THERMAL] = { "LVT_THERMAL", 0x330, .rw = 0x107ff, .ro = 0x1000, .reset = LVT_MASKED,
                        .write = lvt_write },
    [R_LVT_PERF] = { "LVT_PERF", 0x340, .rw = 0x107ff, .ro = 0x1000, .reset = LVT_MASKED,
                     .write = lvt_write },
    [R_LVT_LINT0] = { "LVT_LINT0", 0x350, .rw = 0x1a7ff, .ro = 0x5000, .reset = LVT_MODE_EXTINT,
                      .write = lvt_write },
    [R_LVT_LINT1] = { "LVT_LINT1", 0x360, .rw = 0x1a7ff, .ro = 0x5000, .reset = LVT_MASKED,
                      .write = lvt_write },
    [R_LVT_ERROR] = { "LVT_ERROR", 0x370, .rw = 0x100ff, .ro = 0x1000, .reset = LVT_MASKED,
                      .write = lvt_write },
    [R_TIMER_ICR] = { "TIMER_ICR", 0x380, .rw = 0xffffffff, .write = timer_icr_write },
    [R_TIMER_CCR] = { "TIMER_CCR", 0x390, .ro = 0xffffffff, .peek = ccr_peek },
    [R_TIMER_DCR] = { "TIMER_DCR", 0x3e0, .rw = 0xb, .write = timer_dcr_write },
};

static const struct reg msrs[M_COUNT] = {
    [M_TSC_DEADLINE] = { "IA32_TSC_DEADLINE", 0, .rw = UINT64_MAX, .write = tsc_deadline_write },
    [M_APIC_BASE] = { "IA32_APIC_BASE", 8, .reset = 0xfee00900, .rw = BASE_ENABLE, .ro = 1 << 8,
                      .unimp = 0xffffff400 },
};

static const struct bank_class bank_class = {
    .regs = regs, .count = R_COUNT, .size = 0x400, .reg_size = 4
};
static const struct bank_class msr_class = { .regs = msrs, .count = M_COUNT, .size = 16, .reg_size = 8 };

static void
update(void *dev)
{
    struct lapic *a = dev;

    sim_cpu_intr_set(&a->intr, deliverable(a) >= 0);
}

static void
reset(void *dev)
{
    struct lapic *a = dev;

    a->timer_start_ns = 0;
    a->timer_runs = false;
    a->esr_pending = 0;
}

static int
create(struct model *model, const struct board_dev *where)
{
    struct lapic *a = (struct lapic *)model;
    int err = model_bank_init(model, &a->bank, &bank_class, a->val);

    a->hz = where->hz ? where->hz : 1000000000;
    model_event_init(model, &a->expire, "timer", expire);
    if (!err) {
        err = model_bank_init(model, &a->msr, &msr_class, a->msr_val);
    }
    if (!err) {
        err = model_region_bank(model, &a->region, SIM_MMIO, where->base, 0x400, &a->bank, 0);
    }
    if (!err) {
        err =
            model_region_bank(model, &a->msr_region[0], SIM_MSR, SIM_MSR_ADDR(0x6e0), 8, &a->msr, 0);
    }
    if (!err) {
        err = model_region_bank(model, &a->msr_region[1], SIM_MSR, SIM_MSR_ADDR(0x1b), 8, &a->msr, 8);
    }
    if (!err) {
        err = sim_msg_receiver(model, receive);
    }
    a->intr = (struct sim_intr){ .order = 0, .ack = ack, .gate = gate, .ack_lost = ack_lost };
    sim_cpu_intr_add(model, &a->intr);
    return err;
}

const struct model_class lapic_class = {
    .compatible = "intel,lapic",
    .size = sizeof(struct lapic),
    .state = offsetof(struct lapic, val),
    .create = create,
    .reset = reset,
    .update = update,
};

/* Model of the NVIC and the System Control Block of a Cortex-M3 (ARMv7-M Architecture Reference Manual, DDI 0403E, B1.5, B3.2 and B3.4;
 * Cortex-M3 TRM, DDI 0337; LM3S6965 data sheet, chapter 3): 44 interrupts, 3 bits of priority.
 *
 * Interrupts latch: a line that goes up makes its interrupt pending until it is taken or cleared, and one that is still up when the
 * handler returns makes it pending again.  What belongs to interrupts 44 to 63 reads as zero and ignores writes (B3.4).  The processor takes exceptions through sim_cpu_intr_ack() and devices/nvic_armv7m.h.
 *
 * Not modelled: debug (DHCSR and the like; DEMCR is kept only), VECTCLRACTIVE, VECTRESET, what the processor does with SCR, ACTLR and
 * most of CCR.
 */
#include <devices/models.h>
#include <devices/nvic_armv7m.h>
#include <devices/sysctl_lm3s.h>

enum {
    R_ICTR,
    R_ACTLR,
    R_ISER,
    R_ICER = R_ISER + 2,
    R_ISPR = R_ICER + 2,
    R_ICPR = R_ISPR + 2,
    R_IABR = R_ICPR + 2,
    R_IPR = R_IABR + 2,
    R_NO_IPR = R_IPR + 11,
    R_CPUID = R_NO_IPR + 5,
    R_ICSR,
    R_VTOR,
    R_AIRCR,
    R_SCR,
    R_CCR,
    R_SHPR1,
    R_SHPR2,
    R_SHPR3,
    R_SHCSR,
    R_CFSR,
    R_HFSR,
    R_DFSR,
    R_MMFAR,
    R_BFAR,
    R_AFSR,
    R_FEATURE,
    R_CPACR = R_FEATURE + 13,
    R_DEMCR,
    R_STIR,
    R_ID,
    R_COUNT = R_ID + 12
};

enum {
    IRQS = 44,
    EXCEPTIONS = NVIC_IRQ0 + IRQS,
    PRIO_NONE = 256,
    PRIO_MASK = 0xe0,

    ICSR_PENDSVCLR = 1 << 27,
    ICSR_PENDSVSET = 1 << 28,
    ICSR_PENDSTCLR = 1 << 25,
    ICSR_PENDSTSET = 1 << 26,
    ICSR_ISRPENDING = 1 << 22,
    ICSR_RETTOBASE = 1 << 11,

    AIRCR_KEY = 0x05fa,
    AIRCR_KEY_READ = 0xfa05,
    AIRCR_SYSRESETREQ = 1 << 2,
    AIRCR_PRIGROUP = 7 << 8,

    CCR_USERSETMPEND = 1 << 1,

    CFSR_MMARVALID = 1 << 7,
    CFSR_BFARVALID = 1 << 15,
    HFSR_FORCED = 1 << 30,
};

#define ICSR_NMIPENDSET (UINT64_C(1) << 31)
#define PRIO_REG        UINT64_C(0xe0e0e0e0)

struct nvic_armv7m {
    struct model model;
    struct reg_bank bank;
    struct sim_region region[4];
    struct sim_intr intr;

    /* State. */
    uint64_t val[R_COUNT];
    uint8_t enabled[EXCEPTIONS]; /* interrupts only; the others by SHCSR */
    uint8_t pending[EXCEPTIONS];
    uint8_t active[EXCEPTIONS];
    uint8_t level[EXCEPTIONS]; /* of the interrupt's line */
    uint8_t stack[EXCEPTIONS]; /* active exceptions in the order in which they were taken */
    uint8_t depth;
    bool primask, faultmask;
    uint8_t basepri;
};

/* --- priorities --- */

static int
priority(const struct nvic_armv7m *n, unsigned e)
{
    switch (e) {
    case NVIC_RESET:
        return -3;
    case NVIC_NMI:
        return -2;
    case NVIC_HARDFAULT:
        return -1;
    default:
        break;
    }
    if (e >= NVIC_IRQ0) {
        return (int)(n->val[R_IPR + (e - NVIC_IRQ0) / 4] >> (e % 4 * 8) & PRIO_MASK);
    }
    return (int)(n->val[R_SHPR1 + e / 4 - 1] >> (e % 4 * 8) & PRIO_MASK);
}

/* The part that decides about preemption. */
static int
group(const struct nvic_armv7m *n, int prio)
{
    unsigned prigroup = (unsigned)(n->val[R_AIRCR] >> 8 & 7);

    return prio < 0 || prio == PRIO_NONE ? prio : prio & ~(int)((2u << prigroup) - 1);
}

/* B1.5.4: of what runs, boosted by the masks. */
static int
execution_priority(const struct nvic_armv7m *n)
{
    int prio = PRIO_NONE;

    for (unsigned i = 0; i < n->depth; i++) {
        int p = group(n, priority(n, n->stack[i]));

        prio = p < prio ? p : prio;
    }
    if (n->basepri && group(n, n->basepri) < prio) {
        prio = group(n, n->basepri);
    }
    if (n->primask && prio > 0) {
        prio = 0;
    }
    if (n->faultmask && prio > -1) {
        prio = -1;
    }
    return prio;
}

static bool
can_run(const struct nvic_armv7m *n, unsigned e)
{
    return e < NVIC_IRQ0 || n->enabled[e];
}

/* The exception that comes next, whether it may preempt or not; 0: none. */
static unsigned
first_pending(const struct nvic_armv7m *n)
{
    unsigned best = 0;

    for (unsigned e = NVIC_NMI; e < EXCEPTIONS; e++) {
        if (n->pending[e] && can_run(n, e) && (!best || priority(n, e) < priority(n, best))) {
            best = e;
        }
    }
    return best;
}

static bool
preempts(const struct nvic_armv7m *n, unsigned e)
{
    return group(n, priority(n, e)) < execution_priority(n);
}

/* --- what the processor does --- */

static int
take(void *dev)
{
    struct nvic_armv7m *n = dev;
    unsigned e = first_pending(n);

    if (!e || !preempts(n, e)) {
        return -1;
    }
    n->pending[e] = false;
    n->active[e] = true;
    n->stack[n->depth++] = (uint8_t)e; /* each is there once: it does not preempt itself */
    return (int)e;
}

void
nvic_armv7m_return(struct model *nvic, unsigned exception)
{
    struct nvic_armv7m *n = (struct nvic_armv7m *)nvic;
    unsigned i = n->depth;

    while (i > 0 && n->stack[i - 1] != exception) {
        i--;
    }
    if (i == 0) {
        model_guest_error(nvic, "", exception, "a return from an exception that is not active");
        return;
    }
    for (; i < n->depth; i++) {
        n->stack[i - 1] = n->stack[i];
    }
    n->depth--;
    n->active[exception] = false;
    n->pending[exception] |= n->level[exception];
    if (exception != NVIC_NMI) {
        n->faultmask = false;
    }
    model_update(nvic);
}

void
nvic_armv7m_set_masks(struct model *nvic, bool primask, bool faultmask, uint8_t basepri)
{
    struct nvic_armv7m *n = (struct nvic_armv7m *)nvic;

    n->primask = primask;
    n->faultmask = faultmask;
    n->basepri = basepri & PRIO_MASK;
    model_update(nvic);
}

static bool
switched_on(const struct nvic_armv7m *n, unsigned e)
{
    return e < NVIC_MEMMANAGE || e > NVIC_USAGEFAULT ||
           (n->val[R_SHCSR] >> (16 + e - NVIC_MEMMANAGE) & 1);
}

unsigned
nvic_armv7m_pend(struct model *nvic, unsigned exception)
{
    struct nvic_armv7m *n = (struct nvic_armv7m *)nvic;
    bool waits = exception >= NVIC_DEBUGMON || exception == NVIC_NMI;

    if (exception < NVIC_NMI || exception >= EXCEPTIONS) {
        return 0;
    }
    if (!waits && (!switched_on(n, exception) || !preempts(n, exception))) {
        if (execution_priority(n) <= -1) {
            return 0;
        }
        n->val[R_HFSR] |= exception != NVIC_HARDFAULT ? HFSR_FORCED : 0;
        exception = NVIC_HARDFAULT;
    }
    n->pending[exception] = true;
    model_update(nvic);
    return exception;
}

void
nvic_armv7m_fault_status(struct model *nvic, uint32_t cfsr, uint32_t addr)
{
    struct nvic_armv7m *n = (struct nvic_armv7m *)nvic;

    n->val[R_CFSR] |= cfsr;
    if (cfsr & CFSR_MMARVALID) {
        n->val[R_MMFAR] = addr;
    }
    if (cfsr & CFSR_BFARVALID) {
        n->val[R_BFAR] = addr;
    }
}

unsigned
nvic_armv7m_active(const struct model *nvic)
{
    const struct nvic_armv7m *n = (const struct nvic_armv7m *)nvic;

    return n->depth ? n->stack[n->depth - 1] : 0;
}

bool
nvic_armv7m_negative(const struct model *nvic)
{
    return execution_priority((const struct nvic_armv7m *)nvic) < 0;
}

uint32_t
nvic_armv7m_ccr(const struct model *nvic)
{
    return (uint32_t)((const struct nvic_armv7m *)nvic)->val[R_CCR];
}

uint32_t
nvic_armv7m_vtor(const struct model *nvic)
{
    return (uint32_t)((const struct nvic_armv7m *)nvic)->val[R_VTOR];
}

static void
line(void *dev, unsigned pin, bool level)
{
    struct nvic_armv7m *n = dev;

    n->level[NVIC_IRQ0 + pin] = level;
    n->pending[NVIC_IRQ0 + pin] |= level;
}

/* --- the NVIC's registers --- */

static uint64_t
bits_of(const uint8_t *flags, unsigned word)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < 32 && word * 32 + i < IRQS; i++) {
        v |= (uint64_t)(flags[NVIC_IRQ0 + word * 32 + i] & 1) << i;
    }
    return v;
}

static uint64_t
bits_peek(const void *dev, unsigned reg)
{
    const struct nvic_armv7m *n = dev;

    if (reg >= R_IABR) {
        return bits_of(n->active, reg - R_IABR);
    }
    return bits_of(reg >= R_ISPR ? n->pending : n->enabled, (reg - R_ISER) % 2);
}

static void
bits_write(void *dev, unsigned reg, uint64_t value)
{
    struct nvic_armv7m *n = dev;
    unsigned word = (reg - R_ISER) % 2;

    n->val[reg] = 0;
    for (unsigned i = 0; i < 32 && word * 32 + i < IRQS; i++) {
        unsigned e = NVIC_IRQ0 + word * 32 + i;

        if (!(value >> i & 1)) {
            continue;
        }
        if (reg < R_ISPR) {
            n->enabled[e] = reg < R_ICER;
        } else if (reg < R_ICPR) {
            n->pending[e] = true;
        } else { /* B3.4: a line that is up keeps its interrupt pending */
            n->pending[e] = n->level[e] && !n->active[e];
        }
    }
}

static void
stir_write(void *dev, unsigned reg, uint64_t value)
{
    struct nvic_armv7m *n = dev;

    n->val[reg] = 0;
    if (value < IRQS) {
        n->pending[NVIC_IRQ0 + value] = true;
    }
}

/* --- the System Control Block --- */

static uint64_t
icsr_peek(const void *dev, unsigned reg)
{
    const struct nvic_armv7m *n = dev;
    uint64_t v = nvic_armv7m_active(&n->model) | (uint64_t)first_pending(n) << 12;

    (void)reg;
    for (unsigned e = NVIC_IRQ0; e < EXCEPTIONS; e++) {
        v |= n->pending[e] ? ICSR_ISRPENDING : 0;
    }
    v |= n->depth <= 1 ? ICSR_RETTOBASE : 0;
    v |= n->pending[NVIC_NMI] ? ICSR_NMIPENDSET : 0;
    v |= n->pending[NVIC_PENDSV] ? ICSR_PENDSVSET : 0;
    v |= n->pending[NVIC_SYSTICK] ? ICSR_PENDSTSET : 0;
    return v;
}

static void
icsr_write(void *dev, unsigned reg, uint64_t value)
{
    struct nvic_armv7m *n = dev;

    n->val[reg] = 0;
    n->pending[NVIC_NMI] |= (value & ICSR_NMIPENDSET) != 0;
    if (value & (ICSR_PENDSVSET | ICSR_PENDSVCLR)) {
        n->pending[NVIC_PENDSV] = (value & ICSR_PENDSVSET) != 0;
    }
    if (value & (ICSR_PENDSTSET | ICSR_PENDSTCLR)) {
        n->pending[NVIC_SYSTICK] = (value & ICSR_PENDSTSET) != 0;
    }
}

static uint64_t
aircr_peek(const void *dev, unsigned reg)
{
    const struct nvic_armv7m *n = dev;

    return (uint64_t)AIRCR_KEY_READ << 16 | n->val[reg];
}

static void
aircr_write(void *dev, unsigned reg, uint64_t value)
{
    struct nvic_armv7m *n = dev;

    if (value >> 16 != AIRCR_KEY) { /* ignored without the key */
        n->val[reg] = n->bank.old;
        model_guest_error(&n->model, "AIRCR", value, "written without the key");
        return;
    }
    n->val[reg] = value & AIRCR_PRIGROUP;
    if (value & AIRCR_SYSRESETREQ) {
        sysctl_lm3s_reset(n->model.sim, RESC_SW);
    }
}

/* SHCSR: bit by bit, the exception and which of its flags. */
static const struct {
    uint8_t bit, exception;
    bool pending;
} shcsr_bits[] = {
    { 0, NVIC_MEMMANAGE, false }, { 1, NVIC_BUSFAULT, false },   { 3, NVIC_USAGEFAULT, false },
    { 7, NVIC_SVCALL, false },    { 8, NVIC_DEBUGMON, false },   { 10, NVIC_PENDSV, false },
    { 11, NVIC_SYSTICK, false },  { 12, NVIC_USAGEFAULT, true }, { 13, NVIC_MEMMANAGE, true },
    { 14, NVIC_BUSFAULT, true },  { 15, NVIC_SVCALL, true },
};

enum {
    SHCSR_BITS = sizeof shcsr_bits / sizeof shcsr_bits[0],
    SHCSR_FLAGS = 0xfd8b,
    SHCSR_ENABLES = 7 << 16
};

static uint64_t
shcsr_peek(const void *dev, unsigned reg)
{
    const struct nvic_armv7m *n = dev;
    uint64_t v = n->val[reg] & SHCSR_ENABLES;

    for (unsigned i = 0; i < SHCSR_BITS; i++) {
        const uint8_t *flags = shcsr_bits[i].pending ? n->pending : n->active;

        v |= (uint64_t)(flags[shcsr_bits[i].exception] & 1) << shcsr_bits[i].bit;
    }
    return v;
}

/* Active flags are an operating system's last resort, and the processor's business: they are not written here. */
static void
shcsr_write(void *dev, unsigned reg, uint64_t value)
{
    struct nvic_armv7m *n = dev;

    for (unsigned i = 0; i < SHCSR_BITS; i++) {
        if (shcsr_bits[i].pending) {
            n->pending[shcsr_bits[i].exception] = value >> shcsr_bits[i].bit & 1;
        } else if ((value >> shcsr_bits[i].bit & 1) != n->active[shcsr_bits[i].exception]) {
            model_guest_error(&n->model, "SHCSR", value,
                              "not modelled: changing an exception's active state");
        }
    }
    n->val[reg] = value & SHCSR_ENABLES;
}

#define WORDS(r, name, off)                                                                        \
    [r] = { name "0", off, .rw = 0xffffffff, .peek = bits_peek, .write = bits_write },             \
    [r + 1] = { name "1",         off + 4,           .rw = 0xfff,                                  \
                .ro = 0xfffff000, .peek = bits_peek, .write = bits_write }
#define IPR(n)                                                                                     \
    [R_IPR + n] = { "IPR" #n, 0x400 + 4 * n, .rw = PRIO_REG, .ro = ~PRIO_REG & 0xffffffff,         \
                    .widths = 7 }
#define NO_IPR(n)                                                                                  \
    [R_IPR + n] = { "IPR" #n, 0x400 + 4 * n, .ro = 0xffffffff, .widths = 7, .quiet_ro = true }
#define SHPR(n, m)                                                                                 \
    [R_SHPR1 + n - 1] = { "SHPR" #n, 0xd14 + 4 * n, .rw = PRIO_REG & m, .ro = ~PRIO_REG & m,       \
                          .widths = 7 }
#define FEATURE(n, name, v) [R_FEATURE + n] = { name, 0xd40 + 4 * n, .ro = 0xffffffff, .reset = v }
#define ID(n, v)            [R_ID + n] = { "ID" #n, 0xfd0 + 4 * n, .ro = 0xff, .reset = v }

static const struct reg regs[R_COUNT] = {
    [R_ICTR] = { "ICTR", 0x004, .ro = 0xf, .reset = 1 },
    [R_ACTLR] = { "ACTLR", 0x008, .rw = 7 },
    WORDS(R_ISER, "ISER", 0x100),
    WORDS(R_ICER, "ICER", 0x180),
    WORDS(R_ISPR, "ISPR", 0x200),
    WORDS(R_ICPR, "ICPR", 0x280),
    [R_IABR] = { "IABR0", 0x300, .ro = 0xffffffff, .peek = bits_peek },
    [R_IABR + 1] = { "IABR1", 0x304, .ro = 0xfff, .peek = bits_peek },
    IPR(0),
    IPR(1),
    IPR(2),
    IPR(3),
    IPR(4),
    IPR(5),
    IPR(6),
    IPR(7),
    IPR(8),
    IPR(9),
    IPR(10),
    NO_IPR(11),
    NO_IPR(12),
    NO_IPR(13),
    NO_IPR(14),
    NO_IPR(15),
    [R_CPUID] = { "CPUID", 0xd00, .ro = 0xffffffff, .reset = 0x411fc231, .quiet_ro = true },
    [R_ICSR] = { "ICSR", 0xd04, .rw = 0x9e000000, .ro = 0x00dff9ff, .peek = icsr_peek,
                 .write = icsr_write },
    [R_VTOR] = { "VTOR", 0xd08, .rw = 0x3fffff80 },
    [R_AIRCR] = { "AIRCR", 0xd0c, .rw = 0xffff0707, .ro = 0x8000, .peek = aircr_peek,
                  .write = aircr_write },
    [R_SCR] = { "SCR", 0xd10, .rw = 0x16 },
    [R_CCR] = { "CCR", 0xd14, .rw = 0x31b, .reset = 0x200 },
    SHPR(1, 0x00ffffff),
    SHPR(2, 0xff000000),
    SHPR(3, 0xffff00ff),
    [R_SHCSR] = { "SHCSR", 0xd24, .rw = SHCSR_FLAGS | SHCSR_ENABLES, .peek = shcsr_peek,
                  .write = shcsr_write },
    [R_CFSR] = { "CFSR", 0xd28, .w1c = 0x030f9f9b, .widths = 7 },
    [R_HFSR] = { "HFSR", 0xd2c, .w1c = 0xc0000002 },
    [R_DFSR] = { "DFSR", 0xd30, .w1c = 0x1f },
    [R_MMFAR] = { "MMFAR", 0xd34, .rw = 0xffffffff },
    [R_BFAR] = { "BFAR", 0xd38, .rw = 0xffffffff },
    [R_AFSR] = { "AFSR", 0xd3c, .w1c = 0xffffffff },
    FEATURE(0, "ID_PFR0", 0x00000030),
    FEATURE(1, "ID_PFR1", 0x00000200),
    FEATURE(2, "ID_DFR0", 0x00100000),
    FEATURE(3, "ID_AFR0", 0),
    FEATURE(4, "ID_MMFR0", 0x00000030),
    FEATURE(5, "ID_MMFR1", 0),
    FEATURE(6, "ID_MMFR2", 0),
    FEATURE(7, "ID_MMFR3", 0),
    FEATURE(8, "ID_ISAR0", 0x01141110),
    FEATURE(9, "ID_ISAR1", 0x02111000),
    FEATURE(10, "ID_ISAR2", 0x21112231),
    FEATURE(11, "ID_ISAR3", 0x01111110),
    FEATURE(12, "ID_ISAR4", 0x01310102),
    [R_CPACR] = { "CPACR", 0xd88, .ro = 0xffffffff, .quiet_ro = true },
    [R_DEMCR] = { "DEMCR", 0xdfc, .rw = 0x010f07f1 },
    [R_STIR] = { "STIR", 0xf00, .wo = 0x1ff, .write = stir_write },
    ID(0, 0x04),
    ID(1, 0x00),
    ID(2, 0x00),
    ID(3, 0x00),
    ID(4, 0x00),
    ID(5, 0xb0),
    ID(6, 0x1b),
    ID(7, 0x00),
    ID(8, 0x0d),
    ID(9, 0xe0),
    ID(10, 0x05),
    ID(11, 0xb1),
};

static const struct bank_class bank = { .regs = regs, .count = R_COUNT, .size = 0x1000, .reg_size = 4 };

static void
update(void *dev)
{
    struct nvic_armv7m *n = dev;
    unsigned e = first_pending(n);

    sim_cpu_intr_set(&n->intr, e && preempts(n, e));
}

static void
reset(void *dev)
{
    struct nvic_armv7m *n = dev;

    for (unsigned e = 0; e < EXCEPTIONS; e++) {
        n->enabled[e] = n->active[e] = false;
        n->pending[e] = n->level[e];
    }
    n->depth = 0;
    n->primask = n->faultmask = false;
    n->basepri = 0;
}

static int
create(struct model *model, const struct board_dev *where)
{
    /* SysTick and the MPU have the gaps. */
    static const struct {
        uint16_t at, size;
    } ranges[] = { { 0x000, 0x10 }, { 0x100, 0xc90 }, { 0xdf0, 0x210 } };
    struct nvic_armv7m *n = (struct nvic_armv7m *)model;
    int err = model_bank_init(model, &n->bank, &bank, n->val);

    for (unsigned i = 0; !err && i < sizeof ranges / sizeof ranges[0]; i++) {
        err = model_region_bank(model, &n->region[i], SIM_MMIO, where->base + ranges[i].at,
                                ranges[i].size, &n->bank, ranges[i].at);
    }
    for (unsigned i = 0; !err && i < IRQS; i++) {
        err = sim_wire_sink(model, i, line, i);
    }
    n->intr.ack = take;
    sim_cpu_intr_add(model, &n->intr);
    return err;
}

struct model *
nvic_armv7m_find(const struct sim *sim)
{
    for (struct model *m = sim_model_next(sim, NULL); m; m = sim_model_next(sim, m)) {
        if (m->class == &nvic_armv7m_class) {
            return m;
        }
    }
    return NULL;
}

const struct model_class nvic_armv7m_class = {
    .compatible = "arm,armv7m-nvic",
    .size = sizeof(struct nvic_armv7m),
    .state = offsetof(struct nvic_armv7m, val),
    .create = create,
    .reset = reset,
    .update = update,
};

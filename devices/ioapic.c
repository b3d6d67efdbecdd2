/* Model of the I/O APIC (Intel 82093AA data sheet, order number 290566-001): 24 inputs.
 *
 * Inputs are asserted or not; the polarity bit is stored and changes nothing, as boards invert
 * where the part expects it. Interrupt n of the board is input n, but interrupt 0 (the timer) is
 * input 2, as on every PC.  Edges on a masked input are lost (data sheet, 3.2.4).  Not modelled:
 * the serial bus and its arbitration; SMI, NMI, INIT and ExtINT delivery.
 */
#include <devices/models.h>

enum { PINS = 24 };

enum { R_IOREGSEL, R_IOWIN, WINDOW_COUNT };
enum { R_ID, R_VER, R_ARB, R_REDTBL, R_COUNT = R_REDTBL + 2 * PINS };

enum {
    RTE_VECTOR = 0xff,
    RTE_MODE_SHIFT = 8,
    RTE_LOGICAL = 1 << 11,
    RTE_REMOTE_IRR = 1 << 14,
    RTE_LEVEL = 1 << 15,
    RTE_MASKED = 1 << 16,
    RTE_DEST_SHIFT = 24,
};

struct ioapic {
    struct model model;
    struct reg_bank window; /* what the CPU addresses */
    struct reg_bank bank;   /* what is behind it */
    struct sim_region region;

    /* State. */
    uint64_t window_val[WINDOW_COUNT];
    uint64_t val[R_COUNT];
    uint32_t asserted; /* inputs as they are */
    uint32_t edges;    /* edge-triggered requests not yet delivered */
};

static uint64_t *
entry(struct ioapic *a, unsigned pin)
{
    return &a->val[R_REDTBL + 2 * pin];
}

/* Send the message of `pin`; returns whether a local APIC took it. */
static bool
send(struct ioapic *a, unsigned pin)
{
    const uint64_t *rte = entry(a, pin);
    struct sim_msg msg = {
        .vector = (uint8_t)(rte[0] & RTE_VECTOR),
        .dest = (uint8_t)(rte[1] >> RTE_DEST_SHIFT),
        .logical = rte[0] & RTE_LOGICAL,
        .level = rte[0] & RTE_LEVEL,
        .mode = (enum sim_msg_mode)(rte[0] >> RTE_MODE_SHIFT & 7),
    };

    return sim_msg_send(a->model.sim, &msg);
}

static void
serve(struct ioapic *a, unsigned pin)
{
    uint64_t *rte = entry(a, pin);
    uint32_t bit = 1u << pin;

    if (rte[0] & RTE_MASKED) {
        return;
    }
    if (rte[0] & RTE_LEVEL) {
        if ((a->asserted & bit) && !(rte[0] & RTE_REMOTE_IRR) && send(a, pin)) {
            rte[0] |= RTE_REMOTE_IRR;
        }
    } else if (a->edges & bit) {
        a->edges &= ~bit;
        send(a, pin);
    }
}

static void
input(void *dev, unsigned pin, bool level)
{
    struct ioapic *a = dev;
    uint32_t bit = 1u << pin;

    if (!level) {
        a->asserted &= ~bit;
        return;
    }
    a->asserted |= bit;
    if (!(*entry(a, pin) & (RTE_LEVEL | RTE_MASKED))) {
        a->edges |= bit;
    }
    serve(a, pin);
}

static void
eoi(void *dev, uint8_t vector)
{
    struct ioapic *a = dev;

    for (unsigned pin = 0; pin < PINS; pin++) {
        uint64_t *rte = entry(a, pin);

        if ((rte[0] & RTE_VECTOR) == vector && (rte[0] & RTE_REMOTE_IRR)) {
            rte[0] &= ~(uint64_t)RTE_REMOTE_IRR;
            serve(a, pin);
        }
    }
}

static void
redtbl_write(void *dev, unsigned reg, uint64_t value)
{
    struct ioapic *a = dev;
    unsigned pin = (reg - R_REDTBL) / 2;

    (void)value;
    if (!(*entry(a, pin) & RTE_LEVEL)) {
        *entry(a, pin) &= ~(uint64_t)RTE_REMOTE_IRR; /* has no meaning for edges */
    }
    serve(a, pin);
}

static uint64_t
arb_peek(const void *dev, unsigned reg)
{
    const struct ioapic *a = dev;

    (void)reg;
    return a->val[R_ID]; /* loaded whenever the ID is */
}

/* Bits 12 (delivery status) and 14 (remote IRR) are the device's. */
#define RTE(n)                                                                                     \
    [R_REDTBL + 2 * (n)] = { "REDTBL" #n "L", (0x10 + 2 * (n)) * 4, .reset = RTE_MASKED,           \
                             .ro = 0x5000,    .rw = 0x1afff,        .write = redtbl_write },       \
                    [R_REDTBL + 2 * (n) + 1] = { "REDTBL" #n "H", (0x11 + 2 * (n)) * 4,            \
                                                 .rw = 0xff000000, .write = redtbl_write }

static const struct reg regs[R_COUNT] = {
    [R_ID] = { "IOAPICID", 0x00 * 4, .rw = 0x0f000000 },
    [R_VER] = { "IOAPICVER", 0x01 * 4, .ro = 0xff00ff, .reset = (PINS - 1) << 16 | 0x11 },
    [R_ARB] = { "IOAPICARB", 0x02 * 4, .ro = 0x0f000000, .peek = arb_peek },
    RTE(0),
    RTE(1),
    RTE(2),
    RTE(3),
    RTE(4),
    RTE(5),
    RTE(6),
    RTE(7),
    RTE(8),
    RTE(9),
    RTE(10),
    RTE(11),
    RTE(12),
    RTE(13),
    RTE(14),
    RTE(15),
    RTE(16),
    RTE(17),
    RTE(18),
    RTE(19),
    RTE(20),
    RTE(21),
    RTE(22),
    RTE(23),
};

static uint64_t
iowin_peek(const void *dev, unsigned reg)
{
    const struct ioapic *a = dev;
    struct reg_view view;

    (void)reg;
    for (unsigned i = 0; i < R_COUNT; i++) {
        if (regs[i].offset == a->window_val[R_IOREGSEL] * 4 &&
            model_reg_find(&a->model, regs[i].name, &view)) {
            return view.value;
        }
    }
    return 0;
}

static uint64_t
iowin_read(void *dev, unsigned reg)
{
    struct ioapic *a = dev;

    (void)reg;
    return model_bank_read(&a->bank, (uint32_t)a->window_val[R_IOREGSEL] * 4, 4);
}

static void
iowin_write(void *dev, unsigned reg, uint64_t value)
{
    struct ioapic *a = dev;

    (void)reg;
    model_bank_write(&a->bank, (uint32_t)a->window_val[R_IOREGSEL] * 4, 4, value);
}

static const struct reg window_regs[WINDOW_COUNT] = {
    [R_IOREGSEL] = { "IOREGSEL", 0x00, .rw = 0xff },
    [R_IOWIN] = { "IOWIN", 0x10, .rw = 0xffffffff, .read = iowin_read, .peek = iowin_peek,
                  .write = iowin_write },
};

static const struct bank_class window_class = {
    .regs = window_regs, .count = WINDOW_COUNT, .size = 0x20, .reg_size = 4
};
static const struct bank_class bank_class = {
    .regs = regs, .count = R_COUNT, .size = 0x40 * 4, .reg_size = 4
};

static void
reset(void *dev)
{
    struct ioapic *a = dev;

    a->edges = 0;
}

static int
create(struct model *model, const struct board_dev *where)
{
    struct ioapic *a = (struct ioapic *)model;
    int err = model_bank_init(model, &a->bank, &bank_class, a->val);

    if (!err) {
        err = model_bank_init(model, &a->window, &window_class, a->window_val);
    }
    if (!err) {
        err = model_region_bank(model, &a->region, SIM_MMIO, where->base, 0x20, &a->window, 0);
    }
    for (unsigned irq = 0; irq < PINS && !err; irq++) {
        if (irq != 2) {
            err = sim_wire_sink(model, irq, input, irq == 0 ? 2 : irq);
        }
    }
    return err ? err : sim_eoi_receiver(model, eoi);
}

const struct model_class ioapic_class = {
    .compatible = "intel,ioapic",
    .size = sizeof(struct ioapic),
    .state = offsetof(struct ioapic, window_val),
    .create = create,
    .reset = reset,
};

/* Model of the two 8259A interrupt controllers of a PC (Intel 8259A data sheet, order number
 * 231468-003), the second cascaded to IR2 of the first, with the edge/level control registers of
 * the PIIX3 (290550-002, section 2.5.3.5).
 *
 * A request follows its input, as in the data sheet: an edge-triggered input that falls before the
 * acknowledge takes its request back, and the acknowledge then gets the default IR7.  Not modelled:
 * MCS-80/85 mode (without ICW4.uPM), buffered mode, single mode, LTIM (the ELCR decides).
 */
#include <devices/models.h>

enum {
    R_CMD1,
    R_DATA1,
    R_CMD2,
    R_DATA2,
    R_ELCR1,
    R_ELCR2,
    R_IRR1,
    R_ISR1,
    R_IMR1,
    R_IRR2,
    R_ISR2,
    R_IMR2,
    R_COUNT,
};

enum {
    ICW1_IC4 = 1 << 0,
    ICW1_SNGL = 1 << 1,
    ICW1 = 1 << 4, /* tells ICW1 from OCW2 and OCW3 */
    ICW4_UPM = 1 << 0,
    ICW4_AEOI = 1 << 1,
    ICW4_SFNM = 1 << 4,
    ICW4_RESERVED = 0xe0,

    OCW2_R = 1 << 7,
    OCW2_SL = 1 << 6,
    OCW2_EOI = 1 << 5,
    OCW3 = 1 << 3,
    OCW3_RIS = 1 << 0,
    OCW3_RR = 1 << 1,
    OCW3_POLL = 1 << 2,
    OCW3_SMM = 1 << 5,
    OCW3_ESMM = 1 << 6,
    OCW3_RESERVED = 1 << 7,

    CASCADE = 2, /* the master's input for the slave */
    NO_REQUEST = 8,
};

enum init { INIT_NO, INIT_ICW2, INIT_ICW3, INIT_ICW4 };

struct chip {
    uint8_t irr, isr, imr;
    uint8_t level; /* inputs as they are */
    uint8_t base;  /* ICW2 */
    uint8_t icw3, icw4;
    uint8_t lowest; /* the input with the lowest priority; 7 after initialisation */
    uint8_t init;   /* enum init: the initialisation word expected next */
    bool want_icw4;
    bool read_isr; /* OCW3: a read gives ISR, else IRR */
    bool poll;     /* the next read is an acknowledge */
    bool special_mask;
    bool rotate_on_aeoi;
};

struct pic_8259 {
    struct model model;
    struct reg_bank bank;
    struct sim_region region[3];
    struct sim_intr intr;

    /* State. */
    uint64_t val[R_COUNT];
    struct chip chip[2]; /* master, slave */
};

/* Rank of the most urgent input in `set`: 0 is the highest priority; NO_REQUEST for none. */
static unsigned
rank_of(const struct chip *c, unsigned set)
{
    for (unsigned rank = 0; rank < 8; rank++) {
        if (set & 1u << ((c->lowest + 1 + rank) & 7)) {
            return rank;
        }
    }
    return NO_REQUEST;
}

static unsigned
input_of(const struct chip *c, unsigned rank)
{
    return (c->lowest + 1 + rank) & 7;
}

/* The input to be served next, or NO_REQUEST: requested, unmasked and more urgent than what is in
 * service. */
static unsigned
request(const struct pic_8259 *p, unsigned n)
{
    const struct chip *c = &p->chip[n];
    unsigned rank = rank_of(c, c->irr & (unsigned)~c->imr);
    unsigned in_service = c->isr;

    if (c->special_mask) {
        in_service &= (unsigned)~c->imr;
    }
    if (n == 0 && (c->icw4 & ICW4_SFNM)) {
        in_service &=
            ~(1u << CASCADE); /* a slave in service may come again with something more urgent */
    }
    return rank < rank_of(c, in_service) ? input_of(c, rank) : NO_REQUEST;
}

static void
set_input(struct pic_8259 *p, unsigned n, unsigned input, bool level)
{
    struct chip *c = &p->chip[n];
    uint8_t bit = (uint8_t)(1u << input);

    if (level && !(c->level & bit)) {
        c->irr |= bit;
    } else if (!level) {
        c->irr &= (uint8_t)~bit;
    }
    c->level = level ? c->level | bit : c->level & (uint8_t)~bit;
}

static void
pin(void *dev, unsigned irq, bool level)
{
    set_input(dev, irq / 8, irq % 8, level);
}

static void
cascade(struct pic_8259 *p)
{
    set_input(p, 0, CASCADE, request(p, 1) != NO_REQUEST);
}

static bool
is_level(const struct pic_8259 *p, unsigned n, unsigned input)
{
    return p->val[R_ELCR1 + n] & 1u << input;
}

static void
end_of_interrupt(struct chip *c, unsigned input, bool rotate)
{
    c->isr &= (uint8_t)~(1u << input);
    if (rotate) {
        c->lowest = (uint8_t)input;
    }
}

/* The acknowledge cycle of one chip for the request it has. */
static void
acknowledge(struct pic_8259 *p, unsigned n, unsigned input)
{
    struct chip *c = &p->chip[n];

    c->isr |= (uint8_t)(1u << input);
    if (!is_level(p, n, input)) {
        c->irr &= (uint8_t)~(1u << input);
    }
    if (c->icw4 & ICW4_AEOI) {
        end_of_interrupt(c, input, c->rotate_on_aeoi);
    }
    if (n == 1) {
        set_input(p, 0, CASCADE,
                  false); /* INT falls; update() raises it again if there is more: an edge */
    }
}

/* A request that vanished before the acknowledge: the default IR7; behind the cascade the master
 * has IR2 in service. */
static int
ack_lost(void *dev, unsigned irq)
{
    struct pic_8259 *p = dev;

    if (irq < 8) {
        return p->chip[0].base + 7;
    }
    acknowledge(p, 0, CASCADE);
    return p->chip[1].base + 7;
}

static int
ack(void *dev)
{
    struct pic_8259 *p = dev;
    unsigned input = request(p, 0);

    if (input == NO_REQUEST) {
        return ack_lost(p, 0);
    }
    if (input == CASCADE) {
        unsigned second = request(p, 1);

        if (second == NO_REQUEST) {
            return ack_lost(p, 8);
        }
        acknowledge(p, 0, input);
        acknowledge(p, 1, second);
        return p->chip[1].base + (int)second;
    }
    acknowledge(p, 0, input);
    return p->chip[0].base + (int)input;
}

/* --- commands --- */

static void
write_icw1(struct pic_8259 *p, unsigned n, uint64_t value)
{
    struct chip *c = &p->chip[n];

    if (!(value & ICW1_IC4) || (value & ICW1_SNGL)) {
        model_guest_error(&p->model, n ? "CMD2" : "CMD1", value,
                          "ICW1 without ICW4 or for a single chip: not a PC");
    }
    /* Edge-triggered inputs must go low and high again; level-triggered ones request at once. */
    c->irr = c->level & (uint8_t)p->val[R_ELCR1 + n];
    c->imr = 0;
    c->isr = 0;
    c->lowest = 7;
    c->special_mask = c->read_isr = c->poll = c->rotate_on_aeoi = false;
    c->icw4 = 0;
    c->want_icw4 = value & ICW1_IC4;
    c->init = INIT_ICW2;
}

static void
write_ocw2(struct chip *c, uint64_t value)
{
    bool rotate = value & OCW2_R;
    unsigned rank, input = value & 7;

    if (value & OCW2_EOI) {
        if (!(value & OCW2_SL)) {
            /* Without a level: the most urgent in service, but one that special mask mode hides. */
            rank = rank_of(c, c->isr & (c->special_mask ? (unsigned)~c->imr : 0xffu));
            if (rank == NO_REQUEST) {
                return;
            }
            input = input_of(c, rank);
        }
        end_of_interrupt(c, input, rotate);
    } else if (!(value & OCW2_SL)) {
        c->rotate_on_aeoi = rotate;
    } else if (rotate) {
        c->lowest = (uint8_t)input;
    }
}

static void
write_ocw3(struct pic_8259 *p, unsigned n, uint64_t value)
{
    struct chip *c = &p->chip[n];

    if (value & OCW3_RESERVED) {
        model_guest_error(&p->model, n ? "CMD2" : "CMD1", value, "reserved bit of OCW3");
    }
    if (value & OCW3_ESMM) {
        c->special_mask = value & OCW3_SMM;
    }
    if (value & OCW3_RR) {
        c->read_isr = value & OCW3_RIS;
    }
    c->poll = value & OCW3_POLL;
}

static void
cmd_write(void *dev, unsigned reg, uint64_t value)
{
    struct pic_8259 *p = dev;
    unsigned n = reg == R_CMD2;

    if (value & ICW1) {
        write_icw1(p, n, value);
    } else if (value & OCW3) {
        write_ocw3(p, n, value);
    } else {
        write_ocw2(&p->chip[n], value);
    }
}

static void
data_write(void *dev, unsigned reg, uint64_t value)
{
    struct pic_8259 *p = dev;
    unsigned n = reg == R_DATA2;
    struct chip *c = &p->chip[n];

    switch ((enum init)c->init) {
    case INIT_NO:
        c->imr = (uint8_t)value; /* OCW1 */
        break;
    case INIT_ICW2:
        c->base = value & 0xf8;
        c->init = INIT_ICW3;
        break;
    case INIT_ICW3:
        if (value != (n ? CASCADE : 1u << CASCADE)) {
            model_guest_error(&p->model, n ? "DATA2" : "DATA1", value,
                              "ICW3 does not match the wiring of a PC");
        }
        c->icw3 = (uint8_t)value;
        c->init = c->want_icw4 ? INIT_ICW4 : INIT_NO;
        break;
    case INIT_ICW4:
        if ((value & ICW4_RESERVED) || !(value & ICW4_UPM)) {
            model_guest_error(&p->model, n ? "DATA2" : "DATA1", value,
                              "ICW4: reserved bit, or not 8086 mode");
        }
        c->icw4 = (uint8_t)value;
        c->init = INIT_NO;
        break;
    }
}

/* The poll command: the read that follows acknowledges. */
static uint64_t
poll_read(struct pic_8259 *p, unsigned n)
{
    unsigned input = request(p, n);

    p->chip[n].poll = false;
    if (input == NO_REQUEST) {
        return 0;
    }
    acknowledge(p, n, input);
    return 0x80 | input;
}

static uint64_t
cmd_peek(const void *dev, unsigned reg)
{
    const struct pic_8259 *p = dev;
    const struct chip *c = &p->chip[reg == R_CMD2];

    return c->read_isr ? c->isr : c->irr;
}

static uint64_t
data_peek(const void *dev, unsigned reg)
{
    const struct pic_8259 *p = dev;

    return p->chip[reg == R_DATA2].imr;
}

static uint64_t
cmd_read(void *dev, unsigned reg)
{
    struct pic_8259 *p = dev;

    return p->chip[reg == R_CMD2].poll ? poll_read(p, reg == R_CMD2) : cmd_peek(dev, reg);
}

static uint64_t
data_read(void *dev, unsigned reg)
{
    struct pic_8259 *p = dev;

    return p->chip[reg == R_DATA2].poll ? poll_read(p, reg == R_DATA2) : data_peek(dev, reg);
}

static void
elcr_write(void *dev, unsigned reg, uint64_t value)
{
    struct pic_8259 *p = dev;
    struct chip *c = &p->chip[reg == R_ELCR2];

    c->irr |= c->level & (uint8_t)value;
}

static uint64_t
chip_peek(const void *dev, unsigned reg)
{
    const struct pic_8259 *p = dev;
    const struct chip *c = &p->chip[reg >= R_IRR2];
    const uint8_t values[3] = { c->irr, c->isr, c->imr };

    return values[(reg - R_IRR1) % 3];
}

static const struct reg regs[R_COUNT] = {
    [R_CMD1] = { "CMD1", 0, .rw = 0xff, .read = cmd_read, .peek = cmd_peek, .write = cmd_write },
    [R_DATA1] = { "DATA1", 1, .rw = 0xff, .read = data_read, .peek = data_peek, .write = data_write },
    [R_CMD2] = { "CMD2", 2, .rw = 0xff, .read = cmd_read, .peek = cmd_peek, .write = cmd_write },
    [R_DATA2] = { "DATA2", 3, .rw = 0xff, .read = data_read, .peek = data_peek, .write = data_write },
    /* IRQ 0, 1, 2, 8 and 13 are edge-triggered for good. */
    [R_ELCR1] = { "ELCR1", 4, .rw = 0xf8, .write = elcr_write },
    [R_ELCR2] = { "ELCR2", 5, .rw = 0xde, .write = elcr_write },
    [R_IRR1] = { "IRR1", REG_INTERNAL, .peek = chip_peek },
    [R_ISR1] = { "ISR1", REG_INTERNAL, .peek = chip_peek },
    [R_IMR1] = { "IMR1", REG_INTERNAL, .peek = chip_peek },
    [R_IRR2] = { "IRR2", REG_INTERNAL, .peek = chip_peek },
    [R_ISR2] = { "ISR2", REG_INTERNAL, .peek = chip_peek },
    [R_IMR2] = { "IMR2", REG_INTERNAL, .peek = chip_peek },
};

static const struct bank_class bank = { .regs = regs, .count = R_COUNT, .size = 6 };

static void
update(void *dev)
{
    struct pic_8259 *p = dev;

    cascade(p);
    sim_cpu_intr_set(&p->intr, request(p, 0) != NO_REQUEST);
}

static void
reset(void *dev)
{
    struct pic_8259 *p = dev;

    for (unsigned n = 0; n < 2; n++) {
        uint8_t level = p->chip[n].level; /* the wires are not ours */

        p->chip[n] = (struct chip){ .level = level, .lowest = 7 };
    }
}

static int
create(struct model *model, const struct board_dev *where)
{
    struct pic_8259 *p = (struct pic_8259 *)model;
    int err = model_bank_init(model, &p->bank, &bank, p->val);

    if (!err) {
        err = model_region_bank(model, &p->region[0], SIM_PORT, where->base, 2, &p->bank, 0);
    }
    if (!err) {
        err = model_region_bank(model, &p->region[1], SIM_PORT, 0xa0, 2, &p->bank, 2);
    }
    if (!err) {
        err = model_region_bank(model, &p->region[2], SIM_PORT, 0x4d0, 2, &p->bank, 4);
    }
    for (unsigned irq = 0; irq < 16 && !err; irq++) {
        if (irq != CASCADE) {
            err = sim_wire_sink(model, irq, pin, irq);
        }
    }
    p->intr = (struct sim_intr){ .order = 1, .ack = ack, .ack_lost = ack_lost };
    sim_cpu_intr_add(model, &p->intr);
    return err;
}

const struct model_class pic_8259_class = {
    .compatible = "intel,i8259",
    .size = sizeof(struct pic_8259),
    .state = offsetof(struct pic_8259, val),
    .create = create,
    .reset = reset,
    .update = update,
};

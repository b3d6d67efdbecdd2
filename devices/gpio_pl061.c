/* Model of the PL061 GPIO port as TI builds it into the LM3S6965 (LM3S6965 data sheet, chapter 8, "general-purpose input/outputs"; Arm
 * PrimeCell GPIO PL061 TRM, DDI 0190): pad control, digital enable, commit control of the JTAG pins.
 *
 * An access to DATA says in address bits 9:2 which pins it is about.  A pin without its digital enable bit is not connected: it reads 0 and
 * drives nothing.  Interrupts come from inputs only.
 *
 * Not modelled: drive strength, open drain and slew rate, which are kept only; what other parts of the chip put on a pin (AFSEL).
 */
#include <devices/gpio_pl061.h>
#include <devices/models.h>

#include <string.h>

enum {
    R_DIR,
    R_IS,
    R_IBE,
    R_IEV,
    R_IM,
    R_RIS,
    R_MIS,
    R_ICR,
    R_AFSEL,
    R_DR2R,
    R_DR4R,
    R_DR8R,
    R_ODR,
    R_PUR,
    R_PDR,
    R_SLR,
    R_DEN,
    R_LOCK,
    R_CR,
    R_DATA,
    R_ID,
    R_COUNT = R_ID + 12
};

#define LOCK_KEY UINT64_C(0x1acce551)

enum { WATCHERS = 4 };

struct gpio_pl061 {
    struct model model;
    struct reg_bank bank;
    struct sim_region region[2];
    struct sim_line irq;
    struct {
        struct model *dev;
        void (*fn)(void *dev);
    } watcher[WATCHERS];
    unsigned watchers;
    uint8_t jtag; /* pins that are JTAG's after reset and need a commit */

    /* State. */
    uint64_t val[R_COUNT];
    uint8_t latch;  /* what was written to DATA */
    uint8_t driven; /* pins that the board drives, */
    uint8_t level;  /* and how */
    uint8_t seen;   /* inputs, as the edge detector saw them */
    uint8_t edges;  /* latched */
    bool locked;
};

static uint8_t
pins(const struct gpio_pl061 *p)
{
    uint8_t dir = (uint8_t)p->val[R_DIR];
    uint8_t in = (uint8_t)((p->level & p->driven) | (p->val[R_PUR] & ~(uint64_t)p->driven));

    return (uint8_t)(((p->latch & dir) | (in & ~dir)) & p->val[R_DEN]);
}

static uint8_t
raw_status(const struct gpio_pl061 *p)
{
    uint8_t is = (uint8_t)p->val[R_IS], dir = (uint8_t)p->val[R_DIR];
    uint8_t high = (uint8_t)(pins(p) ^ ~p->val[R_IEV]); /* at the level that interrupts */

    return (uint8_t)((p->edges & ~is) | (high & is & ~dir));
}

/* After anything that may have moved a pin. */
static void
settle(struct gpio_pl061 *p)
{
    uint8_t now = pins(p), dir = (uint8_t)p->val[R_DIR];
    uint8_t changed = (uint8_t)((now ^ p->seen) & ~dir & ~p->val[R_IS]);

    p->edges |= (uint8_t)(changed & (p->val[R_IBE] | (uint8_t)~(now ^ p->val[R_IEV])));
    p->seen = now;
    for (unsigned i = 0; i < p->watchers; i++) {
        p->watcher[i].fn(p->watcher[i].dev);
    }
}

/* --- the data register --- */

static void
check_width(struct gpio_pl061 *p, uint64_t off, unsigned width, bool write, uint64_t value)
{
    if (width != 4 || off % 4) {
        sim_violate(p->model.sim, &(struct sim_violation){
                                      .kind = SIM_V_WIDTH,
                                      .write = write,
                                      .width = width,
                                      .addr = off,
                                      .value = value,
                                      .dev = p->model.name,
                                      .reg = "DATA",
                                  });
    }
}

static uint64_t
data_read(void *dev, uint64_t off, unsigned width)
{
    struct gpio_pl061 *p = dev;

    check_width(p, off, width, false, 0);
    return pins(p) & off >> 2;
}

static void
data_write(void *dev, uint64_t off, unsigned width, uint64_t value)
{
    struct gpio_pl061 *p = dev;
    uint64_t mask = off >> 2 & p->val[R_DIR]; /* inputs do not take it */

    check_width(p, off, width, true, value);
    p->latch = (uint8_t)((p->latch & ~mask) | (value & mask));
    settle(p);
}

static uint64_t
data_peek(const void *dev, unsigned reg)
{
    (void)reg;
    return pins(dev);
}

static const struct region_ops data_ops = { data_read, data_write };

/* --- the others --- */

static uint64_t
ris_peek(const void *dev, unsigned reg)
{
    const struct gpio_pl061 *p = dev;

    return reg == R_MIS ? raw_status(p) & p->val[R_IM] : raw_status(p);
}

static void
icr_write(void *dev, unsigned reg, uint64_t value)
{
    struct gpio_pl061 *p = dev;

    p->val[reg] = 0;
    p->edges &= (uint8_t)~value;
}

/* Direction, interrupt sense and pads. */
static void
pin_write(void *dev, unsigned reg, uint64_t value)
{
    struct gpio_pl061 *p = dev;

    /* 8.4: setting one of a pin's two clears the other, and likewise for its three drive strengths. */
    if (reg == R_PUR) {
        p->val[R_PDR] &= ~value;
    } else if (reg == R_PDR) {
        p->val[R_PUR] &= ~value;
    }
    settle(p);
}

static void
drive_write(void *dev, unsigned reg, uint64_t value)
{
    struct gpio_pl061 *p = dev;

    for (unsigned r = R_DR2R; r <= R_DR8R; r++) {
        p->val[r] &= r == reg ? UINT64_MAX : ~value;
    }
}

/* Only committed pins change hands. */
static void
afsel_write(void *dev, unsigned reg, uint64_t value)
{
    struct gpio_pl061 *p = dev;
    uint64_t held = p->jtag & ~p->val[R_CR];

    p->val[reg] = (p->bank.old & held) | (value & 0xff & ~held);
    settle(p);
}

static uint64_t
lock_peek(const void *dev, unsigned reg)
{
    (void)reg;
    return ((const struct gpio_pl061 *)dev)->locked;
}

static void
lock_write(void *dev, unsigned reg, uint64_t value)
{
    struct gpio_pl061 *p = dev;

    p->val[reg] = 0;
    p->locked = value != LOCK_KEY;
}

static void
cr_write(void *dev, unsigned reg, uint64_t value)
{
    struct gpio_pl061 *p = dev;

    if (p->locked) {
        p->val[reg] = p->bank.old;
    } else { /* the others are hard-wired to 1 */
        p->val[reg] = (value & p->jtag) | (0xff & ~(uint64_t)p->jtag);
    }
}

#define PINS(name, off, hook) { name, off, .rw = 0xff, .write = hook }
#define ID(n, v)              [R_ID + n] = { "ID" #n, 0xfd0 + 4 * n, .ro = 0xff, .reset = v }

static const struct reg regs[R_COUNT] = {
    [R_DIR] = PINS("DIR", 0x400, pin_write),
    [R_IS] = PINS("IS", 0x404, pin_write),
    [R_IBE] = PINS("IBE", 0x408, pin_write),
    [R_IEV] = PINS("IEV", 0x40c, pin_write),
    [R_IM] = PINS("IM", 0x410, NULL),
    [R_RIS] = { "RIS", 0x414, .ro = 0xff, .peek = ris_peek },
    [R_MIS] = { "MIS", 0x418, .ro = 0xff, .peek = ris_peek },
    [R_ICR] = { "ICR", 0x41c, .wo = 0xff, .write = icr_write },
    [R_AFSEL] = PINS("AFSEL", 0x420, afsel_write),
    [R_DR2R] = { "DR2R", 0x500, .rw = 0xff, .reset = 0xff, .write = drive_write },
    [R_DR4R] = PINS("DR4R", 0x504, drive_write),
    [R_DR8R] = PINS("DR8R", 0x508, drive_write),
    [R_ODR] = PINS("ODR", 0x50c, NULL),
    [R_PUR] = PINS("PUR", 0x510, pin_write),
    [R_PDR] = PINS("PDR", 0x514, pin_write),
    [R_SLR] = PINS("SLR", 0x518, NULL),
    [R_DEN] = PINS("DEN", 0x51c, pin_write),
    [R_LOCK] = { "LOCK", 0x520, .rw = 0xffffffff, .peek = lock_peek, .write = lock_write },
    [R_CR] = { "CR", 0x524, .rw = 0xff, .write = cr_write },
    [R_DATA] = { "DATA", REG_INTERNAL, .size = 1, .ro = 0xff, .peek = data_peek },
    ID(0, 0x00),
    ID(1, 0x00),
    ID(2, 0x00),
    ID(3, 0x00),
    ID(4, 0x61),
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
    struct gpio_pl061 *p = dev;

    model_set_irq(&p->model, 0, raw_status(p) & p->val[R_IM]);
}

static void
reset(void *dev)
{
    struct gpio_pl061 *p = dev;

    p->latch = p->edges = 0; /* the board drives its pins on */
    p->locked = true;
    p->val[R_AFSEL] = p->val[R_DEN] = p->val[R_PUR] = p->jtag;
    p->val[R_CR] = 0xff & ~(uint64_t)p->jtag;
    p->seen = pins(p);
    settle(p);
}

static int
create(struct model *model, const struct board_dev *where)
{
    struct gpio_pl061 *p = (struct gpio_pl061 *)model;
    int err;

    p->jtag = strcmp(where->name, "gpiob") == 0   ? 0x80
              : strcmp(where->name, "gpioc") == 0 ? 0x0f
                                                  : 0;
    model_line_init(model, &p->irq, 0, "irq", where->irq);
    err = model_bank_init(model, &p->bank, &bank, p->val);
    if (!err) {
        err = model_region_ops(model, &p->region[0], SIM_MMIO, where->base, 0x400, "DATA", &data_ops);
    }
    if (!err) {
        err = model_region_bank(model, &p->region[1], SIM_MMIO, where->base + 0x400, 0xc00,
                                &p->bank, 0x400);
    }
    return err;
}

/* --- what is soldered to it --- */

void
gpio_pl061_drive(struct model *gpio, unsigned pin, bool level)
{
    struct gpio_pl061 *p = (struct gpio_pl061 *)gpio;
    uint8_t bit = (uint8_t)(1u << (pin & 7));

    p->driven |= bit;
    p->level = level ? p->level | bit : (uint8_t)(p->level & ~bit);
    settle(p);
    model_update(gpio);
}

void
gpio_pl061_release(struct model *gpio, unsigned pin)
{
    struct gpio_pl061 *p = (struct gpio_pl061 *)gpio;

    p->driven &= (uint8_t)~(1u << (pin & 7));
    settle(p);
    model_update(gpio);
}

struct model *
gpio_pl061_find(const struct sim *sim, unsigned board_pin)
{
    char name[] = "gpioa";
    unsigned port = board_pin / BOARD_PORT_PINS;

    if (port > 'z' - 'a') {
        return NULL;
    }
    name[4] = (char)(name[4] + port);
    return sim_model_find(sim, name);
}

bool
gpio_pl061_level(const struct model *gpio, unsigned pin)
{
    return pins((const struct gpio_pl061 *)gpio) >> (pin & 7) & 1;
}

bool
gpio_pl061_drives(const struct model *gpio, unsigned pin)
{
    const struct gpio_pl061 *p = (const struct gpio_pl061 *)gpio;

    return (p->val[R_DIR] & p->val[R_DEN]) >> (pin & 7) & 1;
}

bool
gpio_pl061_alternate(const struct model *gpio, unsigned pin)
{
    const struct gpio_pl061 *p = (const struct gpio_pl061 *)gpio;

    return (p->val[R_AFSEL] & p->val[R_DEN]) >> (pin & 7) & 1;
}

int
gpio_pl061_watch(struct model *gpio, struct model *dev, void (*fn)(void *dev))
{
    struct gpio_pl061 *p = (struct gpio_pl061 *)gpio;

    if (p->watchers == WATCHERS) {
        return -ENOSPC;
    }
    p->watcher[p->watchers].dev = dev;
    p->watcher[p->watchers++].fn = fn;
    return 0;
}

const struct model_class gpio_pl061_class = {
    .compatible = "arm,pl061",
    .size = sizeof(struct gpio_pl061),
    .state = offsetof(struct gpio_pl061, val),
    .create = create,
    .reset = reset,
    .update = update,
};

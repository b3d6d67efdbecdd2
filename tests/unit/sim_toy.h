/* A toy device for tests of the machine core: one register of each kind, an event, a line, and an
 * ops region. */
#pragma once

#include <tests/device/harness.h>

enum { TOY = 0x1000, TOY_OPS = 0x2000, TOY_PCI_DEV = 3, TOY_IRQ = 7 };

enum {
    T_RO,
    T_RW,
    T_W1C,
    T_W1S,
    T_RC,
    T_WO,
    T_WIDE,
    T_FIFO,
    T_UNIMP,
    T_ABSENT,
    T_BANK0,
    T_BANK1,
    T_QUIET,
    T_COUNT,
};

enum { C_ID, C_BAR, C_COUNT };

struct toy {
    struct model model;
    struct reg_bank bank, config;
    struct sim_region mmio, ops_region, pci;
    struct sim_line irq;
    struct sim_event alarm;

    /* State. */
    uint64_t val[T_COUNT];
    uint64_t config_val[C_COUNT];
    uint64_t ops_seen;
    uint64_t fifo;
    uint64_t alarms;
};

static inline struct toy *
toy(const char *name)
{
    return (struct toy *)sim_model_find(t.sim, name);
}

static inline uint64_t
toy_fifo_read(void *dev, unsigned reg)
{
    (void)reg;
    return ((struct toy *)dev)->fifo++ & 0xff;
}

static inline bool
toy_bank1(const void *dev)
{
    return ((const struct toy *)dev)->val[T_RW] & 0x80;
}

static inline bool
toy_bank0(const void *dev)
{
    return !toy_bank1(dev);
}

static const struct reg toy_regs[T_COUNT] = {
    [T_RO] = { "RO", 0x00, .ro = 0xff, .reset = 0x5a },
    [T_RW] = { "RW", 0x01, .rw = 0xf0, .reset = 0x13 },
    [T_W1C] = { "W1C", 0x02, .w1c = 0xff, .reset = 0xff },
    [T_W1S] = { "W1S", 0x03, .w1s = 0xff },
    [T_RC] = { "RC", 0x04, .rc = 0x0f, .ro = 0xf0, .reset = 0xff },
    [T_WO] = { "WO", 0x05, .wo = 0xff },
    [T_WIDE] = { "WIDE", 0x08, .size = 8, .widths = 1 | 2 | 4 | 8, .rw = UINT64_MAX },
    [T_FIFO] = { "FIFO", 0x10, .widths = 1 | 4, .ro = 0xff, .read = toy_fifo_read },
    [T_UNIMP] = { "UNIMP", 0x18, .rw = 0x0f, .unimp = 0xf0 },
    [T_ABSENT] = { "ABSENT", 0x1b, .reset = 0x21, .unimp = 0xff },
    [T_BANK0] = { "BANK0", 0x19, .rw = 0xff, .when = toy_bank0 },
    [T_BANK1] = { "BANK1", 0x19, .rw = 0xff, .when = toy_bank1 },
    [T_QUIET] = { "QUIET", 0x1a, .ro = 0xff, .quiet_ro = true },
};

static const struct reg toy_config[C_COUNT] = {
    [C_ID] = { "ID", 0x00, .size = 4, .ro = 0xffffffff, .reset = 0x12345678, .quiet_ro = true },
    [C_BAR] = { "BAR", 0x06, .size = 4, .rw = 0xffffff00, .ro = 0xff },
};

static const struct bank_class toy_bank = { .regs = toy_regs, .count = T_COUNT, .size = 0x20 };
static const struct bank_class toy_config_bank = {
    .regs = toy_config, .count = C_COUNT, .size = 0x100, .merge = true
};

static inline uint64_t
toy_ops_read(void *dev, uint64_t off, unsigned width)
{
    (void)dev;
    return off << 4 | width;
}

static inline void
toy_ops_write(void *dev, uint64_t off, unsigned width, uint64_t value)
{
    (void)off;
    (void)width;
    ((struct toy *)dev)->ops_seen = value;
}

static const struct region_ops toy_ops = { .read = toy_ops_read, .write = toy_ops_write };

static inline void
toy_alarm(void *dev)
{
    ((struct toy *)dev)->alarms++;
}

static inline void
toy_update(void *dev)
{
    struct toy *d = dev;

    model_set_irq(&d->model, 0, d->val[T_W1S] != 0);
}

static inline int
toy_create(struct model *model, const struct board_dev *where)
{
    struct toy *d = (struct toy *)model;
    int err = model_bank_init(model, &d->bank, &toy_bank, d->val);

    if (!err) {
        err = model_bank_init(model, &d->config, &toy_config_bank, d->config_val);
    }
    if (!err) {
        err = model_region_bank(model, &d->mmio, SIM_MMIO, where->base, 0x20, &d->bank, 0);
    }
    if (!err) {
        err = model_region_ops(model, &d->ops_region, SIM_PORT, where->base, 0x10, "ops", &toy_ops);
    }
    if (!err) {
        err = model_region_bank(model, &d->pci, SIM_PCI, SIM_PCI_ADDR(0, where->base >> 12, 0, 0),
                                0x100, &d->config, 0);
    }
    model_line_init(model, &d->irq, 0, "irq", where->irq);
    model_event_init(model, &d->alarm, "alarm", toy_alarm);
    model_set_alias(model, where->base == TOY ? "00:01.0" : "00:02.0");
    return err;
}

static const struct model_class toy_class = {
    .compatible = "test,toy",
    .size = sizeof(struct toy),
    .state = offsetof(struct toy, val),
    .create = toy_create,
    .update = toy_update,
};

static inline void
start_toys_with(const struct sim_config *config)
{
    static const struct board_dev devs[] = {
        { "test,toy", "toy0", BOARD_MMIO, TOY, 0x20, TOY_IRQ, 0 },
        { "test,toy", "toy1", BOARD_MMIO, TOY_OPS, 0x20, TOY_IRQ, 0 },
        { "test,absent", "nobody", BOARD_MMIO, 0x9000, 0x20, BOARD_NO_IRQ, 0 },
    };
    static const struct model_class *const models[] = { &toy_class, NULL };

    start_with(config, devs, 3, models);
}

static inline void
start_toys(void)
{
    struct sim_config config = default_config();

    start_toys_with(&config);
}

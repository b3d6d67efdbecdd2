/* Models of two ways to end a run.
 *
 * "qemu,debug-exit": QEMU's isa-debug-exit; writing v ends the run with the status (v << 1) | 1.
 * "acpi,pm": the PM1a control register (ACPI 6.4, section 4.8.3.2), of which only soft-off is
 * modelled: SLP_EN with SLP_TYP 0, which is S5 on QEMU's PC.
 */
#include <devices/models.h>

enum { R_EXIT, EXIT_COUNT };
enum { R_PM1_CNT, PM_COUNT };

enum {
    PM1_SLP_TYP = 7 << 10,
    PM1_SLP_EN = 1 << 13,
};

struct port {
    struct model model;
    struct reg_bank bank;
    struct sim_region region;

    /* State. */
    uint64_t val[1];
};

static void
exit_write(void *dev, unsigned reg, uint64_t value)
{
    struct port *p = dev;

    (void)reg;
    sim_end(p->model.sim, SIM_END_EXIT, (int)((value << 1 | 1) & 0xff));
}

static void
pm1_write(void *dev, unsigned reg, uint64_t value)
{
    struct port *p = dev;

    if (!(value & PM1_SLP_EN)) {
        return;
    }
    p->val[reg] &= ~(uint64_t)PM1_SLP_EN;
    if (value & PM1_SLP_TYP) {
        model_guest_error(&p->model, "PM1_CNT", value, "sleep type is not S5");
        return;
    }
    sim_end(p->model.sim, SIM_END_POWER_OFF, 0);
}

static const struct reg exit_regs[EXIT_COUNT] = {
    [R_EXIT] = { "EXIT", 0, .size = 4, .widths = 1 | 2 | 4, .rw = 0xffffffff, .write = exit_write },
};

static const struct reg pm_regs[PM_COUNT] = {
    [R_PM1_CNT] = { "PM1_CNT", 0, .size = 2, .rw = 0x1c03, .wo = 0x2004, .write = pm1_write },
};

static const struct bank_class exit_bank = { .regs = exit_regs, .count = EXIT_COUNT, .size = 4 };
static const struct bank_class pm_bank = { .regs = pm_regs, .count = PM_COUNT, .size = 4 };

static int
create_port(struct model *model, const struct board_dev *where, const struct bank_class *bank)
{
    struct port *p = (struct port *)model;
    int err = model_bank_init(model, &p->bank, bank, p->val);

    if (err) {
        return err;
    }
    return model_region_bank(model, &p->region, model_board_space(where), where->base, 4, &p->bank,
                             0);
}

static int
create_exit(struct model *model, const struct board_dev *where)
{
    return create_port(model, where, &exit_bank);
}

static int
create_pm(struct model *model, const struct board_dev *where)
{
    return create_port(model, where, &pm_bank);
}

const struct model_class exit_port_class = {
    .compatible = "qemu,debug-exit",
    .size = sizeof(struct port),
    .state = offsetof(struct port, val),
    .create = create_exit,
};

const struct model_class pm_port_class = {
    .compatible = "acpi,pm",
    .size = sizeof(struct port),
    .state = offsetof(struct port, val),
    .create = create_pm,
};

/* Model of the IDE function of the PIIX3 (manuals: Intel 82371FB/82371SB PIIX/PIIX3, order number
 * 290550, sections 2.3, 2.8 and 3.4; T13/1410D, ATA/ATAPI-6, for what the cable does).
 *
 * Two channels in compatibility mode (0x1f0/0x3f6 irq 14, 0x170/0x376 irq 15), two drives each,
 * behind the IDE decode bits of IDETIM and the I/O space bit of PCICMD; bus master registers
 * (devices/ide_busmaster.c) at BMIBA.  The drives are devices/ata_disk.c; their images are the
 * slots "ide0.0", "ide0.1", "ide1.0", "ide1.1".
 *
 * An empty place behaves as in QEMU and in ATA/ATAPI-6 section 9.16: alone, drive 0 answers for a
 * missing drive 1, but status reads 00h; an empty channel and a missing drive 0 read 00h. A bus
 * master transfer that the drive is not satisfied with (table too short, stopped, or without access
 * to memory) leaves the drive waiting, with BSY set and no interrupt, until the bus master is
 * started again or the drive is reset. Not modelled: drive timing (IDETIM and SIDETIM are stored),
 * posted writes and prefetching.
 */
#include <string.h>

#include <devices/ide_internal.h>
#include <devices/ide_piix3.h>

#define IDETIM_IDE 0x8000u
#define BMIBA_ADDR 0xfff0u

#define CTL_NIEN 0x02u
#define CTL_SRST 0x04u
#define CTL_HOB  0x80u

/* --- the cable --- */

/* The drive that answers for what is selected; NULL: none. */
static struct ata_disk *
selected(struct ide_piix3 *ide, unsigned c)
{
    struct ata_disk *d = &ide->disk[c][ide->channel[c].select];

    return ata_present(d) ? d : NULL;
}

/* Drive 0 answers for a missing drive 1, except for status. */
static struct ata_disk *
answering(struct ide_piix3 *ide, unsigned c)
{
    struct ata_disk *d = selected(ide, c);

    if (!d && ide->channel[c].select == 1 && ata_present(&ide->disk[c][0])) {
        d = &ide->disk[c][0];
    }
    return d;
}

static uint8_t
alt_status(struct ide_piix3 *ide, unsigned c)
{
    struct ata_disk *d = selected(ide, c);

    return d ? ata_alt_status(d) : 0;
}

/* May the host write the task file now?  No: reported, and the write does not count. */
static bool
may_write(struct ide_piix3 *ide, unsigned c, const char *reg, uint64_t value)
{
    for (unsigned i = 0; i < DRIVES; i++) {
        struct ata_disk *d = &ide->disk[c][i];

        if (ata_present(d) && (ata_alt_status(d) & (ATA_BSY | ATA_DRQ))) {
            model_guest_error(&ide->model, reg, value, "task file written while BSY or DRQ is set");
            return false;
        }
    }
    return true;
}

static const struct reg ata_regs[ATA_REGS];

static uint64_t
task_read(void *dev, unsigned reg)
{
    struct ide_piix3 *ide = dev;
    unsigned c = reg / T_REGS;
    struct ata_disk *d = answering(ide, c);

    return d ? ata_reg_read(d, reg % T_REGS + ATA_FEATURES, ide->channel[c].control & CTL_HOB) : 0;
}

static uint64_t
task_peek(const void *dev, unsigned reg)
{
    return task_read((void *)dev, reg); /* has no side effects */
}

/* Both drives hear it. */
static void
task_write(void *dev, unsigned reg, uint64_t value)
{
    struct ide_piix3 *ide = dev;
    unsigned c = reg / T_REGS, offset = reg % T_REGS + ATA_FEATURES;

    ide->channel[c].control &= (uint8_t)~CTL_HOB;
    if (!may_write(ide, c, ata_regs[reg].name, value)) {
        return;
    }
    if (offset == ATA_DEVICE) {
        ide->channel[c].select = value & ATA_DEV ? 1 : 0;
    }
    for (unsigned i = 0; i < DRIVES; i++) {
        if (ata_present(&ide->disk[c][i])) {
            ata_reg_write(&ide->disk[c][i], offset, (uint8_t)value);
        }
    }
}

static uint64_t
status_read(void *dev, unsigned reg)
{
    struct ata_disk *d = selected(dev, reg / T_REGS);

    return d ? ata_status(d) : 0;
}

static uint64_t
status_peek(const void *dev, unsigned reg)
{
    return alt_status((void *)dev, reg / T_REGS);
}

static void
diagnose(struct ide_piix3 *ide, unsigned c)
{
    for (unsigned i = 0; i < DRIVES; i++) {
        if (ata_present(&ide->disk[c][i])) {
            ata_diagnose(&ide->disk[c][i], i == 0);
        }
    }
    ide->channel[c].select = 0;
}

static void
command_write(void *dev, unsigned reg, uint64_t value)
{
    struct ide_piix3 *ide = dev;
    unsigned c = reg / T_REGS;
    struct ata_disk *d = selected(ide, c);

    ide->channel[c].control &= (uint8_t)~CTL_HOB;
    if (!may_write(ide, c, ata_regs[reg].name, value)) {
        return;
    }
    if (value == 0x90) {
        diagnose(ide, c);
    } else if (d) {
        ata_command(d, (uint8_t)value);
    }
}

static uint64_t
data_read(void *dev, unsigned reg)
{
    struct ide_piix3 *ide = dev;
    struct ata_disk *d = selected(ide, reg / T_REGS);
    uint16_t value = 0;

    if (!d || !ata_data_read(d, &value)) {
        model_guest_error(&ide->model, ata_regs[reg].name, 0,
                          "data read while the drive does not offer any");
    }
    return value;
}

static uint64_t
data_peek(const void *dev, unsigned reg)
{
    (void)dev;
    (void)reg;
    return 0;
}

static void
data_write(void *dev, unsigned reg, uint64_t value)
{
    struct ide_piix3 *ide = dev;
    struct ata_disk *d = selected(ide, reg / T_REGS);

    if (!d || !ata_data_write(d, (uint16_t)value)) {
        model_guest_error(&ide->model, ata_regs[reg].name, value,
                          "data written while the drive does not ask for any");
    }
}

static uint64_t
alt_status_read(void *dev, unsigned reg)
{
    return alt_status(dev, reg - T_CONTROL0);
}

static uint64_t
alt_status_peek(const void *dev, unsigned reg)
{
    return alt_status((void *)dev, reg - T_CONTROL0);
}

enum { SRST_MIN_NS = 5000 };

static void
control_write(void *dev, unsigned reg, uint64_t value)
{
    struct ide_piix3 *ide = dev;
    unsigned c = reg - T_CONTROL0;
    struct ide_channel *ch = &ide->channel[c];
    bool was = ch->control & CTL_SRST, is = value & CTL_SRST;

    if (value & 0x79) {
        model_guest_error(&ide->model, ata_regs[reg].name, value,
                          "reserved bits of the device control register written");
    }
    ch->control = (uint8_t)(value & (CTL_NIEN | CTL_SRST | CTL_HOB));
    if (was == is) {
        return;
    }
    if (is) {
        ch->srst_ns = model_now(&ide->model);
    } else if (model_now(&ide->model) - ch->srst_ns < SRST_MIN_NS) {
        model_guest_error(&ide->model, ata_regs[reg].name, value, "SRST held for less than 5 us");
    }
    ch->select = 0;
    for (unsigned i = 0; i < DRIVES; i++) {
        if (ata_present(&ide->disk[c][i])) {
            ata_srst(&ide->disk[c][i], is);
        }
    }
}

#define HOOKS(kind_) .read = kind_##_read, .peek = kind_##_peek
#define TASK(c_, name_, reg_)                                                                      \
    [(c_) * T_REGS + (reg_)] = { .name = name_,                                                    \
                                 .offset = (c_) * 8 + (reg_) + 1,                                  \
                                 .size = 1,                                                        \
                                 .rw = 0xff,                                                       \
                                 HOOKS(task),                                                      \
                                 .write = task_write }
#define STATUS(c_, name_)                                                                                   \
    [(c_) * T_REGS + T_COMMAND] = {                                                                         \
        .name = name_, .offset = (c_) * 8 + 7, .size = 1, .rw = 0xff, HOOKS(status), .write = command_write \
    }
#define DATA(c_, name_)                                                                            \
    [(c_) * T_REGS + T_DATA] = { .name = name_,                                                    \
                                 .offset = (c_) * 8,                                               \
                                 .size = 2,                                                        \
                                 .widths = 2 | 4,                                                  \
                                 .rw = 0xffff,                                                     \
                                 HOOKS(data),                                                      \
                                 .write = data_write }
#define CONTROL(c_, name_)                                                                         \
    [T_CONTROL0 + (c_)] = { .name = name_,                                                         \
                            .offset = 16 + (c_),                                                   \
                            .size = 1,                                                             \
                            .rw = 0x86,                                                            \
                            .ro = 0x79,                                                            \
                            HOOKS(alt_status),                                                     \
                            .write = control_write }

/* clang-format off */
static const struct reg ata_regs[ATA_REGS] = {
    TASK(0, "PRI_ERROR", T_FEATURES),
    TASK(0, "PRI_COUNT", T_COUNT),
    TASK(0, "PRI_LBA_LOW", T_LOW),
    TASK(0, "PRI_LBA_MID", T_MID),
    TASK(0, "PRI_LBA_HIGH", T_HIGH),
    TASK(0, "PRI_DEVICE", T_DEVICE),
    STATUS(0, "PRI_STATUS"),
    DATA(0, "PRI_DATA"),
    CONTROL(0, "PRI_ALTSTATUS"),
    TASK(1, "SEC_ERROR", T_FEATURES),
    TASK(1, "SEC_COUNT", T_COUNT),
    TASK(1, "SEC_LBA_LOW", T_LOW),
    TASK(1, "SEC_LBA_MID", T_MID),
    TASK(1, "SEC_LBA_HIGH", T_HIGH),
    TASK(1, "SEC_DEVICE", T_DEVICE),
    STATUS(1, "SEC_STATUS"),
    DATA(1, "SEC_DATA"),
    CONTROL(1, "SEC_ALTSTATUS"),
};
/* clang-format on */

static const struct bank_class ata_bank = { .regs = ata_regs, .count = ATA_REGS, .size = 18 };

/* --- PCI configuration --- */

/* What the function decodes, after a change of PCICMD, BMIBA or IDETIM. */
static void
decode(struct ide_piix3 *ide)
{
    static const uint16_t command_base[CHANNELS] = { 0x1f0, 0x170 },
                          control_base[CHANNELS] = { 0x3f6, 0x376 };
    bool io = ide->config_val[C_PCICMD] & PCICMD_IOSE;
    uint64_t bm_base = ide->config_val[C_BMIBA] & BMIBA_ADDR;

    for (unsigned c = 0; c < CHANNELS; c++) {
        bool on = io && (ide->config_val[C_IDETIM0 + c] & IDETIM_IDE);

        sim_region_set(&ide->command_region[c], command_base[c], on);
        sim_region_set(&ide->control_region[c], control_base[c], on);
    }
    sim_region_set(&ide->bm_region, bm_base, io && bm_base != 0);
}

static void
config_write(void *dev, unsigned reg, uint64_t value)
{
    struct ide_piix3 *ide = dev;

    (void)reg;
    (void)value;
    decode(ide);
    for (unsigned c = 0; c < CHANNELS; c++) {
        ide_bm_pump(ide, c);
    }
}

/* clang-format off */
#define RO(name_, offset_, size_, value_) \
    {.name = name_, .offset = offset_, .size = size_, .reset = value_, .ro = 0xffffffff, .quiet_ro = true}

static const struct reg config_regs[CONFIG_REGS] = {
    [C_VID] = RO("VID", 0x00, 2, 0x8086),
    [C_DID] = RO("DID", 0x02, 2, 0x7010),
    [C_PCICMD] = {.name = "PCICMD", .offset = 0x04, .size = 2, .rw = PCICMD_IOSE | PCICMD_BME, .ro = 0xfffa,
                  .write = config_write},
    [C_PCISTS] = {.name = "PCISTS", .offset = 0x06, .size = 2, .reset = 0x0280, .w1c = 0x3800, .ro = 0xc7ff},
    [C_RID] = RO("RID", 0x08, 1, 0x00),
    [C_PI] = RO("PI", 0x09, 1, 0x80), /* bus master, compatibility mode on both channels */
    [C_SCC] = RO("SCC", 0x0a, 1, 0x01),
    [C_BCC] = RO("BCC", 0x0b, 1, 0x01),
    [C_MLT] = {.name = "MLT", .offset = 0x0d, .size = 1, .rw = 0xf0, .ro = 0x0f},
    [C_HEDT] = RO("HEDT", 0x0e, 1, 0x00),
    [C_BMIBA] = {.name = "BMIBA", .offset = 0x20, .size = 4, .reset = 0x00000001, .rw = BMIBA_ADDR,
                 .ro = 0xffff000f, .write = config_write},
    [C_INTLN] = {.name = "INTLN", .offset = 0x3c, .size = 1, .rw = 0xff},
    [C_INTPIN] = RO("INTPIN", 0x3d, 1, 0x00), /* irq 14 and 15, no PCI interrupt */
    [C_IDETIM0] = {.name = "IDETIM0", .offset = 0x40, .size = 2, .rw = 0xf3ff, .write = config_write},
    [C_IDETIM1] = {.name = "IDETIM1", .offset = 0x42, .size = 2, .rw = 0xf3ff, .write = config_write},
    [C_SIDETIM] = {.name = "SIDETIM", .offset = 0x44, .size = 1, .rw = 0xff},
};
/* clang-format on */

static const struct bank_class config_bank = {
    .regs = config_regs, .count = CONFIG_REGS, .size = CONFIG_SIZE, .merge = true
};

/* --- the model --- */

static void
drive_event(struct ide_piix3 *ide, unsigned c, unsigned i)
{
    ata_event(&ide->disk[c][i]);
    ide_bm_pump(ide, c);
}

static void
event_00(void *dev)
{
    drive_event(dev, 0, 0);
}

static void
event_01(void *dev)
{
    drive_event(dev, 0, 1);
}

static void
event_10(void *dev)
{
    drive_event(dev, 1, 0);
}

static void
event_11(void *dev)
{
    drive_event(dev, 1, 1);
}

/* INTRQ comes from the selected drive unless nIEN is set; its rising edge sets the bus master's
 * interrupt bit. */
static void
ide_update(void *dev)
{
    struct ide_piix3 *ide = dev;

    for (unsigned c = 0; c < CHANNELS; c++) {
        struct ide_channel *ch = &ide->channel[c];
        struct ata_disk *d = selected(ide, c);
        bool level = d && d->s->intrq && !(ch->control & CTL_NIEN);

        if (level && !ch->line) {
            *ide_bm_reg(ide, c, BM_STA) |= BMISTA_INT;
        }
        ch->line = level;
        model_set_irq(&ide->model, c, level);
    }
}

static void
ide_reset(void *dev)
{
    struct ide_piix3 *ide = dev;

    memset(ide->channel, 0, sizeof ide->channel);
    for (unsigned c = 0; c < CHANNELS; c++) {
        for (unsigned i = 0; i < DRIVES; i++) {
            ata_power_on(&ide->disk[c][i], i, !ata_present(&ide->disk[c][1 - i]));
        }
    }
    if (ide->model.class == &ide_piix3_class) { /* what firmware does */
        ide->config_val[C_PCICMD] = PCICMD_IOSE;
        ide->config_val[C_BMIBA] = 0xc041;
        ide->config_val[C_IDETIM0] = IDETIM_IDE;
        ide->config_val[C_IDETIM1] = IDETIM_IDE;
    }
    decode(ide);
}

static void
drives_create(struct ide_piix3 *ide)
{
    static const char *const slots[CHANNELS][DRIVES] = { { "ide0.0", "ide0.1" },
                                                         { "ide1.0", "ide1.1" } };
    static void (*const events[CHANNELS][DRIVES])(void *) = { { event_00, event_01 },
                                                              { event_10, event_11 } };

    for (unsigned c = 0; c < CHANNELS; c++) {
        for (unsigned i = 0; i < DRIVES; i++) {
            struct sim_image *image = sim_image_find(ide->model.sim, slots[c][i]);

            model_event_init(&ide->model, &ide->event[c][i], slots[c][i], events[c][i]);
            ide->disk[c][i] = (struct ata_disk){
                .owner = &ide->model,
                .event = &ide->event[c][i],
                .image = image && image->size >= ATA_SECTOR ? image : NULL,
                .timing = &ide->timing,
                .s = &ide->state[c][i],
                .serial = c * DRIVES + i + 1,
            };
        }
    }
}

static int
ide_create(struct model *model, const struct board_dev *where)
{
    static const char *const lines[CHANNELS] = { "irq14", "irq15" };
    struct ide_piix3 *ide = (struct ide_piix3 *)model;
    int err = model_bank_init(model, &ide->config, &config_bank, ide->config_val);

    (void)where;
    model_set_alias(model, "pci00:01.1");
    ide->timing = sim_config_of(model->sim)->instant_disk ? ATA_TIMING_INSTANT : ATA_TIMING_DEFAULT;
    err = err ? err : model_bank_init(model, &ide->ata, &ata_bank, ide->ata_val);
    err = err ? err : model_bank_init(model, &ide->bm, &ide_bm_bank, ide->bm_val);
    err = err ? err
              : model_region_bank(model, &ide->config_region, SIM_PCI, SIM_PCI_ADDR(0, 1, 1, 0),
                                  CONFIG_SIZE, &ide->config, 0);
    for (unsigned c = 0; c < CHANNELS && !err; c++) {
        model_line_init(model, &ide->line[c], c, lines[c], 14 + c);
        err = model_region_bank(model, &ide->command_region[c], SIM_PORT, 0x1f0 - c * 0x80, 8,
                                &ide->ata, c * 8);
        err = err ? err
                  : model_region_bank(model, &ide->control_region[c], SIM_PORT, 0x3f6 - c * 0x80, 1,
                                      &ide->ata, 16 + c);
    }
    err = err ? err
              : model_region_bank(model, &ide->bm_region, SIM_PORT, 0xc040, BM_SIZE, &ide->bm, 0);
    if (!err) {
        drives_create(ide);
    }
    return err;
}

const struct model_class ide_piix3_class = {
    .compatible = "intel,piix3-ide",
    .size = sizeof(struct ide_piix3),
    .state = offsetof(struct ide_piix3, config_val),
    .create = ide_create,
    .reset = ide_reset,
    .update = ide_update,
};

const struct model_class ide_piix3_cold_class = {
    .compatible = "intel,piix3-ide-cold",
    .size = sizeof(struct ide_piix3),
    .state = offsetof(struct ide_piix3, config_val),
    .create = ide_create,
    .reset = ide_reset,
    .update = ide_update,
};

/* --- for the host side --- */

void
ide_piix3_set_timing(struct model *ide, const struct ata_timing *timing)
{
    ((struct ide_piix3 *)ide)->timing = *timing;
}

static const struct ata_disk *
drive_at(const struct model *model, unsigned channel, unsigned drive)
{
    const struct ide_piix3 *ide = (const struct ide_piix3 *)model;

    if (channel >= CHANNELS || drive >= DRIVES || !ata_present(&ide->disk[channel][drive])) {
        return NULL;
    }
    return &ide->disk[channel][drive];
}

int
ide_piix3_set_faults(struct model *ide, unsigned channel, unsigned drive,
                     const struct ata_faults *faults)
{
    const struct ata_disk *d = drive_at(ide, channel, drive);

    if (!d) {
        return -ENODEV;
    }
    d->s->faults = *faults;
    return 0;
}

int
ide_piix3_counts(const struct model *ide, unsigned channel, unsigned drive, struct ide_counts *seen)
{
    const struct ata_disk *d = drive_at(ide, channel, drive);

    if (!d) {
        return -ENODEV;
    }
    *seen = (struct ide_counts){ d->s->commands, d->s->reads, d->s->writes, d->s->flushes };
    return 0;
}

/* Model of the 440FX host bridge and of function 0 of the PIIX3 behind it (manuals: Intel 82441FX
 * PMC, order number 290549, section 3; Intel 82371SB PIIX3, order number 290550, section 2).
 *
 * Configuration mechanism #1 at 0xcf8/0xcfc forwards to the machine's PCI configuration space,
 * where every function claims its 256 bytes.  Bus 0 only: 00.0 host bridge, 01.0 ISA bridge, 01.1
 * IDE (devices/ide_piix3.c).  The reset control register of the PIIX3 at 0xcf9 ends the run with
 * SIM_END_RESET.
 *
 * "intel,i440fx" comes up as firmware leaves it (the IDE function decoded and its bus master
 * registers placed, bus mastering off); "intel,i440fx-cold" as reset leaves it. Not modelled:
 * shadow RAM (PAM), SMRAM, ISA bus timing, DMA and interrupt steering (PIRQRC is stored).
 */
#include <devices/ide_piix3.h>
#include <devices/pci_i440fx.h>

enum { CONFADD_ENABLE = 1u << 31, CONFADD_ADDRESS = 0x00fffffc, CONFIG_SIZE = 256 };

/* clang-format off */
#define RO(name_, offset_, size_, value_) \
    {.name = name_, .offset = offset_, .size = size_, .reset = value_, .ro = 0xffffffff, .quiet_ro = true}
#define STORED(name_, offset_, size_, value_, bits_) \
    {.name = name_, .offset = offset_, .size = size_, .reset = value_, .rw = bits_, .ro = 0xffffffff & ~(bits_), \
     .write = without_effect}
/* clang-format on */

/* What such a register controls is not modelled: it keeps its value. */
static void
without_effect(void *dev, unsigned reg, uint64_t value)
{
    struct model *model = dev;

    sim_log(model->sim, "%s: configuration register %u has no effect here: %#llx", model->name, reg,
            (unsigned long long)value);
}

/* --- 00.0: 440FX --- */

enum { PMC_CONFADD, PMC_PORT_REGS };

static const struct reg pmc_port_regs[PMC_PORT_REGS] = {
    [PMC_CONFADD] = { .name = "CONFADD", .offset = 0, .size = 4, .rw = 0x80fffffc },
};

static const struct bank_class pmc_port_bank = {
    .regs = pmc_port_regs, .count = PMC_PORT_REGS, .size = 4, .reg_size = 4
};

static const struct reg pmc_regs[] = {
    RO("VID", 0x00, 2, 0x8086),
    RO("DID", 0x02, 2, 0x1237),
    { .name = "PCICMD", .offset = 0x04, .size = 2, .reset = 0x0006, .rw = 0x0140, .ro = 0xfebf },
    { .name = "PCISTS", .offset = 0x06, .size = 2, .reset = 0x0280, .w1c = 0xf900, .ro = 0x06ff },
    RO("RID", 0x08, 1, 0x02),
    RO("PROGIF", 0x09, 1, 0x00),
    RO("SUBC", 0x0a, 1, 0x00),
    RO("BCC", 0x0b, 1, 0x06),
    { .name = "MLT", .offset = 0x0d, .size = 1, .rw = 0xf8, .ro = 0x07 },
    RO("HEDT", 0x0e, 1, 0x00),
    STORED("PMCCFG", 0x50, 2, 0x00, 0xffff),
    STORED("DETURBO", 0x52, 1, 0x00, 0xff),
    STORED("DBC", 0x53, 1, 0x80, 0x7f),
    STORED("PAM0", 0x59, 1, 0x00, 0xff),
    STORED("PAM1", 0x5a, 1, 0x00, 0xff),
    STORED("PAM2", 0x5b, 1, 0x00, 0xff),
    STORED("PAM3", 0x5c, 1, 0x00, 0xff),
    STORED("PAM4", 0x5d, 1, 0x00, 0xff),
    STORED("PAM5", 0x5e, 1, 0x00, 0xff),
    STORED("PAM6", 0x5f, 1, 0x00, 0xff),
    STORED("SMRAM", 0x72, 1, 0x02, 0x7d),
};

enum { PMC_REGS = sizeof pmc_regs / sizeof pmc_regs[0] };

static const struct bank_class pmc_bank = {
    .regs = pmc_regs, .count = PMC_REGS, .size = CONFIG_SIZE, .merge = true
};

struct pmc {
    struct model model;
    struct reg_bank port, config;
    struct sim_region port_region, data_region, config_region;
    uint64_t port_val[PMC_PORT_REGS]; /* state from here on */
    uint64_t config_val[PMC_REGS];
};

/* Where an access to CONFDATA goes; false: nowhere, as bit 31 of CONFADD is clear. */
static bool
config_address(struct pmc *pmc, uint64_t off, uint64_t value, uint64_t *addr)
{
    uint64_t confadd = pmc->port_val[PMC_CONFADD];

    if (!(confadd & CONFADD_ENABLE)) {
        model_guest_error(&pmc->model, "CONFDATA", value,
                          "CONFDATA accessed while CONFADD does not enable it");
        return false;
    }
    *addr = (confadd & CONFADD_ADDRESS) + off;
    return true;
}

static uint64_t
confdata_read(void *dev, uint64_t off, unsigned width)
{
    struct pmc *pmc = dev;
    uint64_t addr;

    return config_address(pmc, off, 0, &addr) ? sim_bus_read(pmc->model.sim, SIM_PCI, addr, width)
                                              : UINT64_MAX;
}

static void
confdata_write(void *dev, uint64_t off, unsigned width, uint64_t value)
{
    struct pmc *pmc = dev;
    uint64_t addr;

    if (config_address(pmc, off, value, &addr)) {
        sim_bus_write(pmc->model.sim, SIM_PCI, addr, width, value);
    }
}

static const struct region_ops confdata_ops = { confdata_read, confdata_write };

/* --- 01.0: PIIX3 --- */

enum { RC_SRST = 0x02, RC_RCPU = 0x04 };

static const struct reg isa_regs[] = {
    RO("VID", 0x00, 2, 0x8086),
    RO("DID", 0x02, 2, 0x7000),
    { .name = "PCICMD", .offset = 0x04, .size = 2, .reset = 0x0007, .rw = 0x0008, .ro = 0xfff7 },
    { .name = "PCISTS", .offset = 0x06, .size = 2, .reset = 0x0200, .w1c = 0x3800, .ro = 0xc7ff },
    RO("RID", 0x08, 1, 0x00),
    RO("PI", 0x09, 1, 0x00),
    RO("SCC", 0x0a, 1, 0x01),
    RO("BCC", 0x0b, 1, 0x06),
    RO("HEDT", 0x0e, 1, 0x80), /* more than one function */
    STORED("IORT", 0x4c, 1, 0x4d, 0xff),
    STORED("XBCS", 0x4e, 2, 0x0003, 0xffff),
    { .name = "PIRQRCA", .offset = 0x60, .size = 1, .reset = 0x80, .rw = 0x8f },
    { .name = "PIRQRCB", .offset = 0x61, .size = 1, .reset = 0x80, .rw = 0x8f },
    { .name = "PIRQRCC", .offset = 0x62, .size = 1, .reset = 0x80, .rw = 0x8f },
    { .name = "PIRQRCD", .offset = 0x63, .size = 1, .reset = 0x80, .rw = 0x8f },
    STORED("TOM", 0x69, 1, 0x02, 0xff),
    STORED("MSTAT", 0x6a, 2, 0x00, 0xffff),
    STORED("MBIRQ0", 0x70, 1, 0x80, 0xff),
    STORED("MBDMA0", 0x76, 1, 0x0c, 0x8f),
    STORED("MBDMA1", 0x77, 1, 0x0c, 0x8f),
    STORED("PCSC", 0x78, 2, 0x0002, 0xffff),
    STORED("APICBASE", 0x80, 1, 0x00, 0x7f),
    STORED("DLC", 0x82, 1, 0x00, 0x0f),
    STORED("SMICNTL", 0xa0, 1, 0x08, 0x1f),
    STORED("SMIEN", 0xa2, 2, 0x0000, 0x01ff),
    STORED("SEE", 0xa4, 4, 0x00000000, 0xffffffff),
    STORED("FTMR", 0xa8, 1, 0x0f, 0xff),
    STORED("SMIREQ", 0xaa, 2, 0x0000, 0x01ff),
    STORED("CTLTMR", 0xac, 1, 0x00, 0xff),
    STORED("CTHTMR", 0xae, 1, 0x00, 0xff),
};

enum { ISA_REGS = sizeof isa_regs / sizeof isa_regs[0] };

static const struct bank_class isa_bank = {
    .regs = isa_regs, .count = ISA_REGS, .size = CONFIG_SIZE, .merge = true
};

struct isa_bridge {
    struct model model;
    struct reg_bank port, config;
    struct sim_region port_region, config_region;
    uint64_t port_val[1]; /* state from here on */
    uint64_t config_val[ISA_REGS];
    uint64_t rc_before;
};

/* RCPU going up resets the CPU (SRST 0) or the whole machine (1): to a hosted kernel both are the
 * end. */
static void
rc_write(void *dev, unsigned reg, uint64_t value)
{
    struct isa_bridge *isa = dev;

    (void)reg;
    if ((value & RC_RCPU) && !(isa->rc_before & RC_RCPU)) {
        sim_end(isa->model.sim, SIM_END_RESET, 0);
    }
    isa->rc_before = value;
}

static const struct reg isa_port_regs[] = {
    { .name = "RC", .offset = 0, .size = 1, .rw = RC_SRST | RC_RCPU, .write = rc_write },
};

static const struct bank_class isa_port_bank = { .regs = isa_port_regs, .count = 1, .size = 1 };

static int
isa_create(struct model *model, const struct board_dev *where)
{
    struct isa_bridge *isa = (struct isa_bridge *)model;
    int err = model_bank_init(model, &isa->port, &isa_port_bank, isa->port_val);

    model_set_alias(model, "pci00:01.0");
    err = err ? err : model_bank_init(model, &isa->config, &isa_bank, isa->config_val);
    err = err ? err
              : model_region_bank(model, &isa->port_region, SIM_PORT, where->base, 1, &isa->port, 0);
    return err ? err
               : model_region_bank(model, &isa->config_region, SIM_PCI, SIM_PCI_ADDR(0, 1, 0, 0),
                                   CONFIG_SIZE, &isa->config, 0);
}

static void
isa_reset(void *dev)
{
    struct isa_bridge *isa = dev;

    isa->rc_before = 0;
}

static const struct model_class isa_class = {
    .compatible = "intel,piix3-isa",
    .size = sizeof(struct isa_bridge),
    .state = offsetof(struct isa_bridge, port_val),
    .create = isa_create,
    .reset = isa_reset,
};

/* --- the board's entry --- */

static int
add_functions(struct pmc *pmc, const struct board_dev *where, bool cold)
{
    /* The byte at 0xcf9 lies under CONFADD, which is 32 bits wide only, so it goes first. */
    struct board_dev isa = { "intel,piix3-isa", "isa0", BOARD_PORT, where->base + 1, 1,
                             BOARD_NO_IRQ,      0 };
    struct board_dev ide = { "intel,piix3-ide", "ide0", BOARD_PORT, 0, 0, BOARD_NO_IRQ, 0 };
    int err = model_add(pmc->model.sim, &isa_class, &isa, &pmc->model, NULL);

    if (err) {
        return err;
    }
    return model_add(pmc->model.sim, cold ? &ide_piix3_cold_class : &ide_piix3_class, &ide,
                     &pmc->model, NULL);
}

static int
pmc_create(struct model *model, const struct board_dev *where)
{
    struct pmc *pmc = (struct pmc *)model;
    int err = model_bank_init(model, &pmc->port, &pmc_port_bank, pmc->port_val);

    model_set_alias(model, "pci00:00.0");
    err = err ? err : model_bank_init(model, &pmc->config, &pmc_bank, pmc->config_val);
    err = err ? err : add_functions(pmc, where, model->class == &pci_i440fx_cold_class);
    err = err ? err
              : model_region_bank(model, &pmc->port_region, SIM_PORT, where->base, 4, &pmc->port, 0);
    err = err ? err
              : model_region_ops(model, &pmc->data_region, SIM_PORT, where->base + 4, 4, "CONFDATA",
                                 &confdata_ops);
    return err ? err
               : model_region_bank(model, &pmc->config_region, SIM_PCI, SIM_PCI_ADDR(0, 0, 0, 0),
                                   CONFIG_SIZE, &pmc->config, 0);
}

const struct model_class pci_i440fx_class = {
    .compatible = "intel,i440fx",
    .size = sizeof(struct pmc),
    .state = offsetof(struct pmc, port_val),
    .create = pmc_create,
};

const struct model_class pci_i440fx_cold_class = {
    .compatible = "intel,i440fx-cold",
    .size = sizeof(struct pmc),
    .state = offsetof(struct pmc, port_val),
    .create = pmc_create,
};

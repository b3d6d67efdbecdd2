/* Private to the IDE function of the PIIX3: what devices/ide_piix3.c and devices/ide_busmaster.c
 * share. */
#pragma once

#include <devices/ata_disk.h>
#include <sim/model.h>

enum { CHANNELS = 2, DRIVES = 2, CONFIG_SIZE = 256, BM_SIZE = 16 };

/* Registers of the PCI configuration space. */
enum {
    C_VID,
    C_DID,
    C_PCICMD,
    C_PCISTS,
    C_RID,
    C_PI,
    C_SCC,
    C_BCC,
    C_MLT,
    C_HEDT,
    C_BMIBA,
    C_INTLN,
    C_INTPIN,
    C_IDETIM0,
    C_IDETIM1,
    C_SIDETIM,
    CONFIG_REGS
};

#define PCICMD_IOSE 0x0001u
#define PCICMD_BME  0x0004u
#define PCISTS_MAS  0x2000u /* received master abort */

/* Per channel, in the order of the tables below. */
enum { BM_COM, BM_STA, BM_DTP, BM_REGS };

#define BMICOM_SSBM  0x01u
#define BMICOM_RWCON 0x08u /* the bus master writes memory */
#define BMISTA_ACT   0x01u
#define BMISTA_ERR   0x02u
#define BMISTA_INT   0x04u

/* The task files and control registers of both channels are one bank.  A data register stands last
 * in its task file: it is two bytes wide, and the error register lies under its second. */
enum { T_FEATURES, T_COUNT, T_LOW, T_MID, T_HIGH, T_DEVICE, T_COMMAND, T_DATA, T_REGS };
enum { T_CONTROL0 = CHANNELS * T_REGS, T_CONTROL1, ATA_REGS };

struct ide_channel {
    uint8_t select;   /* drive 0 or 1 */
    uint8_t control;  /* device control, as written */
    bool line;        /* the interrupt line, for its edge */
    uint64_t srst_ns; /* when SRST went up */

    /* bus master */
    uint8_t com; /* as before the write in progress */
    bool prd_last;
    bool refused; /* this transfer cannot go on, for a reason that was reported */
    uint32_t table, prd_addr, prd_left;
};

struct ide_piix3 {
    struct model model;
    struct reg_bank config, ata, bm;
    struct sim_region config_region, command_region[CHANNELS], control_region[CHANNELS], bm_region;
    struct sim_line line[CHANNELS];
    struct sim_event event[CHANNELS][DRIVES];
    struct ata_timing timing;
    struct ata_disk disk[CHANNELS][DRIVES];
    /* state from here on */
    uint64_t config_val[CONFIG_REGS];
    uint64_t ata_val[ATA_REGS];
    uint64_t bm_val[CHANNELS * BM_REGS];
    struct ide_channel channel[CHANNELS];
    struct ata_state state[CHANNELS][DRIVES];
};

static inline uint64_t *
ide_bm_reg(struct ide_piix3 *ide, unsigned c, unsigned reg)
{
    return &ide->bm_val[c * BM_REGS + reg];
}

/* ide_busmaster.c */
extern const struct bank_class ide_bm_bank;

/* Move what can be moved now: after everything that may make a drive or the bus master ready. */
void ide_bm_pump(struct ide_piix3 *ide, unsigned c);

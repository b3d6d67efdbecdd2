/* Model of the Ethernet controller of the LM3S6965 (LM3S6965 data sheet, chapter 15), as far as a driver needs to find it: the MAC's
 * registers, its address, and the PHY behind its management port.  The link is down unless the host side says otherwise.
 *
 * Not modelled: frames.  None arrives; the transmitter throws away what it is told to send.
 */
#include <devices/eth_stellaris.h>
#include <devices/models.h>
#include <devices/sysctl_lm3s.h>

#include <string.h>

enum {
    R_RIS,
    R_IACK,
    R_IM,
    R_RCTL,
    R_TCTL,
    R_DATA,
    R_IA0,
    R_IA1,
    R_THR,
    R_MCTL,
    R_MDV,
    R_MTXD,
    R_MRXD,
    R_NP,
    R_TR,
    R_COUNT
};

enum {
    INT_TXEMP = 1 << 2,
    INT_MDINT = 1 << 5,
    INT_ALL = 0x7f,

    RCTL_RSTFIFO = 1 << 4,
    TCTL_TXEN = 1 << 0,

    MCTL_START = 1 << 0,
    MCTL_WRITE = 1 << 1,

    TR_NEWTX = 1 << 0,

    MII_REGS = 32,
    MII_BITS = 64, /* of a management frame */
    MR0_RESET = 1 << 15,
    MR1_LINK = 1 << 2, /* once it was down, until it is read */
};

struct eth_stellaris {
    struct model model;
    struct reg_bank bank;
    struct sim_region region;
    struct sim_line irq;
    struct sim_event management;
    uint32_t board_hz;

    /* State. */
    uint64_t val[R_COUNT];
    uint16_t mii[MII_REGS];
    uint8_t ris;
    bool link;
    uint8_t unused[6]; /* no padding: it is part of a saved state */
};

/* --- the PHY: 15.5 --- */

static void
phy_reset(struct eth_stellaris *e)
{
    memset(e->mii, 0, sizeof e->mii);
    e->mii[0] = 0x3100; /* 100 Mbit/s, auto-negotiation, full duplex */
    e->mii[1] = 0x7849; /* what it can do; no link */
    e->mii[2] = 0x000e; /* the maker's identification */
    e->mii[3] = 0x7237;
    e->mii[4] = 0x01e1;
    e->mii[16] = 0x0140;
    e->mii[18] = 0x0000;
}

static void
management(void *dev)
{
    struct eth_stellaris *e = dev;
    unsigned reg = (unsigned)(e->val[R_MCTL] >> 3) % MII_REGS;

    if (!(e->val[R_MCTL] & MCTL_WRITE)) {
        e->val[R_MRXD] = e->mii[reg];
        e->mii[1] |= reg == 1 && e->link ? MR1_LINK : 0;
    } else if (reg == 0 && (e->val[R_MTXD] & MR0_RESET)) {
        phy_reset(e);
    } else if (reg == 0 || reg == 4 || reg >= 16) {
        e->mii[reg] = (uint16_t)e->val[R_MTXD];
    }
    e->val[R_MCTL] &= ~(uint64_t)MCTL_START;
    e->ris |= INT_MDINT;
}

static void
mctl_write(void *dev, unsigned reg, uint64_t value)
{
    struct eth_stellaris *e = dev;
    uint64_t hz = sysctl_lm3s_hz(e->model.sim, e->board_hz);

    if (e->bank.old & MCTL_START) {
        e->val[reg] = e->bank.old;
        model_guest_error(&e->model, "MCTL", value, "written during a management access");
        return;
    }
    if (value & MCTL_START) { /* MDC: the clock / (2 * (MDV + 1)) */
        sim_event_at(&e->management,
                     model_now(&e->model) + MII_BITS * 2 * (e->val[R_MDV] + 1) * 1000000000u / hz);
    }
}

/* --- the MAC --- */

static uint64_t
ris_peek(const void *dev, unsigned reg)
{
    (void)reg;
    return ((const struct eth_stellaris *)dev)->ris;
}

static void
iack_write(void *dev, unsigned reg, uint64_t value)
{
    struct eth_stellaris *e = dev;

    e->val[reg] = 0;
    e->ris &= (uint8_t)~value;
}

static void
rctl_write(void *dev, unsigned reg, uint64_t value)
{
    (void)value;
    ((struct eth_stellaris *)dev)->val[reg] &= ~(uint64_t)RCTL_RSTFIFO; /* clears itself */
}

static uint64_t
data_read(void *dev, unsigned reg)
{
    struct eth_stellaris *e = dev;

    (void)reg;
    model_guest_error(&e->model, "DATA", 0, "read while there is no frame");
    return 0;
}

static void
data_write(void *dev, unsigned reg, uint64_t value)
{
    struct eth_stellaris *e = dev;

    (void)value;
    e->val[reg] = 0;
    sim_log(e->model.sim, "%s: not modelled: sending", e->model.name);
}

static void
tr_write(void *dev, unsigned reg, uint64_t value)
{
    struct eth_stellaris *e = dev;

    e->val[reg] = 0;
    if ((value & TR_NEWTX) && (e->val[R_TCTL] & TCTL_TXEN)) {
        e->ris |= INT_TXEMP;
    }
}

static const struct reg regs[R_COUNT] = {
    [R_RIS] = { "RIS", 0x00, .ro = INT_ALL, .peek = ris_peek },
    [R_IACK] = { "IACK", 0x00, .wo = INT_ALL, .write = iack_write },
    [R_IM] = { "IM", 0x04, .rw = INT_ALL, .reset = INT_ALL },
    [R_RCTL] = { "RCTL", 0x08, .rw = 0x1f, .reset = 0x08, .write = rctl_write },
    [R_TCTL] = { "TCTL", 0x0c, .rw = 0x17 },
    [R_DATA] = { "DATA", 0x10, .rw = 0xffffffff, .read = data_read, .write = data_write },
    [R_IA0] = { "IA0", 0x14, .rw = 0xffffffff },
    [R_IA1] = { "IA1", 0x18, .rw = 0xffff },
    [R_THR] = { "THR", 0x1c, .rw = 0x3f, .reset = 0x3f },
    [R_MCTL] = { "MCTL", 0x20, .rw = 0xfb, .write = mctl_write },
    [R_MDV] = { "MDV", 0x24, .rw = 0xff, .reset = 0x80 },
    [R_MTXD] = { "MTXD", 0x2c, .rw = 0xffff },
    [R_MRXD] = { "MRXD", 0x30, .rw = 0xffff },
    [R_NP] = { "NP", 0x34, .ro = 0x3f },
    [R_TR] = { "TR", 0x38, .rw = 1, .write = tr_write },
};

static const struct bank_class bank = { .regs = regs, .count = R_COUNT, .size = 0x1000, .reg_size = 4 };

static void
update(void *dev)
{
    struct eth_stellaris *e = dev;

    model_set_irq(&e->model, 0, e->ris & e->val[R_IM]);
}

static void
reset(void *dev)
{
    struct eth_stellaris *e = dev;

    e->ris = 0;
    phy_reset(e);
}

void
eth_stellaris_link(struct model *eth, bool up)
{
    struct eth_stellaris *e = (struct eth_stellaris *)eth;

    e->link = up;
    e->mii[1] &= (uint16_t)~(up ? 0 : MR1_LINK);
}

static int
create(struct model *model, const struct board_dev *where)
{
    struct eth_stellaris *e = (struct eth_stellaris *)model;
    int err = model_bank_init(model, &e->bank, &bank, e->val);

    e->board_hz = where->hz ? where->hz : 50000000;
    model_line_init(model, &e->irq, 0, "irq", where->irq);
    model_event_init(model, &e->management, "management", management);
    return err ? err
               : model_region_bank(model, &e->region, SIM_MMIO, where->base, 0x1000, &e->bank, 0);
}

const struct model_class eth_stellaris_class = {
    .compatible = "luminary,ethernet",
    .size = sizeof(struct eth_stellaris),
    .state = offsetof(struct eth_stellaris, val),
    .create = create,
    .reset = reset,
    .update = update,
};

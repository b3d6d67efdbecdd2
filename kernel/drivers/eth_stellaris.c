/* Driver for the Ethernet controller of the LM3S6965 (LM3S6965 data sheet, chapter 15), as far as finding it: the log says which PHY is there,
 * which address the MAC has and whether there is a link.  The kernel has no network yet: the controller stays quiet. */
#include <kernel/abi/errno.h>
#include <kernel/core/device.h>
#include <kernel/core/log.h>
#include <kernel/drivers/drivers.h>

enum {
    MACIACK = 0x00,
    MACIM = 0x04,
    MACIA0 = 0x14, /* the address, its first byte in the lowest bits */
    MACIA1 = 0x18,
    MACMCTL = 0x20,
    MACMDV = 0x24,
    MACMRXD = 0x30,
    REGISTERS = 0x3c,
};

#define INT_ALL          0x7fu
#define MCTL_START       BIT(0)
#define MCTL_REG(r)      ((uint32_t)(r) << 3)
#define MR1_LINK         BIT(2) /* low until it is read, if there was none in between */
#define MDC_HZ           2500000u
#define MANAGEMENT_READS 10000 /* of MACMCTL: an access takes 26 us */

enum { MR1 = 1, MR2 = 2, MR3 = 3 };

/* A register of the PHY; 0 if it does not answer: none that is read here has that value. */
static uint32_t
phy_read(const struct io *io, uint32_t reg)
{
    io_write32(io, MACMCTL, MCTL_REG(reg) | MCTL_START);
    for (unsigned n = 0; n < MANAGEMENT_READS; n++)
        if ((io_read32(io, MACMCTL) & MCTL_START) == 0)
            return io_read32(io, MACMRXD) & 0xffff;
    return 0;
}

static int
eth_attach(struct device *dev)
{
    const struct io *io = &dev->io[0];
    uint32_t low, high, id, status;

    if (io->size < REGISTERS || dev->hz < 2 * MDC_HZ)
        return -ENODEV;
    io_write32(io, MACIM, 0); /* all are on after a reset */
    io_write32(io, MACIACK, INT_ALL);
    io_write32(io, MACMDV, dev->hz / (2 * MDC_HZ) - 1);
    id = phy_read(io, MR2) << 16 | phy_read(io, MR3);
    (void)phy_read(io, MR1);
    status = phy_read(io, MR1);
    low = io_read32(io, MACIA0);
    high = io_read32(io, MACIA1) & 0xffff;
    klog(LOG_INFO, "%s: Ethernet, address %02x:%02x:%02x:%02x:%02x:%02x, PHY %08x, %s", dev->name,
         low & 0xff, low >> 8 & 0xff, low >> 16 & 0xff, low >> 24, high & 0xff, high >> 8, id,
         id == 0                    ? "which does not answer"
         : (status & MR1_LINK) != 0 ? "link"
                                    : "no link");
    return 0;
}

static const char *const compatible[] = { "luminary,ethernet", NULL };

const struct driver driver_eth_stellaris = { .name = "eth_stellaris",
                                             .compatible = compatible,
                                             .attach = eth_attach };

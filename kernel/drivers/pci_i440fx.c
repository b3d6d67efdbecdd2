/* Driver for the host bridge of the Intel 440FX chip set (82441FX data sheet, May 1996, section 3.1): PCI configuration
 * mechanism 1, an address register at offset 0 and a data window at offset 4. */
#include <kernel/abi/errno.h>
#include <kernel/core/pci.h>
#include <kernel/drivers/drivers.h>

enum { CONFADD = 0, CONFDATA = 4, RANGE_SIZE = 8 };
#define CONFADD_ENABLE BIT(31)

/* What the board leaves for base addresses that nobody has assigned: as the PC's firmware does. */
#define PORT_WINDOW     0xc000u
#define PORT_WINDOW_END 0x10000u
#define MMIO_WINDOW     0xfd000000u
#define MMIO_WINDOW_END 0xfec00000u

static struct io range;

static void
confadd_select(uint16_t addr, uint8_t off)
{
    io_write32(&range, CONFADD, CONFADD_ENABLE | (uint32_t)addr << 8 | (off & 0xfcu));
}

static uint32_t
i440fx_read(struct pci_host *host unused_param, uint16_t addr, uint8_t off, unsigned width)
{
    uint32_t at = CONFDATA + (off & 3u);

    confadd_select(addr, off);
    switch (width) {
    case 1:
        return io_read8(&range, at);
    case 2:
        return io_read16(&range, at);
    default:
        return io_read32(&range, at);
    }
}

static void
i440fx_write(struct pci_host *host unused_param, uint16_t addr, uint8_t off, unsigned width,
             uint32_t value)
{
    uint32_t at = CONFDATA + (off & 3u);

    confadd_select(addr, off);
    switch (width) {
    case 1:
        io_write8(&range, at, (uint8_t)value);
        break;
    case 2:
        io_write16(&range, at, (uint16_t)value);
        break;
    default:
        io_write32(&range, at, value);
        break;
    }
}

static struct pci_host host = {
    .read = i440fx_read,
    .write = i440fx_write,
    .bus_max = 0,
};

static int
i440fx_attach(struct device *dev)
{
    if (dev->io[0].size < RANGE_SIZE)
        return -EINVAL;
    range = dev->io[0];
    io_write32(&range, CONFADD, CONFADD_ENABLE);
    if (io_read32(&range, CONFADD) != CONFADD_ENABLE)
        return -ENODEV;
    host.port_next = PORT_WINDOW;
    host.port_end = PORT_WINDOW_END;
    host.mmio_next = MMIO_WINDOW;
    host.mmio_end = MMIO_WINDOW_END;
    dev->state = &host;
    pci_scan(&host);
    return 0;
}

static const char *const i440fx_compatible[] = { "intel,i440fx", NULL };

const struct driver driver_pci_i440fx = {
    .name = "pci_i440fx",
    .compatible = i440fx_compatible,
    .attach = i440fx_attach,
};

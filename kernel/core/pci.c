/* PCI: configuration space access and enumeration (PCI Local Bus Specification 3.0, chapter 6; PCI IDE Controller Specification
 * 1.0 for the legacy ranges).  Not here: bridges behind the host bridge (buses are scanned by number), ROMs, 64-bit base
 * addresses above 4 GiB, power management. */
#include <hal/board.h>
#include <kernel/abi/errno.h>
#include <kernel/core/assert.h>
#include <kernel/core/fmt.h>
#include <kernel/core/log.h>
#include <kernel/core/pci.h>

/* Type 0 header; the class code is the upper 24 bits of CFG_CLASS_REV. */
#define CFG_FIELDS(F)                                                                              \
    F(CFG_VENDOR, le16, 0x00)                                                                      \
    F(CFG_DEVICE, le16, 0x02)                                                                      \
    F(CFG_COMMAND, le16, 0x04)                                                                     \
    F(CFG_CLASS_REV, le32, 0x08)                                                                   \
    F(CFG_HEADER_TYPE, u8, 0x0e)                                                                   \
    F(CFG_INTERRUPT_LINE, u8, 0x3c)                                                                \
    F(CFG_INTERRUPT_PIN, u8, 0x3d)
FIELDS(CFG_FIELDS);

enum {
    CFG_BAR0 = 0x10,

    DEVICES_PER_BUS = 32,
    FUNCTIONS = 8,
    BARS = 6,
    NO_VENDOR = 0xffff,
    CLASS_IDE = 0x0101,
};
#define COMMAND_IO     BIT(0)
#define COMMAND_MEMORY BIT(1)
#define COMMAND_MASTER BIT(2)
#define HEADER_MULTI   BIT(7)
#define HEADER_LAYOUT  0x7fu
#define BAR_IO         BIT(0)
#define BAR_64         BIT(2)
#define BAR_IO_MASK    0xfffffffcu
#define BAR_MEM_MASK   0xfffffff0u
#define IDE_NATIVE_1                                                                               \
    BIT(0) /* programming interface: channel in native mode, else in compatibility mode */
#define IDE_NATIVE_2 BIT(2)

static struct pci_host *root;

/* The offset is the driver's own constant; a function that is gone reads as ones. */
static uint32_t
cfg_read(const struct device *dev, uint8_t off, unsigned width)
{
    assert(root != NULL && off % width == 0);
    return root->read(root, dev->pci_addr, off, width);
}

static void
cfg_write(const struct device *dev, uint8_t off, unsigned width, uint32_t v)
{
    assert(root != NULL && off % width == 0);
    root->write(root, dev->pci_addr, off, width, v);
}

uint8_t
pci_read8(const struct device *dev, uint8_t off)
{
    return (uint8_t)cfg_read(dev, off, 1);
}

uint16_t
pci_read16(const struct device *dev, uint8_t off)
{
    return (uint16_t)cfg_read(dev, off, 2);
}

uint32_t
pci_read32(const struct device *dev, uint8_t off)
{
    return cfg_read(dev, off, 4);
}

void
pci_write8(const struct device *dev, uint8_t off, uint8_t v)
{
    cfg_write(dev, off, 1, v);
}

void
pci_write16(const struct device *dev, uint8_t off, uint16_t v)
{
    cfg_write(dev, off, 2, v);
}

void
pci_write32(const struct device *dev, uint8_t off, uint32_t v)
{
    cfg_write(dev, off, 4, v);
}

void
pci_enable_master(const struct device *dev, bool on)
{
    uint16_t command = pci_get(dev, CFG_COMMAND);

    pci_put(dev, CFG_COMMAND, (uint16_t)(on ? command | COMMAND_MASTER : command & ~COMMAND_MASTER));
}

/* Take `size` (a power of two) bytes, aligned to their size, from a window.  0: it is full. */
static uint64_t
window_take(uint64_t *next, uint64_t end, uint64_t size)
{
    uint64_t at = (*next + size - 1) & ~(size - 1);

    if (at >= end || size > end - at)
        return 0;
    *next = at + size;
    return at;
}

/* Size one base address register, decoding off, and give it an address if it has none.  True: it is 64 bits wide. */
static bool
bar_setup(struct pci_host *host, struct device *dev, unsigned i)
{
    uint8_t off = (uint8_t)(CFG_BAR0 + i * 4);
    uint32_t old = pci_read32(dev, off);
    bool io = (old & BAR_IO) != 0;
    bool wide = !io && (old & BAR_64) != 0 && i + 1 < BARS;
    uint32_t keep = io ? BAR_IO_MASK : BAR_MEM_MASK;

    pci_write32(dev, off, UINT32_MAX);

    uint32_t mask = pci_read32(dev, off) & keep;

    if (mask == 0) { /* not implemented */
        pci_write32(dev, off, old);
        return false;
    }
    if (io)
        mask |= 0xffff0000u; /* may be hard-wired to 0 */

    uint32_t size = ~mask + 1;
    uint64_t base = old & keep;

    if ((size & (size - 1)) != 0) {
        klog(LOG_WARN, "%s: base address register %u is broken", dev->name, i);
        pci_write32(dev, off, old);
        return wide;
    }
    if (wide && base != 0 && pci_read32(dev, (uint8_t)(off + 4)) != 0)
        base = 0; /* above 4 GiB: move it down */
    if (base == 0)
        base = io ? window_take(&host->port_next, host->port_end, size)
                  : window_take(&host->mmio_next, host->mmio_end, size);
    pci_write32(dev, off, (uint32_t)base);
    if (wide)
        pci_write32(dev, (uint8_t)(off + 4), 0);
    if (base == 0)
        klog(LOG_WARN, "%s: no address space for base address register %u", dev->name, i);
    else
        dev->io[i] = (struct io){ .base = base, .size = size, .space = io ? IO_PORT : IO_MMIO };
    return wide;
}

/* An IDE function in compatibility mode answers at the addresses of the PC/AT, whatever its base address registers say. */
static void
ide_legacy(struct device *dev)
{
    if ((dev->pci_class & IDE_NATIVE_1) == 0) {
        dev->io[0] = (struct io){ .base = 0x1f0, .size = 8, .space = IO_PORT };
        dev->io[1] = (struct io){ .base = 0x3f4, .size = 4, .space = IO_PORT };
        dev->irq = 14;
    }
    if ((dev->pci_class & IDE_NATIVE_2) == 0) {
        dev->io[2] = (struct io){ .base = 0x170, .size = 8, .space = IO_PORT };
        dev->io[3] = (struct io){ .base = 0x374, .size = 4, .space = IO_PORT };
        dev->irq2 = 15;
    }
}

static void
function_setup(struct pci_host *host, struct device *dev)
{
    uint16_t command = pci_get(dev, CFG_COMMAND);
    uint16_t decode = 0;

    pci_put(dev, CFG_COMMAND, (uint16_t)(command & ~(COMMAND_IO | COMMAND_MEMORY)));
    for (unsigned i = 0; i < BARS; i++) {
        if (bar_setup(host, dev, i))
            i++;
    }
    if (pci_get(dev, CFG_INTERRUPT_PIN) != 0) {
        uint8_t line = pci_get(dev, CFG_INTERRUPT_LINE);

        dev->irq = line != 0 && line != 0xff ? line : BOARD_NO_IRQ;
    }
    if (dev->pci_class >> 8 == CLASS_IDE)
        ide_legacy(dev);
    for (unsigned i = 0; i < BARS; i++) {
        if (dev->io[i].size != 0)
            decode |= dev->io[i].space == IO_PORT ? COMMAND_IO : COMMAND_MEMORY;
    }
    pci_put(dev, CFG_COMMAND, command | decode);
}

/* Look at one function; false when there is none. */
static bool
function_scan(struct pci_host *host, uint16_t addr, bool *multi)
{
    struct device dev = { .pci_addr = addr, .irq = BOARD_NO_IRQ, .irq2 = BOARD_NO_IRQ };

    dev.pci_vendor = pci_get(&dev, CFG_VENDOR);
    if (dev.pci_vendor == NO_VENDOR || dev.pci_vendor == 0)
        return false;
    dev.pci_device = pci_get(&dev, CFG_DEVICE);
    dev.pci_class = pci_get(&dev, CFG_CLASS_REV) >> 8;
    fmt_print(dev.name, sizeof dev.name, "pci%02x:%02x.%u", addr >> 8, addr >> 3 & 0x1f, addr & 7u);

    uint8_t header = pci_get(&dev, CFG_HEADER_TYPE);

    *multi = (header & HEADER_MULTI) != 0;
    if ((header & HEADER_LAYOUT) == 0)
        function_setup(host, &dev);
    klog(LOG_DEBUG, "%s: %04x:%04x class %06x", dev.name, dev.pci_vendor, dev.pci_device,
         (unsigned)dev.pci_class);
    if (device_add(&dev) < 0)
        klog(LOG_ERR, "%s: out of memory", dev.name);
    return true;
}

void
pci_scan(struct pci_host *host)
{
    root = host;
    for (unsigned bus = 0; bus <= host->bus_max; bus++) {
        for (unsigned d = 0; d < DEVICES_PER_BUS; d++) {
            uint16_t addr = (uint16_t)(bus << 8 | d << 3);
            bool multi = false, ignored;

            if (!function_scan(host, addr, &multi) || !multi)
                continue;
            for (unsigned f = 1; f < FUNCTIONS; f++)
                (void)function_scan(host, (uint16_t)(addr | f), &ignored);
        }
    }
}

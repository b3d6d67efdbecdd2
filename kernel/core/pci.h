/* PCI: configuration space and bus enumeration (PCI Local Bus Specification 3.0, chapter 6), for host bridge drivers and for the
 * drivers of PCI functions, which find their ranges in device.io[] (index = BAR) and their line in device.irq. */
#pragma once

#include <kernel/core/device.h>
#include <kernel/trusted/field.h>

/* How a host bridge reaches configuration space: `addr` is bus << 8 | device << 3 | function, `off` a multiple of `width`. */
struct pci_host {
    uint32_t (*read)(struct pci_host *host, uint16_t addr, uint8_t off, unsigned width);
    void (*write)(struct pci_host *host, uint16_t addr, uint8_t off, unsigned width, uint32_t value);
    void *state;
    uint8_t bus_max; /* highest bus number to scan */
    /* Windows from which base addresses are assigned that no firmware has assigned: next free address, end. */
    uint64_t port_next, port_end, mmio_next, mmio_end;
};

/* Scan the buses behind the bridge, size and (where 0) assign base addresses, and device_add() every function.  The struct is the
 * caller's and stays.  Thread context. */
void pci_scan(struct pci_host *host);

/* Configuration space of a PCI function. */
uint8_t pci_read8(const struct device *dev, uint8_t off);
uint16_t pci_read16(const struct device *dev, uint8_t off);
uint32_t pci_read32(const struct device *dev, uint8_t off);
void pci_write8(const struct device *dev, uint8_t off, uint8_t v);
void pci_write16(const struct device *dev, uint8_t off, uint16_t v);
void pci_write32(const struct device *dev, uint8_t off, uint32_t v);

/* The same by fields: FIELDS() of u8, le16 and le32 (kernel/trusted/field.h). */
static inline uint8_t
pci_get_u8(const struct device *dev, struct f_u8 f)
{
    return pci_read8(dev, (uint8_t)f.at);
}

static inline uint16_t
pci_get_le16(const struct device *dev, struct f_le16 f)
{
    return pci_read16(dev, (uint8_t)f.at);
}

static inline uint32_t
pci_get_le32(const struct device *dev, struct f_le32 f)
{
    return pci_read32(dev, (uint8_t)f.at);
}

static inline void
pci_put_u8(const struct device *dev, struct f_u8 f, uint8_t v)
{
    pci_write8(dev, (uint8_t)f.at, v);
}

static inline void
pci_put_le16(const struct device *dev, struct f_le16 f, uint16_t v)
{
    pci_write16(dev, (uint8_t)f.at, v);
}

static inline void
pci_put_le32(const struct device *dev, struct f_le32 f, uint32_t v)
{
    pci_write32(dev, (uint8_t)f.at, v);
}

#define PCI_DO(verb, f)                                                                            \
    _Generic((f), struct f_u8: verb##_u8, struct f_le16: verb##_le16, struct f_le32: verb##_le32)
#define pci_get(dev, f)    PCI_DO(pci_get, f)(dev, f)
#define pci_put(dev, f, v) PCI_DO(pci_put, f)(dev, f, v)

/* Let the function be a bus master (DMA), or not. */
void pci_enable_master(const struct device *dev, bool on);

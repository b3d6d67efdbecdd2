/* Devices and drivers: the board's list (hal/board.h) and PCI functions are matched with drivers by compatible string or class. */
#pragma once

#include <hal/io.h>
#include <kernel/trusted/list.h>

struct board_dev;
struct device;

enum { DEVICE_IO_MAX = CONFIG_DEVICE_RANGES };

struct driver {
    const char *name;
    const char *const *compatible; /* NULL-terminated, or NULL for a PCI driver */
    uint32_t pci_class;            /* class << 8 | subclass, for PCI drivers; 0: none */
    int (*attach)(struct device *dev);
};

struct device {
    char name[16]; /* "uart0", or "pci00:01.1" */
    const struct driver *_Nullable driver;
    struct io io[DEVICE_IO_MAX]; /* register ranges (PCI: the BARs) */
    uint32_t irq;                /* BOARD_NO_IRQ: none */
    uint32_t irq2; /* a second line (an IDE function's secondary channel in compatibility mode) */
    uint32_t hz;
    uint16_t pci_addr; /* bus << 8 | device << 3 | function */
    uint16_t pci_vendor, pci_device;
    uint32_t pci_class; /* class << 16 | subclass << 8 | prog-if; 0: not PCI */
    uint8_t bus, pin,
        pin2; /* of a part without registers: the bus it is on, the pin that selects it (core/gpio.h), another */
    void *_Nullable state; /* the driver's */
    int error;             /* 0, or why it does not work */
    struct list_node node;
};

/* The drivers of this kernel, a NULL-terminated list (kernel/drivers/drivers.c, from the configuration). */
extern const struct driver *const kernel_drivers[];
extern const size_t kernel_drivers_len; /* with the NULL */

struct board;
/* Attach everything on the board in order, then what buses found.  A device that fails stays, with its error. */
void device_attach_all(const struct board *board);
/* For bus drivers: add a found function and attach it.  The struct is copied.  -ENOMEM. */
int must_check device_add(const struct device *found);
/* The device is in a bad state: log, remember; its users get -EIO. */
void device_fail(struct device *dev, int error);
/* Those with a driver and those that buses found, then what else is on the board. */
void device_for_each(void (*fn)(const struct device *dev, void *arg), void *arg);

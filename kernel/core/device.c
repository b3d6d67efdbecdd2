/* Devices: the board's list and what the buses found, each matched with a driver. */
#include <hal/board.h>
#include <kernel/abi/errno.h>
#include <kernel/core/device.h>
#include <kernel/core/fmt.h>
#include <kernel/core/log.h>
#include <kernel/mm/kmem.h>
#include <kernel/trusted/bounds.h>

enum { BOARD_DEVS_MAX = 256 };

static struct list devices = LIST_INIT(devices);
static const struct board *_Nullable the_board;

static const struct driver *_Nullable
driver_of_board_dev(const char *compatible)
{
    for (size_t i = 0; at(kernel_drivers, kernel_drivers_len, i) != NULL; i++) {
        const char *const *c = at(kernel_drivers, kernel_drivers_len, i)->compatible;

        for (; c != NULL && *c != NULL; c = next_of(c)) {
            if (str_eq(*c, compatible))
                return at(kernel_drivers, kernel_drivers_len, i);
        }
    }
    return NULL;
}

static const struct driver *_Nullable
driver_of_pci_class(uint32_t pci_class)
{
    for (size_t i = 0; at(kernel_drivers, kernel_drivers_len, i) != NULL; i++) {
        if (at(kernel_drivers, kernel_drivers_len, i)->pci_class != 0 &&
            at(kernel_drivers, kernel_drivers_len, i)->pci_class == pci_class >> 8)
            return at(kernel_drivers, kernel_drivers_len, i);
    }
    return NULL;
}

/* Copy the description, remember it, attach its driver.  One that a bus found stays without a driver too, for the console. */
static int
device_keep(const struct device *found, const struct driver *_Nullable driver)
{
    struct device *dev = kmem_alloc(sizeof *dev);

    if (dev == NULL)
        return -ENOMEM;
    *dev = *found;
    dev->driver = driver;
    list_node_init(&dev->node);
    list_push_back(&devices, &dev->node);
    if (driver == NULL)
        return 0;
    dev->error = driver->attach(dev);
    if (dev->error == -ENOMEM)
        klog(LOG_ERR, "%s: %s: out of memory", dev->name, driver->name);
    else if (dev->error < 0)
        klog(LOG_ERR, "%s: %s: error %d", dev->name, driver->name, -dev->error);
    return 0;
}

int
device_add(const struct device *found)
{
    return device_keep(found, driver_of_pci_class(found->pci_class));
}

static struct device
board_device(const struct board_dev *b)
{
    struct device dev = { .irq = b->irq, .irq2 = BOARD_NO_IRQ, .hz = b->hz };

    str_copy(dev.name, sizeof dev.name, b->name);
    if (b->space == BOARD_WIRED) {
        struct board_wires wires = board_wires(b->base);

        dev.bus = (uint8_t)wires.controller;
        dev.pin = (uint8_t)wires.select;
        dev.pin2 = (uint8_t)wires.other;
    } else {
        dev.io[0] = (struct io){ .base = b->base,
                                 .size = b->size,
                                 .space = b->space == BOARD_PORT ? IO_PORT : IO_MMIO };
    }
    return dev;
}

/* Each device of the board with its driver, if it has one. */
static void
board_walk(const struct board *board,
           void (*fn)(const struct board_dev *b, const struct driver *_Nullable driver, void *arg),
           void *arg)
{
    const struct board_dev *b = board->devs;

    for (unsigned n = 0; b->compatible != NULL && n < BOARD_DEVS_MAX; b = next_of(b), n++)
        fn(b, driver_of_board_dev(b->compatible), arg);
}

static void
attach_one(const struct board_dev *b, const struct driver *driver, void *arg unused_param)
{
    if (driver == NULL)
        return;

    struct device dev = board_device(b);

    if (device_keep(&dev, driver) < 0)
        klog(LOG_ERR, "%s: out of memory", b->name);
}

void
device_attach_all(const struct board *board)
{
    board_walk(board, attach_one, NULL);
    the_board = board;
}

void
device_fail(struct device *dev, int error)
{
    if (dev->error == 0)
        klog(LOG_ERR, "%s: device failed, error %d", dev->name, -error);
    dev->error = error;
}

struct visit {
    void (*fn)(const struct device *dev, void *arg);
    void *arg;
};

/* What has no driver is not kept: the board's list is enough. */
static void
visit_one(const struct board_dev *b, const struct driver *driver, void *arg)
{
    const struct visit *v = arg;

    if (driver != NULL)
        return;

    const struct device dev = board_device(b);

    v->fn(&dev, v->arg);
}

void
device_for_each(void (*fn)(const struct device *dev, void *arg), void *arg)
{
    struct visit v = { fn, arg };
    struct list_node *n;

    list_for_each (n, &devices)
        fn(container_of(n, struct device, node), arg);
    if (the_board != NULL)
        board_walk(the_board, visit_one, &v);
}

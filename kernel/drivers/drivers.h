/* The driver structures, for the list in drivers.c. */
#pragma once

#include <kernel/core/device.h>

extern const struct driver driver_blk_ata;
extern const struct driver driver_pci_i440fx;
extern const struct driver driver_uart_16550;

/* The driver structures, for the list in drivers.c. */
#pragma once

#include <kernel/core/device.h>

extern const struct driver driver_adc_lm3s;
extern const struct driver driver_blk_ata;
extern const struct driver driver_blk_sd;
extern const struct driver driver_display_ssd0323;
extern const struct driver driver_eth_stellaris;
extern const struct driver driver_flash_data;
extern const struct driver driver_flash_lm3s;
extern const struct driver driver_gpio_key;
extern const struct driver driver_gpio_led;
extern const struct driver driver_gpio_pl061;
extern const struct driver driver_pci_i440fx;
extern const struct driver driver_spi_pl022;
extern const struct driver driver_ticker_gptm;
extern const struct driver driver_uart_16550;
extern const struct driver driver_uart_pl011;
extern const struct driver driver_watchdog_lm3s;

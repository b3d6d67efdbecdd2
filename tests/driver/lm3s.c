/* See lm3s.h. */
#include <kernel/drivers/drivers.h>

#include <sim/bus.h>

#include "lm3s.h"

enum { GPIOA = 0x40004000, AFSEL = 0x420, DEN = 0x51c, SSI_PINS = 0x34 };

const struct driver *const kernel_drivers[] = {
    &driver_uart_pl011,      &driver_watchdog_lm3s,
    &driver_adc_lm3s,        &driver_gpio_pl061,
    &driver_gpio_key,        &driver_gpio_led,
    &driver_spi_pl022,       &driver_blk_sd,
    &driver_display_ssd0323, &driver_ticker_gptm,
    &driver_flash_lm3s,      &driver_flash_data,
    &driver_eth_stellaris,   NULL,
};
const size_t kernel_drivers_len = sizeof kernel_drivers / sizeof kernel_drivers[0];

#define WIRED(compatible, name, select, other)                                                     \
    { compatible, name, BOARD_WIRED, BOARD_WIRES(0, select, other), 0, BOARD_NO_IRQ, 0 }

static const struct board_dev devs[] = {
    { "intel,i8259", "pic", BOARD_PORT, 0x20, 2, BOARD_NO_IRQ, 0 },
    { "intel,i8254", "pit", BOARD_PORT, 0x40, 4, 0, 1193182 },
    { "motorola,mc146818", "rtc", BOARD_PORT, 0x70, 2, 8, 32768 },
    { "intel,ioapic", "ioapic", BOARD_MMIO, 0xfec00000, 0x1000, BOARD_NO_IRQ, 0 },
    { "intel,lapic", "lapic", BOARD_MMIO, 0xfee00000, 0x1000, BOARD_NO_IRQ, 1000000000 },
    { "qemu,debug-exit", "exit", BOARD_PORT, 0xf4, 4, BOARD_NO_IRQ, 0 },
    { "arm,pl011", "uart0", BOARD_MMIO, 0x4000c000, 0x1000, 4, 50000000 },
    { "luminary,watchdog", "wdt0", BOARD_MMIO, 0x40000000, 0x1000, BOARD_NO_IRQ, 50000000 },
    { "luminary,adc", "adc0", BOARD_MMIO, 0x40038000, 0x1000, BOARD_NO_IRQ, 50000000 },
    { "luminary,gptm", "timer0", BOARD_MMIO, 0x40030000, 0x1000, 9, 50000000 },
    { "luminary,gptm", "timer1", BOARD_MMIO, 0x40031000, 0x1000, 12, 50000000 },
    { "luminary,flash", "flash0", BOARD_MMIO, 0x400fd000, 0x1000, BOARD_NO_IRQ, 50000000 },
    { "luminary,flash-data", "mtd0", BOARD_MEMORY, LM3S_DATA_AT, LM3S_DATA_SIZE, BOARD_NO_IRQ, 0 },
    { "luminary,ethernet", "eth0", BOARD_MMIO, 0x40048000, 0x1000, BOARD_NO_IRQ, 50000000 },
    { "arm,pl061", "gpioa", BOARD_MMIO, GPIOA, 0x1000, 3, 0 },
    { "arm,pl061", "gpioc", BOARD_MMIO, 0x40006000, 0x1000, 5, 0 },
    { "arm,pl061", "gpiod", BOARD_MMIO, 0x40007000, 0x1000, 7, 0 },
    { "arm,pl061", "gpiof", BOARD_MMIO, 0x40025000, 0x1000, 10, 0 },
    { "arm,pl022", "ssi0", BOARD_MMIO, 0x40008000, 0x1000, 11, 50000000 },
    WIRED("sd-card-spi", "sd0", BOARD_PIN('D', 0), BOARD_NO_PIN),
    WIRED("solomon,ssd0323", "oled0", BOARD_PIN('A', 3), BOARD_PIN('C', 7)),
    WIRED("gpio-leds", "led0", BOARD_PIN('F', 0), BOARD_NO_PIN),
    WIRED("gpio-keys", "select", BOARD_PIN('F', 1), BOARD_NO_PIN),
    { 0 },
};

const struct board lm3s_board = { .name = "lm3s", .devs = devs, .default_ram = 8u << 20 };

void
lm3s_start_up(struct sim *sim)
{
    sim_bus_write(sim, SIM_MMIO, GPIOA + DEN, 4, SSI_PINS);
    sim_bus_write(sim, SIM_MMIO, GPIOA + AFSEL, 4, SSI_PINS);
}

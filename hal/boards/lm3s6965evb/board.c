/* The LM3S6965 evaluation board of Luminary Micro (Texas Instruments): what QEMU calls lm3s6965evb.  Flash is 256 KiB at 0, SRAM 64 KiB at
 * 0x20000000.  Interrupts are those of the NVIC, from 0.  The clock is the one the kernel sets: 50 MHz from the PLL. */
#include <hal/board.h>

enum { SYSTEM_HZ = 50000000 };

#define REGS(compatible, name, base, irq)                                                          \
    { compatible, name, BOARD_MMIO, base, 0x1000, irq, SYSTEM_HZ }
#define CORE(compatible, name, base, size)                                                         \
    { compatible, name, BOARD_MMIO, base, size, BOARD_NO_IRQ, SYSTEM_HZ }
#define WIRED(compatible, name, controller, select, other)                                         \
    { compatible, name, BOARD_WIRED, BOARD_WIRES(controller, select, other), 0, BOARD_NO_IRQ, 0 }
#define ON_PIN(compatible, name, pin) WIRED(compatible, name, 0, pin, BOARD_NO_PIN)

static const struct board_dev lm3s6965evb_devs[] = {
    CORE("arm,armv7m-nvic", "nvic", 0xe000e000, 0x1000),
    REGS("luminary,sysctl", "sysctl", 0x400fe000, 28),
    CORE("arm,armv7m-systick", "systick", 0xe000e010, 0x10),
    CORE("arm,armv7m-mpu", "mpu", 0xe000ed90, 0x2c),
    REGS("arm,pl061", "gpioa", 0x40004000, 0),
    REGS("arm,pl061", "gpiob", 0x40005000, 1),
    REGS("arm,pl061", "gpioc", 0x40006000, 2),
    REGS("arm,pl061", "gpiod", 0x40007000, 3),
    REGS("arm,pl061", "gpioe", 0x40024000, 4),
    REGS("arm,pl061", "gpiof", 0x40025000, 30),
    REGS("arm,pl061", "gpiog", 0x40026000, 31),
    REGS("arm,pl011", "uart0", 0x4000c000, 5),
    REGS("arm,pl011", "uart1", 0x4000d000, 6),
    REGS("arm,pl011", "uart2", 0x4000e000, 33),
    REGS("luminary,gptm", "timer0", 0x40030000, 19),
    REGS("luminary,gptm", "timer1", 0x40031000, 21),
    REGS("luminary,gptm", "timer2", 0x40032000, 23),
    REGS("luminary,gptm", "timer3", 0x40033000, 35),
    REGS("arm,pl022", "ssi0", 0x40008000, 7),
    REGS("luminary,watchdog", "wdt0", 0x40000000, 18),
    REGS("luminary,adc", "adc0", 0x40038000, 14), /* to 17: one for each sequencer */
    REGS("luminary,flash", "flash0", 0x400fd000, 29),
    { "luminary,flash-data", "mtd0", BOARD_MEMORY, 0x3c000, 0x4000, BOARD_NO_IRQ,
      0 }, /* metal.lds ends before it */
    REGS("luminary,ethernet", "eth0", 0x40048000, 42),
    WIRED("sd-card-spi", "sd0", 0, BOARD_PIN('D', 0), BOARD_NO_PIN),
    WIRED("solomon,ssd0323", "oled0", 0, BOARD_PIN('A', 3), BOARD_PIN('C', 7)),
    ON_PIN("gpio-leds", "led0", BOARD_PIN('F', 0)),
    ON_PIN("gpio-keys", "up", BOARD_PIN('E', 0)),
    ON_PIN("gpio-keys", "down", BOARD_PIN('E', 1)),
    ON_PIN("gpio-keys", "left", BOARD_PIN('E', 2)),
    ON_PIN("gpio-keys", "right", BOARD_PIN('E', 3)),
    ON_PIN("gpio-keys", "select", BOARD_PIN('F', 1)),
    { 0 },
};

const struct board board_lm3s6965evb = {
    .name = "lm3s6965evb",
    .devs = lm3s6965evb_devs,
    .default_ram = 64u << 10,
};

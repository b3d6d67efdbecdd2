/* The LM3S6965 evaluation board of Luminary Micro (Texas Instruments): what QEMU calls lm3s6965evb.  Flash is 256 KiB at 0, SRAM 64 KiB at
 * 0x20000000.  Interrupts are those of the NVIC, from 0.  The clock is the one the kernel sets: 50 MHz from the PLL. */
#include <hal/board.h>

enum { SYSTEM_HZ = 50000000 };

#define REGS(compatible, name, base, irq)                                                          \
    { compatible, name, BOARD_MMIO, base, 0x1000, irq, SYSTEM_HZ }
#define CORE(compatible, name, base, size)                                                         \
    { compatible, name, BOARD_MMIO, base, size, BOARD_NO_IRQ, SYSTEM_HZ }
#define PART(compatible, name)                                                                     \
    { compatible, name, BOARD_MMIO, 0, 0, BOARD_NO_IRQ, 0 } /* behind another device */

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
    { 0 },
};

const struct board board_lm3s6965evb = {
    .name = "lm3s6965evb",
    .devs = lm3s6965evb_devs,
    .default_ram = 64u << 10,
};

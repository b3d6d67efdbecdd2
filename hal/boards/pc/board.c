/* The PC: what QEMU calls `pc` (i440FX and PIIX3).  PCI functions (the IDE controller) are found behind the host bridge. */
#include <hal/board.h>

static const struct board_dev pc_devs[] = {
    { "intel,i8259", "pic", BOARD_PORT, 0x20, 2, BOARD_NO_IRQ, 0 },
    { "intel,i8254", "pit", BOARD_PORT, 0x40, 4, 0, 1193182 },
    { "ns16550a", "uart0", BOARD_PORT, 0x3f8, 8, 4, 1843200 },
    { "motorola,mc146818", "rtc", BOARD_PORT, 0x70, 2, 8, 32768 },
    { "intel,ioapic", "ioapic", BOARD_MMIO, 0xfec00000, 0x1000, BOARD_NO_IRQ, 0 },
    { "intel,lapic", "lapic", BOARD_MMIO, 0xfee00000, 0x1000, BOARD_NO_IRQ, 1000000000 },
    { "intel,i440fx", "pci0", BOARD_PORT, 0xcf8, 8, BOARD_NO_IRQ, 0 },
    { "qemu,debug-exit", "exit", BOARD_PORT, 0xf4, 4, BOARD_NO_IRQ, 0 },
    { "acpi,pm", "pm", BOARD_PORT, 0x604, 4, BOARD_NO_IRQ, 0 },
    { 0 },
};

const struct board board_pc = { .name = "pc", .devs = pc_devs, .default_ram = 128u << 20 };

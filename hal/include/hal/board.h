/* The board: one list of hardware, read by the kernel (which driver?) and by the simulator (which model?).
 *
 * The list ends with an entry whose compatible string is NULL.
 */
#pragma once

#include <stdint.h>

enum board_space {
    BOARD_MMIO, /* base is a physical address */
    BOARD_PORT, /* base is an I/O port number */
};

#define BOARD_NO_IRQ 0xffffffffu

struct board_dev {
    const char *compatible; /* "ns16550a", as in device trees */
    const char *name;       /* instance name, used in traces and by the console: "uart0" */
    enum board_space space;
    uint64_t base;
    uint32_t size;
    uint32_t irq; /* global interrupt number of the board's controller, or BOARD_NO_IRQ */
    uint32_t hz;  /* input clock, 0 where it has none */
};

struct board {
    const char *name;
    const struct board_dev *devs;
    uint64_t default_ram; /* bytes */
};

/* hal/boards/<board>/board.c */
extern const struct board board_pc;
extern const struct board board_lm3s6965evb;

/* The board: one list of hardware, read by the kernel (which driver?) and by the simulator (which model?).
 *
 * The list ends with an entry whose compatible string is NULL.
 */
#pragma once

#include <stdint.h>

enum board_space {
    BOARD_MMIO, /* base is a physical address */
    BOARD_PORT, /* base is an I/O port number */
    BOARD_MEMORY, /* no registers: a range of the memory of another part, which the board leaves to programs */
    BOARD_WIRED, /* no registers of its own: base says by BOARD_WIRES() what it is soldered to */
};

#define BOARD_NO_IRQ 0xffffffffu

/* The wires of a part: the serial controller it is behind (the n of "ssi0"), the pin that selects it, another pin of its.  A pin is
 * that of a general-purpose port. */
#define BOARD_PORT_PINS      8u
#define BOARD_PIN(port, bit) ((uint32_t)((port) - 'A') * BOARD_PORT_PINS + (bit))
#define BOARD_NO_PIN         0xffu
#define BOARD_WIRES(controller, select, other)                                                     \
    ((uint64_t)(controller) << 16 | (uint64_t)(other) << 8 | (select))

struct board_dev {
    const char *compatible; /* "ns16550a", as in device trees */
    const char *name;       /* instance name, used in traces and by the console: "uart0" */
    enum board_space space;
    uint64_t base;
    uint32_t size;
    uint32_t irq; /* global interrupt number of the board's controller, or BOARD_NO_IRQ */
    uint32_t hz;  /* input clock, 0 where it has none */
};

struct board_wires {
    unsigned controller, select, other;
};

static inline struct board_wires
board_wires(uint64_t base)
{
    return (struct board_wires){ base >> 16 & 0xff, base & 0xff, base >> 8 & 0xff };
}

struct board {
    const char *name;
    const struct board_dev *devs;
    uint64_t default_ram; /* bytes */
};

/* hal/boards/<board>/board.c */
extern const struct board board_pc;
extern const struct board board_lm3s6965evb;

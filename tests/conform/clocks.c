/* Rules for registers that depend on time.  See clocks.h. */
#include "clocks.h"

#include <string.h>

enum {
    PIT_CONTROL = 0x43,
    NMISC_REFRESH = 0x10,
    PIT_TICKS =
        3, /* 2.5 us: the 8254 loads a count with the clock after it was written (data sheet, "mode definitions"), QEMU at
                         once */
    LAPIC_TICKS =
        2000, /* of the undivided bus clock, 1 GHz: 2 us of instructions between the log's time and the access */
};

void
clocks_write(struct clocks *c, uint64_t port, uint64_t value)
{
    unsigned n = (unsigned)(value >> 6 & 3), access = (unsigned)(value >> 4 & 3);

    if (port != PIT_CONTROL) {
        return;
    }
    if (n == 3) { /* read-back */
        for (unsigned i = 0; i < 3; i++) {
            c->pit[i].status |= (value & 2u << i) && !(value & 0x10);
        }
    } else if (access != 0) { /* else: latch */
        c->pit[n].access = (uint8_t)access;
        c->pit[n].second = c->pit[n].status = false;
    }
}

/* Distance on a circle of `bits`. */
static uint64_t
distance(uint64_t a, uint64_t b, unsigned bits)
{
    uint64_t mask = (UINT64_C(1) << bits) - 1;
    uint64_t up = (a - b) & mask, down = (b - a) & mask;

    return up < down ? up : down;
}

static enum verdict
pit(struct clocks *c, unsigned n, uint64_t *qemu, uint64_t *model)
{
    if (c->pit[n].status) {
        c->pit[n].status = false;
        return CLOCK_EXACT;
    }
    switch (c->pit[n].access) {
    case 1:
        return distance(*qemu, *model, 8) <= PIT_TICKS ? CLOCK_SAME : CLOCK_OTHER;
    case 2:
        return distance(*qemu, *model, 8) <= 1 ? CLOCK_SAME : CLOCK_OTHER;
    default:
        c->pit[n].second = !c->pit[n].second;
        if (c->pit[n].second) {
            c->pit[n].qemu = (uint8_t)*qemu;
            c->pit[n].model = (uint8_t)*model;
            return CLOCK_HALF;
        }
        *qemu = *qemu << 8 | c->pit[n].qemu;
        *model = *model << 8 | c->pit[n].model;
        return distance(*qemu, *model, 16) <= PIT_TICKS ? CLOCK_SAME : CLOCK_OTHER;
    }
}

enum verdict
clocks_compare(struct clocks *c, const char *name, uint64_t *qemu, uint64_t *model)
{
    if (strncmp(name, "pit.COUNTER", 11) == 0) {
        return pit(c, (unsigned)(name[11] - '0') % 3, qemu, model);
    }
    if (strcmp(name, "pit.NMISC") == 0) { /* the refresh toggle: every 15 us, in QEMU with every read */
        *qemu &= ~(uint64_t)NMISC_REFRESH;
        *model &= ~(uint64_t)NMISC_REFRESH;
        return CLOCK_EXACT;
    }
    if (strcmp(name, "lapic.TIMER_CCR") == 0) {
        return distance(*qemu, *model, 32) <= LAPIC_TICKS ? CLOCK_SAME : CLOCK_OTHER;
    }
    return CLOCK_EXACT;
}

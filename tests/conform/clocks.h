/* Registers whose value depends on the time at which they are read: the rules by which two such values count as the same.
 *
 * QEMU's time in a trace and the models' virtual time are the same nanoseconds (QEMU counts instructions, -icount), but an access
 * takes effect some instructions after the time that was logged for it.  So a running count may differ by a few ticks, and nothing else.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct clocks {
    struct {
        uint8_t access;      /* the RW field of its control word */
        bool second;         /* of two bytes, the second is next */
        bool status;         /* a latched status is read before the count */
        uint8_t qemu, model; /* the first bytes of a pair */
    } pit[3];
};

enum verdict {
    CLOCK_EXACT, /* no clock: values must be equal */
    CLOCK_SAME,  /* the same by its rule */
    CLOCK_HALF,  /* the first byte of a pair: judged with the second */
    CLOCK_OTHER, /* differs by more than the rule allows */
};

/* The guest writes `value` to a port. */
void clocks_write(struct clocks *c, uint64_t port, uint64_t value);

/* Two values of register `name`; in a pair of bytes, *qemu and *model become the whole count. */
enum verdict clocks_compare(struct clocks *c, const char *name, uint64_t *qemu, uint64_t *model);

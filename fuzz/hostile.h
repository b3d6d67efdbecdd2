/* Hardware that answers from the fuzz input, for targets that drive the real drivers on the fake HAL of the unit tests.
 *
 * Each register read takes a decision: an answer that a device in order might give (the target's function), or any bits from the
 * input.  Interrupts come when the input says so.  When the input is used up, the device behaves. */
#pragma once

#include <hal/io.h>

#include "fuzz.h"

struct hostile {
    struct fuzz_input in;
    uint64_t (*plausible)(const struct io *io, uint32_t off, unsigned width);
    void (*written)(const struct io *io, uint32_t off, unsigned width, uint64_t v); /* may be NULL */
    unsigned irq[2];
    uint64_t access_ns; /* what a register access takes (0: 500): more, and a driver that polls gives up sooner */
};
extern struct hostile hostile;

/* Boot a machine whose hardware is `hostile`, and run `fn` in a thread of it; ends the process if it does not come to its end, or if
 * the driver never stops asking. */
void hostile_run(const uint8_t *data, size_t size, void (*fn)(void));

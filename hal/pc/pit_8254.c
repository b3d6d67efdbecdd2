/* Counter 0 of the 8254 (Intel 8254 datasheet, order number 231164) in mode 0, interrupt on terminal count: a one-shot timer. */
#include "pc.h"

enum { COUNTER0 = 0, CONTROL = 3 };

#define CONTROL_CH0_MODE0 0x30u /* counter 0, low then high byte, mode 0, binary */
#define CONTROL_CH0_LATCH 0x00u

static struct {
    struct io io;
    uint32_t hz;
} pit;

void
pit_8254_init(const struct io *io, uint32_t hz)
{
    pit.io = *io;
    pit.hz = hz;
    pit_8254_stop();
}

void
pit_8254_arm(uint64_t ns)
{
    /* Mode 0 raises its output count + 1 clocks after the count is written. */
    const uint64_t max_ns = 0xffffull * 1000000000u / pit.hz;
    uint64_t count = 0xffff;

    if (ns < max_ns) {
        count = (ns * pit.hz + 999999999u) / 1000000000u;
        count = count > 1 ? count - 1 : 1;
    }
    io_write8(&pit.io, CONTROL, CONTROL_CH0_MODE0);
    io_write8(&pit.io, COUNTER0, (uint8_t)count);
    io_write8(&pit.io, COUNTER0, (uint8_t)(count >> 8));
}

void
pit_8254_stop(void)
{
    /* The control word stops the counter until a count is written, and takes the output low. */
    io_write8(&pit.io, CONTROL, CONTROL_CH0_MODE0);
}

void
pit_8254_run(void)
{
    io_write8(&pit.io, CONTROL, CONTROL_CH0_MODE0);
    io_write8(&pit.io, COUNTER0, 0xff);
    io_write8(&pit.io, COUNTER0, 0xff);
}

uint16_t
pit_8254_count(void)
{
    io_write8(&pit.io, CONTROL, CONTROL_CH0_LATCH);

    uint8_t low = io_read8(&pit.io, COUNTER0);

    return (uint16_t)(low | io_read8(&pit.io, COUNTER0) << 8);
}

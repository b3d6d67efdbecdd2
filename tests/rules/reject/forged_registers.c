/* R25: a driver makes its register range itself.
 * expect: a register range made by hand
 * as: kernel/drivers/rtc_x.c
 */
#include <kernel/core/device.h>

uint8_t second(const struct device *dev);

uint8_t
second(const struct device *dev)
{
#ifdef WRONG
    const struct io *io = &(struct io){ .base = 0x70, .size = 2, .space = IO_PORT };
#else
    const struct io *io = &dev->io[0];
#endif

    io_write8(io, 0, 0);
    return io_read8(io, 1);
}

/* R13: a port number instead of the register range that the board gave.
 * expect: incompatible integer to pointer conversion
 * as: kernel/drivers/kbd_x.c
 */
#include <hal/io.h>

uint8_t status(const struct io *io);

uint8_t
status(const struct io *io)
{
#ifdef WRONG
    (void)io;
    return io_read8(0x64, 0);
#else
    return io_read8(io, 4);
#endif
}

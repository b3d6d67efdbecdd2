/* R03: a driver knows where its registers are.
 * expect: an integer becomes uint32_t *
 * as: kernel/drivers/net_x.c
 */
#include <hal/io.h>

void reset(const struct io *io);

void
reset(const struct io *io)
{
#ifdef WRONG
    uint32_t *control = (uint32_t *)io->base;

    *control = 1;
#else
    io_write32(io, 0, 1);
#endif
}

/* R28: a loop waits for a bit of a device, however long.
 * expect: a loop that reads device registers, without a bound
 * as: kernel/drivers/blk_x.c
 */
#include <hal/io.h>
#include <kernel/abi/errno.h>

enum { STATUS = 7, POLL_MAX = 100000 };
#define BUSY BIT(7)

int must_check wait_ready(const struct io *io);

int
wait_ready(const struct io *io)
{
#ifdef WRONG
    while ((io_read8(io, STATUS) & BUSY) != 0)
        ;
    return 0;
#else
    for (unsigned n = 0; n < POLL_MAX; n++) {
        if ((io_read8(io, STATUS) & BUSY) == 0)
            return 0;
    }
    return -EIO;
#endif
}

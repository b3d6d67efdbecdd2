/* R28: the same behind a helper.
 * expect: drain: a loop that reads device registers, without a bound
 * as: kernel/drivers/uart_x.c
 */
#include <hal/io.h>
#include <hal/time.h>

enum { DATA = 0, STATUS = 5 };
#define DRAIN_NS 1000000ull

static bool
has_data(const struct io *io)
{
    return (io_read8(io, STATUS) & 1) != 0;
}

unsigned drain(const struct io *io);

unsigned
drain(const struct io *io)
{
    unsigned sum = 0;
#ifdef WRONG
    while (has_data(io))
        sum += io_read8(io, DATA);
#else
    uint64_t deadline = hal_time_now_ns() + DRAIN_NS;

    while (has_data(io) && hal_time_now_ns() < deadline)
        sum += io_read8(io, DATA);
#endif
    return sum;
}

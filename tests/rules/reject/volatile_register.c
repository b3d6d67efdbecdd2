/* R02: a register read through a volatile pointer.
 * expect: volatile
 * as: kernel/drivers/uart_x.c
 */
#include <hal/io.h>

enum { STATUS = 4 };

struct uart_x {
    struct io io;
#ifdef WRONG
    volatile uint32_t *status;
#endif
};

uint32_t status(const struct uart_x *u);

uint32_t
status(const struct uart_x *u)
{
#ifdef WRONG
    return *u->status;
#else
    return io_read32(&u->io, STATUS);
#endif
}

/* What is where on the board. */
#include <hal/cortex_m/cortex_m.h>
#include <hal/power.h>

TRUSTED_BEGIN(context)
const struct board_dev *
cm_board_find(const struct board *board, const char *compatible)
{
    for (const struct board_dev *d = board->devs; d->compatible != NULL; d++)
        if (__builtin_strlen(d->compatible) == __builtin_strlen(compatible) &&
            __builtin_memcmp(d->compatible, compatible, __builtin_strlen(compatible)) == 0)
            return d;
    hal_panic(compatible);
}
TRUSTED_END

struct io
cm_board_io(const struct board *board, const char *compatible)
{
    const struct board_dev *d = cm_board_find(board, compatible);

    return (struct io){ .base = d->base, .size = d->size, .space = IO_MMIO };
}

/* R18: a cell that somebody else may hold is taken and used unasked.
 * expect: c may be null (it is cell_take(&cell))
 */
#include <kernel/trusted/cell.h>

struct counter {
    unsigned long n;
};

static struct counter state;
static CELL(struct counter) cell = CELL_INIT(&state);

void count(void);

void
count(void)
{
    struct counter *c = cell_take(&cell);

#ifndef WRONG
    if (c == NULL)
        return;
#endif
    c->n++;
    cell_put(&cell, c);
}

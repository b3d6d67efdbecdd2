/* R04: something else is put into a cell.
 * expect: pointer type mismatch
 */
#include <kernel/trusted/cell.h>

struct counter {
    unsigned long n;
};
struct other {
    unsigned char n;
};

static CELL(struct counter) cell;

void fill(struct counter *c, struct other *o);

void
fill(struct counter *c, unused_param struct other *o)
{
#ifdef WRONG
    (void)c;
    cell_put(&cell, o);
#else
    cell_put(&cell, c);
#endif
}

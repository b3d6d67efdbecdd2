/* The failure path of take cells. */
#include <kernel/core/assert.h>
#include <kernel/trusted/cell.h>

void
cell_refilled(const char *holder)
{
    panic("take cell put back while full; last taken at %s", holder != NULL ? holder : "(never)");
}

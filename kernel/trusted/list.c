/* The failure path of the intrusive lists: a list that is not what it should be is a kernel bug. */
#include <kernel/core/assert.h>
#include <kernel/trusted/list.h>

void
list_corrupt(const char *what)
{
    bug("list: %s", what);
}

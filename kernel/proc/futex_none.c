/* A kernel without futexes: nobody waits. */
#include <kernel/proc/futex.h>

void
futex_wake_joiner(struct mm *mm unused_param, uaddr_t addr unused_param)
{
}

/* A kernel without futexes: no call on one was interrupted. */
#include <kernel/abi/errno.h>
#include <kernel/sys/restart.h>

int64_t
futex_restart(const struct proc *p unused_param)
{
    return -EINTR;
}

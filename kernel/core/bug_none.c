/* See bug.h: no bugs here. */
#include <kernel/abi/errno.h>
#include <kernel/core/bug.h>

int
bug_provoke(const char *which unused_param, size_t len unused_param)
{
    return -EINVAL;
}

/* A program's set of signals. */
#pragma once

#include <abi/types.h>
#include <kernel/abi/errno.h>
#include <kernel/proc/signal.h>
#include <kernel/trusted/ucopy.h>

/* From user memory; the caller's idea of how long it is must be ours.  -EINVAL, -EFAULT. */
static inline int must_check
sigset_in(uint64_t addr, uint64_t size, sigset_k *out)
{
    abi_sigset set;
    int rc = size == sizeof set ? ucopy_in(&set, uaddr((uintptr_t)addr), sizeof set) : -EINVAL;

    if (rc == 0)
        *out = (sigset_k)set;
    return rc;
}

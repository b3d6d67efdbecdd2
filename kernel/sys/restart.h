/* restart_syscall(2): what an interrupted call left in the process to go on with (enum restart_fn). */
#pragma once

#include <hal/types.h>

struct proc;

int64_t futex_restart(const struct proc *p);

/* Kernel bugs on purpose, to show that the sanitizers and the panic report them (tests/system/test_debug.py).  Built into drydock-asan
 * and drydock-metal-test.elf only (bug.c); elsewhere bug_none.c refuses. */
#pragma once

#include <hal/types.h>

/* "overflow", "use-after-free", "shift", "bounds", "panic", "assert", "stack".  -EINVAL: no such bug here. */
int must_check bug_provoke(const char *which, size_t len);

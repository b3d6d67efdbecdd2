/* System calls on memory. */
#pragma once

#include <kernel/sys/sys.h>

SYS_DECLARE(brk);
SYS_DECLARE(mmap);
SYS_DECLARE(munmap);
SYS_DECLARE(mprotect);
SYS_DECLARE(mremap);
SYS_DECLARE(madvise);
SYS_DECLARE(msync);
SYS_DECLARE(mincore);
SYS_DECLARE(mlock);
SYS_DECLARE(mlock2);
SYS_DECLARE(munlock);
SYS_DECLARE(mlockall);
SYS_DECLARE(munlockall);
SYS_DECLARE(membarrier);

/* System calls that 32-bit Arm has its own way with: 64-bit arguments in two registers, other orders, narrower structures. */
#pragma once

#include <kernel/sys/sys.h>

SYS_DECLARE(arm_lseek);
SYS_DECLARE(arm_llseek);
SYS_DECLARE(arm_truncate);
SYS_DECLARE(arm_ftruncate);
SYS_DECLARE(arm_truncate64);
SYS_DECLARE(arm_ftruncate64);
SYS_DECLARE(arm_pread64);
SYS_DECLARE(arm_pwrite64);
SYS_DECLARE(arm_preadv);
SYS_DECLARE(arm_pwritev);
SYS_DECLARE(arm_preadv2);
SYS_DECLARE(arm_pwritev2);
SYS_DECLARE(arm_fallocate);
SYS_DECLARE(arm_fadvise64_64);
SYS_DECLARE(arm_mmap2);
SYS_DECLARE(arm_fcntl64);
SYS_DECLARE(arm_statfs64);
SYS_DECLARE(arm_fstatfs64);
SYS_DECLARE(arm_getrlimit);
SYS_DECLARE(sigreturn);

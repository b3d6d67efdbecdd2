/* The system calls of 32-bit Arm Linux (EABI) for boards that count their flash in KiB: those that programs of docs/arm.md make, and what
 * goes with them.  What is not in the table is not linked.  table_arm.c has all. */
#include <abi/syscall_nr.h>
#include <kernel/sys/sys_arch_arm.h>
#include <kernel/sys/sys_file.h>
#include <kernel/sys/sys_mem.h>
#include <kernel/sys/sys_misc.h>
#include <kernel/sys/sys_path.h>
#include <kernel/sys/sys_poll.h>
#include <kernel/sys/sys_proc.h>
#include <kernel/sys/sys_signal.h>
#include <kernel/sys/sys_time.h>

#define CALL(name)        [SYS_##name] = SYS_ENTRY(#name, sys_##name)
#define SAME(name, other) [SYS_##name] = SYS_ENTRY(#name, sys_##other)

const struct sys_entry sys_table[] = {
    /* clang-format off */
    CALL(restart_syscall), CALL(exit), CALL(fork), CALL(read), CALL(write), CALL(open), CALL(close),
    CALL(link), CALL(unlink), CALL(execve), CALL(chdir), CALL(mknod), CALL(chmod),
    SAME(lseek, arm_lseek), CALL(getpid), CALL(mount), CALL(access), CALL(sync), CALL(kill),
    CALL(rename), CALL(mkdir), CALL(rmdir), CALL(dup), CALL(brk), CALL(umount2), CALL(ioctl),
    CALL(setpgid), CALL(umask), CALL(dup2), CALL(getppid), CALL(getpgrp), CALL(setsid),
    CALL(symlink), CALL(readlink), CALL(reboot), CALL(munmap), SAME(truncate, arm_truncate),
    SAME(ftruncate, arm_ftruncate), CALL(setitimer), CALL(wait4), CALL(sysinfo), CALL(fsync),
    CALL(sigreturn), CALL(clone), CALL(uname), CALL(mprotect), CALL(getpgid),
    SAME(_llseek, arm_llseek), CALL(readv), CALL(writev), CALL(fdatasync), CALL(sched_yield),
    CALL(poll), CALL(rt_sigreturn), CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigpending),
    CALL(rt_sigsuspend), SAME(pread64, arm_pread64), SAME(pwrite64, arm_pwrite64), CALL(getcwd),
    CALL(sigaltstack), CALL(vfork), SAME(mmap2, arm_mmap2), SAME(stat64, stat), SAME(lstat64, lstat),
    SAME(fstat64, fstat), SAME(getuid32, getuid), SAME(geteuid32, geteuid), SAME(getgid32, getgid),
    SAME(getegid32, getegid), CALL(getdents64), SAME(fcntl64, arm_fcntl64), CALL(gettid),
    CALL(exit_group), SAME(statfs64, arm_statfs64), CALL(tgkill), CALL(dup3), CALL(pipe2),
    CALL(getrandom), SAME(clock_gettime64, clock_gettime), SAME(clock_settime64, clock_settime),
    SAME(clock_nanosleep_time64, clock_nanosleep), SAME(utimensat_time64, utimensat),
    SAME(ppoll_time64, ppoll),
    /* clang-format on */
};
const size_t sys_table_len = sizeof sys_table / sizeof sys_table[0];

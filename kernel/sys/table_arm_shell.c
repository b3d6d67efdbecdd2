/* The system calls of 32-bit Arm Linux (EABI) that a shell and the programs beside it make (user/arm), for boards with the least flash: no
 * memory mapping, waiting on several files, interval timers, changes of a file's times.  table_arm_few.c has these too. */
#include <abi/syscall_nr.h>
#include <kernel/sys/sys_arch_arm.h>
#include <kernel/sys/sys_file.h>
#include <kernel/sys/sys_mem.h>
#include <kernel/sys/sys_misc.h>
#include <kernel/sys/sys_path.h>
#include <kernel/sys/sys_proc.h>
#include <kernel/sys/sys_signal.h>
#include <kernel/sys/sys_time.h>

#define CALL(name)        [SYS_##name] = SYS_ENTRY(#name, sys_##name)
#define SAME(name, other) [SYS_##name] = SYS_ENTRY(#name, sys_##other)

const struct sys_entry sys_table[] = {
    /* clang-format off */
    CALL(restart_syscall), CALL(exit), CALL(read), CALL(write), CALL(open), CALL(close), CALL(link),
    CALL(unlink), CALL(execve), CALL(chdir), CALL(chmod), SAME(lseek, arm_lseek), CALL(getpid),
    CALL(mount), CALL(sync), CALL(kill), CALL(rename), CALL(mkdir), CALL(rmdir), CALL(dup),
    CALL(brk), CALL(umount2), CALL(ioctl), CALL(setpgid), CALL(umask), CALL(dup2), CALL(getppid),
    CALL(getpgrp), CALL(setsid), CALL(symlink), CALL(readlink), SAME(ftruncate, arm_ftruncate),
    CALL(wait4), CALL(sysinfo), CALL(fsync), CALL(sigreturn), CALL(sched_yield), CALL(rt_sigreturn),
    CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigsuspend), CALL(getcwd), CALL(vfork),
    SAME(stat64, stat), SAME(lstat64, lstat), SAME(fstat64, fstat), SAME(getuid32, getuid),
    CALL(getdents64), SAME(fcntl64, arm_fcntl64), CALL(exit_group), CALL(pipe2),
    SAME(clock_gettime64, clock_gettime), SAME(clock_nanosleep_time64, clock_nanosleep),
    /* clang-format on */
};
const size_t sys_table_len = sizeof sys_table / sizeof sys_table[0];

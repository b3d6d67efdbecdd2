/* The system calls of 32-bit Arm Linux (EABI) that a shell and the programs beside it make (user/arm), for boards with the least flash: no
 * memory mapping, waiting on several files, interval timers, new links, changes of a file's times.  table_arm_few.c has these too. */
#include <abi/syscall_nr.h>
#include <kernel/sys/sys_arch_arm.h>
#include <kernel/sys/sys_file.h>
#include <kernel/sys/sys_mem.h>
#include <kernel/sys/sys_misc.h>
#include <kernel/sys/sys_path.h>
#include <kernel/sys/sys_proc.h>
#include <kernel/sys/sys_signal.h>
#include <kernel/sys/sys_time.h>
#include <kernel/sys/table_few.h>

/* clang-format off */
#define CALLS(X)                                                                                   \
    X(restart_syscall, restart_syscall) X(exit, exit) X(read, read) X(write, write) X(open, open)  \
    X(close, close) X(unlink, unlink) X(execve, execve) X(chdir, chdir) X(chmod, chmod)            \
    X(lseek, arm_lseek) X(getpid, getpid) X(mount, mount) X(sync, sync) X(kill, kill)              \
    X(rename, rename) X(mkdir, mkdir) X(rmdir, rmdir) X(dup, dup) X(brk, brk) X(umount2, umount2)  \
    X(ioctl, ioctl) X(setpgid, setpgid) X(umask, umask) X(dup2, dup2) X(getppid, getppid)          \
    X(getpgrp, getpgrp) X(setsid, setsid) X(readlink, readlink) X(ftruncate, arm_ftruncate)        \
    X(wait4, wait4) X(sysinfo, sysinfo) X(fsync, fsync) X(sigreturn, sigreturn)                    \
    X(sched_yield, sched_yield) X(rt_sigreturn, rt_sigreturn) X(rt_sigaction, rt_sigaction)        \
    X(rt_sigprocmask, rt_sigprocmask) X(rt_sigsuspend, rt_sigsuspend) X(getcwd, getcwd)            \
    X(vfork, vfork) X(stat64, stat) X(lstat64, lstat) X(fstat64, fstat) X(getuid32, getuid)        \
    X(getdents64, getdents64) X(fcntl64, arm_fcntl64) X(exit_group, exit_group) X(pipe2, pipe2)    \
    X(clock_gettime64, clock_gettime) X(clock_nanosleep_time64, clock_nanosleep)
/* clang-format on */

SYS_TABLE_FEW(CALLS)

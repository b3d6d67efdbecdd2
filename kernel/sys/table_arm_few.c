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
#include <kernel/sys/table_few.h>

/* clang-format off */
#define CALLS(X)                                                                                   \
    X(restart_syscall, restart_syscall) X(exit, exit) X(fork, fork) X(read, read) X(write, write)  \
    X(open, open) X(close, close) X(link, link) X(unlink, unlink) X(execve, execve)                \
    X(chdir, chdir) X(mknod, mknod) X(chmod, chmod) X(lseek, arm_lseek) X(getpid, getpid)          \
    X(mount, mount) X(access, access) X(sync, sync) X(kill, kill) X(rename, rename)                \
    X(mkdir, mkdir) X(rmdir, rmdir) X(dup, dup) X(brk, brk) X(umount2, umount2) X(ioctl, ioctl)    \
    X(setpgid, setpgid) X(umask, umask) X(dup2, dup2) X(getppid, getppid) X(getpgrp, getpgrp)      \
    X(setsid, setsid) X(symlink, symlink) X(readlink, readlink) X(reboot, reboot)                  \
    X(munmap, munmap) X(truncate, arm_truncate) X(ftruncate, arm_ftruncate)                        \
    X(setitimer, setitimer) X(wait4, wait4) X(sysinfo, sysinfo) X(fsync, fsync)                    \
    X(sigreturn, sigreturn) X(clone, clone) X(uname, uname) X(mprotect, mprotect)                  \
    X(getpgid, getpgid) X(_llseek, arm_llseek) X(readv, readv) X(writev, writev)                   \
    X(fdatasync, fdatasync) X(sched_yield, sched_yield) X(poll, poll)                              \
    X(rt_sigreturn, rt_sigreturn) X(rt_sigaction, rt_sigaction) X(rt_sigprocmask, rt_sigprocmask)  \
    X(rt_sigpending, rt_sigpending) X(rt_sigsuspend, rt_sigsuspend) X(pread64, arm_pread64)        \
    X(pwrite64, arm_pwrite64) X(getcwd, getcwd) X(sigaltstack, sigaltstack) X(vfork, vfork)        \
    X(mmap2, arm_mmap2) X(stat64, stat) X(lstat64, lstat) X(fstat64, fstat) X(getuid32, getuid)    \
    X(geteuid32, geteuid) X(getgid32, getgid) X(getegid32, getegid) X(getdents64, getdents64)      \
    X(fcntl64, arm_fcntl64) X(gettid, gettid) X(exit_group, exit_group) X(statfs64, arm_statfs64)  \
    X(tgkill, tgkill) X(dup3, dup3) X(pipe2, pipe2) X(getrandom, getrandom)                        \
    X(clock_gettime64, clock_gettime) X(clock_settime64, clock_settime)                            \
    X(clock_nanosleep_time64, clock_nanosleep) X(utimensat_time64, utimensat)                      \
    X(ppoll_time64, ppoll)
/* clang-format on */

SYS_TABLE_FEW(CALLS)

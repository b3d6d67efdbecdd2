/* The system calls of 32-bit Arm Linux (EABI), by number: those with a function are implemented, the others known by name only.
 *
 * Of calls that come with 32-bit and with 64-bit times there are the latter, as on a Linux without COMPAT_32BIT_TIME; of those with 16-bit
 * and 32-bit user numbers, and with struct stat and stat64, the latter too. */
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
#include <kernel/trusted/bounds.h>

#define CALL(name)        [SYS_##name] = SYS_ENTRY(#name, sys_##name)
#define SAME(name, other) [SYS_##name] = SYS_ENTRY(#name, sys_##other)
#define NAME(name)        [SYS_##name] = SYS_ENTRY(#name, NULL)

static const struct sys_entry table[] = {
    /* clang-format off */
    CALL(restart_syscall), CALL(exit), CALL(fork), CALL(read), CALL(write), CALL(open), CALL(close),
    CALL(creat), CALL(link), CALL(unlink), CALL(execve), CALL(chdir), CALL(mknod), CALL(chmod),
    NAME(lchown), SAME(lseek, arm_lseek), CALL(getpid), CALL(mount), NAME(setuid), NAME(getuid),
    NAME(ptrace), CALL(pause), CALL(access), NAME(nice), CALL(sync), CALL(kill), CALL(rename),
    CALL(mkdir), CALL(rmdir), CALL(dup), CALL(pipe), CALL(times), CALL(brk), NAME(setgid),
    NAME(getgid), NAME(geteuid), NAME(getegid), NAME(acct), CALL(umount2), CALL(ioctl),
    SAME(fcntl, arm_fcntl64), CALL(setpgid), CALL(umask), CALL(chroot), NAME(ustat), CALL(dup2),
    CALL(getppid), CALL(getpgrp), CALL(setsid), NAME(sigaction), NAME(setreuid), NAME(setregid),
    NAME(sigsuspend), NAME(sigpending), CALL(sethostname), NAME(setrlimit),
    CALL(getrusage), CALL(gettimeofday), CALL(settimeofday), NAME(getgroups), NAME(setgroups),
    CALL(symlink), CALL(readlink), NAME(uselib), NAME(swapon), CALL(reboot), CALL(munmap),
    SAME(truncate, arm_truncate), SAME(ftruncate, arm_ftruncate), CALL(fchmod), NAME(fchown),
    CALL(getpriority), CALL(setpriority), NAME(statfs), NAME(fstatfs), CALL(syslog),
    CALL(setitimer), CALL(getitimer), NAME(stat), NAME(lstat), NAME(fstat), NAME(vhangup),
    CALL(wait4), NAME(swapoff), CALL(sysinfo), CALL(fsync), CALL(sigreturn), CALL(clone),
    CALL(setdomainname), CALL(uname), NAME(adjtimex), CALL(mprotect), NAME(sigprocmask),
    NAME(init_module), NAME(delete_module), NAME(quotactl), CALL(getpgid), CALL(fchdir),
    NAME(bdflush), NAME(sysfs), CALL(personality), NAME(setfsuid), NAME(setfsgid),
    SAME(_llseek, arm_llseek), NAME(getdents), SAME(_newselect, select), CALL(flock), CALL(msync),
    CALL(readv), CALL(writev), CALL(getsid), CALL(fdatasync), NAME(_sysctl), CALL(mlock),
    CALL(munlock), CALL(mlockall), CALL(munlockall), CALL(sched_setparam), CALL(sched_getparam),
    CALL(sched_setscheduler), CALL(sched_getscheduler), CALL(sched_yield),
    CALL(sched_get_priority_max), CALL(sched_get_priority_min), NAME(sched_rr_get_interval),
    NAME(nanosleep), CALL(mremap), NAME(setresuid), NAME(getresuid), CALL(poll), NAME(setresgid),
    NAME(getresgid), CALL(prctl), CALL(rt_sigreturn), CALL(rt_sigaction), CALL(rt_sigprocmask),
    CALL(rt_sigpending), NAME(rt_sigtimedwait), CALL(rt_sigqueueinfo), CALL(rt_sigsuspend),
    SAME(pread64, arm_pread64), SAME(pwrite64, arm_pwrite64), NAME(chown), CALL(getcwd),
    CALL(capget), CALL(capset), CALL(sigaltstack), NAME(sendfile), CALL(vfork),
    SAME(ugetrlimit, arm_getrlimit), SAME(mmap2, arm_mmap2), SAME(truncate64, arm_truncate64),
    SAME(ftruncate64, arm_ftruncate64), SAME(stat64, stat), SAME(lstat64, lstat),
    SAME(fstat64, fstat), SAME(lchown32, lchown), SAME(getuid32, getuid), SAME(getgid32, getgid),
    SAME(geteuid32, geteuid), SAME(getegid32, getegid), SAME(setreuid32, setreuid),
    SAME(setregid32, setregid), SAME(getgroups32, getgroups), SAME(setgroups32, setgroups),
    SAME(fchown32, fchown), SAME(setresuid32, setresuid), SAME(getresuid32, getresuid),
    SAME(setresgid32, setresgid), SAME(getresgid32, getresgid), SAME(chown32, chown),
    SAME(setuid32, setuid), SAME(setgid32, setgid), SAME(setfsuid32, setfsuid),
    SAME(setfsgid32, setfsgid), CALL(getdents64), NAME(pivot_root), CALL(mincore), CALL(madvise),
    SAME(fcntl64, arm_fcntl64), CALL(gettid), NAME(readahead), NAME(setxattr), NAME(lsetxattr),
    NAME(fsetxattr), NAME(getxattr), NAME(lgetxattr), NAME(fgetxattr), NAME(listxattr),
    NAME(llistxattr), NAME(flistxattr), NAME(removexattr), NAME(lremovexattr), NAME(fremovexattr),
    CALL(tkill), SAME(sendfile64, sendfile), NAME(futex), CALL(sched_setaffinity), CALL(sched_getaffinity),
    NAME(io_setup), NAME(io_destroy), NAME(io_getevents), NAME(io_submit), NAME(io_cancel),
    CALL(exit_group), NAME(lookup_dcookie), CALL(epoll_create), CALL(epoll_ctl), CALL(epoll_wait),
    NAME(remap_file_pages), CALL(set_tid_address), NAME(timer_create), NAME(timer_settime),
    NAME(timer_gettime), NAME(timer_getoverrun), NAME(timer_delete), NAME(clock_settime),
    NAME(clock_gettime), NAME(clock_getres), NAME(clock_nanosleep), SAME(statfs64, arm_statfs64),
    SAME(fstatfs64, arm_fstatfs64), CALL(tgkill), CALL(utimes), CALL(arm_fadvise64_64),
    NAME(mq_open), NAME(mq_unlink), NAME(mq_timedsend), NAME(mq_timedreceive), NAME(mq_notify),
    NAME(mq_getsetattr), CALL(waitid), NAME(socket), NAME(bind), NAME(connect), NAME(listen),
    NAME(accept), NAME(getsockname), NAME(getpeername), NAME(socketpair), NAME(send), NAME(sendto),
    NAME(recv), NAME(recvfrom), NAME(shutdown), NAME(setsockopt), NAME(getsockopt), NAME(sendmsg),
    NAME(recvmsg), NAME(semop), NAME(semget), NAME(semctl), NAME(msgsnd), NAME(msgrcv),
    NAME(msgget), NAME(msgctl), NAME(shmat), NAME(shmdt), NAME(shmget), NAME(shmctl), NAME(add_key),
    NAME(request_key), NAME(keyctl), NAME(semtimedop), NAME(ioprio_set), NAME(ioprio_get),
    NAME(inotify_init), NAME(inotify_add_watch), NAME(inotify_rm_watch), NAME(mbind),
    NAME(get_mempolicy), NAME(set_mempolicy), CALL(openat), CALL(mkdirat), CALL(mknodat),
    CALL(fchownat), NAME(futimesat), SAME(fstatat64, newfstatat), CALL(unlinkat), CALL(renameat),
    CALL(linkat), CALL(symlinkat), CALL(readlinkat), CALL(fchmodat), CALL(faccessat),
    NAME(pselect6), NAME(ppoll), NAME(unshare), CALL(set_robust_list), CALL(get_robust_list),
    NAME(splice), NAME(arm_sync_file_range), NAME(tee), NAME(vmsplice), NAME(move_pages),
    CALL(getcpu), CALL(epoll_pwait), NAME(kexec_load), NAME(utimensat), NAME(signalfd),
    NAME(timerfd_create), CALL(eventfd), SAME(fallocate, arm_fallocate), NAME(timerfd_settime),
    NAME(timerfd_gettime), NAME(signalfd4), CALL(eventfd2), CALL(epoll_create1), CALL(dup3),
    CALL(pipe2), NAME(inotify_init1), SAME(preadv, arm_preadv), SAME(pwritev, arm_pwritev),
    NAME(rt_tgsigqueueinfo), NAME(perf_event_open), NAME(recvmmsg), NAME(accept4),
    NAME(fanotify_init), NAME(fanotify_mark), CALL(prlimit64), NAME(name_to_handle_at),
    NAME(open_by_handle_at), NAME(clock_adjtime), CALL(syncfs), NAME(sendmmsg), NAME(setns),
    NAME(process_vm_readv), NAME(process_vm_writev), NAME(kcmp), NAME(finit_module),
    NAME(sched_setattr), NAME(sched_getattr), CALL(renameat2), NAME(seccomp), CALL(getrandom),
    NAME(memfd_create), NAME(bpf), NAME(execveat), NAME(userfaultfd), CALL(membarrier),
    CALL(mlock2), CALL(copy_file_range), SAME(preadv2, arm_preadv2), SAME(pwritev2, arm_pwritev2),
    NAME(pkey_mprotect), NAME(pkey_alloc), NAME(pkey_free), CALL(statx), CALL(rseq),
    NAME(io_pgetevents), NAME(migrate_pages), NAME(kexec_file_load),
    SAME(clock_gettime64, clock_gettime), SAME(clock_settime64, clock_settime),
    NAME(clock_adjtime64), SAME(clock_getres_time64, clock_getres),
    SAME(clock_nanosleep_time64, clock_nanosleep), NAME(timer_gettime64), NAME(timer_settime64),
    NAME(timerfd_gettime64), NAME(timerfd_settime64), SAME(utimensat_time64, utimensat),
    SAME(pselect6_time64, pselect6), SAME(ppoll_time64, ppoll), NAME(io_pgetevents_time64),
    NAME(recvmmsg_time64), NAME(mq_timedsend_time64), NAME(mq_timedreceive_time64),
    NAME(semtimedop_time64), SAME(rt_sigtimedwait_time64, rt_sigtimedwait),
    SAME(futex_time64, futex), SAME(sched_rr_get_interval_time64, sched_rr_get_interval),
    NAME(pidfd_send_signal), NAME(io_uring_setup), NAME(io_uring_enter), NAME(io_uring_register),
    NAME(open_tree), NAME(move_mount), NAME(fsopen), NAME(fsconfig), NAME(fsmount), NAME(fspick),
    NAME(pidfd_open), CALL(clone3), CALL(close_range), NAME(openat2), NAME(pidfd_getfd),
    CALL(faccessat2), NAME(process_madvise), CALL(epoll_pwait2), NAME(mount_setattr),
    NAME(quotactl_fd), NAME(landlock_create_ruleset), NAME(landlock_add_rule),
    NAME(landlock_restrict_self), NAME(process_mrelease), NAME(futex_waitv),
    NAME(set_mempolicy_home_node), NAME(cachestat), NAME(fchmodat2), NAME(map_shadow_stack),
    NAME(futex_wake), NAME(futex_wait), NAME(futex_requeue), NAME(statmount), NAME(listmount),
    NAME(lsm_get_self_attr), NAME(lsm_set_self_attr), NAME(lsm_list_modules), NAME(mseal),
    /* clang-format on */
};

const struct sys_entry *_Nullable
sys_find(uint64_t nr)
{
    size_t n = sizeof table / sizeof table[0];

    return nr < n ? &at(table, n, nr) : NULL;
}

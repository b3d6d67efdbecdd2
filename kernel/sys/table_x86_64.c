/* The system calls of x86-64 Linux, by number: those with a function are implemented, the others known by name only. */
#include <abi/syscall_nr.h>
#include <kernel/sys/sys_file.h>
#include <kernel/sys/sys_mem.h>
#include <kernel/sys/sys_misc.h>
#include <kernel/sys/sys_path.h>
#include <kernel/sys/sys_poll.h>
#include <kernel/sys/sys_proc.h>
#include <kernel/sys/sys_signal.h>
#include <kernel/sys/sys_time.h>
#include <kernel/trusted/bounds.h>

#define CALL(name) [SYS_##name] = SYS_ENTRY(#name, sys_##name)
#define NAME(name) [SYS_##name] = SYS_ENTRY(#name, NULL)

static const struct sys_entry table[] = {
    /* clang-format off */
    CALL(read), CALL(write), CALL(open), CALL(close), CALL(stat), CALL(fstat), CALL(lstat),
    CALL(poll), CALL(lseek), CALL(mmap), CALL(mprotect), CALL(munmap), CALL(brk),
    CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(ioctl), CALL(pread64),
    CALL(pwrite64), CALL(readv), CALL(writev), CALL(access), CALL(pipe), CALL(select),
    CALL(sched_yield), CALL(mremap), CALL(msync), CALL(mincore), CALL(madvise), NAME(shmget),
    NAME(shmat), NAME(shmctl), CALL(dup), CALL(dup2), CALL(pause), CALL(nanosleep), CALL(getitimer),
    CALL(alarm), CALL(setitimer), CALL(getpid), CALL(sendfile), NAME(socket), NAME(connect),
    NAME(accept), NAME(sendto), NAME(recvfrom), NAME(sendmsg), NAME(recvmsg), NAME(shutdown),
    NAME(bind), NAME(listen), NAME(getsockname), NAME(getpeername), NAME(socketpair),
    NAME(setsockopt), NAME(getsockopt), CALL(clone), CALL(fork), CALL(vfork), CALL(execve),
    CALL(exit), CALL(wait4), CALL(kill), CALL(uname), NAME(semget), NAME(semop), NAME(semctl),
    NAME(shmdt), NAME(msgget), NAME(msgsnd), NAME(msgrcv), NAME(msgctl), CALL(fcntl), CALL(flock),
    CALL(fsync), CALL(fdatasync), CALL(truncate), CALL(ftruncate), CALL(getdents), CALL(getcwd),
    CALL(chdir), CALL(fchdir), CALL(rename), CALL(mkdir), CALL(rmdir), CALL(creat), CALL(link),
    CALL(unlink), CALL(symlink), CALL(readlink), CALL(chmod), CALL(fchmod), CALL(chown),
    CALL(fchown), CALL(lchown), CALL(umask), CALL(gettimeofday), CALL(getrlimit), CALL(getrusage),
    CALL(sysinfo), CALL(times), NAME(ptrace), CALL(getuid), CALL(syslog), CALL(getgid),
    CALL(setuid), CALL(setgid), CALL(geteuid), CALL(getegid), CALL(setpgid), CALL(getppid),
    CALL(getpgrp), CALL(setsid), CALL(setreuid), CALL(setregid), CALL(getgroups), CALL(setgroups),
    CALL(setresuid), CALL(getresuid), CALL(setresgid), CALL(getresgid), CALL(getpgid),
    CALL(setfsuid), CALL(setfsgid), CALL(getsid), CALL(capget), CALL(capset), CALL(rt_sigpending),
    CALL(rt_sigtimedwait), CALL(rt_sigqueueinfo), CALL(rt_sigsuspend), CALL(sigaltstack),
    CALL(utime), CALL(mknod), NAME(uselib), CALL(personality), NAME(ustat), CALL(statfs),
    CALL(fstatfs), NAME(sysfs), CALL(getpriority), CALL(setpriority), CALL(sched_setparam),
    CALL(sched_getparam), CALL(sched_setscheduler), CALL(sched_getscheduler),
    CALL(sched_get_priority_max), CALL(sched_get_priority_min), CALL(sched_rr_get_interval),
    CALL(mlock), CALL(munlock), CALL(mlockall), CALL(munlockall), NAME(vhangup), NAME(modify_ldt),
    NAME(pivot_root), NAME(_sysctl), CALL(prctl), CALL(arch_prctl), CALL(adjtimex), CALL(setrlimit),
    CALL(chroot), CALL(sync), NAME(acct), CALL(settimeofday), CALL(mount), CALL(umount2),
    NAME(swapon), NAME(swapoff), CALL(reboot), CALL(sethostname), CALL(setdomainname), NAME(iopl),
    NAME(ioperm), NAME(create_module), NAME(init_module), NAME(delete_module),
    NAME(get_kernel_syms), NAME(query_module), NAME(quotactl), NAME(nfsservctl), NAME(getpmsg),
    NAME(putpmsg), NAME(afs_syscall), NAME(tuxcall), NAME(security), CALL(gettid), NAME(readahead),
    NAME(setxattr), NAME(lsetxattr), NAME(fsetxattr), NAME(getxattr), NAME(lgetxattr),
    NAME(fgetxattr), NAME(listxattr), NAME(llistxattr), NAME(flistxattr), NAME(removexattr),
    NAME(lremovexattr), NAME(fremovexattr), CALL(tkill), CALL(time), CALL(futex),
    CALL(sched_setaffinity), CALL(sched_getaffinity), NAME(set_thread_area), NAME(io_setup),
    NAME(io_destroy), NAME(io_getevents), NAME(io_submit), NAME(io_cancel), NAME(get_thread_area),
    NAME(lookup_dcookie), CALL(epoll_create), NAME(epoll_ctl_old), NAME(epoll_wait_old),
    NAME(remap_file_pages), CALL(getdents64), CALL(set_tid_address), CALL(restart_syscall),
    NAME(semtimedop), CALL(fadvise64), NAME(timer_create), NAME(timer_settime), NAME(timer_gettime),
    NAME(timer_getoverrun), NAME(timer_delete), CALL(clock_settime), CALL(clock_gettime),
    CALL(clock_getres), CALL(clock_nanosleep), CALL(exit_group), CALL(epoll_wait), CALL(epoll_ctl),
    CALL(tgkill), CALL(utimes), NAME(vserver), NAME(mbind), NAME(set_mempolicy),
    NAME(get_mempolicy), NAME(mq_open), NAME(mq_unlink), NAME(mq_timedsend), NAME(mq_timedreceive),
    NAME(mq_notify), NAME(mq_getsetattr), NAME(kexec_load), CALL(waitid), NAME(add_key),
    NAME(request_key), NAME(keyctl), NAME(ioprio_set), NAME(ioprio_get), NAME(inotify_init),
    NAME(inotify_add_watch), NAME(inotify_rm_watch), NAME(migrate_pages), CALL(openat),
    CALL(mkdirat), CALL(mknodat), CALL(fchownat), CALL(futimesat), CALL(newfstatat), CALL(unlinkat),
    CALL(renameat), CALL(linkat), CALL(symlinkat), CALL(readlinkat), CALL(fchmodat),
    CALL(faccessat), CALL(pselect6), CALL(ppoll), NAME(unshare), CALL(set_robust_list),
    CALL(get_robust_list), NAME(splice), NAME(tee), NAME(sync_file_range), NAME(vmsplice),
    NAME(move_pages), CALL(utimensat), CALL(epoll_pwait), NAME(signalfd), NAME(timerfd_create),
    CALL(eventfd), CALL(fallocate), NAME(timerfd_settime), NAME(timerfd_gettime), NAME(accept4),
    NAME(signalfd4), CALL(eventfd2), CALL(epoll_create1), CALL(dup3), CALL(pipe2),
    NAME(inotify_init1), CALL(preadv), CALL(pwritev), NAME(rt_tgsigqueueinfo),
    NAME(perf_event_open), NAME(recvmmsg), NAME(fanotify_init), NAME(fanotify_mark),
    CALL(prlimit64), NAME(name_to_handle_at), NAME(open_by_handle_at), NAME(clock_adjtime),
    CALL(syncfs), NAME(sendmmsg), NAME(setns), CALL(getcpu), NAME(process_vm_readv),
    NAME(process_vm_writev), NAME(kcmp), NAME(finit_module), NAME(sched_setattr),
    NAME(sched_getattr), CALL(renameat2), NAME(seccomp), CALL(getrandom), NAME(memfd_create),
    NAME(kexec_file_load), NAME(bpf), NAME(execveat), NAME(userfaultfd), CALL(membarrier),
    CALL(mlock2), CALL(copy_file_range), CALL(preadv2), CALL(pwritev2), NAME(pkey_mprotect),
    NAME(pkey_alloc), NAME(pkey_free), CALL(statx), NAME(io_pgetevents), CALL(rseq),
    NAME(pidfd_send_signal), NAME(io_uring_setup), NAME(io_uring_enter), NAME(io_uring_register),
    NAME(open_tree), NAME(move_mount), NAME(fsopen), NAME(fsconfig), NAME(fsmount), NAME(fspick),
    NAME(pidfd_open), CALL(clone3), CALL(close_range), NAME(openat2), NAME(pidfd_getfd),
    CALL(faccessat2), NAME(process_madvise), CALL(epoll_pwait2), NAME(mount_setattr),
    NAME(quotactl_fd), NAME(landlock_create_ruleset), NAME(landlock_add_rule),
    NAME(landlock_restrict_self), NAME(memfd_secret), NAME(process_mrelease), NAME(futex_waitv),
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

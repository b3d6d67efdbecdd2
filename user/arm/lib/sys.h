/* System calls of Linux on 32-bit Arm, as a program for a small board makes them: each returns a result or a negative error number
 * (there is no errno).  Their manual is section 2 of Linux's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/stat.h>
#include <kernel/abi/errno.h>
#include <kernel/abi/fcntl.h>
#include <kernel/abi/signal.h>
#include <kernel/abi/statx.h>
#include <kernel/abi/sysinfo.h>
#include <kernel/abi/time.h>
#include <kernel/abi/wait.h>

_Noreturn void sys_exit(int status);
int sys_read(int fd, void *buf, size_t len);
int sys_write(int fd, const void *buf, size_t len);
int sys_open(const char *path, int flags, unsigned mode);
int sys_close(int fd);
int sys_link(const char *old, const char *new);
int sys_unlink(const char *path);
int sys_symlink(const char *target, const char *path);
int sys_readlink(const char *path, char *buf, size_t len);
int sys_rename(const char *old, const char *new);
int sys_mkdir(const char *path, unsigned mode);
int sys_rmdir(const char *path);
int sys_mknod(const char *path, unsigned mode, unsigned dev);
int sys_chmod(const char *path, unsigned mode);
int sys_chdir(const char *path);
int sys_getcwd(char *buf, size_t len);
int sys_lseek(int fd, int offset, int whence);
int sys_ftruncate(int fd, int length);
int sys_fsync(int fd);
int sys_sync(void);
int sys_dup(int fd);
int sys_dup2(int fd, int to);
int sys_pipe2(int fds[2], int flags);
int sys_fcntl64(int fd, int command, uintptr_t arg);
int sys_ioctl(int fd, unsigned request, void *arg);
int sys_stat64(const char *path, struct abi_stat *st);
int sys_lstat64(const char *path, struct abi_stat *st);
int sys_fstat64(int fd, struct abi_stat *st);
int sys_getdents64(int fd, void *buf, size_t len);
int sys_poll(struct abi_pollfd *fds, unsigned count, int timeout_ms);
int sys_mount(const char *source, const char *target, const char *type, unsigned flags,
              const void *data);
int sys_umount(const char *target, int flags);

int sys_getpid(void);
int sys_getppid(void);
int sys_getuid(void);
int sys_setpgid(int pid, int pgid);
int sys_kill(int pid, int signo);
int sys_execve(const char *path, char *const argv[], char *const envp[]);
/* The child runs on the parent's stack until it calls sys_execve() or sys_exit(): it may not return from the caller. */
__attribute__((returns_twice)) int sys_vfork(void);
int sys_fork(void); /* -ENOSYS without an MMU */
int sys_wait4(int pid, int *status, int options, void *usage);
int sys_sched_yield(void);

/* The new break, or the old one where it cannot be had. */
uintptr_t sys_brk(uintptr_t end);
void *sys_mmap2(void *addr, size_t len, int prot, int flags, int fd, unsigned page);
int sys_munmap(void *addr, size_t len);

int sys_rt_sigaction(int signo, const struct sigaction_abi *new, struct sigaction_abi *old,
                     size_t set_size);
int sys_rt_sigprocmask(int how, const uint64_t *set, uint64_t *old, size_t set_size);
int sys_sigaltstack(const struct stack_k *new, struct stack_k *old);
void sys_restorer(void);      /* sigaction_abi.restorer of a handler without SA_SIGINFO, */
void sys_restorer_info(void); /* and of one with it */

int sys_clock_gettime64(int clock, struct timespec_k *now);
int sys_clock_nanosleep64(int clock, int flags, const struct timespec_k *for_how_long,
                          struct timespec_k *rest);
int sys_getrandom(void *buf, size_t len, unsigned flags);
int sys_uname(void *names);
int sys_sysinfo(struct abi_sysinfo *info);
int sys_reboot(unsigned magic, unsigned magic2, unsigned command, void *arg);

/* Any call by number. */
int sys_call(int number, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e,
             uintptr_t f);

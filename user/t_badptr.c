/* t_badptr: system calls with pointers that are not the program's: each gives EFAULT (or another clean error), none moves data. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int count, failures;

static void
check(const char *what, long got, int err, int want)
{
    count++;
    if (got == -1 && err == want) {
        printf("ok %d - %s\n", count, what);
        return;
    }
    failures++;
    printf("not ok %d - %s: %ld, errno %d, not %d\n", count, what, got, err, want);
}

#define EXPECT(want, call)                                                                         \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long r_ = (long)(call);                                                                    \
        check(#call, r_, errno, want);                                                             \
    } while (0)

static void
each(void *bad)
{
    int z = open("/dev/zero", O_RDONLY), f = open("/tmp/badptr", O_RDWR | O_CREAT | O_TRUNC, 0600),
        p[2];
    struct iovec iov = { bad, 64 };

    if (pipe(p) != 0 || write(f, "some text", 9) != 9 || write(p[1], "x", 1) != 1)
        exit(1);
    lseek(f, 0, SEEK_SET);
    EXPECT(EFAULT, syscall(SYS_read, z, bad, 64));
    EXPECT(EFAULT, syscall(SYS_read, f, bad, 9));
    EXPECT(EFAULT, syscall(SYS_read, p[0], bad, 1));
    EXPECT(EFAULT, syscall(SYS_write, f, bad, 64));
    EXPECT(EFAULT, syscall(SYS_write, p[1], bad, 64));
    EXPECT(EFAULT, syscall(SYS_readv, z, &iov, 1));
    EXPECT(EFAULT, syscall(SYS_readv, z, bad, 1));
    EXPECT(EFAULT, syscall(SYS_open, bad, O_RDONLY));
    EXPECT(EFAULT, syscall(SYS_stat, bad, &iov));
    EXPECT(EFAULT, syscall(SYS_stat, "/", bad));
    EXPECT(EFAULT, syscall(SYS_fstat, f, bad));
    EXPECT(EFAULT, syscall(SYS_pipe, bad));
    EXPECT(EFAULT, syscall(SYS_poll, bad, 1, 0));
    EXPECT(EFAULT, syscall(SYS_execve, bad, NULL, NULL));
    EXPECT(EFAULT, syscall(SYS_execve, "/bin/busybox", bad, NULL));
    EXPECT(EFAULT, syscall(SYS_getcwd, bad, 4096));
    EXPECT(EFAULT, syscall(SYS_readlink, "/proc/self/exe", bad, 64));
    EXPECT(EFAULT, syscall(SYS_rt_sigaction, SIGUSR1, bad, NULL, 8));
    EXPECT(EFAULT, syscall(SYS_rt_sigprocmask, SIG_BLOCK, bad, NULL, 8));
    EXPECT(EFAULT, syscall(SYS_nanosleep, bad, NULL));
    EXPECT(EFAULT, syscall(SYS_clock_gettime, 0, bad));
    EXPECT(EFAULT, syscall(SYS_uname, bad));
    EXPECT(EFAULT, syscall(SYS_sysinfo, bad));
    EXPECT(EFAULT, syscall(SYS_getrlimit, 0, bad));
    EXPECT(EFAULT, syscall(SYS_ioctl, p[0], 0x541b /* FIONREAD */, bad));
    EXPECT(EFAULT, syscall(SYS_getrandom, bad, 64, 0));
    close(z);
    close(f);
    close(p[0]);
    close(p[1]);
}

int
main(void)
{
    char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    munmap(m + 4096, 4096);
    each((void *)8);
    each((void *)0x7ffffffff000);
    each((void *)0x800000000000);
    each((void *)0xffffffff80000000);
    each((void *)(UINTPTR_MAX - 3));
    each(m + 4096);
    printf("1..%d\n", count);
    return failures != 0;
}

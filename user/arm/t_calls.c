/* t_calls DIRECTORY: system calls of a small board, their success and their errors, in a directory that can be written. */
#include <kernel/abi/dirent.h>
#include <kernel/abi/termios.h>
#include <user/arm/lib/heap.h>
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>
#include <user/arm/lib/tap.h>

#define BAD ((void *)4) /* no program has memory there */

enum { S_IFMT = 0170000, S_IFREG = 0100000, S_IFDIR = 0040000, NO_CALL = 999, NOBODY = 0x3ffffff0 };

static char buf[300];

static void
files(void)
{
    struct abi_stat st;
    int fd = sys_open("file", O_RDWR | O_CREAT | O_EXCL, 0640);

    OK(fd >= 3);
    IS(11, sys_write(fd, "hello world", 11));
    IS(6, sys_lseek(fd, 6, SEEK_SET));
    IS(5, sys_read(fd, buf, sizeof buf));
    OK(memcmp(buf, "world", 5) == 0);
    IS(0, sys_read(fd, buf, sizeof buf));
    IS(7, sys_lseek(fd, -4, SEEK_END));
    IS(-EINVAL, sys_lseek(fd, -40, SEEK_SET));
    IS(-EINVAL, sys_lseek(fd, 0, 77));
    IS(0, sys_ftruncate(fd, 5));
    IS(0, sys_fsync(fd));
    IS(0, sys_fstat64(fd, &st));
    OK(st.st_size == 5 && st.st_mode == (S_IFREG | 0640) && st.st_nlink == 1);
    OK((uint32_t)st.st_ino == st.ino_low && st.st_ino != 0);
    IS(0, sys_close(fd));
    IS(-EBADF, sys_close(fd));
    IS(-EBADF, sys_read(fd, buf, 1));
    IS(-EBADF, sys_write(-1, buf, 1));
    IS(-EEXIST, sys_open("file", O_RDWR | O_CREAT | O_EXCL, 0640));
    IS(-ENOENT, sys_open("missing", O_RDONLY, 0));
    IS(-ENOTDIR, sys_open("file/below", O_RDONLY, 0));
    IS(-EISDIR, sys_open(".", O_WRONLY, 0));
    IS(-ENOTDIR, sys_open("file", O_RDONLY | O_DIRECTORY, 0));
    IS(0, sys_rename("file", "moved"));
    IS(0, sys_stat64("moved", &st));
    IS(-ENOENT, sys_stat64("file", &st));
    IS(0, sys_link("moved", "linked"));
    IS(0, sys_stat64("moved", &st));
    OK(st.st_nlink == 2);
    IS(0, sys_symlink("moved", "symbolic"));
    IS(5, sys_readlink("symbolic", buf, sizeof buf));
    IS(0, sys_lstat64("symbolic", &st));
    OK(st.st_size == 5);
    fd = sys_open("symbolic", O_RDONLY | O_NOFOLLOW, 0);
    tap_is(fd, -ELOOP, "O_NOFOLLOW");
    IS(0, sys_unlink("symbolic"));
    IS(0, sys_unlink("linked"));
    IS(0, sys_unlink("moved"));
    IS(-ENOENT, sys_unlink("moved"));
}

static void
directories(void)
{
    struct abi_stat st;
    bool dot = false, inner = false;
    int fd, n;

    IS(0, sys_mkdir("dir", 0755));
    IS(-EEXIST, sys_mkdir("dir", 0755));
    IS(0, sys_mkdir("dir/inner", 0755));
    IS(-ENOTEMPTY, sys_rmdir("dir"));
    IS(0, sys_stat64("dir", &st));
    OK((st.st_mode & S_IFMT) == S_IFDIR && st.st_nlink >= 1);
    fd = sys_open("dir", O_RDONLY | O_DIRECTORY, 0);
    OK(fd >= 0);
    IS(-EISDIR, sys_read(fd, buf, 1));
    n = sys_getdents64(fd, buf, sizeof buf);
    OK(n > 0 && n % 8 == 0);
    for (int at = 0; at < n;) {
        const struct abi_dirent64 *d = (const struct abi_dirent64 *)(buf + at);

        dot |= str_eq(d->name, ".");
        inner |= str_eq(d->name, "inner");
        at += d->reclen;
    }
    OK(dot && inner);
    IS(0, sys_getdents64(fd, buf, sizeof buf));
    IS(0, sys_close(fd));
    IS(0, sys_chdir("dir"));
    n = sys_getcwd(buf, sizeof buf);
    OK(n > 4 && str_eq(str_base(buf), "dir"));
    IS(-ERANGE, sys_getcwd(buf, 2));
    IS(0, sys_chdir(".."));
    IS(-ENOENT, sys_chdir("missing"));
    IS(0, sys_rmdir("dir/inner"));
    IS(0, sys_rmdir("dir"));
}

static void
pipes(void)
{
    int fds[2], copy;
    struct abi_pollfd poll;

    IS(0, sys_pipe2(fds, O_CLOEXEC));
    IS(3, sys_write(fds[1], "abc", 3));
    poll = (struct abi_pollfd){ .fd = fds[0], .events = 1 };
    IS(1, sys_poll(&poll, 1, 0));
    OK(poll.revents == 1);
    IS(3, sys_read(fds[0], buf, sizeof buf));
    IS(0, sys_poll(&poll, 1, 1));
    copy = sys_dup(fds[1]);
    OK(copy > fds[1]);
    IS(fds[0] + 10, sys_dup2(copy, fds[0] + 10));
    IS(1, sys_write(fds[0] + 10, "x", 1));
    IS(0, sys_fcntl64(copy, F_GETFD, 0));
    IS(1, sys_fcntl64(fds[0], F_GETFD, 0));
    IS(O_WRONLY, sys_fcntl64(copy, F_GETFL, 0) & O_ACCMODE);
    IS(0, sys_close(copy));
    IS(0, sys_close(fds[0] + 10));
    IS(0, sys_close(fds[1]));
    IS(1, sys_read(fds[0], buf, sizeof buf));
    IS(0, sys_read(fds[0], buf, sizeof buf));
    IS(-ESPIPE, sys_lseek(fds[0], 0, SEEK_CUR));
    IS(-EBADF, sys_write(fds[0], "x", 1));
    IS(0, sys_close(fds[0]));
    IS(-EBADF, sys_dup(99));
    IS(-EBADF, sys_fcntl64(99, F_GETFD, 0));
}

/* Addresses that are not the program's. */
static void
addresses(void)
{
    int fd = sys_open("file", O_RDWR | O_CREAT, 0600), n;

    IS(-EFAULT, sys_write(fd, BAD, 4));
    IS(4, sys_write(fd, "abcd", 4));
    IS(0, sys_lseek(fd, 0, SEEK_SET));
    IS(-EFAULT, sys_read(fd, BAD, 4));
    IS(-EFAULT, sys_open(BAD, O_RDONLY, 0));
    IS(-EFAULT, sys_stat64(BAD, (struct abi_stat *)buf));
    IS(-EFAULT, sys_stat64("file", BAD));
    IS(-EFAULT, sys_pipe2(BAD, 0));
    IS(-EFAULT, sys_uname(BAD));
    IS(-EFAULT, sys_clock_gettime64(CLOCK_MONOTONIC, BAD));
    IS(-EFAULT, sys_clock_nanosleep64(CLOCK_MONOTONIC, 0, BAD, NULL));
    IS(-EFAULT, sys_rt_sigaction(SIGUSR1, BAD, NULL, 8));
    n = sys_execve("file", BAD, NULL); /* Linux has looked at either first: it is no program */
    OK(n == -EFAULT || n == -EACCES);
    IS(-EFAULT, sys_getrandom(BAD, 8, 0));
    IS(-EFAULT, sys_ioctl(0, TCGETS, BAD) == -ENOTTY ? -EFAULT : sys_ioctl(0, TCGETS, BAD));
    IS(0, sys_close(fd));
    IS(0, sys_unlink("file"));
}

static void
others(void)
{
    struct timespec_k a, b, wait = { .tv_nsec = 2000000 };
    struct abi_sysinfo info;
    char *heap = heap_more(64);

    IS(0, sys_clock_gettime64(CLOCK_MONOTONIC, &a));
    IS(0, sys_clock_nanosleep64(CLOCK_MONOTONIC, 0, &wait, NULL));
    IS(0, sys_clock_gettime64(CLOCK_MONOTONIC, &b));
    OK((b.tv_sec - a.tv_sec) * (int64_t)NS_PER_S + b.tv_nsec - a.tv_nsec >= 2000000);
    wait.tv_nsec = NS_PER_S;
    IS(-EINVAL, sys_clock_nanosleep64(CLOCK_MONOTONIC, 0, &wait, NULL));
    IS(-EINVAL, sys_clock_gettime64(77, &a));
    OK(heap != NULL && heap[0] == 0);
    heap[63] = 1;
    OK(heap_more(0) == heap + 64);
    heap_less(64);
    OK(sys_getpid() > 0 && sys_getppid() >= 0);
    IS(-ESRCH, sys_kill(NOBODY, 0));
    IS(0, sys_kill(sys_getpid(), 0));
    IS(-EINVAL, sys_kill(sys_getpid(), 99));
    IS(-ECHILD, sys_wait4(-1, NULL, 0, NULL));
    IS(-ENOENT, sys_execve("missing", NULL, NULL));
    IS(16, sys_getrandom(buf, 16, 0));
    IS(0, sys_sysinfo(&info));
    OK(info.procs > 0 && info.mem_unit > 0); /* QEMU cuts a large host's memory off */
    IS(0, sys_sched_yield());
    IS(-ENOSYS, sys_call(NO_CALL, 0, 0, 0, 0, 0, 0));
}

static char names[390]; /* uname(2)'s six words of 65 bytes */

int
main(int argc, char **argv)
{
    if (argc > 1 && sys_chdir(argv[1]) < 0)
        return fail(argv[1], -ENOENT);
    files();
    directories();
    pipes();
    addresses();
    IS(0, sys_uname(names));
    OK(str_begins(names + 4 * 65, "arm"));
    others();
    return tap_end();
}

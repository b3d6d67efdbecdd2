/* System calls on descriptors: read, write and their kind, seek, truncate, dup, fcntl, locks, sync, sendfile, ioctl. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "tap.h"

static char buf[200000], back[200000];
static volatile int xfsz;

static void
on_xfsz(int sig)
{
    (void)sig;
    xfsz++;
}

static void
fill(void)
{
    for (size_t i = 0; i < sizeof buf; i++)
        buf[i] = (char)(i * 31 + i / 1000);
}

static void
reading_and_writing(void)
{
    int fd = (int)GOOD(open("f", O_CREAT | O_RDWR | O_TRUNC, 0644));
    struct stat st;

    CALL(200000, write(fd, buf, 200000));
    CALL(0, lseek(fd, 0, SEEK_SET));
    CALL(200000, read(fd, back, 200000));
    ok(memcmp(buf, back, 200000) == 0, "what was written is read");
    CALL(0, read(fd, back, 1));
    CALL(5, pread(fd, back, 5, 4094));
    ok(memcmp(buf + 4094, back, 5) == 0, "pread across pages");
    CALL(3, pwrite(fd, "abc", 3, 8191));
    CALL(200000, lseek(fd, 0, SEEK_CUR));
    CALL(3, pread(fd, back, 3, 8191));
    ok(memcmp(back, "abc", 3) == 0, "pwrite leaves the offset alone");
    CALL(-EFAULT, write(fd, bad, 10));
    CALL(0, lseek(fd, 0, SEEK_SET));
    CALL(-EFAULT, read(fd, bad, 10));
    CALL(0, lseek(fd, 0, SEEK_CUR));
    CALL(-EBADF, read(99, back, 1));
    CALL(-EBADF, write(-1, back, 1));
    CALL(-EINVAL, pread(fd, back, 1, -1));
    CALL(-EINVAL, lseek(fd, -1, SEEK_SET));
    CALL(-EINVAL, lseek(fd, 0, 77));
    CALL(0, read(fd, back, 0));
    CALL(1000000, lseek(fd, 1000000, SEEK_SET));
    CALL(3, write(fd, "end", 3));
    CALL(0, fstat(fd, &st));
    ok(st.st_size == 1000003, "a hole makes the file longer");
    CALL(10, pread(fd, back, 10, 500000));
    ok(back[0] == 0 && back[9] == 0, "a hole reads as zeros");
    CALL(0, ftruncate(fd, 5000));
    CALL(0, ftruncate(fd, 10000));
    CALL(5000, pread(fd, back, 5000, 5000));
    ok(back[0] == 0 && back[4999] == 0, "what was cut off does not come back");
    CALL(-EINVAL, ftruncate(fd, -1));
    CALL(0, truncate("f", 3));
    CALL(0, fstat(fd, &st));
    ok(st.st_size == 3, "truncate");
    CALL(-EISDIR, truncate(".", 0));
    CALL(-ENOENT, truncate("none", 0));
    CALL(-EINVAL, truncate("f", -1));
    CALL(0, close(fd));
    CALL(-EBADF, close(fd));
    fd = open("f", O_RDONLY);
    CALL(-EBADF, write(fd, "x", 1));
    CALL(-EINVAL, ftruncate(fd, 0));
    close(fd);
    fd = open("f", O_WRONLY | O_APPEND);
    CALL(-EBADF, read(fd, back, 1));
    CALL(0, lseek(fd, 0, SEEK_SET));
    CALL(4, write(fd, "tail", 4));
    CALL(7, lseek(fd, 0, SEEK_CUR));
    close(fd);
    fd = open(".", O_RDONLY);
    CALL(-EISDIR, read(fd, back, 1));
    close(fd);
}

static void
vectors(void)
{
    char a[3], b[5];
    struct iovec out[] = { { (void *)"one", 3 }, { (void *)"", 0 }, { (void *)"three", 5 } };
    struct iovec in[] = { { a, 3 }, { b, 5 } };
    volatile int many = -5000;
    int fd = open("v", O_CREAT | O_RDWR | O_TRUNC, 0644);

    CALL(8, writev(fd, out, 3));
    lseek(fd, 0, SEEK_SET);
    CALL(8, readv(fd, in, 2));
    ok(memcmp(a, "one", 3) == 0 && memcmp(b, "three", 5) == 0, "readv scatters");
    CALL(8, pwritev(fd, out, 3, 100));
    CALL(8, preadv(fd, in, 2, 100));
    CALL(-EINVAL, writev(fd, out, many));
    CALL(-EINVAL, readv(fd, in, -many));
    CALL(0, writev(fd, out, 0));
    CALL(-EBADF, writev(99, out, 1));
    out[1] = (struct iovec){ bad, 100000 };
    CALL(-EFAULT, writev(fd, out + 1, 1));
    close(fd);
    unlink("v");
}

static void
descriptors(void)
{
    int fd = open("f", O_RDWR | O_CLOEXEC), d;
    struct rlimit lim;

    CALL(FD_CLOEXEC, fcntl(fd, F_GETFD));
    d = (int)GOOD(dup(fd));
    CALL(0, fcntl(d, F_GETFD));
    CALL(2, write(fd, "xy", 2));
    CALL(2, lseek(d, 0, SEEK_CUR));
    CALL(20, dup2(fd, 20));
    CALL(20, dup2(20, 20));
    CALL(-EBADF, dup2(98, 20));
    CALL(-EBADF, dup2(fd, -1));
    CALL(-EINVAL, dup3(fd, fd, 0));
    CALL(-EINVAL, dup3(fd, 21, 1));
    CALL(21, dup3(fd, 21, O_CLOEXEC));
    CALL(FD_CLOEXEC, fcntl(21, F_GETFD));
    CALL(30, fcntl(fd, F_DUPFD, 30));
    CALL(31, fcntl(fd, F_DUPFD_CLOEXEC, 30));
    CALL(-EINVAL, fcntl(fd, F_DUPFD, -1));
    CALL(0, fcntl(30, F_SETFD, FD_CLOEXEC));
    CALL(FD_CLOEXEC, fcntl(30, F_GETFD));
    CALL(0, fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
    CALL(O_APPEND | O_NONBLOCK | O_RDWR, fcntl(d, F_GETFL) & ~0100000);
    CALL(-EBADF, fcntl(97, F_GETFL));
    CALL(-EINVAL, fcntl(fd, 12345));
    CALL(0, syscall(SYS_close_range, 20u, 40u, 0u));
    CALL(-EBADF, close(31));
    CALL(-EINVAL, syscall(SYS_close_range, 40u, 20u, 0u));
    getrlimit(RLIMIT_NOFILE, &lim);
    lim.rlim_cur = 12;
    CALL(0, setrlimit(RLIMIT_NOFILE, &lim));
    while ((d = dup(fd)) >= 0 && d < 100)
        ;
    ok(d == -1 && errno == EMFILE, "dup beyond RLIMIT_NOFILE is EMFILE");
    CALL(-EMFILE, open("f", O_RDONLY));
    CALL(-EINVAL, fcntl(fd, F_DUPFD, 12));
    CALL(-EBADF, dup2(fd, 12));
    lim.rlim_cur = lim.rlim_max < 1024 ? lim.rlim_max : 1024;
    setrlimit(RLIMIT_NOFILE, &lim);
    for (d = fd; d < 12; d++)
        close(d);
}

/* Run `fn` in a child; its result is its exit status. */
static int
in_child(int (*fn)(void))
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(fn());
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int
try_lock(void)
{
    struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 15, .l_len = 1 };
    int fd = open("f", O_RDWR);

    if (fcntl(fd, F_SETLK, &l) != -1 || (errno != EAGAIN && errno != EACCES))
        return 1;
    if (fcntl(fd, F_GETLK, &l) != 0 || l.l_type != F_WRLCK || l.l_start != 10 || l.l_len != 10 ||
        l.l_pid != getppid())
        return 2;
    l = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 20, .l_len = 5 };
    return fcntl(fd, F_SETLK, &l) == 0 ? 0 : 3;
}

static int
try_flock(void)
{
    int fd = open("f", O_RDWR);

    return flock(fd, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK ? 0 : 1;
}

static void
locking(void)
{
    struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 10 };
    int fd = open("f", O_RDWR), d;

    CALL(0, fcntl(fd, F_SETLK, &l));
    CALL(0, in_child(try_lock));
    CALL(0, fcntl(fd, F_GETLK, &l));
    ok(l.l_type == F_UNLCK, "a process's own locks are not in its way");
    l.l_type = 77;
    CALL(-EINVAL, fcntl(fd, F_SETLK, &l));
    CALL(-EFAULT, fcntl(fd, F_SETLK, bad));
    d = open("f", O_RDONLY);
    l = (struct flock){ .l_type = F_WRLCK };
    CALL(-EBADF, fcntl(d, F_SETLK, &l));
    close(d); /* POSIX: drops the process's locks on the file */
    l = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 10 };
    CALL(1, in_child(try_lock));
    CALL(0, flock(fd, LOCK_EX));
    CALL(0, in_child(try_flock));
    CALL(0, flock(fd, LOCK_UN));
    CALL(1, in_child(try_flock));
    CALL(-EINVAL, flock(fd, 0));
    CALL(-EBADF, flock(99, LOCK_SH));
    close(fd);
}

static void
copying(void)
{
    int in = open("in", O_CREAT | O_RDWR | O_TRUNC, 0644),
        out = open("out", O_CREAT | O_RDWR | O_TRUNC, 0644);
    off_t off = 1000;
    loff_t from = 0, to = 5;

    write(in, buf, 100000);
    CALL(50000, sendfile(out, in, &off, 50000));
    ok(off == 51000, "sendfile moves its offset");
    CALL(50000, pread(out, back, 60000, 0));
    ok(memcmp(back, buf + 1000, 50000) == 0, "sendfile copies");
    lseek(in, 99990, SEEK_SET);
    CALL(10, sendfile(out, in, NULL, 100));
    CALL(0, sendfile(out, in, NULL, 100));
    CALL(-EBADF, sendfile(99, in, NULL, 1));
    CALL(-EFAULT, sendfile(out, in, bad, 1));
    CALL(7, copy_file_range(in, &from, out, &to, 7, 0));
    ok(from == 7 && to == 12, "copy_file_range moves both offsets");
    CALL(-EINVAL, copy_file_range(in, &from, out, &to, 7, 1));
    CALL(-EBADF, copy_file_range(in, &from, 99, &to, 7, 0));
    CALL(0, fsync(out));
    CALL(0, fdatasync(out));
    CALL(-EBADF, fsync(99));
    CALL(0, syncfs(out));
    CALL(0, posix_fadvise(out, 0, 0, POSIX_FADV_WILLNEED));
    ok(posix_fadvise(out, 0, 0, 99) == EINVAL, "fadvise: EINVAL");
    close(in);
    close(out);
    unlink("in");
    unlink("out");
}

static void
limits(void)
{
    struct sigaction sa = { .sa_handler = on_xfsz };
    struct rlimit lim = { 100, RLIM_INFINITY }, old;
    int fd = open("lim", O_CREAT | O_RDWR | O_TRUNC, 0644), n;

    sigaction(SIGXFSZ, &sa, NULL);
    getrlimit(RLIMIT_FSIZE, &old);
    lim.rlim_max = old.rlim_max;
    CALL(0, setrlimit(RLIMIT_FSIZE, &lim));
    CALL(100, write(fd, buf, 200));
    CALL(-EFBIG, write(fd, buf, 1));
    ok(xfsz == 1, "SIGXFSZ");
    CALL(-EFBIG, ftruncate(fd, 200));
    setrlimit(RLIMIT_FSIZE, &old);
    n = 1;
    CALL(0, ioctl(fd, FIONBIO, &n));
    CALL(O_NONBLOCK, fcntl(fd, F_GETFL) & O_NONBLOCK);
    CALL(0, ioctl(fd, FIOCLEX));
    CALL(FD_CLOEXEC, fcntl(fd, F_GETFD));
    CALL(-ENOTTY, ioctl(fd, 0x5413, back)); /* TIOCGWINSZ */
    CALL(-EBADF, ioctl(99, FIOCLEX));
    close(fd);
    unlink("lim");
}

/* A read into, and a write from, a mapping of the very file. */
static void
own_mapping(void)
{
    int fd = open("map", O_CREAT | O_RDWR | O_TRUNC, 0644);
    char *m;

    write(fd, buf, 16384);
    m = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ok(m != MAP_FAILED, "mmap shared");
    if (m != MAP_FAILED) {
        CALL(4096, pread(fd, m + 4096, 4096, 0));
        ok(memcmp(m, m + 4096, 4096) == 0, "read into a mapping of the file");
        CALL(4096, pwrite(fd, m, 4096, 8192));
        ok(memcmp(m, m + 8192, 4096) == 0, "write from a mapping of the file");
        m[100] = 'Q';
        CALL(0, msync(m, 16384, MS_SYNC));
        CALL(1, pread(fd, back, 1, 100));
        ok(back[0] == 'Q', "a store in a shared mapping is read");
        munmap(m, 16384);
    }
    close(fd);
    unlink("map");
}

int
main(int argc, char **argv)
{
    tap_begin(argc, argv, "file");
    fill();
    reading_and_writing();
    vectors();
    descriptors();
    locking();
    copying();
    limits();
    own_mapping();
    unlink("f");
    return tap_end();
}

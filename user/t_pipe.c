/* Pipes and FIFOs: capacity, atomicity, blocking and not, ends that go away, opening FIFOs, order of bytes between processes. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "tap.h"

static char buf[200000];
static volatile int pipes, alarms;

static void
on_signal(int sig)
{
    if (sig == SIGPIPE)
        pipes++;
    else
        alarms++;
}

static void
nap(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

    nanosleep(&t, NULL);
}

static void
basics(void)
{
    struct stat st;
    int p[2], n;

    CALL(0, pipe(p));
    CALL(5, write(p[1], "hello", 5));
    CALL(0, ioctl(p[0], FIONREAD, &n));
    CALL(5, n);
    CALL(3, read(p[0], buf, 3));
    CALL(2, read(p[0], buf, 100));
    CALL(-EBADF, write(p[0], "x", 1));
    CALL(-EBADF, read(p[1], buf, 1));
    CALL(-ESPIPE, lseek(p[0], 0, SEEK_CUR));
    CALL(-ESPIPE, pread(p[0], buf, 1, 0));
    CALL(-ESPIPE, pwrite(p[1], buf, 1, 0));
    CALL(-EINVAL, fsync(p[0]));
    CALL(-EINVAL, ftruncate(p[1], 0));
    CALL(0, fstat(p[0], &st));
    ok(S_ISFIFO(st.st_mode), "a pipe is a FIFO to fstat");
    CALL(65536, fcntl(p[0], F_GETPIPE_SZ));
    CALL(-EFAULT, write(p[1], bad, 10));
    CALL(1, write(p[1], "x", 1));
    CALL(-EFAULT, read(p[0], bad, 10));
    CALL(1, read(p[0], buf, 10));
    CALL(0, read(p[0], buf, 0));
    close(p[1]);
    CALL(0, read(p[0], buf, 10));
    close(p[0]);
    CALL(-EFAULT, pipe(bad));
    CALL(-EINVAL, pipe2(p, 0x1));
    CALL(0, pipe2(p, O_CLOEXEC | O_NONBLOCK));
    CALL(FD_CLOEXEC, fcntl(p[0], F_GETFD));
    CALL(O_NONBLOCK, fcntl(p[1], F_GETFL) & O_NONBLOCK);
    close(p[0]);
    close(p[1]);
}

static void
nonblocking(void)
{
    int p[2];

    pipe2(p, O_NONBLOCK);
    CALL(-EAGAIN, read(p[0], buf, 1));
    CALL(65536, write(p[1], buf, sizeof buf));
    CALL(-EAGAIN, write(p[1], buf, 1));
    CALL(8192, read(p[0], buf, 8192));
    CALL(4096, write(p[1], buf, 4096));
    CALL(4096, write(p[1], buf, 5000));
    CALL(65536, read(p[0], buf, sizeof buf));
    close(p[0]);
    CALL(-EPIPE, write(p[1], "x", 1));
    CALL(1, pipes);
    close(p[1]);
}

/* A stream between processes: every byte, in order. */
static void
stream(size_t chunk, size_t total)
{
    int p[2], status;
    size_t got = 0;
    ssize_t n;
    bool same = true;

    pipe(p);
    if (fork() == 0) {
        close(p[0]);
        for (size_t sent = 0; sent < total;) {
            size_t len = total - sent < chunk ? total - sent : chunk;

            for (size_t i = 0; i < len; i++)
                buf[i] = (char)((sent + i) * 7 + (sent + i) / 251);
            if (write(p[1], buf, len) != (ssize_t)len)
                _exit(1);
            sent += len;
        }
        _exit(0);
    }
    close(p[1]);
    while ((n = read(p[0], buf, sizeof buf)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            same = same && buf[i] == (char)((got + (size_t)i) * 7 + (got + (size_t)i) / 251);
        got += (size_t)n;
    }
    wait(&status);
    ok(n == 0 && got == total && same && status == 0, "a stream of %zu bytes in chunks of %zu",
       total, chunk);
    close(p[0]);
}

/* Several writers: records of up to PIPE_BUF bytes are never mixed. */
static void
atomicity(void)
{
    enum { WRITERS = 4, RECORDS = 50, SIZE = 1000 };
    char rec[SIZE];
    int p[2], whole = 0;

    pipe(p);
    for (int w = 0; w < WRITERS; w++) {
        if (fork() == 0) {
            memset(rec, 'a' + w, sizeof rec);
            for (int i = 0; i < RECORDS; i++) {
                struct iovec v[] = { { rec, 400 }, { rec, 600 } };

                if ((i % 2 != 0 ? writev(p[1], v, 2) : write(p[1], rec, sizeof rec)) != SIZE)
                    _exit(1);
            }
            _exit(0);
        }
    }
    close(p[1]);
    for (;;) {
        size_t have = 0;
        ssize_t n;

        while (have < SIZE && (n = read(p[0], rec + have, SIZE - have)) > 0)
            have += (size_t)n;
        if (have < SIZE)
            break;
        whole += memcmp(rec, rec + 1, SIZE - 1) == 0;
    }
    CALL(WRITERS * RECORDS, whole);
    while (wait(NULL) > 0)
        ;
    close(p[0]);
}

static void
interrupted(void)
{
    struct sigaction sa = { .sa_handler = on_signal };
    int p[2], status;
    pid_t pid, parent = getpid();

    sigaction(SIGUSR1, &sa, NULL);
    pipe(p);
    pid = fork();
    if (pid == 0) {
        nap(50);
        kill(parent, SIGUSR1);
        _exit(0);
    }
    CALL(-EINTR, read(p[0], buf, 1));
    CALL(1, alarms);
    waitpid(pid, &status, 0);
    sa.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &sa, NULL);
    pid = fork();
    if (pid == 0) {
        nap(50);
        kill(parent, SIGUSR1);
        nap(50);
        write(p[1], "r", 1);
        _exit(0);
    }
    CALL(1, read(p[0], buf, 1));
    CALL(2, alarms);
    waitpid(pid, &status, 0);
    close(p[0]);
    close(p[1]);
}

static void
fifos(void)
{
    struct pollfd pfd;
    int r, w, rw, status;

    CALL(0, mkfifo("fifo", 0600));
    CALL(-EEXIST, mkfifo("fifo", 0600));
    CALL(-ENXIO, open("fifo", O_WRONLY | O_NONBLOCK));
    r = (int)GOOD(open("fifo", O_RDONLY | O_NONBLOCK));
    CALL(0, read(r, buf, 10));
    pfd = (struct pollfd){ .fd = r, .events = POLLIN };
    CALL(0, poll(&pfd, 1, 0));
    w = (int)GOOD(open("fifo", O_WRONLY | O_NONBLOCK));
    CALL(-EAGAIN, read(r, buf, 10));
    CALL(3, write(w, "abc", 3));
    CALL(3, read(r, buf, 10));
    close(w);
    CALL(0, read(r, buf, 10));
    CALL(1, poll(&pfd, 1, 0));
    CALL(POLLHUP, pfd.revents);
    close(r);
    rw = (int)GOOD(open("fifo", O_RDWR));
    CALL(1, write(rw, "x", 1));
    CALL(1, read(rw, buf, 10));
    close(rw);
    if (fork() == 0) {
        int fd;

        nap(30);
        fd = open("fifo", O_WRONLY);
        write(fd, "from the other side", 19);
        _exit(0);
    }
    r = (int)GOOD(open("fifo", O_RDONLY)); /* waits for the writer */
    CALL(19, read(r, buf, 100));
    CALL(0, read(r, buf, 100));
    close(r);
    wait(&status);
    if (fork() == 0) {
        nap(30);
        r = open("fifo", O_RDONLY);
        _exit(read(r, buf, 100) == 2 ? 0 : 1);
    }
    w = (int)GOOD(open("fifo", O_WRONLY)); /* waits for the reader */
    CALL(2, write(w, "ok", 2));
    close(w);
    wait(&status);
    CALL(0, status);
    CALL(0, unlink("fifo"));
}

int
main(int argc, char **argv)
{
    struct sigaction sa = { .sa_handler = on_signal };

    tap_begin(argc, argv, "pipe");
    sigaction(SIGPIPE, &sa, NULL);
    basics();
    nonblocking();
    stream(1, 2000);
    stream(777, 300000);
    stream(4096, 1000000);
    stream(100000, 2000000);
    atomicity();
    interrupted();
    fifos();
    return tap_end();
}

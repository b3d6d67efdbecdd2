/* poll, ppoll, select, pselect, epoll, eventfd: readiness, timeouts, signals, errors. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "tap.h"

static volatile int hits;

static void
on_signal(int sig)
{
    (void)sig;
    hits++;
}

static long
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
nap(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

    nanosleep(&t, NULL);
}

static void
polling(void)
{
    struct pollfd f[3];
    struct rlimit lim;
    char b[8];
    int p[2], file;
    long t;

    pipe(p);
    f[0] = (struct pollfd){ .fd = p[0], .events = POLLIN };
    f[1] = (struct pollfd){ .fd = p[1], .events = POLLOUT };
    CALL(0, poll(f, 1, 0));
    CALL(1, poll(f, 2, -1));
    CALL(POLLOUT, f[1].revents);
    CALL(0, f[0].revents);
    t = now_ms();
    CALL(0, poll(f, 1, 60));
    t = now_ms() - t;
    ok(t >= 55 && t < 1000, "poll waits for its timeout");
    f[2] = (struct pollfd){ .fd = 99, .events = POLLIN };
    CALL(2, poll(f, 3, 1000));
    CALL(POLLNVAL, f[2].revents);
    f[2].fd = -1;
    CALL(1, poll(f, 3, 0));
    CALL(0, f[2].revents);
    if (fork() == 0) {
        nap(30);
        write(p[1], "x", 1);
        _exit(0);
    }
    CALL(1, poll(f, 1, 5000));
    CALL(POLLIN, f[0].revents);
    wait(NULL);
    read(p[0], b, 8);
    file = open("pollfile", O_CREAT | O_RDWR, 0600);
    f[2] = (struct pollfd){ .fd = file, .events = POLLIN | POLLOUT };
    CALL(1, poll(f + 2, 1, -1));
    CALL(POLLIN | POLLOUT, f[2].revents);
    close(file);
    unlink("pollfile");
    CALL(-EFAULT, poll(bad, 1, 0));
    CALL(0, poll(NULL, 0, 10));
    getrlimit(RLIMIT_NOFILE, &lim);
    CALL(-EINVAL, poll(f, (nfds_t)lim.rlim_cur + 1, 0));
    close(p[1]);
    CALL(1, poll(f, 1, -1));
    CALL(POLLHUP, f[0].revents);
    close(p[0]);
}

static void
signals(void)
{
    struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    struct timespec t = { 5, 0 };
    sigset_t block, open_set;
    struct pollfd f;
    fd_set set;
    pid_t parent = getpid();
    int p[2];

    pipe(p);
    f = (struct pollfd){ .fd = p[0], .events = POLLIN };
    sigaction(SIGUSR1, &sa, NULL);
    if (fork() == 0) {
        nap(30);
        kill(parent, SIGUSR1);
        _exit(0);
    }
    CALL(-EINTR, poll(&f, 1, 5000)); /* whatever SA_RESTART says */
    wait(NULL);
    sigemptyset(&open_set);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    sigprocmask(SIG_BLOCK, &block, NULL);
    hits = 0;
    kill(parent, SIGUSR1);
    CALL(0, poll(&f, 1, 20));
    CALL(0, hits);
    CALL(-EINTR, ppoll(&f, 1, &t, &open_set));
    CALL(1, hits);
    sigprocmask(SIG_BLOCK, NULL, &block);
    CALL(1, sigismember(&block, SIGUSR1)); /* the mask is back */
    kill(parent, SIGUSR1);
    FD_ZERO(&set);
    FD_SET(p[0], &set);
    CALL(-EINTR, pselect(p[0] + 1, &set, NULL, NULL, &t, &open_set));
    CALL(2, hits);
    sigprocmask(SIG_UNBLOCK, &block, NULL);
    t.tv_nsec = 2000000000;
    CALL(-EINVAL, ppoll(&f, 1, &t, NULL));
    t = (struct timespec){ 0, 20000000 };
    CALL(0, ppoll(&f, 1, &t, &open_set));
    close(p[0]);
    close(p[1]);
}

static void
selecting(void)
{
    struct timeval t = { 0, 50000 };
    fd_set r, w;
    int p[2];
    long start;

    pipe(p);
    FD_ZERO(&r);
    FD_ZERO(&w);
    FD_SET(p[0], &r);
    FD_SET(p[1], &w);
    CALL(1, select(p[1] + 1, &r, &w, NULL, NULL));
    ok(!FD_ISSET(p[0], &r) && FD_ISSET(p[1], &w), "select: writable, not readable");
    FD_SET(p[0], &r);
    start = now_ms();
    CALL(0, select(p[0] + 1, &r, NULL, NULL, &t));
    ok(now_ms() - start >= 45 && t.tv_sec == 0 && t.tv_usec == 0,
       "select waits, and says what is left");
    ok(!FD_ISSET(p[0], &r), "select clears what is not ready");
    write(p[1], "x", 1);
    FD_SET(p[0], &r);
    CALL(1, select(p[0] + 1, &r, NULL, NULL, &t));
    CALL(-EINVAL, select(-1, &r, NULL, NULL, NULL));
    t = (struct timeval){ -1, 0 };
    CALL(-EINVAL, select(0, NULL, NULL, NULL, &t));
    FD_ZERO(&r);
    FD_SET(60, &r);
    t = (struct timeval){ 0, 0 };
    CALL(-EBADF, select(61, &r, NULL, NULL, &t));
    CALL(-EFAULT, syscall(SYS_select, 5, bad, NULL, NULL, &t));
    t = (struct timeval){ 0, 1000 };
    CALL(0, select(0, NULL, NULL, NULL, &t));
    close(p[1]);
    char b[4];
    read(p[0], b, 4);
    FD_ZERO(&r);
    FD_SET(p[0], &r);
    CALL(1, select(p[0] + 1, &r, NULL, NULL, NULL)); /* end of file is readable */
    close(p[0]);
}

static void
epolling(void)
{
    struct epoll_event ev = { .events = EPOLLIN, .data = { .u64 = 7 } }, out[4];
    char b[8];
    int ep = (int)GOOD(epoll_create1(EPOLL_CLOEXEC)), p[2], file;

    CALL(FD_CLOEXEC, fcntl(ep, F_GETFD));
    CALL(-EINVAL, epoll_create1(77));
    CALL(-EINVAL, epoll_create(0));
    pipe(p);
    CALL(0, epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev));
    CALL(-EEXIST, epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev));
    CALL(-ENOENT, epoll_ctl(ep, EPOLL_CTL_MOD, p[1], &ev));
    CALL(-EBADF, epoll_ctl(ep, EPOLL_CTL_ADD, 99, &ev));
    CALL(-EBADF, epoll_ctl(99, EPOLL_CTL_ADD, p[1], &ev));
    CALL(-EINVAL, epoll_ctl(ep, EPOLL_CTL_ADD, ep, &ev));
    CALL(-EINVAL, epoll_ctl(p[0], EPOLL_CTL_ADD, p[1], &ev));
    CALL(-EINVAL, epoll_ctl(ep, 77, p[1], &ev));
    CALL(-EFAULT, epoll_ctl(ep, EPOLL_CTL_ADD, p[1], bad));
    file = open("epollfile", O_CREAT | O_RDWR, 0600);
    CALL(-EPERM, epoll_ctl(ep, EPOLL_CTL_ADD, file, &ev));
    close(file);
    unlink("epollfile");
    CALL(0, epoll_wait(ep, out, 4, 0));
    CALL(0, epoll_wait(ep, out, 4, 30));
    write(p[1], "x", 1);
    CALL(1, epoll_wait(ep, out, 4, -1));
    ok(out[0].data.u64 == 7 && out[0].events == EPOLLIN, "epoll_wait tells which");
    CALL(1, epoll_wait(ep, out, 4, 0)); /* level triggered */
    ev.events = EPOLLIN | EPOLLET;
    CALL(0, epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &ev));
    CALL(1, epoll_wait(ep, out, 4, 0));
    CALL(0, epoll_wait(ep, out, 4, 0)); /* edge triggered: no news */
    read(p[0], b, 8);
    CALL(0, epoll_wait(ep, out, 4, 0));
    write(p[1], "x", 1);
    CALL(1, epoll_wait(ep, out, 4, 0));
    ev.events = EPOLLIN | EPOLLONESHOT;
    CALL(0, epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &ev));
    CALL(1, epoll_wait(ep, out, 4, 0));
    CALL(0, epoll_wait(ep, out, 4, 0));
    ev.events = EPOLLIN;
    CALL(0, epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &ev));
    close(p[0]);
    close(p[1]);
    close(ep);
}

/* Sets in sets, and descriptors that go away. */
static void
epolling_sets(void)
{
    struct epoll_event ev = { .events = EPOLLIN }, out[4];
    struct pollfd f;
    char b[8];
    int ep = epoll_create1(0), ep2 = epoll_create1(0), p[2], d;

    pipe(p);
    write(p[1], "x", 1);
    CALL(0, epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev));
    CALL(0, epoll_ctl(ep2, EPOLL_CTL_ADD, ep, &ev));
    CALL(1, epoll_wait(ep2, out, 4, 0));
    CALL(-ELOOP, epoll_ctl(ep, EPOLL_CTL_ADD, ep2, &ev));
    f = (struct pollfd){ .fd = ep2, .events = POLLIN };
    CALL(1, poll(&f, 1, 0));
    read(p[0], b, 8);
    CALL(0, poll(&f, 1, 0));
    if (fork() == 0) {
        nap(30);
        write(p[1], "y", 1);
        _exit(0);
    }
    CALL(1, poll(&f, 1, 5000)); /* through two sets */
    wait(NULL);
    CALL(0, epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL));
    CALL(-ENOENT, epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL));
    CALL(0, epoll_wait(ep, out, 4, 0));
    d = dup(p[0]);
    CALL(0, epoll_ctl(ep, EPOLL_CTL_ADD, d, &ev));
    close(d);
    CALL(1, epoll_wait(ep, out, 4, 0)); /* the open file lives on in p[0] */
    close(p[0]);
    CALL(0, epoll_wait(ep, out, 4, 0));
    CALL(-EINVAL, epoll_wait(ep, out, 0, 0));
    CALL(-EINVAL, epoll_wait(p[1], out, 4, 0));
    close(p[1]);
    close(ep);
    close(ep2);
}

/* Chains of five sets and no more, whichever end they grow at. */
static void
epolling_chains(void)
{
    struct epoll_event ev = { .events = EPOLLIN }, out[1];
    int set[8], p[2];

    pipe(p);
    for (int i = 0; i < 8; i++)
        set[i] = epoll_create1(0);
    for (int i = 0; i < 4; i++)
        CALL(0, epoll_ctl(set[i], EPOLL_CTL_ADD, set[i + 1], &ev));
    CALL(-ELOOP, epoll_ctl(set[4], EPOLL_CTL_ADD, set[5], &ev));
    CALL(-ELOOP, epoll_ctl(set[5], EPOLL_CTL_ADD, set[0], &ev));
    CALL(-ELOOP, epoll_ctl(set[4], EPOLL_CTL_ADD, set[0], &ev));
    CALL(0, epoll_ctl(set[4], EPOLL_CTL_ADD, p[0], &ev));
    CALL(0, epoll_wait(set[0], out, 1, 0));
    write(p[1], "x", 1);
    CALL(1, epoll_wait(set[0], out, 1, 0)); /* through five */
    CALL(0, epoll_ctl(set[1], EPOLL_CTL_DEL, set[2], NULL));
    CALL(0, epoll_ctl(set[5], EPOLL_CTL_ADD, set[0], &ev));
    CALL(0, epoll_ctl(set[6], EPOLL_CTL_ADD, set[2], &ev));
    CALL(-ELOOP, epoll_ctl(set[1], EPOLL_CTL_ADD, set[6], &ev)); /* three and four */
    close(set[4]);
    CALL(-ELOOP, epoll_ctl(set[1], EPOLL_CTL_ADD, set[6], &ev)); /* three and three */
    close(set[3]);
    CALL(0, epoll_ctl(set[1], EPOLL_CTL_ADD, set[6], &ev));
    close(p[0]);
    close(p[1]);
    for (int i = 0; i < 8; i++)
        close(set[i]);
}

static void
eventfds(void)
{
    uint64_t v = 5;
    struct pollfd f;
    int e = (int)GOOD(eventfd(3, EFD_NONBLOCK));

    f = (struct pollfd){ .fd = e, .events = POLLIN | POLLOUT };
    CALL(1, poll(&f, 1, 0));
    CALL(POLLIN | POLLOUT, f.revents);
    CALL(8, write(e, &v, 8));
    CALL(8, read(e, &v, 8));
    CALL(8, v);
    CALL(-EAGAIN, read(e, &v, 8));
    CALL(-EINVAL, read(e, &v, 4));
    CALL(-EINVAL, write(e, &v, 4));
    v = UINT64_MAX;
    CALL(-EINVAL, write(e, &v, 8));
    v = UINT64_MAX - 1;
    CALL(8, write(e, &v, 8));
    CALL(1, poll(&f, 1, 0));
    CALL(POLLIN, f.revents);
    v = 1;
    CALL(-EAGAIN, write(e, &v, 8));
    close(e);
    e = (int)GOOD(eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK));
    CALL(8, read(e, &v, 8));
    CALL(1, v);
    CALL(8, read(e, &v, 8));
    CALL(-EAGAIN, read(e, &v, 8));
    close(e);
    CALL(-EINVAL, eventfd(0, 0x7));
}

int
main(int argc, char **argv)
{
    tap_begin(argc, argv, "poll");
    polling();
    signals();
    selecting();
    epolling();
    epolling_sets();
    epolling_chains();
    eventfds();
    return tap_end();
}

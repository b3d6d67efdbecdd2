/* The VFS through its system calls: descriptors, pipes and FIFOs, directories, locks, epoll, procfs. */
#include <abi/stat.h>
#include <kernel/abi/fcntl.h>
#include <kernel/abi/statx.h>
#include <kernel/fs/vfs.h>
#include <kernel/sys/sys_file.h>
#include <kernel/sys/sys_path.h>
#include <kernel/sys/sys_poll.h>
#include <tests/suite.h>

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "vfs_machine.h"

static void
fd_body(void)
{
    int64_t fd = open_at("/f", O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    struct abi_flock l = { .l_type = F_WRLCK, .l_start = 0, .l_len = 10 };
    char buf[8];

    EQ(fd, 0);
    EQ(SYS(fcntl, 0, F_GETFD), FD_CLOEXEC);
    EQ(SYS(dup, 0), 1);
    EQ(SYS(fcntl, 1, F_GETFD), 0);
    EQ(SYS(dup2, 0, 7), 7);
    EQ(SYS(dup2, 0, 0), 0);
    EQ(SYS(dup2, 50, 0), -EBADF);
    EQ(SYS(dup2, 0, 64), -EBADF);
    EQ(SYS(dup3, 0, 0, 0), -EINVAL);
    EQ(SYS(dup3, 0, 8, O_CLOEXEC), 8);
    EQ(SYS(fcntl, 8, F_GETFD), FD_CLOEXEC);
    EQ(SYS(fcntl, 0, F_DUPFD, 20), 20);
    EQ(SYS(fcntl, 0, F_DUPFD, 64), -EINVAL);
    EQ(SYS(write, 1, U("abc"), 3), 3);
    EQ(SYS(lseek, 0, 0, SEEK_CUR), 3); /* one offset for all */
    EQ(SYS(fcntl, 0, F_SETFL, O_APPEND), 0);
    EQ(SYS(fcntl, 7, F_GETFL) & (O_APPEND | O_ACCMODE), O_APPEND | O_RDWR);
    OK(SYS(fcntl, 0, F_SETLK, U(&l)));
    EQ(SYS(fcntl, 0, 9999), -EINVAL);
    files_close_cloexec(procs[0].files);
    EQ(SYS(close, 0), -EBADF);
    OK(SYS(close_range, 1, 100, 0));
    EQ(SYS(close, 7), -EBADF);
    for (int i = 0; i < 64; i++)
        EQ(open_at("/f", O_RDONLY, 0), i);
    EQ(open_at("/f", O_RDONLY, 0), -EMFILE);
    EQ(SYS(pipe2, U(buf), 0), -EMFILE);
}

START_TEST(descriptors)
{
    run(fd_body);
}
END_TEST

/* Pipes: one process writes, the other reads. */
static int32_t pipe_fds[2];
static struct file *shared[2];

static void
pipe_basic_body(void)
{
    static char big[65536 + 10];
    int32_t p[2];
    struct abi_pollfd pfd;

    OK(SYS(pipe2, U(p), O_NONBLOCK));
    uint64_t r = (uint64_t)p[0], w = (uint64_t)p[1];

    EQ(SYS(read, r, U(big), 1), -EAGAIN);
    EQ(SYS(write, w, U(big), 65536), 65536);
    EQ(SYS(write, w, U(big), 1), -EAGAIN);
    EQ(SYS(read, r, U(big), 4095), 4095);
    EQ(SYS(write, w, U(big), 4096), -EAGAIN); /* all or nothing */
    EQ(SYS(write, w, U(big), 5000), 4095);    /* beyond PIPE_BUF: what fits */
    EQ(SYS(read, r, U(big), sizeof big), 65536);
    EQ(SYS(lseek, r, 0, SEEK_SET), -ESPIPE);
    EQ(SYS(pread64, r, U(big), 1, 0), -ESPIPE);
    EQ(SYS(read, w, U(big), 1), -EBADF);
    EQ(SYS(fcntl, r, F_GETPIPE_SZ), 65536);
    pfd = (struct abi_pollfd){ .fd = p[1], .events = POLLOUT | POLLIN };
    EQ(SYS(poll, U(&pfd), 1, 0), 1);
    EQ(pfd.revents, POLLOUT);
    pfd = (struct abi_pollfd){ .fd = p[0], .events = POLLIN };
    EQ(SYS(poll, U(&pfd), 1, 0), 0);
    EQ(SYS(poll, U(&pfd), 1, 20), 0); /* with a timeout */
    EQ(SYS(write, w, U("abc"), 3), 3);
    EQ(SYS(poll, U(&pfd), 1, (uint64_t)-1), 1);
    OK(SYS(close, w));
    EQ(SYS(read, r, U(big), 10), 3);
    EQ(SYS(read, r, U(big), 10), 0);
    pfd.revents = 0;
    EQ(SYS(poll, U(&pfd), 1, 0), 1);
    EQ(pfd.revents, POLLHUP);
    OK(SYS(close, r));
    OK(SYS(pipe, U(p)));
    OK(SYS(close, (uint64_t)p[0]));
    EQ(SYS(write, (uint64_t)p[1], U("x"), 1), -EPIPE);
    EQ(signals[13], 1);
    pfd = (struct abi_pollfd){ .fd = p[1], .events = POLLOUT };
    EQ(SYS(poll, U(&pfd), 1, 0), 1);
    ck_assert_int_ne(pfd.revents & POLLERR, 0);
    EQ(SYS(pipe2, U(p), 0x8000), -EINVAL);
    EQ(SYS(pipe, BAD_ADDR), -EFAULT);
}

START_TEST(pipe_basic)
{
    run(pipe_basic_body);
}
END_TEST

enum { STREAM = 1000000 };

static void
writer_body(void)
{
    uint8_t chunk[777];
    uint32_t sent = 0;

    OK(SYS(pipe, U(pipe_fds)));
    shared[0] = fd_get(procs[0].files, pipe_fds[0]);
    OK(SYS(close, (uint64_t)pipe_fds[0]));
    while (sent < STREAM) {
        uint32_t n = STREAM - sent < sizeof chunk ? STREAM - sent : (uint32_t)sizeof chunk;

        for (uint32_t i = 0; i < n; i++)
            chunk[i] = (uint8_t)((sent + i) * 13);
        EQ(SYS(write, (uint64_t)pipe_fds[1], U(chunk), n), n);
        sent += n;
    }
}

static void
reader_body(void)
{
    static uint8_t buf[5000];
    uint32_t got = 0;
    int64_t n;
    int fd = fd_install(procs[1].files, shared[0], 0, false);

    ck_assert_int_ge(fd, 0);
    while ((n = SYS(read, (uint64_t)fd, U(buf), sizeof buf)) > 0) {
        for (int64_t i = 0; i < n; i++)
            ck_assert_int_eq(buf[i], (uint8_t)((got + (uint32_t)i) * 13));
        got += (uint32_t)n;
    }
    EQ(n, 0);
    EQ(got, STREAM);
}

START_TEST(pipe_stream)
{
    nr_procs = 2;
    other_bodies[1] = reader_body;
    run(writer_body);
}
END_TEST

/* FIFOs: each open waits for the other. */
static void
fifo_a(void)
{
    char buf[8];
    int64_t fd;

    OK(SYS(mknod, U("/fifo"), S_IFIFO | 0666, 0));
    EQ(open_at("/fifo", O_WRONLY | O_NONBLOCK, 0), -ENXIO);
    fd = open_at("/fifo", O_RDONLY, 0);
    ck_assert_int_ge(fd, 0);
    EQ(SYS(read, (uint64_t)fd, U(buf), sizeof buf), 5);
    EQ(SYS(read, (uint64_t)fd, U(buf), sizeof buf), 0);
    OK(SYS(close, (uint64_t)fd));
    fd = open_at("/fifo", O_RDONLY | O_NONBLOCK, 0);
    ck_assert_int_ge(fd, 0);
    EQ(SYS(read, (uint64_t)fd, U(buf), sizeof buf), 0);
}

static void
fifo_b(void)
{
    int64_t fd = open_at("/fifo", O_WRONLY, 0);

    ck_assert_int_ge(fd, 0);
    EQ(SYS(write, (uint64_t)fd, U("hello"), 5), 5);
}

START_TEST(fifo)
{
    nr_procs = 2;
    other_bodies[1] = fifo_b;
    run(fifo_a);
}
END_TEST

/* Directory listing. */
static void
readdir_body(void)
{
    char name[32], buf[64];
    int64_t fd;

    OK(SYS(mkdir, U("/d"), 0755));
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "/d/file%d", i);
        put_file(name, "");
    }
    EQ(count_entries("/d", 4096), 202);
    EQ(count_entries("/d", 40), 202);
    fd = open_at("/d", O_RDONLY, 0);
    EQ(SYS(getdents64, (uint64_t)fd, U(buf), 10), -EINVAL);
    EQ(SYS(getdents64, (uint64_t)fd, BAD_ADDR, 100), -EFAULT);
    fd = open_at("/d/file0", O_RDONLY, 0);
    EQ(SYS(getdents64, (uint64_t)fd, U(buf), 64), -ENOTDIR);
}

START_TEST(readdir)
{
    run(readdir_body);
}
END_TEST

/* Record locks: another process is in the way, and waits. */
static struct abi_flock wr = { .l_type = F_WRLCK, .l_start = 10, .l_len = 10 };
static int lock_step;

static void
lock_a(void)
{
    struct abi_flock un = { .l_type = F_UNLCK, .l_start = 12, .l_len = 2 };
    int64_t fd = open_at("/f", O_CREAT | O_RDWR, 0644);

    OK(SYS(fcntl, (uint64_t)fd, F_SETLK, U(&wr)));
    lock_step = 1;
    OK(SYS(poll, 0, 0, 100));
    EQ(lock_step, 2); /* b waits */
    OK(SYS(fcntl, (uint64_t)fd, F_SETLK, U(&un)));
    OK(SYS(poll, 0, 0, 100));
    EQ(lock_step, 3);
    OK(SYS(close, (uint64_t)fd));
    OK(SYS(poll, 0, 0, 100));
    EQ(lock_step, 4);
}

static void
lock_b(void)
{
    struct abi_flock l = { .l_type = F_WRLCK, .l_start = 12, .l_len = 2 };
    struct abi_flock q = { .l_type = F_RDLCK, .l_start = 0, .l_len = 0 };
    int64_t fd;

    while (lock_step == 0)
        OK(SYS(poll, 0, 0, 1));
    fd = open_at("/f", O_RDWR, 0);
    OK(SYS(fcntl, (uint64_t)fd, F_GETLK, U(&q)));
    EQ(q.l_type, F_WRLCK);
    EQ(q.l_start, 10);
    EQ(q.l_len, 10);
    EQ(q.l_pid, 1);
    EQ(SYS(fcntl, (uint64_t)fd, F_SETLK, U(&l)), -EAGAIN);
    lock_step = 2;
    OK(SYS(fcntl, (uint64_t)fd, F_SETLKW, U(&l)));
    lock_step = 3;
    OK(SYS(fcntl, (uint64_t)fd, F_SETLKW, U(&wr)));
    lock_step = 4;
}

START_TEST(locks)
{
    nr_procs = 2;
    other_bodies[1] = lock_b;
    run(lock_a);
}
END_TEST

static void
epoll_body(void)
{
    int32_t p[2];
    struct abi_epoll_event ev = { .events = POLLIN, .data = 42 }, out[4];
    uint64_t one = 1;
    int64_t ep = SYS(epoll_create1, 0), efd = SYS(eventfd2, 0, O_NONBLOCK);

    OK(SYS(pipe, U(p)));
    OK(SYS(epoll_ctl, (uint64_t)ep, 1, (uint64_t)p[0], U(&ev)));
    EQ(SYS(epoll_ctl, (uint64_t)ep, 1, (uint64_t)p[0], U(&ev)), -EEXIST);
    EQ(SYS(epoll_ctl, (uint64_t)ep, 1, (uint64_t)ep, U(&ev)), -EINVAL);
    EQ(SYS(epoll_ctl, (uint64_t)ep, 3, (uint64_t)efd, U(&ev)), -ENOENT);
    ev.data = 43;
    OK(SYS(epoll_ctl, (uint64_t)ep, 1, (uint64_t)efd, U(&ev)));
    EQ(SYS(epoll_wait, (uint64_t)ep, U(out), 4, 10), 0);
    EQ(SYS(write, (uint64_t)p[1], U("x"), 1), 1);
    EQ(SYS(epoll_wait, (uint64_t)ep, U(out), 4, (uint64_t)-1), 1);
    EQ(out[0].data, 42);
    EQ(SYS(write, (uint64_t)efd, U(&one), 8), 8);
    EQ(SYS(epoll_wait, (uint64_t)ep, U(out), 4, 0), 2);
    EQ(SYS(read, (uint64_t)efd, U(&one), 8), 8);
    EQ(SYS(read, (uint64_t)efd, U(&one), 8), -EAGAIN);
    OK(SYS(close, (uint64_t)p[0]));
    EQ(SYS(epoll_wait, (uint64_t)ep, U(out), 4, 0), 0);
    EQ(SYS(epoll_wait, (uint64_t)ep, U(out), 0, 0), -EINVAL);
    EQ(SYS(epoll_wait, (uint64_t)efd, U(out), 1, 0), -EINVAL);
}

START_TEST(epoll)
{
    run(epoll_body);
}
END_TEST

/* procfs: names and texts; partial reads fit together. */
static void
proc_body(void)
{
    char whole[4096], part[4096];
    int64_t fd, n, at = 0, k;

    OK(SYS(mkdir, U("/proc"), 0755));
    OK(SYS(mount, U("proc"), U("/proc"), U("proc"), 0, 0));
    fd = open_at("/proc/mounts", O_RDONLY, 0);
    n = SYS(read, (uint64_t)fd, U(whole), sizeof whole);
    ck_assert_int_gt(n, 0);
    whole[n] = '\0';
    ck_assert_ptr_nonnull(strstr(whole, "proc /proc proc rw,relatime 0 0\n"));
    ck_assert_ptr_nonnull(strstr(whole, "/dev/hda / ext2 rw"));
    EQ(SYS(lseek, (uint64_t)fd, 0, SEEK_SET), 0);
    while ((k = SYS(read, (uint64_t)fd, U(part + at), 7)) > 0)
        at += k;
    EQ(at, n);
    ck_assert_mem_eq(whole, part, (size_t)n);
    ck_assert(file_is("/proc/sys/kernel/ostype", "Linux\n"));
    EQ(count_entries("/proc/sys/kernel", 4096), 8);
    ck_assert_int_gt(count_entries("/proc", 64), 15);
    EQ(open_at("/proc/sys/none", 0, 0), -ENOENT);
    EQ(open_at("/proc/99999", 0, 0), -ENOENT);
    EQ(open_at("/proc/meminfo", O_CREAT | O_WRONLY, 0644) >= 0, 1);
    EQ(SYS(mkdir, U("/proc/x"), 0755), -EPERM);
    EQ(SYS(unlink, U("/proc/meminfo")), -EPERM);
}

START_TEST(proc_files)
{
    run(proc_body);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("vfs_io");
    TCase *t = tcase_create("vfs_io");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, descriptors);
    tcase_add_test(t, pipe_basic);
    tcase_add_test(t, pipe_stream);
    tcase_add_test(t, fifo);
    tcase_add_test(t, readdir);
    tcase_add_test(t, locks);
    tcase_add_test(t, epoll);
    tcase_add_test(t, proc_files);
    suite_add_tcase(s, t);
    return run_suite(s);
}

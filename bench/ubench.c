/* What one thing costs a program: the same static binary runs on the host, inside drydock and inside user-mode Linux.
 *
 *     ubench DIR [ROW...]
 *
 * DIR takes the file that is written and holds those that are read (seq0, seq1, ...; each is read once, so that no cache of the guest has
 * it).  Without rows: all.  One line per row, `ROW least median batches`, in nanoseconds for one operation, for a byte where a file is
 * moved; `ROW - reason` where it cannot be measured; `clock NS` first and last, for bench.py to hold the guest's clock against its own.
 *
 * A batch is short (BATCH_NS), so that on a loaded machine some of them are not disturbed.  The calls are made without a C library
 * around them where the library would do more than the call.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH_NS = 2000000,
    BATCHES = 60,
    FILES_MAX = 16, /* files to read */
    WRITES = 6,     /* times that a file is written */
    BIG = 65536,
    PAGE = 4096,
    SPAN_PAGES = 2048, /* of the mapping that is touched */
};

struct row {
    const char *name;
    bool (*setup)(void);
    uint64_t (*batch)(unsigned n); /* do it n times; nanoseconds, 0: it failed */
    void (*teardown)(void);
    unsigned n_max; /* 0: no limit */
};

static const char *dir;
static char buf[BIG];
static int fd = -1;

static uint64_t
now_ns(void)
{
    struct timespec ts;

    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t
since(uint64_t start)
{
    uint64_t took = now_ns() - start;

    return took > 0 ? took : 1;
}

static void
close_fd(void)
{
    close(fd);
}

static uint64_t
batch_getpid(unsigned n)
{
    uint64_t start = now_ns();

    while (n-- > 0)
        syscall(SYS_getpid);
    return since(start);
}

static bool
open_zero(void)
{
    fd = open("/dev/zero", O_RDONLY);
    return fd >= 0;
}

static bool
open_null(void)
{
    fd = open("/dev/null", O_WRONLY);
    return fd >= 0;
}

static uint64_t
transfer(long nr, size_t size, unsigned n)
{
    uint64_t start = now_ns();

    while (n-- > 0)
        if (syscall(nr, fd, buf, size) != (long)size)
            return 0;
    return since(start);
}

static uint64_t
batch_read1(unsigned n)
{
    return transfer(SYS_read, 1, n);
}

static uint64_t
batch_read64k(unsigned n)
{
    return transfer(SYS_read, BIG, n);
}

static uint64_t
batch_write1(unsigned n)
{
    return transfer(SYS_write, 1, n);
}

static uint64_t
batch_write64k(unsigned n)
{
    return transfer(SYS_write, BIG, n);
}

/* Two pipes and a child that sends each byte back. */
static int to_child[2], from_child[2];
static pid_t child;

static void
echo(void)
{
    char c;

    close(to_child[1]);
    while (read(to_child[0], &c, 1) == 1)
        if (write(from_child[1], &c, 1) != 1)
            break;
    _exit(0);
}

static bool
start_echo(void)
{
    if (pipe(to_child) != 0 || pipe(from_child) != 0)
        return false;
    child = fork();
    if (child == 0)
        echo();
    close(to_child[0]);
    close(from_child[1]);
    return child > 0;
}

static uint64_t
batch_pingpong(unsigned n)
{
    uint64_t start = now_ns();
    char c = 0;

    while (n-- > 0)
        if (write(to_child[1], &c, 1) != 1 || read(from_child[0], &c, 1) != 1)
            return 0;
    return since(start);
}

static void
stop_echo(void)
{
    close(to_child[1]);
    close(from_child[0]);
    waitpid(child, NULL, 0);
}

/* Two processes that yield to each other; `turn` says who ran last, so that only real switches count. */
static struct {
    volatile unsigned turn, switches, end;
} *yielders;

static void
yield_as(unsigned me)
{
    if (yielders->turn != me) {
        yielders->turn = me;
        yielders->switches++;
    }
    syscall(SYS_sched_yield);
}

static bool
start_yielder(void)
{
    yielders = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (yielders == MAP_FAILED)
        return false;
    child = fork();
    if (child == 0) {
        while (!yielders->end)
            yield_as(1);
        _exit(0);
    }
    return child > 0;
}

static uint64_t
batch_switch(unsigned n)
{
    uint64_t start = now_ns();
    unsigned until = yielders->switches + n;

    for (unsigned i = 0; (int)(until - yielders->switches) > 0; i++) {
        if (i > 100 * n + 1000)
            return 0;
        yield_as(0);
    }
    return since(start);
}

static void
stop_yielder(void)
{
    yielders->end = 1;
    waitpid(child, NULL, 0);
    munmap((void *)yielders, PAGE);
}

static uint64_t
batch_fork(unsigned n)
{
    uint64_t start = now_ns();

    while (n-- > 0) {
        pid_t pid = fork();

        if (pid == 0)
            _exit(0);
        if (pid < 0 || waitpid(pid, NULL, 0) != pid)
            return 0;
    }
    return since(start);
}

static uint64_t
run_child(const char *path, char *const *argv, unsigned n)
{
    static char *const envp[] = { NULL };
    uint64_t start = now_ns();

    while (n-- > 0) {
        int status = 0;
        pid_t pid = fork();

        if (pid == 0) {
            execve(path, argv, envp);
            _exit(127);
        }
        if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
            return 0;
    }
    return since(start);
}

static uint64_t
batch_exec(unsigned n)
{
    static char name[] = "ubench", nothing[] = "--nothing";
    static char *const argv[] = { name, nothing, NULL };

    return run_child("/proc/self/exe", argv, n);
}

/* The static busybox, on the host too: its own /bin/true has a dynamic linker to run. */
static uint64_t
batch_exec_true(unsigned n)
{
    static char name[] = "true";
    static char *const argv[] = { name, NULL };

    return run_child("/bin/busybox", argv, n);
}

/* First touch; mapping and unmapping are not counted. */
static uint64_t
batch_fault(unsigned n)
{
    size_t size = (size_t)n * PAGE;
    uint64_t start, took;
    volatile char *p =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED)
        return 0;
    (void)madvise((void *)p, size, MADV_NOHUGEPAGE);
    start = now_ns();
    for (unsigned i = 0; i < n; i++)
        p[(size_t)i * PAGE] = 1;
    took = since(start);
    munmap((void *)p, size);
    return took;
}

static uint64_t
batch_mmap(unsigned n)
{
    uint64_t start = now_ns();

    while (n-- > 0) {
        void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED || munmap(p, PAGE) != 0)
            return 0;
    }
    return since(start);
}

/* xorshift32 (Marsaglia, "Xorshift RNGs"): registers only. */
static uint64_t
batch_compute(unsigned n)
{
    static volatile uint32_t sink;
    uint64_t start = now_ns();
    uint32_t x = 12345;

    while (n-- > 0) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
    }
    sink = x;
    (void)sink;
    return since(start);
}

static const struct row rows[] = {
    { "getpid", NULL, batch_getpid, NULL, 0 },
    { "read1", open_zero, batch_read1, close_fd, 0 },
    { "read64k", open_zero, batch_read64k, close_fd, 0 },
    { "write1", open_null, batch_write1, close_fd, 0 },
    { "write64k", open_null, batch_write64k, close_fd, 0 },
    { "pingpong", start_echo, batch_pingpong, stop_echo, 0 },
    { "switch", start_yielder, batch_switch, stop_yielder, 0 },
    { "fork", NULL, batch_fork, NULL, 0 },
    { "exec", NULL, batch_exec, NULL, 0 },
    { "exec_true", NULL, batch_exec_true, NULL, 0 },
    { "fault", NULL, batch_fault, NULL, SPAN_PAGES },
    { "mmap", NULL, batch_mmap, NULL, 0 },
    { "compute", NULL, batch_compute, NULL, 0 },
};

static int
compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static void
report(const char *name, double *per_op, unsigned count)
{
    if (count == 0) {
        printf("%s - %s\n", name, strerror(errno));
        return;
    }
    qsort(per_op, count, sizeof *per_op, compare);
    printf("%s %.4f %.4f %u\n", name, per_op[0], per_op[count / 2], count);
}

static void
measure(const struct row *row)
{
    double per_op[BATCHES];
    unsigned n = 1, count = 0;
    uint64_t took = 0;

    errno = 0;
    if (row->setup != NULL && !row->setup()) {
        report(row->name, NULL, 0);
        return;
    }
    /* How many make a batch?  This also warms up. */
    while ((took = row->batch(n)) != 0 && took < BATCH_NS && n < (1u << 30)) {
        if (row->n_max != 0 && n >= row->n_max)
            break;
        n = took < BATCH_NS / 2 ? n * 2 : n + n / 4 + 1;
    }
    while (took != 0 && count < BATCHES) {
        took = row->batch(n);
        if (took != 0)
            per_op[count++] = (double)took / n;
    }
    if (row->teardown != NULL)
        row->teardown();
    report(row->name, per_op, took != 0 ? count : 0);
}

/* Read a file to its end; the bytes, 0: there is none. */
static uint64_t
read_whole(const char *path, uint64_t *took)
{
    uint64_t done = 0, start;
    ssize_t got;
    int in = open(path, O_RDONLY);

    if (in < 0)
        return 0;
    (void)posix_fadvise(in, 0, 0, POSIX_FADV_DONTNEED); /* on the host the files are not new */
    start = now_ns();
    while ((got = read(in, buf, sizeof buf)) > 0)
        done += (uint64_t)got;
    *took = since(start);
    close(in);
    return got == 0 ? done : 0;
}

static void
measure_file_read(void)
{
    double per_byte[FILES_MAX];
    unsigned count = 0;

    errno = 0;
    for (unsigned i = 0; i < FILES_MAX; i++) {
        char path[256];
        uint64_t took = 0, size;

        snprintf(path, sizeof path, "%s/seq%u", dir, i);
        size = read_whole(path, &took);
        if (size == 0)
            break;
        per_byte[count++] = (double)took / (double)size;
    }
    report("file_read", per_byte, count);
}

/* Write `size` bytes and see them on the disk. */
static bool
write_whole(const char *path, size_t size, uint64_t *took)
{
    bool ok = true;
    uint64_t start;
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    if (out < 0)
        return false;
    memset(buf, 0x5a, sizeof buf);
    start = now_ns();
    for (size_t done = 0; ok && done < size; done += sizeof buf)
        ok = write(out, buf, sizeof buf) == (ssize_t)sizeof buf;
    ok = ok && fsync(out) == 0;
    *took = since(start);
    close(out);
    unlink(path);
    return ok;
}

static void
measure_file_write(void)
{
    const size_t size = 4u << 20;
    double per_byte[WRITES];
    unsigned count = 0;
    char path[256];

    errno = 0;
    snprintf(path, sizeof path, "%s/written", dir);
    while (count < WRITES) {
        uint64_t took = 0;

        if (!write_whole(path, size, &took))
            break;
        per_byte[count++] = (double)took / (double)size;
    }
    report("file_write", per_byte, count);
}

static bool
wanted(const char *name, int argc, char **argv)
{
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc < 3;
}

int
main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s DIR [ROW...]\n", argv[0]);
        return 2;
    }
    if (strcmp(argv[1], "--nothing") == 0)
        return 0;
    dir = argv[1];
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("clock %llu\n", (unsigned long long)now_ns());
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (wanted(rows[i].name, argc, argv))
            measure(&rows[i]);
    if (wanted("file_read", argc, argv))
        measure_file_read();
    if (wanted("file_write", argc, argv))
        measure_file_write();
    printf("clock %llu\n", (unsigned long long)now_ns());
    return 0;
}

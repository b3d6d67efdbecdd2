/* cost [PATH OF cost]: what system calls and switches cost on this machine, for bench/board.py.  A line: WHAT TIMES NANOSECONDS; at last
 * what processes that wait take of the memory.
 *
 * The path starts the other process of a pair, as `cost yield`, `cost echo FD FD` or `cost wait FD`. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

enum {
    CALLS = 2000,
    ROUNDS = 500,
    STARTS = 20,
    CHILDREN = 3,
    EXEC_FAILED = 127,
    SETTLE_NS = 20000000
};

static char *path = (char *)"/test/cost";

static uint64_t
now(void)
{
    struct timespec_k t;

    (void)sys_clock_gettime64(1, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
say(const char *what, unsigned times, uint64_t since)
{
    print(1, "%s %u %u\n", what, times, (unsigned)(now() - since));
}

static int
start_other(const char *deed, int fd_a, int fd_b)
{
    char a[2] = { (char)('0' + fd_a), 0 }, b[2] = { (char)('0' + fd_b), 0 };
    char *argv[] = { path, (char *)deed, a, b, NULL };
    int pid = sys_vfork();

    if (pid == 0) {
        (void)sys_execve(path, argv, environ);
        sys_exit(EXEC_FAILED);
    }
    return pid;
}

static void
wait_for(int pid)
{
    int status;

    while (sys_wait4(pid, &status, 0, NULL) == -EINTR)
        ;
}

static void
stop_other(int pid)
{
    (void)sys_kill(pid, SIGKILL);
    wait_for(pid);
}

static void
calls(void)
{
    uint64_t since = now();

    for (unsigned i = 0; i < CALLS; i++)
        __asm__ volatile("" : : : "memory");
    say("loop", CALLS, since);
    since = now();
    for (unsigned i = 0; i < CALLS; i++)
        (void)sys_getpid();
    say("getpid", CALLS, since);
    since = now();
    for (unsigned i = 0; i < CALLS; i++)
        (void)sys_sched_yield();
    say("yield", CALLS, since);
}

/* Each of two processes gives way to the other: a round is two calls and two switches. */
static void
switches(void)
{
    int other = start_other("yield", 0, 0);
    uint64_t since;

    (void)sys_sched_yield();
    since = now();
    for (unsigned i = 0; i < ROUNDS; i++)
        (void)sys_sched_yield();
    say("yield_pair", ROUNDS, since);
    stop_other(other);
}

/* A byte to the other process and back: two switches, two writes, two reads. */
static void
ping_pong(void)
{
    int to[2], from[2], other;
    uint64_t since;
    char c = 'x';

    if (sys_pipe2(to, 0) < 0 || sys_pipe2(from, 0) < 0)
        return;
    other = start_other("echo", to[0], from[1]);
    (void)sys_write(to[1], &c, 1);
    (void)sys_read(from[0], &c, 1);
    since = now();
    for (unsigned i = 0; i < ROUNDS; i++) {
        (void)sys_write(to[1], &c, 1);
        (void)sys_read(from[0], &c, 1);
    }
    say("pingpong", ROUNDS, since);
    stop_other(other);
    for (unsigned i = 0; i < 2; i++) {
        (void)sys_close(to[i]);
        (void)sys_close(from[i]);
    }
}

/* vfork, execve, exit, wait4 */
static void
starts(void)
{
    uint64_t since = now();

    for (unsigned i = 0; i < STARTS; i++)
        wait_for(start_other("true", 0, 0));
    say("spawn", STARTS, since);
}

static unsigned
free_bytes(void)
{
    static const struct timespec_k settle = { .tv_nsec = SETTLE_NS };
    struct abi_sysinfo info;

    (void)sys_clock_nanosleep64(1, 0, &settle, NULL);
    return sys_sysinfo(&info) < 0 ? 0 : (unsigned)info.freeram * info.mem_unit;
}

/* Kernel memory and the process's own. */
static void
memory(void)
{
    int fds[2], pid[CHILDREN];
    unsigned before, with;

    if (sys_pipe2(fds, 0) < 0)
        return;
    before = free_bytes();
    for (unsigned i = 0; i < CHILDREN; i++)
        pid[i] = start_other("wait", fds[0], fds[1]);
    with = free_bytes();
    print(1, "memory %u %u\n", (unsigned)CHILDREN, before - with);
    for (unsigned i = 0; i < CHILDREN; i++)
        stop_other(pid[i]);
}

int
main(int argc, char **argv)
{
    char c;

    if (argc > 1 && str_eq(argv[1], "yield"))
        for (;;)
            (void)sys_sched_yield();
    if (argc > 3 && str_eq(argv[1], "echo"))
        while (sys_read(argv[2][0] - '0', &c, 1) == 1)
            (void)sys_write(argv[3][0] - '0', &c, 1);
    if (argc > 3 && str_eq(argv[1], "wait"))
        (void)sys_read(argv[2][0] - '0', &c, 1);
    if (argc > 2)
        return 0;
    if (argc > 1)
        path = argv[1];
    calls();
    switches();
    ping_pong();
    starts();
    memory();
    return 0;
}

/* t_grant [PATH OF t_grant]: a program that takes all it can get, of each kind, is told -ENOMEM; another, which was there before, goes on
 * opening and reading files all the while.  Twice, so what was taken has come back.
 *
 *     t_grant - other    the other: whenever it reads a byte, it does what programs do, and says y or n
 *     t_grant - KIND     take: files, pipes, text (in pipes), memory, programs; tell the parent by signal 1 or 2 how it ended, and stay
 *     t_grant - orphan   end when the parent has */
#include <user/arm/lib/out.h>
#include <user/arm/lib/signals.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>
#include <user/arm/lib/tap.h>

enum { EXEC_FAILED = 127, LOOK_MS = 20, PATIENCE_MS = 2000, PIECE = 1024, FEW = 16 };
enum { PROT_READ_WRITE = 3, MAP_PRIVATE_ANONYMOUS = 0x22 };

static const char *self = "/test/t_grant";

static int
start(const char *role, int in, int out)
{
    char *argv[] = { (char *)self, (char *)"-", (char *)role, NULL };
    int pid = sys_vfork();

    if (pid == 0) {
        if (in >= 0)
            (void)sys_dup2(in, 0);
        if (out >= 0)
            (void)sys_dup2(out, 1);
        (void)sys_execve(self, argv, environ);
        sys_exit(EXEC_FAILED);
    }
    return pid;
}

/* --- the other --- */

static bool
all_well(void)
{
    char text[FEW];
    int file = sys_open(self, O_RDONLY, 0), dir = sys_open("/", O_RDONLY, 0), again = sys_dup(file);
    bool well = file >= 0 && dir >= 0 && again >= 0 && sys_read(file, text, FEW) == FEW &&
                text[1] == 'E' && sys_getdents64(dir, text, 0) == -EINVAL;

    (void)sys_close(file);
    (void)sys_close(dir);
    (void)sys_close(again);
    return well;
}

static int
other(void)
{
    char c;

    while (sys_read(0, &c, 1) == 1)
        (void)sys_write(1, all_well() ? "y" : "n", 1);
    return 0;
}

/* --- takers --- */

static int
take_files(void)
{
    return sys_open(self, O_RDONLY, 0);
}

static int
take_pipe(void)
{
    int fds[2];

    return sys_pipe2(fds, 0);
}

static int
take_text(void)
{
    int fds[2], rc = sys_pipe2(fds, 0);

    return rc < 0 ? rc : sys_write(fds[1], "t", 1);
}

static int
take_memory(void)
{
    uintptr_t at = (uintptr_t)sys_mmap2(NULL, PIECE, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);

    return at > -4096u ? (int)at : 0;
}

static int
take_program(void)
{
    return start("orphan", -1, -1);
}

static int
take(const char *kind)
{
    if (str_eq(kind, "files"))
        return take_files();
    if (str_eq(kind, "pipes"))
        return take_pipe();
    if (str_eq(kind, "text"))
        return take_text();
    if (str_eq(kind, "memory"))
        return take_memory();
    return take_program();
}

static int
taker(const char *kind)
{
    int error;

    do
        error = take(kind);
    while (error >= 0);
    (void)sys_kill(sys_getppid(), error == -ENOMEM || error == -EAGAIN ? SIGUSR1 : SIGUSR2);
    for (;;)
        (void)sys_poll(NULL, 0, -1);
}

static int
orphan(void)
{
    int parent = sys_getppid();

    while (sys_getppid() == parent)
        (void)sys_poll(NULL, 0, LOOK_MS);
    return 0;
}

/* --- the test --- */

static char
answer(int from)
{
    struct abi_pollfd fd = { .fd = from, .events = 1 };
    char c = '?';

    if (sys_poll(&fd, 1, PATIENCE_MS) == 1)
        (void)sys_read(from, &c, 1);
    return c;
}

static volatile int told;

static void
hear(int signo)
{
    told = signo;
}

static void
one(const char *kind, int ask, int answers)
{
    int status, pid;

    told = 0;
    pid = start(kind, -1, -1);
    while (pid > 0 && told == 0)
        (void)sys_poll(NULL, 0, LOOK_MS);
    tap_is(told, SIGUSR1, kind); /* until there were no more */
    (void)sys_write(ask, "?", 1);
    OK(answer(answers) == 'y');
    (void)sys_kill(pid, SIGKILL);
    IS(pid, sys_wait4(pid, &status, 0, NULL));
}

int
main(int argc, char **argv)
{
    int ask[2], answers[2], status, pid;

    if (argc == 3 && str_eq(argv[1], "-")) {
        self = argv[0];
        return str_eq(argv[2], "other")    ? other()
               : str_eq(argv[2], "orphan") ? orphan()
                                           : taker(argv[2]);
    }
    if (argc > 1)
        self = argv[1];
    IS(0, sys_pipe2(ask, O_CLOEXEC));
    IS(0, sys_pipe2(answers, O_CLOEXEC));
    pid = start("other", ask[0], answers[1]);
    OK(pid > 0);
    IS(0, signal_handle(SIGUSR1, hear, 0));
    IS(0, signal_handle(SIGUSR2, hear, 0));
    for (int i = 0; i < 2; i++) {
        one("files", ask[1], answers[0]);
        one("pipes", ask[1], answers[0]);
        one("text", ask[1], answers[0]);
        one("memory", ask[1], answers[0]);
        one("programs", ask[1], answers[0]);
    }
    IS(0, sys_close(ask[1]));
    IS(pid, sys_wait4(pid, &status, 0, NULL));
    IS(0, status);
    return tap_end();
}

/* t_vfork [PATH OF true]: children: their ends, their descriptors, many of them. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>
#include <user/arm/lib/tap.h>

enum { MANY = 4, EXEC_FAILED = 127 };

static const char *program = "/bin/true";

static int
start_exit(int status)
{
    int pid = sys_vfork();

    if (pid == 0)
        sys_exit(status);
    return pid;
}

static int
start_program(const char *name)
{
    char *argv[] = { (char *)name, NULL };
    int pid = sys_vfork();

    if (pid == 0) {
        (void)sys_execve(program, argv, environ);
        sys_exit(EXEC_FAILED);
    }
    return pid;
}

static int
wait_one(int pid)
{
    int status = -1, got;

    do
        got = sys_wait4(pid, &status, 0, NULL);
    while (got == -EINTR);
    return got == pid ? status : -1;
}

int
main(int argc, char **argv)
{
    int pid, pids[MANY], status, fds[2], n;
    char c = 0;

    if (argc > 1)
        program = argv[1];
    pid = start_exit(7);
    OK(pid > 0);
    IS(7 << 8, wait_one(pid));
    IS(-ECHILD, sys_wait4(pid, &status, 0, NULL));
    IS(0, wait_one(start_program("true")));

    program = "/nonexistent";
    IS(EXEC_FAILED << 8, wait_one(start_program("x")));
    program = argc > 1 ? argv[1] : "/bin/true";

    pid = sys_vfork();
    if (pid == 0) {
        (void)sys_kill(sys_getpid(), SIGKILL);
        sys_exit(0);
    }
    IS(SIGKILL, wait_one(pid) & 0x7f);

    IS(0, sys_pipe2(fds, 0));
    pid = sys_vfork();
    if (pid == 0) {
        (void)sys_write(fds[1], "c", 1);
        sys_exit(0);
    }
    IS(1, sys_read(fds[0], &c, 1));
    OK(c == 'c');
    IS(0, wait_one(pid));
    IS(0, sys_close(fds[0]));
    IS(0, sys_close(fds[1]));

    for (n = 0; n < MANY; n++)
        pids[n] = start_program("true");
    for (int i = 0; i < MANY; i++)
        n -= wait_one(pids[i]) == 0;
    tap_is(n, 0, "four programs at once");

    pid = sys_fork();
    if (pid == 0)
        sys_exit(0);
    tap_ok(pid == -ENOSYS || (pid > 0 && wait_one(pid) == 0), "fork: not without an MMU");
    return tap_end();
}

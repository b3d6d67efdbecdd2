/* Signals by name.  See signals.h. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/signals.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

static const char names[] =
    "\1HUP\0\2INT\0\3QUIT\0\4ILL\0\6ABRT\0\7BUS\0\11KILL\0\12USR1\0\13SEGV\0\14USR2\0"
    "\15PIPE\0\16ALRM\0\17TERM\0\21CHLD\0\22CONT\0\23STOP\0\24TSTP\0";

int
signal_number(const char *name)
{
    uint32_t n;

    if (str_number(name, false, &n))
        return n <= 64 ? (int)n : -1;
    if (str_begins(name, "SIG"))
        name += 3;
    for (const char *p = names; *p != '\0'; p += strlen(p) + 1) {
        if (str_eq(p + 1, name))
            return *p;
    }
    return -1;
}

int
kill_command(int argc, char **argv)
{
    int signo = SIGTERM, i = 1, status = 0;

    if (argc > 1 && argv[1][0] == '-') {
        signo = signal_number(argv[1] + 1);
        i = 2;
    }
    if (signo < 0 || i >= argc)
        return usage("[-SIGNAL] PROCESS...");
    for (; i < argc; i++) {
        bool group = argv[i][0] == '-';
        uint32_t pid;
        int error = -EINVAL;

        if (str_number(argv[i] + group, false, &pid))
            error = sys_kill(group ? -(int)pid : (int)pid, signo);
        if (error < 0)
            status = fail(argv[i], error);
    }
    return status;
}

/* t_isolate [PATH OF t_bad]: programs that do what they may not, one after the other: each ends by its signal, this one goes on. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>
#include <user/arm/lib/tap.h>

enum { EXEC_FAILED = 127 };

static const char *bad = "/bin/t_bad";
static int mine = 12345; /* what another program may not reach */

static int
status_of(const char *deed, char *address)
{
    char *argv[] = { (char *)"t_bad", (char *)deed, address, NULL };
    int status = -1, pid = sys_vfork();

    if (pid == 0) {
        (void)sys_execve(bad, argv, environ);
        sys_exit(EXEC_FAILED);
    }
    if (pid < 0)
        return pid;
    while (sys_wait4(pid, &status, 0, NULL) == -EINTR)
        continue;
    return status;
}

int
main(int argc, char **argv)
{
    static const char deeds[] = "overflow\0jump\0device\0text\0null\0stack\0";
    char address[] = "0x00000000";
    uintptr_t at = (uintptr_t)&mine;

    if (argc > 1)
        bad = argv[1];
    for (const char *d = deeds; *d != '\0'; d += strlen(d) + 1)
        tap_is(status_of(d, NULL) & 0x7f, SIGSEGV, d);
    tap_is(status_of("undefined", NULL) & 0x7f, SIGILL, "undefined");
    for (int i = 9; i >= 2; i--, at >>= 4)
        address[i] = "0123456789abcdef"[at & 15];
    /* With an MMU the address is not this one's there; it is nobody's, or the other program's own. */
    (void)status_of("write", address);
    tap_is(mine, 12345, "another program's data");
    IS(0, status_of("grant", NULL));
    IS(0, status_of("grant", NULL)); /* all was given back */
    return tap_end();
}

/* What the guest test programs share: TAP output, checks of system calls against an error or success.
 *
 *     t_NAME DIR: runs in DIR, which it leaves as it was.  Numbers and lines are the same on Linux and on Drydock. */
#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned tap_count, tap_failed;
static void *volatile bad __attribute__((unused)) = (void *)1; /* no program has memory there */

__attribute__((format(printf, 2, 3), unused)) static void
ok(bool good, const char *fmt, ...)
{
    va_list ap;

    printf("%sok %u - ", good ? "" : "not ", ++tap_count);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
    fflush(stdout);
    tap_failed += !good;
}

/* fork(2), but the program ends where there is no memory for a child: to kill(2), its -1 is everybody. */
__attribute__((unused)) static pid_t
tap_fork(void)
{
    pid_t pid = fork();

    if (pid < 0 && errno == ENOMEM) {
        printf("Bail out! no memory for a child\n");
        exit(1);
    }
    return pid;
}
#define fork() tap_fork()

/* The result of a call: `want` >= 0: exactly that; negative: -1 and that errno. */
__attribute__((unused)) static void
tap_result(long got, int err, long want, const char *what)
{
    if (got == -1)
        got = -err;
    if (got == want)
        ok(true, "%s", what);
    else
        ok(false, "%s: %ld (%s) instead of %ld (%s)", what, got, got < 0 ? strerror((int)-got) : "",
           want, want < 0 ? strerror((int)-want) : "");
}

/* A call and what it must give. */
#define CALL(want, call)                                                                           \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long tap_got = (long)(call);                                                               \
        tap_result(tap_got, errno, want, #call);                                                   \
    } while (0)

/* A call that must succeed with some result >= 0, which is the value. */
#define GOOD(call)                                                                                 \
    __extension__({                                                                                \
        long tap_got = (long)(call);                                                               \
        ok(tap_got >= 0, "%s%s%s", #call, tap_got < 0 ? ": " : "",                                 \
           tap_got < 0 ? strerror(errno) : "");                                                    \
        tap_got;                                                                                   \
    })

/* Enter the directory of the command line, or a fresh one in it. */
__attribute__((unused)) static void
tap_begin(int argc, char **argv, const char *name)
{
    if (argc > 1 && chdir(argv[1]) < 0) {
        printf("Bail out! %s: %s\n", argv[1], strerror(errno));
        exit(1);
    }
    printf("# %s\n", name);
}

__attribute__((unused)) static int
tap_end(void)
{
    printf("1..%u\n", tap_count);
    return tap_failed == 0 ? 0 : 1;
}

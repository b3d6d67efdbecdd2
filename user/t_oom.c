/* t_oom: run commands over and over while the kernel's allocations fail, and see that it loses nothing by it.
 *
 *     t_oom RULE FIRST LAST STEP CLEANUP COMMAND...
 *
 * RULE is the simulator's --fail-alloc; a '#' in it stands for the round's number: FIRST, FIRST + STEP, up to LAST.  The rounds of a
 * command end early with one in which nothing failed.  After each, and after CLEANUP, in which nothing fails, the kernel must hold the
 * pages and objects that it held after a round without failures; what is only cached is given back first, and pages count that are
 * not part of a slab, whose objects do.  What it prints:
 *
 *     command K
 *     warm-up N status S [hung] [...]      (some without failures: what is made once and kept)
 *     round N failures F status S [hung] [objects +N] [pages +N] [processes +N]
 *
 *     first LINE
 *
 * LINE is the command's first of output that begins "not ok", if there is one.  S is the command's status, 128 + the signal that killed it, or "-E" where starting it failed with that errno. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WARM_UPS = 4, WAIT_S = 20, SETTLE_TRIES = 400, ARM_TRIES = 100000 };

#define OUTPUT "/tmp/t_oom.out"

struct held {
    long objects, pages, processes, failures;
};

static int control;

static void
nap(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

static void
tell(const char *text)
{
    for (int i = 0; i < ARM_TRIES; i++)
        if (write(control, text, strlen(text)) > 0)
            return;
    printf("not written: %s: %s\n", text, strerror(errno));
    exit(2);
}

static long
field(const char *text, const char *name)
{
    const char *p = strstr(text, name);

    return p != NULL ? atol(p + strlen(name)) : -1;
}

static struct held
look(void)
{
    static char text[8192];
    int fd;
    ssize_t n = -1;

    sync();
    tell("drop");
    fd = open("/proc/drydock", O_RDONLY);
    if (fd >= 0) {
        n = read(fd, text, sizeof text - 1);
        close(fd);
    }
    if (n <= 0) {
        printf("cannot read /proc/drydock: %s\n", strerror(errno));
        exit(2);
    }
    text[n] = '\0';
    return (struct held){
        .objects = field(text, "KernelObjects: "),
        .pages = field(text, "UserPages: ") + field(text, "CachedPages: "),
        .processes = field(text, "Processes: "),
        .failures = field(text, "Failures: "),
    };
}

/* What the kernel holds once it holds no more than `want`; else what is left after some time. */
static struct held
settle(const struct held *want)
{
    struct held h = look();

    for (int i = 0; i < SETTLE_TRIES; i++) {
        if (want != NULL && h.objects == want->objects && h.pages == want->pages &&
            h.processes == want->processes)
            break;
        if (want == NULL && i == SETTLE_TRIES / 10)
            break;
        nap();
        h = look();
    }
    return h;
}

/* Run the command under this rule, as a process group of its own; its status.  No handler runs meanwhile: its frame would need memory. */
static int
run(char *rule, char *command, int *hung)
{
    extern char **environ;
    const struct timespec patience = { .tv_sec = WAIT_S };
    sigset_t none, child;
    char *argv[] = { (char *)"t_oom", rule, command, NULL };
    posix_spawnattr_t attr;
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = 0, rc;

    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, OUTPUT, O_WRONLY | O_APPEND, 0);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    rc = posix_spawn(&pid, "/proc/self/exe", &actions, &attr, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    if (rc != 0)
        return -rc;
    *hung = 0;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (sigtimedwait(&child, NULL, &patience) < 0 && errno == EAGAIN) {
            *hung = 1;
            kill(-pid, SIGKILL);
        }
    }
    kill(-pid, SIGKILL); /* what it left behind */
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The child: from here on memory runs out.  (Not earlier: the parent must not need any while it does, or it may be the one
 * that is killed.) */
static int
armed(const char *rule, const char *command)
{
    tell(rule);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    return 126;
}

/* "fail " and the rule of round `n`. */
static char *
rule_of(const char *rule, long n)
{
    static char text[128];
    size_t len = (size_t)snprintf(text, sizeof text, "fail ");

    for (; *rule != '\0' && len < sizeof text - 24; rule++) {
        if (*rule == '#')
            len += (size_t)snprintf(text + len, 24, "%ld", n);
        else
            text[len++] = *rule;
    }
    text[len] = '\0';
    return text;
}

static void
difference(const char *what, long was, long is)
{
    if (was != is)
        printf(" %s %+ld", what, is - was);
}

static void
report(const struct held *was, const struct held *is, bool hung)
{
    if (hung)
        printf(" hung");
    difference("objects", was->objects, is->objects);
    difference("pages", was->pages, is->pages);
    difference("processes", was->processes, is->processes);
    printf("\n");
}

/* The first complaint of a test program, and an empty file for the next. */
static void
show_output(void)
{
    static char text[65536];
    int fd = open(OUTPUT, O_RDONLY);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;

    close(fd);
    truncate(OUTPUT, 0);
    text[n > 0 ? n : 0] = '\0';
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (strncmp(line, "not ok", 6) == 0) {
            printf("first %s\n", line);
            return;
        }
    }
}

/* All rounds of one command. */
static void
sweep(char **argv, char *command)
{
    char *rule = argv[1], *cleanup = argv[5];
    long first = atol(argv[2]), last = atol(argv[3]), step = atol(argv[4]);
    struct held base = { 0 }, now;
    int hung = 0, cleanup_hung = 0, status;

    for (int i = 0; i < WARM_UPS; i++) {
        status = run(rule_of("off", 0), command, &hung);
        (void)run(rule_of("off", 0), cleanup, &cleanup_hung);
        show_output();
        now = settle(i > 1 ? &base : NULL);
        printf("warm-up %d status %d", i, status);
        report(&base, &now, hung);
        base = now;
    }
    for (long n = first; n <= last; n += step) {
        status = run(rule_of(rule, n), command, &hung);
        tell("fail off");
        (void)run(rule_of("off", 0), cleanup, &cleanup_hung);
        now = settle(&base);
        printf("round %ld failures %ld status %d", n, now.failures - base.failures, status);
        report(&base, &now, hung);
        show_output();
        if (now.failures == base.failures)
            break;
        base = now;
    }
}

int
main(int argc, char **argv)
{
    control = open("/proc/drydock", O_WRONLY | O_CLOEXEC);
    if (control < 0)
        return 2;
    if (argc == 3)
        return armed(argv[1], argv[2]);
    if (argc < 7)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);

    sigset_t child;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    close(open(OUTPUT, O_WRONLY | O_CREAT | O_TRUNC, 0666));
    for (int i = 6; i < argc; i++) {
        printf("command %d\n", i - 6);
        sweep(argv, argv[i]);
    }
    return 0;
}

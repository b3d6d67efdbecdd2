/* The shell's processes: vfork() and execve(), nothing else. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>
#include <user/arm/sh/sh.h>

enum { NOT_EXECUTABLE = 126, NOT_FOUND = 127, ARGS_MAX = 3 + 10 };

static const char *
shell(void)
{
    const char *path = var_get("SHELL", 5);

    return path != NULL ? path : "/bin/sh";
}

/* --- redirections --- */

static int
open_redirect(const struct redirect *r)
{
    static const int flags[] = { O_RDONLY, O_WRONLY | O_CREAT | O_TRUNC,
                                 O_WRONLY | O_CREAT | O_APPEND };
    int fd = sys_open(r->path, flags[r->op == '<' ? 0 : r->op == '>' ? 1 : 2], 0666), error;

    if (fd < 0 || fd == r->fd)
        return fd;
    error = sys_dup2(fd, r->fd);
    sys_close(fd);
    return error;
}

int
redirect_apply(const struct command *c)
{
    for (unsigned i = 0; i < c->redirects; i++) {
        const struct redirect *r = &c->redirect[i];
        int error = 0;

        if (r->op == '&')
            error = sys_dup2(r->from, r->fd);
        else if (r->op == '-')
            sys_close(r->fd);
        else
            error = open_redirect(r);
        if (error < 0) {
            fail(r->path, error);
            return error;
        }
    }
    return 0;
}

/* --- starting --- */

int
execute(const struct command *c, bool all, char *const argv[])
{
    char *env[ENV_MAX + 1], path[PATH_SIZE];
    const char *dirs = var_get("PATH", 4);
    int error = -ENOENT;

    vars_environment(c, all, env);
    if (str_find(argv[0], '/') != NULL)
        return sys_execve(argv[0], argv, env);
    if (dirs == NULL)
        dirs = "/bin";
    while (*dirs != '\0') {
        size_t len = 0, name = strlen(argv[0]) + 1;
        int rc;

        while (dirs[len] != '\0' && dirs[len] != ':')
            len++;
        if (len + 1 + name <= sizeof path) {
            memcpy(path, dirs, len);
            path[len] = '/';
            memcpy(path + len + 1, argv[0], name);
            rc = sys_execve(path, argv, env);
            if (rc != -ENOENT && rc != -ENOTDIR)
                error = rc;
        }
        dirs += len + (dirs[len] == ':');
    }
    return error;
}

/* In the child, which has the parent's memory: it changes nothing there but its own stack. */
static _Noreturn void
child(const struct command *c, char *const argv[], bool all, int in, int out, bool background)
{
    static const struct sigaction_abi ignore = { .handler = SIG_IGN_K };
    int error;

    if (background && !interactive)
        (void)sys_rt_sigaction(SIGINT, &ignore, NULL, sizeof(uint64_t));
    if (background && interactive)
        (void)sys_setpgid(0, 0);
    if (background && in < 0)
        in = sys_open("/dev/null", O_RDONLY | O_CLOEXEC, 0);
    if (in >= 0)
        sys_dup2(in, 0);
    if (out >= 0)
        sys_dup2(out, 1);
    if (redirect_apply(c) < 0)
        sys_exit(1);
    error = execute(c, all, argv);
    if (error == -ENOENT && str_find(argv[0], '/') == NULL) {
        print(2, "%s: %s: not found\n", program_name, argv[0]);
        sys_exit(NOT_FOUND);
    }
    fail(argv[0], error);
    sys_exit(error == -ENOENT ? NOT_FOUND : NOT_EXECUTABLE);
}

static int
start_argv(const struct command *c, char *const argv[], bool all, int in, int out, bool background)
{
    int pid = sys_vfork();

    if (pid == 0)
        child(c, argv, all, in, out, background);
    return pid;
}

int
start_command(const struct command *c, int in, int out, bool background)
{
    char *argv[WORDS_MAX + 1];

    memcpy(argv, words + c->first, c->count * sizeof argv[0]);
    argv[c->count] = NULL;
    return start_argv(c, argv, false, in, out, background);
}

int
start_text(const struct command *c, unsigned from, unsigned to, int in, int out, bool background)
{
    char *argv[ARGS_MAX + 1] = { (char *)shell(), (char *)"-c", text + from }, was = text[to];
    int n = 3, pid;

    for (int i = 0; i < positional_count && n < ARGS_MAX; i++)
        argv[n++] = positional[i];
    argv[n] = NULL;
    if (to >= text_len)
        was = '\0';
    text[to] = '\0'; /* the system copies it before the parent goes on */
    pid = start_argv(c, argv, true, in, out, background);
    text[to] = was;
    return pid;
}

/* --- waiting --- */

static struct {
    int pid, status; /* pid 0: free; status -1: it runs */
} jobs[JOBS_MAX];

void
job_add(int pid)
{
    for (unsigned i = 0; i < JOBS_MAX; i++) {
        if (jobs[i].pid == 0 || jobs[i].status >= 0) {
            jobs[i].pid = pid;
            jobs[i].status = -1;
            break;
        }
    }
    if (interactive)
        print(2, "[%d]\n", pid);
}

/* As $? has it. */
static int
exit_status(int pid, int status)
{
    int signo = status & 0x7f;

    if (signo == 0)
        return status >> 8 & 0xff;
    if (signo == SIGINT)
        interrupted |= interactive;
    else if (signo != SIGPIPE)
        print(2, "%s: process %d: %s\n", program_name, pid,
              signo == SIGSEGV   ? "Segmentation fault"
              : signo == SIGKILL ? "Killed"
              : signo == SIGTERM ? "Terminated"
                                 : "ended by a signal");
    return 128 + signo;
}

static void
job_ended(int pid, int status)
{
    for (unsigned i = 0; i < JOBS_MAX; i++) {
        if (jobs[i].pid == pid && jobs[i].status < 0)
            jobs[i].status = exit_status(pid, status);
    }
}

int
wait_for(int pid)
{
    int status, got;

    for (unsigned i = 0; i < JOBS_MAX; i++) {
        if (jobs[i].pid == pid && jobs[i].status >= 0) {
            jobs[i].pid = 0;
            return jobs[i].status;
        }
    }
    do
        got = sys_wait4(pid, &status, 0, NULL);
    while (got == -EINTR);
    if (got != pid)
        return NOT_FOUND;
    for (unsigned i = 0; i < JOBS_MAX; i++) {
        if (jobs[i].pid == pid)
            jobs[i].pid = 0;
    }
    return exit_status(pid, status);
}

void
wait_all(void)
{
    int status, got;

    while ((got = sys_wait4(-1, &status, 0, NULL)) > 0 || (got == -EINTR && !interrupted)) {
        if (got > 0)
            job_ended(got, status);
    }
}

void
job_reap(void)
{
    int status, got;

    while ((got = sys_wait4(-1, &status, WNOHANG, NULL)) > 0)
        job_ended(got, status);
}

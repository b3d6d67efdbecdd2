/* t_wait: wait4(2), waitid(2) and what they are told of ended, stopped and continued children. */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

/* The expression holds. */
#define OK(e) ok((e), "line %d: %s", __LINE__, #e)

static pid_t
child_exits(int status)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(status);
    return pid;
}

static pid_t
child_pauses(void)
{
    pid_t pid = fork();

    if (pid == 0)
        for (;;)
            pause();
    return pid;
}

static void
kill_and_reap(pid_t pid)
{
    int st;

    kill(pid, SIGKILL);
    waitpid(pid, &st, 0);
}

static void
ends(void)
{
    int st = -1;
    pid_t pid = child_exits(42);

    OK(waitpid(pid, &st, 0) == pid);
    OK(WIFEXITED(st) && WEXITSTATUS(st) == 42 && !WIFSIGNALED(st) && !WIFSTOPPED(st));
    CALL(-ECHILD, waitpid(pid, &st, 0));
    pid = child_exits(0x1ff);
    OK(wait(&st) == pid && WEXITSTATUS(st) == 0xff);
    pid = child_pauses();
    kill(pid, SIGTERM);
    OK(wait4(-1, &st, 0, NULL) == pid && WIFSIGNALED(st) && WTERMSIG(st) == SIGTERM && !WIFEXITED(st));
    CALL(-ECHILD, wait(NULL));
    pid = child_exits(0);
    OK(wait(NULL) == pid);
}

static void
errors(void)
{
    siginfo_t si;
    pid_t pid;

    CALL(-ECHILD, waitpid(-1, NULL, WNOHANG));
    CALL(-ECHILD, waitpid(getpid(), NULL, 0));
    CALL(-EINVAL, syscall(SYS_wait4, -1, NULL, 0x100, NULL));
    CALL(-ECHILD, waitid(P_ALL, 0, &si, WEXITED));
    CALL(-EINVAL, waitid(P_ALL, 0, &si, 0));
    CALL(-EINVAL, waitid(P_ALL, 0, &si, WNOHANG));
    CALL(-EINVAL, waitid(P_ALL, 0, &si, WEXITED | 0x40));
    CALL(-EINVAL, waitid((idtype_t)77, 0, &si, WEXITED));
    CALL(-EINVAL, waitid(P_PID, 0, &si, WEXITED));
    CALL(-ECHILD, waitpid(-99999, NULL, 0));
    CALL(-ESRCH, syscall(SYS_wait4, 0x80000000, NULL, 0, NULL));
    pid = child_exits(0);
    CALL(-EFAULT, syscall(SYS_wait4, pid, 8, 0, NULL));
    CALL(-ECHILD, waitpid(pid, NULL, 0)); /* it was reaped all the same */
    pid = child_exits(0);
    CALL(-EFAULT, syscall(SYS_waitid, P_PID, pid, 8, WEXITED, NULL));
}

static void
nohang(void)
{
    int st;
    pid_t pid = child_pauses();
    siginfo_t si;

    OK(waitpid(pid, &st, WNOHANG) == 0);
    OK(waitpid(-1, &st, WNOHANG) == 0);
    memset(&si, 0xff, sizeof si);
    OK(waitid(P_ALL, 0, &si, WEXITED | WNOHANG) == 0 && si.si_pid == 0 && si.si_signo == 0);
    kill(pid, SIGKILL);
    OK(waitpid(pid, &st, 0) == pid && WTERMSIG(st) == SIGKILL);
}

static void
stops(void)
{
    int st;
    siginfo_t si;
    pid_t pid = child_pauses();

    setpgid(pid, pid); /* a group that is not orphaned, so that SIGTSTP stops it */
    kill(pid, SIGSTOP);
    OK(waitpid(pid, &st, WUNTRACED) == pid && WIFSTOPPED(st) && WSTOPSIG(st) == SIGSTOP);
    OK(waitpid(pid, &st, WUNTRACED | WNOHANG) == 0); /* told once */
    kill(pid, SIGTSTP);
    OK(waitpid(pid, &st, WUNTRACED | WNOHANG) == 0); /* it is stopped already */
    kill(pid, SIGCONT);
    OK(waitpid(pid, &st, WCONTINUED) == pid && WIFCONTINUED(st));
    OK(waitpid(pid, &st, WCONTINUED | WNOHANG) == 0);
    kill(pid, SIGTSTP);
    OK(waitid(P_PID, (id_t)pid, &si, WSTOPPED | WNOWAIT) == 0 && si.si_code == CLD_STOPPED &&
       si.si_status == SIGTSTP);
    OK(waitid(P_PID, (id_t)pid, &si, WSTOPPED) == 0 && si.si_pid == pid && si.si_signo == SIGCHLD);
    memset(&si, 0xff, sizeof si);
    OK(waitid(P_PID, (id_t)pid, &si, WSTOPPED | WNOHANG) == 0 && si.si_pid == 0);
    kill(pid, SIGCONT);
    OK(waitid(P_PID, (id_t)pid, &si, WCONTINUED) == 0 && si.si_code == CLD_CONTINUED &&
       si.si_status == SIGCONT);
    kill(pid, SIGSTOP);
    waitpid(pid, &st, WUNTRACED);
    kill(pid, SIGTERM); /* waits until it goes on */
    OK(waitpid(pid, &st, WNOHANG) == 0);
    usleep(20000);
    OK(waitpid(pid, &st, WNOHANG) == 0);
    kill(pid, SIGCONT);
    OK(waitpid(pid, &st, 0) == pid && WIFSIGNALED(st) && WTERMSIG(st) == SIGTERM);
    pid = child_pauses();
    kill(pid, SIGSTOP);
    waitpid(pid, &st, WUNTRACED);
    kill(pid, SIGKILL); /* does not */
    OK(waitpid(pid, &st, 0) == pid && WTERMSIG(st) == SIGKILL);
}

static void
nowait(void)
{
    siginfo_t si;
    pid_t pid = child_exits(5);

    for (int i = 0; i < 3; i++)
        OK(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT) == 0 && si.si_pid == pid &&
           si.si_status == 5);
    OK(si.si_code == CLD_EXITED && si.si_uid == getuid());
    OK(waitid(P_ALL, 0, &si, WEXITED) == 0 && si.si_status == 5);
    CALL(-ECHILD, waitid(P_PID, (id_t)pid, &si, WEXITED));
    pid = child_pauses();
    kill(pid, SIGUSR1);
    OK(waitid(P_PID, (id_t)pid, &si, WEXITED) == 0 && si.si_code == CLD_KILLED &&
       si.si_status == SIGUSR1);
}

static void
groups(void)
{
    pid_t a = child_pauses(), b = child_pauses();
    int st;

    setpgid(a, a);
    setpgid(b, a);
    kill(-a, SIGTERM);
    CALL(-ECHILD, waitpid(0, &st, 0)); /* none is left in our own group */
    pid_t first = waitpid(-a, &st, 0), second = waitpid(-a, &st, 0);
    OK((first == a && second == b) || (first == b && second == a));
    a = child_exits(1);
    OK(waitpid(0, &st, 0) == a);
    a = child_pauses();
    setpgid(a, a);
    siginfo_t si;
    kill(a, SIGKILL);
    OK(waitid(P_PGID, (id_t)a, &si, WEXITED) == 0 && si.si_pid == a);
    a = child_exits(0);
    OK(waitid(P_PGID, 0, &si, WEXITED) == 0 && si.si_pid == a); /* Linux 5.4: 0 is our own group */
}

static void
usage(void)
{
    struct rusage ru, before, after;
    siginfo_t si;
    pid_t pid = fork();

    if (pid == 0) {
        volatile unsigned long n = 0;

        while (n < 60000000)
            n++;
        _exit(0);
    }
    getrusage(RUSAGE_CHILDREN, &before);
    memset(&ru, 0xff, sizeof ru);
    OK(wait4(pid, NULL, 0, &ru) == pid);
    long us = ru.ru_utime.tv_sec * 1000000 + ru.ru_utime.tv_usec;
    OK(us > 1000 && us < 100000000);
    getrusage(RUSAGE_CHILDREN, &after);
    OK(after.ru_utime.tv_sec * 1000000 + after.ru_utime.tv_usec >=
       before.ru_utime.tv_sec * 1000000 + before.ru_utime.tv_usec + us);
    OK(ru.ru_maxrss > 0);
    pid = child_exits(0);
    memset(&ru, 0xff, sizeof ru);
    OK(syscall(SYS_waitid, P_PID, pid, &si, WEXITED, &ru) == 0 && ru.ru_utime.tv_sec == 0);
}

static void
on_signal(int signo)
{
    (void)signo;
}

static void
interrupted(void)
{
    struct sigaction sa = { .sa_handler = on_signal };
    pid_t pid = child_pauses();
    int st;

    sigaction(SIGALRM, &sa, NULL);
    ualarm(20000, 0);
    CALL(-EINTR, waitpid(pid, &st, 0));
    sa.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &sa, NULL);
    pid_t killer = fork();
    if (killer == 0) {
        usleep(80000);
        kill(pid, SIGKILL);
        _exit(0);
    }
    ualarm(20000, 0);
    OK(waitpid(pid, &st, 0) == pid);
    OK(waitpid(killer, &st, 0) == killer);
}

static void
ignored(void)
{
    struct sigaction sa = { .sa_handler = SIG_IGN };
    int st;

    sigaction(SIGCHLD, &sa, NULL);
    pid_t pid = child_exits(1);
    CALL(-ECHILD, waitpid(pid, &st, 0)); /* waits until it is gone */
    CALL(-ESRCH, kill(pid, 0));
    sa = (struct sigaction){ .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT };
    sigaction(SIGCHLD, &sa, NULL);
    pid = child_exits(1);
    CALL(-ECHILD, waitpid(pid, &st, 0));
    sa.sa_flags = 0;
    sigaction(SIGCHLD, &sa, NULL);
    pid = child_exits(1);
    OK(waitpid(pid, &st, 0) == pid);
}

static void
clone_children(void)
{
    int st;
    pid_t pid = (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0); /* tells no signal at its end */

    if (pid == 0)
        _exit(9);
    CALL(-ECHILD, waitpid(pid, &st, 0));
    OK(waitpid(pid, &st, __WCLONE) == pid && WEXITSTATUS(st) == 9);
    pid = (pid_t)syscall(SYS_clone, SIGUSR1 & 0, 0, 0, 0, 0);
    if (pid == 0)
        _exit(8);
    OK(waitpid(pid, &st, __WALL) == pid && WEXITSTATUS(st) == 8);
    pid = child_exits(7);
    CALL(-ECHILD, waitpid(pid, &st, __WCLONE));
    OK(waitpid(pid, &st, 0) == pid);
}

int
main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    ends();
    errors();
    nohang();
    stops();
    nowait();
    groups();
    usage();
    interrupted();
    ignored();
    clone_children();
    kill_and_reap(child_pauses());
    return tap_end();
}

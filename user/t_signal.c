/* t_signal: sending, blocking, catching and waiting for signals; default actions; what interrupted calls do. */
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

/* The expression holds. */
#define OK(e) ok((e), "line %d: %s", __LINE__, #e)

#define SET_SIZE 8

static volatile int hits;
static siginfo_t last;
static sigset_t mask_inside;

static void
handler(int signo, siginfo_t *si, void *uc)
{
    (void)signo;
    (void)uc;
    hits++;
    last = *si;
    sigprocmask(SIG_BLOCK, NULL, &mask_inside);
}

static void catch (int signo, int flags)
{
    struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

    sigaction(signo, &sa, NULL);
}

static void
set_action(int signo, void (*action)(int))
{
    struct sigaction sa = { .sa_handler = action };

    sigaction(signo, &sa, NULL);
}

static sigset_t
one(int signo)
{
    sigset_t s;

    sigemptyset(&s);
    if (signo != 0)
        sigaddset(&s, signo);
    return s;
}

static void
block(int how, int signo)
{
    sigset_t s = one(signo);

    sigprocmask(how, &s, NULL);
}

static int
is_pending(int signo)
{
    sigset_t s;

    sigpending(&s);
    return sigismember(&s, signo);
}

static void
action_errors(void)
{
    struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        unsigned long mask;
    } k = { 0 };

    CALL(-EINVAL, syscall(SYS_rt_sigaction, 0, &k, NULL, SET_SIZE));
    CALL(-EINVAL, syscall(SYS_rt_sigaction, 65, &k, NULL, SET_SIZE));
    CALL(-EINVAL, syscall(SYS_rt_sigaction, -1, NULL, NULL, SET_SIZE));
    CALL(-EINVAL, syscall(SYS_rt_sigaction, SIGKILL, &k, NULL, SET_SIZE));
    CALL(-EINVAL, syscall(SYS_rt_sigaction, SIGSTOP, &k, NULL, SET_SIZE));
    CALL(-EINVAL, syscall(SYS_rt_sigaction, SIGUSR1, &k, NULL, 4));
    CALL(-EFAULT, syscall(SYS_rt_sigaction, SIGUSR1, 8, NULL, SET_SIZE));
    CALL(-EFAULT, syscall(SYS_rt_sigaction, SIGUSR1, NULL, 8, SET_SIZE));
    OK(syscall(SYS_rt_sigaction, SIGKILL, NULL, &k, SET_SIZE) == 0 && k.handler == NULL);
    catch (SIGUSR1, SA_RESTART);
    OK(syscall(SYS_rt_sigaction, SIGUSR1, NULL, &k, SET_SIZE) == 0 && k.handler == (void *)handler);
    OK((k.flags & (SA_SIGINFO | SA_RESTART)) == (SA_SIGINFO | SA_RESTART));
}

static void
handlers(void)
{
    hits = 0;
    catch (SIGUSR1, 0);
    OK(kill(getpid(), SIGUSR1) == 0 && hits == 1);
    OK(last.si_signo == SIGUSR1 && last.si_code == SI_USER && last.si_pid == getpid() &&
       last.si_uid == getuid());
    OK(sigismember(&mask_inside, SIGUSR1) == 1);

    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    OK(sigismember(&now, SIGUSR1) == 0);

    catch (SIGUSR1, SA_NODEFER);
    raise(SIGUSR1);
    OK(hits == 2 && sigismember(&mask_inside, SIGUSR1) == 0);
    OK(last.si_code == SI_TKILL);

    struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO }, old;
    sigaddset(&sa.sa_mask, SIGUSR2);
    sigaddset(&sa.sa_mask, SIGKILL);
    sigaction(SIGUSR1, &sa, NULL);
    raise(SIGUSR1);
    OK(hits == 3 && sigismember(&mask_inside, SIGUSR2) == 1 &&
       sigismember(&mask_inside, SIGKILL) == 0);

    catch (SIGUSR1, SA_RESETHAND);
    raise(SIGUSR1);
    sigaction(SIGUSR1, NULL, &old);
    OK(hits == 4 && old.sa_handler == SIG_DFL);
}

static void
blocking(void)
{
    hits = 0;
    catch (SIGUSR1, 0);
    block(SIG_BLOCK, SIGUSR1);
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR1);
    OK(hits == 0 && is_pending(SIGUSR1) == 1);
    block(SIG_UNBLOCK, SIGUSR1);
    OK(hits == 1 && is_pending(SIGUSR1) == 0); /* not queued twice */
    block(SIG_BLOCK, SIGUSR1);
    kill(getpid(), SIGUSR1);
    set_action(SIGUSR1, SIG_IGN);
    OK(is_pending(SIGUSR1) == 0); /* discarded by ignoring it */
    kill(getpid(), SIGUSR1);
    OK(is_pending(SIGUSR1) == 1); /* blocked: kept although ignored */
    block(SIG_UNBLOCK, SIGUSR1);
    OK(is_pending(SIGUSR1) == 0);

    sigset_t all, now;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    sigprocmask(SIG_BLOCK, NULL, &now);
    OK(sigismember(&now, SIGTERM) == 1 && sigismember(&now, SIGKILL) == 0 &&
       sigismember(&now, SIGSTOP) == 0);
    sigemptyset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);

    unsigned long set = 0;
    CALL(-EINVAL, syscall(SYS_rt_sigprocmask, 3, &set, NULL, SET_SIZE));
    CALL(-EINVAL, syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 16));
    CALL(-EFAULT, syscall(SYS_rt_sigprocmask, SIG_BLOCK, 8, NULL, SET_SIZE));
    CALL(-EFAULT, syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, 8, SET_SIZE));
    CALL(-EFAULT, syscall(SYS_rt_sigpending, 8, SET_SIZE));
    CALL(-EINVAL, syscall(SYS_rt_sigpending, &set, 9));
}

/* Two at once: each handler runs before the program goes on, with what the first blocks held back. */
static volatile int order[4], norder;

static void
note(int signo)
{
    order[norder++ & 3] = signo;
}

static void
several(void)
{
    set_action(SIGUSR1, note);
    set_action(SIGUSR2, note);
    block(SIG_BLOCK, SIGUSR1);
    block(SIG_BLOCK, SIGUSR2);
    raise(SIGUSR2);
    raise(SIGUSR1);
    sigset_t none = one(0);
    sigprocmask(SIG_SETMASK, &none, NULL);
    OK(norder == 2 && order[0] + order[1] == SIGUSR1 + SIGUSR2);
}

/* --- default actions --- */

static void
default_actions(void)
{
    static const char ignored[] = { SIGCHLD, SIGCONT, SIGURG, SIGWINCH, 0 },
                      stopping[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, 0 };
    int good = 0;

    for (int signo = 1; signo <= SIGRTMAX; signo++) {
        int st = 0;

        if (signo == 32 || signo == 33)
            continue; /* the C library's */

        pid_t pid = fork();
        if (pid == 0) {
            struct rlimit none = { 0, 0 };

            setpgid(0, 0); /* in our session: not orphaned */
            setrlimit(RLIMIT_CORE, &none);
            set_action(signo, SIG_DFL);
            kill(getpid(), signo);
            _exit(3);
        }
        waitpid(pid, &st, WUNTRACED);
        if (strchr(ignored, signo) != NULL) {
            good += WIFEXITED(st) && WEXITSTATUS(st) == 3;
        } else if (strchr(stopping, signo) != NULL) {
            int stopped = WIFSTOPPED(st) && WSTOPSIG(st) == signo;

            kill(pid, SIGCONT);
            if (WIFSTOPPED(st))
                waitpid(pid, &st, 0);
            good += stopped && WIFEXITED(st) && WEXITSTATUS(st) == 3;
        } else {
            good += WIFSIGNALED(st) && WTERMSIG(st) == signo;
        }
    }
    OK(good == SIGRTMAX - 2);
}

static void
stop_and_continue(void)
{
    block(SIG_BLOCK, SIGTSTP);
    block(SIG_BLOCK, SIGCONT);
    raise(SIGTSTP);
    OK(is_pending(SIGTSTP) == 1);
    raise(SIGCONT);
    OK(is_pending(SIGTSTP) == 0 && is_pending(SIGCONT) == 1);
    raise(SIGTSTP);
    OK(is_pending(SIGTSTP) == 1 && is_pending(SIGCONT) == 0);
    set_action(SIGTSTP, SIG_IGN);
    set_action(SIGTSTP, SIG_DFL);
    OK(is_pending(SIGTSTP) == 0);
    block(SIG_UNBLOCK, SIGTSTP);
    block(SIG_UNBLOCK, SIGCONT);
}

/* --- SIGCHLD --- */

static void
wait_hits(int n)
{
    for (int i = 0; i < 500 && hits < n; i++)
        usleep(2000);
}

static void
child_news(void)
{
    int st;

    hits = 0;
    catch (SIGCHLD, 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(12);
    wait_hits(1);
    OK(last.si_signo == SIGCHLD && last.si_code == CLD_EXITED && last.si_pid == pid &&
       last.si_status == 12 && last.si_uid == getuid());
    waitpid(pid, &st, 0);

    hits = 0;
    pid = fork();
    if (pid == 0)
        for (;;)
            pause();
    kill(pid, SIGSTOP);
    wait_hits(1);
    OK(last.si_code == CLD_STOPPED && last.si_status == SIGSTOP && last.si_pid == pid);
    kill(pid, SIGCONT);
    wait_hits(2);
    OK(last.si_code == CLD_CONTINUED && last.si_status == SIGCONT);
    catch (SIGCHLD, SA_NOCLDSTOP);
    kill(pid, SIGSTOP);
    waitpid(pid, &st, WUNTRACED);
    OK(hits == 2);
    kill(pid, SIGKILL);
    wait_hits(3);
    OK(last.si_code == CLD_KILLED && last.si_status == SIGKILL);
    waitpid(pid, &st, 0);

    hits = 0;
    catch (SIGCHLD, SA_NOCLDWAIT);
    pid = fork();
    if (pid == 0)
        _exit(0);
    wait_hits(1);
    OK(hits == 1);
    CALL(-ECHILD, waitpid(pid, &st, 0));
    set_action(SIGCHLD, SIG_DFL);
}

/* --- interrupted calls --- */

/* In 20 ms, from a child, so that nothing else is disturbed. */
static pid_t
signal_soon(int signo)
{
    pid_t me = getpid(), pid = fork();

    if (pid == 0) {
        usleep(20000);
        kill(me, signo);
        usleep(40000);
        _exit(0);
    }
    return pid;
}

static void
interrupted_calls(void)
{
    int p[2], st;
    char c = 0;
    pid_t pid;

    if (pipe(p) != 0)
        exit(1);
    hits = 0;
    catch (SIGUSR1, 0);
    pid = signal_soon(SIGUSR1);
    CALL(-EINTR, read(p[0], &c, 1));
    OK(hits == 1);
    waitpid(pid, &st, 0);

    catch (SIGUSR1, SA_RESTART);
    pid = signal_soon(SIGUSR1);
    pid_t writer = fork();
    if (writer == 0) {
        usleep(60000);
        _exit(write(p[1], "w", 1) != 1);
    }
    OK(read(p[0], &c, 1) == 1 && c == 'w' && hits == 2);
    waitpid(pid, &st, 0);
    waitpid(writer, &st, 0);

    pid = signal_soon(SIGUSR1);
    CALL(-EINTR, pause()); /* whatever SA_RESTART says */
    waitpid(pid, &st, 0);
    OK(hits == 3);

    struct timespec t = { 10, 0 }, rem = { 0, 0 };
    pid = signal_soon(SIGUSR1);
    CALL(-EINTR, nanosleep(&t, &rem));
    OK(rem.tv_sec == 9 && rem.tv_nsec > 0 && rem.tv_nsec < 1000000000);
    waitpid(pid, &st, 0);

    /* Nobody handles it: the calls go on. */
    set_action(SIGUSR1, SIG_IGN);
    t = (struct timespec){ 0, 60000000 };
    pid = signal_soon(SIGUSR1);
    OK(nanosleep(&t, NULL) == 0);
    waitpid(pid, &st, 0);
    close(p[0]);
    close(p[1]);
}

/* A stop and a continue in the middle of a call are not seen by it. */
static void
stopped_calls(void)
{
    struct timespec begin, end;
    int st, p[2];

    if (pipe(p) != 0)
        exit(1);
    pid_t pid = fork();
    if (pid == 0) {
        struct timespec t = { 0, 100000000 };
        char c;
        int good = nanosleep(&t, NULL) == 0;

        _exit(!(good && read(p[0], &c, 1) == 1));
    }
    clock_gettime(CLOCK_MONOTONIC, &begin);
    usleep(20000);
    kill(pid, SIGSTOP);
    waitpid(pid, &st, WUNTRACED);
    kill(pid, SIGCONT);
    usleep(150000); /* it reads now */
    kill(pid, SIGSTOP);
    waitpid(pid, &st, WUNTRACED);
    OK(WIFSTOPPED(st));
    kill(pid, SIGCONT);
    usleep(20000);
    OK(waitpid(pid, &st, WNOHANG) == 0);
    OK(write(p[1], "x", 1) == 1);
    OK(waitpid(pid, &st, 0) == pid && WIFEXITED(st) && WEXITSTATUS(st) == 0);
    clock_gettime(CLOCK_MONOTONIC, &end);
    OK(end.tv_sec - begin.tv_sec < 60);
    close(p[0]);
    close(p[1]);
}

static void
suspending(void)
{
    sigset_t none = one(0), now;
    int st;

    hits = 0;
    catch (SIGUSR1, 0);
    block(SIG_BLOCK, SIGUSR1);
    raise(SIGUSR1);
    CALL(-EINTR, sigsuspend(&none));
    OK(hits == 1);
    sigprocmask(SIG_BLOCK, NULL, &now);
    OK(sigismember(&now, SIGUSR1) == 1);
    pid_t pid = signal_soon(SIGUSR1);
    CALL(-EINTR, sigsuspend(&none));
    OK(hits == 2);
    waitpid(pid, &st, 0);
    CALL(-EINVAL, syscall(SYS_rt_sigsuspend, &none, 4));
    CALL(-EFAULT, syscall(SYS_rt_sigsuspend, 8, SET_SIZE));
    block(SIG_UNBLOCK, SIGUSR1);
}

static void
waiting(void)
{
    struct timespec none = { 0, 0 }, some = { 0, 20000000 }, wrong = { 0, -1 }, ten = { 10, 0 };
    sigset_t usr = one(SIGUSR1), chld = one(SIGCHLD), term = one(SIGTERM);
    siginfo_t si;
    int st;

    hits = 0;
    catch (SIGUSR1, 0);
    block(SIG_BLOCK, SIGUSR1);
    CALL(-EAGAIN, sigtimedwait(&usr, &si, &none));
    CALL(-EAGAIN, sigtimedwait(&usr, &si, &some));
    CALL(-EINVAL, sigtimedwait(&usr, &si, &wrong));
    CALL(-EINVAL, syscall(SYS_rt_sigtimedwait, &usr, NULL, NULL, 4));
    CALL(-EFAULT, syscall(SYS_rt_sigtimedwait, 8, NULL, NULL, SET_SIZE));
    CALL(-EFAULT, syscall(SYS_rt_sigtimedwait, &usr, NULL, 8, SET_SIZE));
    kill(getpid(), SIGUSR1);
    OK(sigtimedwait(&usr, &si, &none) == SIGUSR1 && si.si_signo == SIGUSR1 &&
       si.si_pid == getpid() && hits == 0);
    pid_t pid = signal_soon(SIGUSR1);
    OK(sigtimedwait(&usr, &si, &ten) == SIGUSR1 && si.si_pid == pid && hits == 0);
    waitpid(pid, &st, 0);
    block(SIG_UNBLOCK, SIGUSR1);

    pid = signal_soon(SIGUSR1); /* caught while another is waited for */
    CALL(-EINTR, sigtimedwait(&term, &si, &ten));
    OK(hits == 1);
    waitpid(pid, &st, 0);

    block(SIG_BLOCK, SIGTERM);
    pid = signal_soon(SIGTERM); /* would be deadly */
    OK(sigtimedwait(&term, &si, &ten) == SIGTERM && si.si_pid == pid);
    waitpid(pid, &st, 0);
    block(SIG_UNBLOCK, SIGTERM);

    set_action(SIGCHLD, SIG_DFL); /* ignored by default, but blocked and waited for */
    block(SIG_BLOCK, SIGCHLD);
    pid = fork();
    if (pid == 0)
        _exit(6);
    OK(sigtimedwait(&chld, &si, &ten) == SIGCHLD && si.si_pid == pid && si.si_status == 6);
    block(SIG_UNBLOCK, SIGCHLD);
    waitpid(pid, &st, 0);
}

/* --- sending --- */

static void
sending(void)
{
    int st;
    siginfo_t info = { 0 };
    union sigval v = { .sival_ptr = (void *)0x1234567890abcdef };

    CALL(-ESRCH, kill(99999, 0));
    CALL(-ESRCH, kill(-99999, SIGTERM));
    CALL(-ESRCH, kill(INT_MIN, 0));
    CALL(-EINVAL, kill(getpid(), 65));
    CALL(-EINVAL, kill(getpid(), -1));
    OK(kill(getpid(), 0) == 0);
    CALL(-EINVAL, syscall(SYS_tkill, 0, SIGUSR1));
    CALL(-EINVAL, syscall(SYS_tkill, -1, SIGUSR1));
    CALL(-ESRCH, syscall(SYS_tkill, 99999, SIGUSR1));
    CALL(-EINVAL, syscall(SYS_tgkill, 0, getpid(), SIGUSR1));
    CALL(-ESRCH, syscall(SYS_tgkill, 1, getpid(), SIGUSR1));
    CALL(-EINVAL, syscall(SYS_tgkill, getpid(), getpid(), 65));

    hits = 0;
    catch (SIGUSR1, 0);
    OK(syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1) == 0 && hits == 1 && last.si_code == SI_TKILL);
    OK(sigqueue(getpid(), SIGUSR1, v) == 0 && hits == 2);
    OK(last.si_code == SI_QUEUE && last.si_value.sival_ptr == v.sival_ptr && last.si_pid == getpid());
    CALL(-ESRCH, sigqueue(99999, SIGUSR1, v));
    CALL(-EINVAL, sigqueue(getpid(), 65, v));
    CALL(-EFAULT, syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, 8));

    pid_t pid = fork();
    if (pid == 0)
        for (;;)
            pause();
    info.si_code = SI_USER;
    CALL(-EPERM, syscall(SYS_rt_sigqueueinfo, pid, SIGUSR1, &info));
    setpgid(pid, pid);
    OK(kill(-pid, SIGTERM) == 0);
    OK(waitpid(pid, &st, 0) == pid && WTERMSIG(st) == SIGTERM);

    pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        set_action(SIGUSR2, SIG_DFL);
        pid_t other = fork();

        if (other == 0)
            for (;;)
                pause();
        catch (SIGUSR2, 0);
        kill(0, SIGUSR2); /* us and the other */
        waitpid(other, &st, 0);
        _exit(hits > 0 && WIFSIGNALED(st) && WTERMSIG(st) == SIGUSR2 ? 0 : 1);
    }
    OK(waitpid(pid, &st, 0) == pid && st == 0);

    if (getuid() != 0)
        return;
    pid = fork();
    if (pid == 0) {
        if (setuid(1234) != 0)
            _exit(2);
        errno = 0;
        _exit(kill(getppid(), 0) == -1 && errno == EPERM ? 0 : 1);
    }
    OK(waitpid(pid, &st, 0) == pid && st == 0);
}

int
main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    action_errors();
    handlers();
    blocking();
    several();
    default_actions();
    stop_and_continue();
    child_news();
    interrupted_calls();
    stopped_calls();
    suspending();
    waiting();
    sending();
    return tap_end();
}

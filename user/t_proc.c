/* t_proc: making processes, what they share and inherit, groups and sessions, ids and limits. */
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

/* The expression holds. */
#define OK(e) ok((e), "line %d: %s", __LINE__, #e)

static char *self; /* this program */
static volatile int value;

static int
status_of(pid_t pid)
{
    int st;

    return waitpid(pid, &st, 0) == pid ? WIFEXITED(st) ? WEXITSTATUS(st) : -WTERMSIG(st) : -1000;
}

/* Run in a child: its exit status, or minus its signal. */
static int
in_child(int (*fn)(void))
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(fn());
    return status_of(pid);
}

static void
forking(void)
{
    int p[2];
    pid_t me = getpid(), pid;
    char c;

    if (pipe(p) != 0)
        exit(1);
    value = 1;
    pid = fork();
    if (pid == 0) {
        int good = getppid() == me && getpid() != me && value == 1 && syscall(SYS_gettid) == getpid();

        value = 2;
        close(p[0]);
        _exit(good && write(p[1], "c", 1) == 1 ? 0 : 1);
    }
    OK(read(p[0], &c, 1) == 1 && c == 'c');
    OK(status_of(pid) == 0 && value == 1);
    close(p[0]);
    close(p[1]);

    pid = vfork();
    if (pid == 0) {
        value = 3;
        _exit(4);
    }
    OK(value == 3 && status_of(pid) == 4); /* it ran first, in our memory */
    pid = (pid_t)syscall(SYS_fork);
    if (pid == 0)
        _exit(6);
    OK(status_of(pid) == 6);
    OK(getpid() == syscall(SYS_getpid) && getpgid(0) == getpgrp() && getsid(0) > 0);
}

/* --- clone(2) --- */

static char stack[65536] __attribute__((aligned(16)));
static pid_t ptid, ctid;
static int fds[2];

static int
changes_all(void *arg)
{
    (void)arg;
    value = 10;
    close(fds[1]);
    if (chdir("/") != 0)
        return 1;
    umask(077);
    return 7;
}

static int
tells_tids(void *arg)
{
    (void)arg;
    return ctid == getpid() ? 0 : 1;
}

static int
tells_parent(void *arg)
{
    return getppid() == *(pid_t *)arg ? 0 : 1;
}

static int
run_clone(int (*fn)(void *), int flags, void *arg)
{
    return clone(fn, stack + sizeof stack, flags, arg, &ptid, NULL, &ctid);
}

static void
cloning(void)
{
    char cwd[256];
    pid_t pid;
    mode_t mask;

    CALL(-EINVAL, syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, stack + sizeof stack, NULL, NULL, 0));
    CALL(-EINVAL, syscall(SYS_clone, CLONE_THREAD | SIGCHLD, stack + sizeof stack, NULL, NULL, 0));

    if (pipe(fds) != 0 || chdir("/tmp") != 0)
        exit(1);
    umask(022);
    value = 9;
    OK(status_of(run_clone(changes_all, SIGCHLD, NULL)) == 7);
    OK(value == 9 && fcntl(fds[1], F_GETFD) >= 0 && strcmp(getcwd(cwd, sizeof cwd), "/tmp") == 0);
    mask = umask(022);
    OK(mask == 022);
    OK(status_of(run_clone(changes_all, CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, NULL)) == 7);
    CALL(-EBADF, fcntl(fds[1], F_GETFD));
    mask = umask(022);
    OK(value == 10 && mask == 077 && strcmp(getcwd(cwd, sizeof cwd), "/") == 0);
    close(fds[0]);

    pid = run_clone(tells_tids, CLONE_VM | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, NULL);
    OK(status_of(pid) == 0 && ptid == pid && ctid == pid);
    ctid = 0;
    OK(status_of(run_clone(tells_tids, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, NULL)) ==
       0);
    OK(ctid == 0); /* that was the child's memory */

    pid_t me = getpid();
    pid = fork();
    if (pid == 0) {
        pid_t sibling = run_clone(tells_parent, CLONE_PARENT | SIGCHLD, &me);

        _exit(sibling > 0 && waitpid(sibling, NULL, 0) == -1 && errno == ECHILD ? 0 : 1);
    }
    OK(status_of(pid) == 0);
    int st = -1;
    OK(wait(&st) > 0 && st == 0);
    CALL(-ECHILD, wait(NULL));
}

/* --- groups and sessions --- */

static int
sessions(void)
{
    pid_t me = getpid();

    if (setsid() != me || getsid(0) != me || getpgrp() != me)
        return 1;
    if (setsid() != -1 || errno != EPERM) /* a leader already */
        return 2;
    if (setpgid(0, 0) != -1 || errno != EPERM)
        return 3;
    if (open("/dev/tty", O_RDWR) != -1 || errno != ENXIO)
        return 4;
    return 0;
}

static int
group_rules(void)
{
    pid_t a = fork();

    if (a == 0)
        for (;;)
            pause();
    if (setpgid(a, a) != 0 || getpgid(a) != a)
        return 1;
    if (setpgid(a, 99999) != -1 || errno != EPERM) /* no such group */
        return 2;
    if (setpgid(a, -1) != -1 || errno != EINVAL)
        return 3;
    if (setpgid(99999, 0) != -1 || errno != ESRCH || setpgid(1, 0) != -1 || errno != ESRCH)
        return 4;
    if (setpgid(0, a) != 0 || getpgrp() != a) /* join it */
        return 5;
    if (setpgid(0, 0) != 0 || getpgrp() != getpid())
        return 6;
    kill(a, SIGKILL);
    if (status_of(a) != -SIGKILL)
        return 7;
    return getpgid(99999) == -1 && errno == ESRCH && getsid(99999) == -1 && errno == ESRCH ? 0 : 8;
}

/* A child that has called execve() is not moved any more. */
static int
moved_after_exec(void)
{
    int p[2], rc;
    char c;

    if (pipe(p) != 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(p[1], 1);
        execl(self, self, "sleep", NULL);
        _exit(1);
    }
    if (read(p[0], &c, 1) != 1)
        return 2;
    errno = 0;
    rc = setpgid(pid, pid) == -1 && errno == EACCES ? 0 : 3;
    kill(pid, SIGKILL);
    status_of(pid);
    return rc;
}

/* The parent ends: its child gets another, and, stopped in a group nobody can continue any more, SIGHUP and SIGCONT. */
static int
orphans(void)
{
    int p[2];
    char c = 0;
    pid_t pid;

    if (setsid() < 0 || pipe(p) != 0)
        return 1;
    pid = fork();
    if (pid == 0) {
        pid_t parent = getpid(), stopped = fork();

        if (stopped == 0) {
            sigset_t hup;
            siginfo_t si;
            int got;

            setpgid(0, 0);
            sigemptyset(&hup);
            sigaddset(&hup, SIGHUP);
            sigprocmask(SIG_BLOCK, &hup, NULL);
            kill(getpid(), SIGSTOP);
            got = sigtimedwait(&hup, &si, &(struct timespec){ 5, 0 });
            _exit(write(p[1], got == SIGHUP && getppid() != parent ? "y" : "n", 1) != 1);
        }
        int st;
        waitpid(stopped, &st, WUNTRACED);
        _exit(WIFSTOPPED(st) ? 0 : 1);
    }
    close(p[1]);
    if (status_of(pid) != 0)
        return 2;
    return read(p[0], &c, 1) == 1 && c == 'y' ? 0 : 3;
}

static void
death_signal(int signo)
{
    (void)signo;
    _exit(write(fds[1], "d", 1) != 1);
}

static int
parent_death(void)
{
    char c = 0;
    int got = 0;

    if (pipe(fds) != 0 || prctl(PR_SET_PDEATHSIG, 65) != -1 || errno != EINVAL)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGUSR1, death_signal);
        pid_t child = fork();

        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGUSR1);
            if (prctl(PR_GET_PDEATHSIG, &got) != 0 || got != SIGUSR1 || write(fds[1], "r", 1) != 1)
                _exit(1);
            sleep(5);
            _exit(1);
        }
        _exit(read(fds[0], &c, 1) == 1 && c == 'r' ? 0 : 1);
    }
    if (status_of(pid) != 0)
        return 2;
    close(fds[1]);
    return read(fds[0], &c, 1) == 1 && c == 'd' ? 0 : 3;
}

/* --- execve(2) --- */

static void
executing(void)
{
    char *const none[] = { NULL };
    pid_t pid;

    CALL(-ENOENT, execve("/nonexistent/x", none, none));
    CALL(-ENOENT, execve("", none, none));
    CALL(-EACCES, execve("/tmp", none, none));
    CALL(-ENOTDIR, execve("/dev/null/x", none, none));
    CALL(-EACCES, execve("/dev/null", none, none));
    CALL(-EFAULT, execve(bad, none, none));
    CALL(-EFAULT, syscall(SYS_execve, self, bad, none));

    char name[] = "/tmp/t_procXXXXXX";
    int fd = mkstemp(name);
    OK(write(fd, "nonsense that is long enough to look at", 39) == 39 && fchmod(fd, 0700) == 0);
    close(fd);
    CALL(-ENOEXEC, execve(name, none, none));
    chmod(name, 0600);
    CALL(-EACCES, execve(name, none, none));
    unlink(name);

    /* Caught signals become default, ignored ones stay ignored, the mask and what is pending stay. */
    pid = fork();
    if (pid == 0) {
        sigset_t s;

        signal(SIGUSR1, death_signal);
        signal(SIGUSR2, SIG_IGN);
        sigemptyset(&s);
        sigaddset(&s, SIGTERM);
        sigprocmask(SIG_BLOCK, &s, NULL);
        raise(SIGTERM);
        execl(self, self, "signals", NULL);
        _exit(99);
    }
    OK(status_of(pid) == 0);
    pid = vfork();
    if (pid == 0) {
        execl(self, self, "exit", NULL);
        _exit(99);
    }
    OK(status_of(pid) == 5);
}

static int
exec_signals(void)
{
    struct sigaction sa;
    sigset_t s;

    if (sigaction(SIGUSR1, NULL, &sa) != 0 || sa.sa_handler != SIG_DFL)
        return 1;
    if (sigaction(SIGUSR2, NULL, &sa) != 0 || sa.sa_handler != SIG_IGN)
        return 2;
    sigprocmask(SIG_BLOCK, NULL, &s);
    if (!sigismember(&s, SIGTERM))
        return 3;
    sigpending(&s);
    return sigismember(&s, SIGTERM) ? 0 : 4;
}

/* --- ids --- */

static int
drop_root(void)
{
    gid_t groups[2] = { 5, 6 }, got[8];
    uid_t r, e, s;

    if (setgroups(2, groups) != 0 || getgroups(8, got) != 2 || got[1] != 6 || getgroups(0, NULL) != 2)
        return 1;
    if (getgroups(1, got) != -1 || errno != EINVAL)
        return 2;
    if (setresgid(100, 101, 102) != 0 || getresgid(&r, &e, &s) != 0 || r != 100 || e != 101 ||
        s != 102)
        return 3;
    if (syscall(SYS_setresuid, 200, 201, 202) != 0 || syscall(SYS_getresuid, &r, &e, &s) != 0 ||
        r != 200 || e != 201 || s != 202)
        return 4;
    if (getuid() != 200 || geteuid() != 201 || getgid() != 100 || getegid() != 101)
        return 5;
    if (syscall(SYS_setuid, 0) != -1 || errno != EPERM || syscall(SYS_setresuid, 0, -1, -1) != -1 ||
        errno != EPERM)
        return 6;
    if (syscall(SYS_setreuid, 202, -1) != -1 ||
        errno != EPERM) /* the real one: real or effective only */
        return 7;
    if (syscall(SYS_setuid, 202) != 0 || geteuid() != 202 || getuid() != 200)
        return 8;
    if (setgroups(0, NULL) != -1 || errno != EPERM)
        return 9;
    if (sethostname("x", 1) != -1 || errno != EPERM)
        return 10;
    if (syscall(SYS_setfsuid, 0) != 202 || syscall(SYS_setfsuid, -1) != 202)
        return 11;
    struct timespec t = { 1700000000, 0 };
    if (syscall(SYS_clock_settime, 0, &t) != -1 || errno != EPERM)
        return 12;
    struct rlimit l;
    getrlimit(RLIMIT_NOFILE, &l);
    l.rlim_max++;
    if (setrlimit(RLIMIT_NOFILE, &l) != -1 || errno != EPERM)
        return 13;
    if (setpriority(PRIO_PROCESS, 0, -5) != -1 || errno != EACCES)
        return 14;
    if (syscall(SYS_reboot, 0xfee1dead, 672274793, 0, NULL) != -1 || errno != EPERM)
        return 15;
    return 0;
}

/* --- limits, priorities, odds and ends --- */

static int
process_limit(void)
{
    struct rlimit l = { 1, 1 };

    if (setresuid(54321, 54321, 54321) != 0 || setrlimit(RLIMIT_NPROC, &l) != 0)
        return 1;
    return fork() == -1 && errno == EAGAIN ? 0 : 2;
}

static void
limits(void)
{
    struct rlimit l, old;

    OK(getrlimit(RLIMIT_STACK, &l) == 0 && l.rlim_cur > 0 && l.rlim_cur <= l.rlim_max);
    OK(syscall(SYS_getrlimit, RLIMIT_NOFILE, &l) == 0 && l.rlim_cur >= 64);
    old = l;
    l.rlim_cur = 50;
    OK(syscall(SYS_setrlimit, RLIMIT_NOFILE, &l) == 0 && getrlimit(RLIMIT_NOFILE, &l) == 0 &&
       l.rlim_cur == 50);
    OK(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &old, &l) == 0 && l.rlim_cur == 50);
    l = (struct rlimit){ 10, 5 };
    CALL(-EINVAL, setrlimit(RLIMIT_NOFILE, &l));
    CALL(-EINVAL, syscall(SYS_prlimit64, 0, 16, NULL, &l));
    CALL(-ESRCH, syscall(SYS_prlimit64, 99999, RLIMIT_NOFILE, NULL, &l));
    CALL(-EFAULT, syscall(SYS_getrlimit, RLIMIT_NOFILE, bad));
    CALL(-EFAULT, syscall(SYS_setrlimit, RLIMIT_NOFILE, bad));

    OK(getpriority(PRIO_PROCESS, 0) == 0 && syscall(SYS_getpriority, PRIO_PROCESS, 0) == 20);
    pid_t pid = fork();
    if (pid == 0) {
        int good = setpriority(PRIO_PROCESS, 0, 7) == 0 && getpriority(PRIO_PROCESS, 0) == 7;

        setpriority(PRIO_PROCESS, 0, 100);
        _exit(good && getpriority(PRIO_PROCESS, 0) == 19 ? 0 : 1);
    }
    OK(status_of(pid) == 0);
    CALL(-EINVAL, syscall(SYS_getpriority, 3, 0));
    CALL(-ESRCH, syscall(SYS_getpriority, PRIO_PROCESS, 99999));
    CALL(-EINVAL, syscall(SYS_setpriority, 3, 0, 0));
    CALL(-ESRCH, syscall(SYS_setpriority, PRIO_PROCESS, 99999, 0));

    int prio = -1;
    unsigned long cpus = 0;
    OK(syscall(SYS_sched_yield) == 0);
    OK(syscall(SYS_sched_getscheduler, 0) == SCHED_OTHER);
    OK(syscall(SYS_sched_getparam, 0, &prio) == 0 && prio == 0);
    CALL(-EINVAL, syscall(SYS_sched_getparam, 0, NULL));
    CALL(-ESRCH, syscall(SYS_sched_getscheduler, 99999));
    CALL(-EINVAL, syscall(SYS_sched_getscheduler, -1));
    OK(syscall(SYS_sched_get_priority_max, SCHED_OTHER) == 0);
    CALL(-EINVAL, syscall(SYS_sched_get_priority_max, 77));
    OK(syscall(SYS_sched_getaffinity, 0, sizeof cpus, &cpus) >= 8 && cpus != 0);
    OK(syscall(SYS_sched_setaffinity, 0, sizeof cpus, &cpus) == 0);
    CALL(-ESRCH, syscall(SYS_sched_getaffinity, 99999, sizeof cpus, &cpus));
    CALL(-EINVAL, syscall(SYS_sched_getaffinity, 0, 3, &cpus));
    cpus = 0;
    CALL(-EINVAL, syscall(SYS_sched_setaffinity, 0, sizeof cpus, &cpus));
}

static void
misc(void)
{
    struct utsname u;
    struct sysinfo si;
    char name[17] = "", buf[64] = "";
    unsigned long v = 0;
    unsigned cpu = 99;

    OK(uname(&u) == 0 && u.sysname[0] != 0 && strcmp(u.machine, "x86_64") == 0);
    CALL(-EFAULT, syscall(SYS_uname, bad));
    CALL(-EINVAL, syscall(SYS_sethostname, "x", 65));
    OK(sysinfo(&si) == 0 && si.totalram > 0 && si.freeram <= si.totalram && si.procs > 0 &&
       si.mem_unit > 0);
    CALL(-EFAULT, syscall(SYS_sysinfo, bad));
    OK(prctl(PR_SET_NAME, "a name that is too long") == 0 && prctl(PR_GET_NAME, name) == 0 &&
       strcmp(name, "a name that is ") == 0);
    CALL(-EFAULT, prctl(PR_SET_NAME, bad));
    OK(prctl(PR_GET_DUMPABLE) == 1 && prctl(PR_SET_DUMPABLE, 0) == 0 &&
       prctl(PR_GET_DUMPABLE) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0);
    CALL(-EINVAL, prctl(PR_SET_DUMPABLE, 7));
    OK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
    CALL(-EINVAL, prctl(PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0));
    CALL(-EINVAL, prctl(12345));
    OK(syscall(SYS_getrandom, buf, sizeof buf, 0) == sizeof buf);
    CALL(-EINVAL, syscall(SYS_getrandom, buf, sizeof buf, 0x100));
    CALL(-EFAULT, syscall(SYS_getrandom, bad, 10, 0));
    OK(syscall(SYS_getcpu, &cpu, NULL, NULL) == 0 && cpu < 4096);
    OK(personality(0xffffffff) == 0);
    OK(syscall(SYS_arch_prctl, 0x1003, &v) == 0 && v != 0);
    OK(syscall(SYS_arch_prctl, 0x1001, 0x12340) == 0 && syscall(SYS_arch_prctl, 0x1004, &v) == 0 &&
       v == 0x12340);
    CALL(-EPERM, syscall(SYS_arch_prctl, 0x1001, 0x8000000000000000));
    CALL(-EINVAL, syscall(SYS_arch_prctl, 0x9999, 0));
    CALL(-EFAULT, syscall(SYS_arch_prctl, 0x1003, 8));
    OK(syscall(SYS_set_tid_address, NULL) == getpid());
    CALL(-EINVAL, syscall(SYS_set_robust_list, NULL, 23));
    CALL(-ESRCH, syscall(SYS_get_robust_list, 99999, &v, &v));
    if (getuid() == 0)
        CALL(-EINVAL, syscall(SYS_reboot, 1, 2, 0, NULL));
    uint32_t cap[2] = { 0x20080522, 0 }, data[6] = { 0 };
    OK(syscall(SYS_capget, cap, data) == 0);
    CALL(-EFAULT, syscall(SYS_capget, 8, data));
    cap[1] = 99999;
    CALL(-ESRCH, syscall(SYS_capget, cap, data));
    cap[0] = 1;
    CALL(-EINVAL, syscall(SYS_capget, cap, data));
    OK(cap[0] == 0x20080522);
    CALL(-ENOSYS, syscall(5000));
}

int
main(int argc, char **argv)
{
    self = argv[0];
    if (argc > 1 && strcmp(argv[1], "signals") == 0)
        return exec_signals();
    if (argc > 1 && strcmp(argv[1], "exit") == 0)
        return 5;
    if (argc > 1 && strcmp(argv[1], "sleep") == 0)
        return write(1, "s", 1) != 1 || sleep(5) != 0;
    forking();
    cloning();
    OK(in_child(sessions) == 0);
    OK(in_child(group_rules) == 0);
    OK(in_child(moved_after_exec) == 0);
    OK(in_child(orphans) == 0);
    OK(in_child(parent_death) == 0);
    executing();
    if (getuid() == 0) {
        OK(in_child(drop_root) == 0);
        OK(in_child(process_limit) == 0);
    }
    limits();
    misc();
    return tap_end();
}

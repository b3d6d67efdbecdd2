/* t_time: clocks, sleeping, interval timers.  Nothing here changes the clock: the program is run on Linux too. */
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

/* The expression holds. */
#define OK(e) ok((e), "line %d: %s", __LINE__, #e)

enum { MS = 1000000 };

static volatile int hits;

static void
handler(int signo)
{
    (void)signo;
    hits++;
}

static int64_t
now(clockid_t clock)
{
    struct timespec t = { 0 };

    syscall(SYS_clock_gettime, clock, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void
clocks(void)
{
    struct timespec t;
    struct timeval tv;
    struct timezone tz;
    int64_t a, b;

    a = now(CLOCK_MONOTONIC);
    b = now(CLOCK_MONOTONIC);
    OK(a > 0 && b >= a);
    OK(now(CLOCK_BOOTTIME) >= b && now(CLOCK_MONOTONIC_RAW) > 0 && now(CLOCK_MONOTONIC_COARSE) > 0);
    OK(now(CLOCK_REALTIME) > 1600000000ll * 1000000000ll);
    OK(syscall(SYS_gettimeofday, &tv, &tz) == 0);
    OK(llabs(now(CLOCK_REALTIME) / 1000000000 - tv.tv_sec) <= 1 && tv.tv_usec >= 0 &&
       tv.tv_usec < 1000000);
    time_t sec = 0;
    OK(llabs(syscall(SYS_time, &sec) - (long)tv.tv_sec) <= 1 && llabs(sec - tv.tv_sec) <= 1);
    for (clockid_t c = CLOCK_REALTIME; c <= CLOCK_BOOTTIME; c++)
        OK(syscall(SYS_clock_getres, c, &t) == 0 && t.tv_sec == 0 && t.tv_nsec > 0);
    OK(syscall(SYS_clock_getres, CLOCK_MONOTONIC, NULL) == 0);
    CALL(-EINVAL, syscall(SYS_clock_gettime, 77, &t));
    CALL(-EINVAL, syscall(SYS_clock_getres, 77, &t));
    CALL(-EFAULT, syscall(SYS_clock_gettime, CLOCK_REALTIME, bad));
    CALL(-EFAULT, syscall(SYS_clock_gettime, CLOCK_MONOTONIC, bad));
    CALL(-EFAULT, syscall(SYS_clock_getres, CLOCK_REALTIME, bad));
    CALL(-EFAULT, syscall(SYS_gettimeofday, bad, NULL));
    CALL(-EFAULT, syscall(SYS_time, bad));
    CALL(-EINVAL, syscall(SYS_clock_settime, CLOCK_MONOTONIC, &(struct timespec){ 5, 0 }));
    CALL(-EINVAL, syscall(SYS_clock_settime, CLOCK_REALTIME, &(struct timespec){ 5, 1000000000 }));
    CALL(-EINVAL, syscall(SYS_clock_settime, CLOCK_REALTIME, &(struct timespec){ -5, 0 }));
    CALL(-EFAULT, syscall(SYS_clock_settime, CLOCK_REALTIME, bad));
    CALL(-EINVAL, syscall(SYS_settimeofday, &(struct timeval){ 5, 1000000 }, NULL));
    CALL(-EFAULT, syscall(SYS_settimeofday, bad, NULL));
}

static void
clock_state(void)
{
    struct timex t = { 0 };

    OK(syscall(SYS_adjtimex, &t) >= 0 && t.tick == 10000 &&
       llabs(t.time.tv_sec - now(CLOCK_REALTIME) / 1000000000) <= 1);
    CALL(-EFAULT, syscall(SYS_adjtimex, bad));
    pid_t pid = fork();
    if (pid == 0) {
        t.modes = ADJ_TICK;
        _exit(setuid(1234) == 0 && syscall(SYS_adjtimex, &t) == -1 && errno == EPERM ? 0 : 1);
    }
    int st;
    OK(waitpid(pid, &st, 0) == pid && (st == 0 || getuid() != 0));
}

static void
sleeping(void)
{
    struct timespec t = { 0, 20 * MS }, rem = { 7, 7 }, long_time = { 100, 0 };
    int64_t a = now(CLOCK_MONOTONIC);
    struct sigaction sa = { .sa_handler = handler };

    OK(syscall(SYS_nanosleep, &t, &rem) == 0 && rem.tv_sec == 7);
    int64_t b = now(CLOCK_MONOTONIC);
    OK(b - a >= 20 * MS && b - a < 10000ll * MS);
    OK(syscall(SYS_nanosleep, &(struct timespec){ 0, 0 }, NULL) == 0);
    OK(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &t, NULL) == 0);
    OK(syscall(SYS_clock_nanosleep, CLOCK_REALTIME, 0, &t, NULL) == 0);
    OK(now(CLOCK_MONOTONIC) - b >= 40 * MS);
    a = now(CLOCK_MONOTONIC) + 15 * MS;
    t = (struct timespec){ a / 1000000000, a % 1000000000 };
    OK(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == 0 &&
       now(CLOCK_MONOTONIC) >= a);
    OK(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == 0); /* in the past */
    a = now(CLOCK_REALTIME) + 15 * MS;
    t = (struct timespec){ a / 1000000000, a % 1000000000 };
    OK(syscall(SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL) == 0 &&
       now(CLOCK_REALTIME) >= a);
    CALL(-EINVAL, syscall(SYS_nanosleep, &(struct timespec){ 0, 1000000000 }, NULL));
    CALL(-EINVAL, syscall(SYS_nanosleep, &(struct timespec){ 0, -1 }, NULL));
    CALL(-EINVAL, syscall(SYS_nanosleep, &(struct timespec){ -1, 0 }, NULL));
    CALL(-EFAULT, syscall(SYS_nanosleep, NULL, NULL));
    CALL(-EFAULT, syscall(SYS_nanosleep, bad, NULL));
    CALL(-EINVAL, syscall(SYS_clock_nanosleep, 77, 0, &t, NULL));
    CALL(-EOPNOTSUPP, syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &t, NULL));
    CALL(-EINVAL, syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0,
                          &(struct timespec){ 0, 1000000000 }, NULL));

    sigaction(SIGALRM, &sa, NULL);
    hits = 0;
    ualarm(20000, 0);
    CALL(-EINTR, syscall(SYS_nanosleep, &long_time, &rem));
    OK(hits == 1 && rem.tv_sec == 99 && rem.tv_nsec > 0);
    ualarm(20000, 0);
    rem = (struct timespec){ 7, 7 };
    CALL(-EINTR, syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &long_time, &rem));
    OK(rem.tv_sec == 99);
    long_time.tv_sec = 1000 + now(CLOCK_MONOTONIC) / 1000000000;
    rem = (struct timespec){ 7, 7 };
    ualarm(20000, 0);
    CALL(-EINTR, syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &long_time, &rem));
    OK(rem.tv_sec == 7); /* absolute: nothing to tell */
    ualarm(20000, 0);
    long_time.tv_sec = INT64_MAX;
    CALL(-EINTR, syscall(SYS_nanosleep, &long_time, &rem));
    OK(rem.tv_sec > 1000000);
    ualarm(20000, 0);
    CALL(-EFAULT, syscall(SYS_nanosleep, &(struct timespec){ 100, 0 }, bad));
    CALL(-EINTR, syscall(SYS_restart_syscall)); /* a handler has run: nothing to go on with */
}

static void
alarms(void)
{
    struct itimerval it = { { 0, 0 }, { 0, 0 } }, old;
    struct sigaction sa = { .sa_handler = handler };

    sigaction(SIGALRM, &sa, NULL);
    OK(syscall(SYS_alarm, 0) == 0 && syscall(SYS_alarm, 100) == 0);
    OK(syscall(SYS_getitimer, ITIMER_REAL, &old) == 0 && old.it_value.tv_sec >= 99 &&
       old.it_value.tv_sec <= 100);
    OK(old.it_interval.tv_sec == 0 && old.it_interval.tv_usec == 0);
    long left = syscall(SYS_alarm, 50);
    OK(left == 100 || left == 99);
    left = syscall(SYS_alarm, 0);
    OK(left == 50 || left == 49);
    OK(syscall(SYS_alarm, 0) == 0);

    hits = 0;
    it.it_value.tv_usec = it.it_interval.tv_usec = 5000;
    OK(syscall(SYS_setitimer, ITIMER_REAL, &it, &old) == 0 && old.it_value.tv_sec == 0 &&
       old.it_value.tv_usec == 0);
    for (int i = 0; i < 100 && hits < 5; i++)
        pause();
    OK(hits >= 5);
    it = (struct itimerval){ { 3, 0 }, { 90, 0 } };
    OK(syscall(SYS_setitimer, ITIMER_REAL, &it, &old) == 0 && old.it_interval.tv_usec == 5000);
    pid_t pid = fork(); /* a child has none */
    if (pid == 0) {
        syscall(SYS_getitimer, ITIMER_REAL, &old);
        _exit(old.it_value.tv_sec != 0);
    }
    int st;
    OK(waitpid(pid, &st, 0) == pid && st == 0);
    it.it_value.tv_sec = 0; /* stops it, whatever the interval */
    OK(syscall(SYS_setitimer, ITIMER_REAL, &it, &old) == 0 && old.it_value.tv_sec >= 89 &&
       old.it_interval.tv_sec == 3);
    OK(syscall(SYS_getitimer, ITIMER_REAL, &old) == 0 && old.it_value.tv_sec == 0 &&
       old.it_value.tv_usec == 0);
    CALL(-EINVAL, syscall(SYS_setitimer, 3, &it, NULL));
    CALL(-EINVAL, syscall(SYS_getitimer, 3, &it));
    it.it_value.tv_usec = 1000000;
    CALL(-EINVAL, syscall(SYS_setitimer, ITIMER_REAL, &it, NULL));
    it = (struct itimerval){ { 0, 0 }, { -1, 0 } };
    CALL(-EINVAL, syscall(SYS_setitimer, ITIMER_REAL, &it, NULL));
    CALL(-EFAULT, syscall(SYS_setitimer, ITIMER_REAL, bad, NULL));
    CALL(-EFAULT, syscall(SYS_getitimer, ITIMER_REAL, bad));
}

static void
spin(int64_t ns)
{
    int64_t end = now(CLOCK_PROCESS_CPUTIME_ID) + ns;

    for (unsigned i = 0; i < 1000000 && now(CLOCK_PROCESS_CPUTIME_ID) < end; i++)
        for (volatile int n = 0; n < 10000; n++)
            ;
}

static void
cpu_time(void)
{
    struct rusage a, b;
    struct tms t;
    int64_t before = now(CLOCK_PROCESS_CPUTIME_ID);

    getrusage(RUSAGE_SELF, &a);
    spin(50 * MS);
    getrusage(RUSAGE_SELF, &b);
    OK(now(CLOCK_PROCESS_CPUTIME_ID) - before >= 50 * MS);
    OK(now(CLOCK_THREAD_CPUTIME_ID) > 0);
    int64_t used =
        (b.ru_utime.tv_sec - a.ru_utime.tv_sec + b.ru_stime.tv_sec - a.ru_stime.tv_sec) * 1000000ll +
        b.ru_utime.tv_usec - a.ru_utime.tv_usec + b.ru_stime.tv_usec - a.ru_stime.tv_usec;
    OK(used >= 30000);
    OK(b.ru_maxrss > 0 && b.ru_minflt > 0);
    OK(syscall(SYS_times, &t) >= 0 && t.tms_utime + t.tms_stime >= 3);
    OK(syscall(SYS_times, NULL) != -1 || errno != EFAULT);
    CALL(-EFAULT, syscall(SYS_times, bad));
    CALL(-EINVAL, syscall(SYS_getrusage, 5, &a));
    CALL(-EFAULT, syscall(SYS_getrusage, RUSAGE_SELF, bad));
    OK(syscall(SYS_getrusage, RUSAGE_CHILDREN, &a) == 0);
}

/* A timer's signal must reach a program that computes and never calls the kernel, alone on the CPU. */
static void
preemption(void)
{
    struct itimerval it = { { 0, 0 }, { 0, 20000 } };
    struct sigaction sa = { .sa_handler = handler };

    sigaction(SIGALRM, &sa, NULL);
    hits = 0;
    syscall(SYS_setitimer, ITIMER_REAL, &it, NULL);
    while (hits == 0)
        ;
    OK(hits == 1);

    /* So must a signal of another process. */
    int st;
    pid_t pid = fork();
    if (pid == 0)
        for (;;)
            ;
    usleep(10000);
    kill(pid, SIGTERM);
    OK(waitpid(pid, &st, 0) == pid && WIFSIGNALED(st) && WTERMSIG(st) == SIGTERM);
}

int
main(void)
{
    clocks();
    clock_state();
    sleeping();
    alarms();
    cpu_time();
    preemption();
    return tap_end();
}

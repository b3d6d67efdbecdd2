/* Clocks, sleeping, interval timers (time(7)).  ITIMER_VIRTUAL, ITIMER_PROF and POSIX timers are not supported. */
#include <hal/irq.h>
#include <hal/time.h>
#include <kernel/abi/errno.h>
#include <kernel/abi/signal.h>
#include <kernel/core/timer.h>
#include <kernel/core/wait.h>
#include <kernel/proc/proc.h>
#include <kernel/sys/clock.h>
#include <kernel/sys/restart.h>
#include <kernel/sys/sys_time.h>
#include <kernel/trusted/field.h>
#include <kernel/trusted/ucopy.h>

/* Times beyond this many seconds are "never": no sum of two of them overflows. */
enum { FAR_S = 4000000000 };
/* A periodic alarm comes no faster, so that the rest of the system goes on beside it. */
enum { ALARM_MIN_NS = 100000 };

int
clock_read(int32_t clock, int64_t *ns_out)
{
    const struct proc *p = proc_current();
    struct ktime t;

    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        t = time_wall();
        *ns_out = t.sec * (int64_t)NS_PER_S + t.nsec;
        return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        *ns_out = (int64_t)hal_time_now_ns();
        return 0;
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID:
        sched_account(false);
        *ns_out = (int64_t)(p->thread.user_ns + p->thread.sys_ns);
        return 0;
    default:
        return -EINVAL;
    }
}

static struct timespec_k
to_timespec(int64_t ns)
{
    int64_t sec = ns / (int64_t)NS_PER_S, rest = ns % (int64_t)NS_PER_S;

    if (rest < 0) {
        sec--;
        rest += NS_PER_S;
    }
    return (struct timespec_k){ sec, rest };
}

static int
read_timespec(uaddr_t from, int64_t *ns_out)
{
    struct timespec_k t;
    int rc = ucopy_in(&t, from, sizeof t);

    if (rc < 0)
        return rc;
    t.tv_nsec = (abi_long)t.tv_nsec; /* 32 bits of it count where long has no more */
    if (t.tv_sec < 0 || t.tv_nsec < 0 || t.tv_nsec >= (int64_t)NS_PER_S)
        return -EINVAL;
    *ns_out = t.tv_sec >= FAR_S ? INT64_MAX : t.tv_sec * (int64_t)NS_PER_S + t.tv_nsec;
    return 0;
}

int
clock_read_deadline(int32_t clock, bool absolute, uaddr_t from, uint64_t *deadline_ns)
{
    int64_t ns, now, base = 0;
    int rc = read_timespec(from, &ns);

    if (rc == 0 && absolute)
        rc = clock_read(clock, &base);
    if (rc < 0)
        return rc;
    now = (int64_t)hal_time_now_ns();
    if (ns == INT64_MAX)
        *deadline_ns = WAIT_FOREVER;
    else if (absolute)
        *deadline_ns = ns > base ? (uint64_t)now + (uint64_t)(ns - base) : 0;
    else
        *deadline_ns = (uint64_t)now + (uint64_t)ns;
    return 0;
}

int64_t
sys_time(const struct sysargs *args)
{
    int64_t s = time_wall().sec;
    int rc = args->a[0] == 0 ? 0 : ucopy_out(uaddr(args->a[0]), &s, sizeof s);

    return rc < 0 ? rc : s;
}

int64_t
sys_gettimeofday(const struct sysargs *args)
{
    static const uint64_t no_zone;
    struct ktime t = time_wall();
    struct timeval_k tv = { t.sec, t.nsec / 1000 };
    int rc = args->a[0] == 0 ? 0 : ucopy_out(uaddr(args->a[0]), &tv, sizeof tv);

    if (rc == 0 && args->a[1] != 0)
        rc = ucopy_out(uaddr(args->a[1]), &no_zone, sizeof no_zone);
    return rc;
}

int64_t
sys_settimeofday(const struct sysargs *args)
{
    struct timeval_k tv;
    int rc;

    if (args->a[0] == 0)
        return 0;
    rc = ucopy_in(&tv, uaddr(args->a[0]), sizeof tv);
    if (rc < 0)
        return rc;
    int64_t sec = tv.tv_sec;
    if (sec < 0 || sec >= FAR_S || tv.tv_usec < 0 || tv.tv_usec >= 1000000)
        return -EINVAL;
    if (!capable())
        return -EPERM;
    time_set_wall((struct ktime){ sec, (uint32_t)tv.tv_usec * 1000 });
    return 0;
}

int64_t
sys_clock_gettime(const struct sysargs *args)
{
    int64_t ns;
    int rc = clock_read((int32_t)args->a[0], &ns);

    if (rc < 0)
        return rc;
    struct timespec_k t = to_timespec(ns);
    return ucopy_out(uaddr(args->a[1]), &t, sizeof t);
}

int64_t
sys_clock_settime(const struct sysargs *args)
{
    int64_t ns;
    int rc;

    if ((int32_t)args->a[0] != CLOCK_REALTIME)
        return -EINVAL;
    rc = read_timespec(uaddr(args->a[1]), &ns);
    if (rc < 0)
        return rc;
    if (ns == INT64_MAX)
        return -EINVAL;
    if (!capable())
        return -EPERM;
    time_set_wall((struct ktime){ ns / (int64_t)NS_PER_S, (uint32_t)(ns % (int64_t)NS_PER_S) });
    return 0;
}

int64_t
sys_clock_getres(const struct sysargs *args)
{
    static const struct timespec_k one_ns = { .tv_nsec = 1 };
    int64_t ns;
    int rc = clock_read((int32_t)args->a[0], &ns);

    return rc < 0 || args->a[1] == 0 ? rc : ucopy_out(uaddr(args->a[1]), &one_ns, sizeof one_ns);
}

/* struct timex of the ABI: the words that say something here. */
enum {
    TIMEX_SIZE = 208,
    TIMEX_STATUS = 40,
    TIMEX_TIME = 72,
    TIMEX_TICK = 88,
    TICK_US = 10000,
    STA_UNSYNC = 0x40,
    TIME_ERROR = 5
};

/* Nothing disciplines the clock: it can be asked about (and says that it is not synchronised), not steered. */
int64_t
sys_adjtimex(const struct sysargs *args)
{
    uint8_t buf[TIMEX_SIZE] = { 0 };
    struct span timex = span_of(buf, sizeof buf);
    struct ktime now = time_wall();
    uint32_t modes;
    int rc = ucopy_in(&modes, uaddr(args->a[0]), sizeof modes);

    if (rc < 0)
        return rc;
    if (modes != 0)
        return capable() ? -EINVAL : -EPERM;
    put_le32(timex, TIMEX_STATUS, STA_UNSYNC);
    put_le64(timex, TIMEX_TIME, (uint64_t)now.sec);
    put_le64(timex, TIMEX_TIME + 8, now.nsec / 1000);
    put_le64(timex, TIMEX_TICK, TICK_US);
    rc = ucopy_out(uaddr(args->a[0]), buf, sizeof buf);
    return rc < 0 ? rc : TIME_ERROR;
}

/* Sleep to a deadline; when interrupted tell the rest at `rem`, and remember how to go on. */
static int64_t
sleep_until(uint64_t deadline_ns, uaddr_t rem)
{
    struct proc *p = proc_current();
    int rc = thread_sleep_until(deadline_ns, WAIT_INTR);

    if (rc != -ERESTARTSYS)
        return rc;
    uint64_t now = hal_time_now_ns();
    if (now >= deadline_ns)
        return 0;
    if (rem.v != 0) {
        struct timespec_k t =
            to_timespec(deadline_ns != WAIT_FOREVER ? (int64_t)(deadline_ns - now) : INT64_MAX);

        rc = ucopy_out(rem, &t, sizeof t);
        if (rc < 0)
            return rc;
    }
    p->restart_fn = RESTART_SLEEP;
    p->restart_arg[0] = deadline_ns;
    p->restart_arg[1] = rem.v;
    return -ERESTART_RESTARTBLOCK;
}

int64_t
sys_restart_syscall(const struct sysargs *args unused_param)
{
    struct proc *p = proc_current();
    int64_t fn = p->restart_fn;

    p->restart_fn = RESTART_NONE;
    switch (fn) {
    case RESTART_SLEEP:
        return sleep_until(p->restart_arg[0], uaddr(p->restart_arg[1]));
    case RESTART_FUTEX:
        return futex_restart(p);
    default:
        return -EINTR;
    }
}

int64_t
sys_nanosleep(const struct sysargs *args)
{
    uint64_t deadline_ns;
    int rc = clock_read_deadline(CLOCK_MONOTONIC, false, uaddr(args->a[0]), &deadline_ns);

    return rc < 0 ? rc : sleep_until(deadline_ns, uaddr(args->a[1]));
}

int64_t
sys_clock_nanosleep(const struct sysargs *args)
{
    int32_t clock = (int32_t)args->a[0];
    bool absolute = (args->a[1] & TIMER_ABSTIME) != 0;
    uint64_t deadline_ns;
    int64_t rc;

    if (clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID)
        return -EOPNOTSUPP;
    rc = clock_read(clock, &(int64_t){ 0 });
    if (rc == 0)
        rc = clock_read_deadline(clock, absolute, uaddr(args->a[2]), &deadline_ns);
    if (rc < 0)
        return rc;
    rc = sleep_until(deadline_ns, absolute ? uaddr(0) : uaddr(args->a[3]));
    return rc == -ERESTART_RESTARTBLOCK && absolute ? -ERESTARTNOHAND : rc;
}

/* --- ITIMER_REAL --- */

static void
alarm_fires(void *arg)
{
    struct proc *p = arg;
    uint64_t next = timer_deadline_ns(&p->alarm) + p->alarm_interval_ns,
             soonest = hal_time_now_ns() + ALARM_MIN_NS;

    signal_send(p, SIGALRM, NULL);
    if (p->alarm_interval_ns != 0 &&
        timer_set_reserved(&p->alarm, next > soonest ? next : soonest) < 0)
        p->alarm_interval_ns = 0;
}

/* Set value and interval; tell the old ones. */
static int
set_alarm(struct proc *p, uint64_t value_ns, uint64_t interval_ns, uint64_t *old_value,
          uint64_t *old_interval)
{
    uint64_t now = hal_time_now_ns();

    if (p->alarm.fn == NULL)
        timer_init(&p->alarm, alarm_fires, p);
    *old_value = !timer_armed(&p->alarm)              ? 0
                 : timer_deadline_ns(&p->alarm) > now ? timer_deadline_ns(&p->alarm) - now
                                                      : 1;
    *old_interval = p->alarm_interval_ns;
    timer_cancel(&p->alarm);
    p->alarm_interval_ns = interval_ns;
    return value_ns != 0 ? timer_set(&p->alarm, now + value_ns) : 0;
}

int64_t
sys_alarm(const struct sysargs *args)
{
    uint64_t value, interval;
    int rc = set_alarm(proc_current(), (args->a[0] & UINT32_MAX) * NS_PER_S, 0, &value, &interval);

    return rc < 0 ? rc : (int64_t)((value + NS_PER_S - 1) / NS_PER_S);
}

static bool
timeval_ns(struct timeval_k t, uint64_t *ns_out)
{
    int64_t sec = t.tv_sec;

    if (sec < 0 || t.tv_usec < 0 || t.tv_usec >= 1000000)
        return false;
    *ns_out = (uint64_t)(sec < FAR_S ? sec : FAR_S) * NS_PER_S + (uint64_t)t.tv_usec * 1000;
    return true;
}

static struct timeval_k
ns_timeval(uint64_t ns)
{
    return (struct timeval_k){ (int64_t)(ns / NS_PER_S), (int64_t)(ns % NS_PER_S / 1000) };
}

enum { ITIMER_REAL = 0, ITIMER_PROF = 2 };

int64_t
sys_setitimer(const struct sysargs *args)
{
    struct itimerval_k new = { 0 }, old;
    uint64_t value = 0, interval = 0, old_value, old_interval;
    int rc;

    if (args->a[0] > ITIMER_PROF)
        return -EINVAL;
    if (args->a[0] != ITIMER_REAL)
        return -EOPNOTSUPP;
    if (args->a[1] != 0) {
        rc = ucopy_in(&new, uaddr(args->a[1]), sizeof new);
        if (rc < 0)
            return rc;
        if (!timeval_ns(new.value, &value) || !timeval_ns(new.interval, &interval))
            return -EINVAL;
    }
    rc = set_alarm(proc_current(), value, interval, &old_value, &old_interval);
    if (rc < 0 || args->a[2] == 0)
        return rc;
    old = (struct itimerval_k){ ns_timeval(old_interval), ns_timeval(old_value) };
    return ucopy_out(uaddr(args->a[2]), &old, sizeof old);
}

int64_t
sys_getitimer(const struct sysargs *args)
{
    const struct proc *p = proc_current();
    uint64_t now = hal_time_now_ns();
    struct itimerval_k out = { 0 };

    if (args->a[0] > ITIMER_PROF)
        return -EINVAL;
    if (args->a[0] == ITIMER_REAL && p->alarm.fn != NULL && timer_armed(&p->alarm))
        out = (struct itimerval_k){ ns_timeval(p->alarm_interval_ns),
                                    ns_timeval(timer_deadline_ns(&p->alarm) > now
                                                   ? timer_deadline_ns(&p->alarm) - now
                                                   : 1000) };
    return ucopy_out(uaddr(args->a[1]), &out, sizeof out);
}

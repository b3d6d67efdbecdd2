/* Moving a stub by eventfds: the seccomp backend; and what it shares with the notify backend: waiting, with preemption.
 *
 * A hand-over is: we add 1 to go_fd; the stub takes it, runs its commands and the user program; a trap brings the stub's handler back,
 * which adds 1 to stop_fd and waits for go_fd again.  Only the host can count these, so a stop we read is a stop (stub/handler.S says
 * why); everything in stub->data can be forged by the user program and is believed no further than its own good.
 *
 * Eventfds beat futexes here by a tenth: shared memory makes a futex look up the page at each call.
 *
 * Preemption and death: a timer and SIGCHLD add CHECK to stop_fd of the stub that runs, so nothing is lost if they come just before the
 * read.  The timer is moved only when a deadline is nearer than what it is set to.  A notification is waited for by an ioctl, which the
 * signals interrupt; one that comes just before it is made good by the timer, which repeats until the wait is over.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <hal/host/stub.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CHECK (1ull << 32)

/* How often to look whether a stub still lives; how soon after a kick; how long it may ignore one, or take to start. */
#define LOOK_NS   100000000ull
#define REPEAT_NS 1000000
#define KICK_NS   20000000ull
#define DEAF_NS   2000000000ull
#define START_NS  10000000000ull

#define TIMER_SLACK_NS 20000ull

enum { NOBODY = -1, BY_NOTIFICATION = -2 };
TRUSTED_BEGIN(user)
static volatile int watched = NOBODY; /* stop_fd of the stub that runs, if it has one */
static volatile uint64_t timer_at = UINT64_MAX;
TRUSTED_END
static timer_t timer;
static bool started;
static struct sigaction old_sigchld, old_alarm;

static void
on_signal(int sig)
{
    const uint64_t check = CHECK;
    int saved = errno;

    if (sig == SIGVTALRM) {
        const struct itimerspec off = { 0 };

        timer_at = UINT64_MAX;
        if (watched == NOBODY) /* else the wait sets it anew */
            timer_settime(timer, 0, &off, NULL);
    }
    if (watched >= 0 && write(watched, &check, sizeof(check)) < 0)
        timer_at = UINT64_MAX;
    errno = saved;
}

bool
stub_wait_start(void)
{
    bool notify = stub_host.config.backend == HOST_USER_NOTIFY;
    struct sigaction act = { .sa_handler = on_signal,
                             .sa_flags = SA_NOCLDSTOP | (notify ? 0 : SA_RESTART) };
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGVTALRM };

    if (started)
        return true;
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
        return false;
    sigaction(SIGCHLD, &act, &old_sigchld);
    sigaction(SIGVTALRM, &act, &old_alarm);
    timer_at = UINT64_MAX;
    started = true;
    return true;
}

void
stub_seccomp_fini(void)
{
    if (!started)
        return;
    timer_delete(timer);
    sigaction(SIGVTALRM, &old_alarm, NULL);
    sigaction(SIGCHLD, &old_sigchld, NULL);
    started = false;
}

/* Have the timer go off at `when` or earlier. */
static void
timer_before(uint64_t when)
{
    struct itimerspec spec = { .it_value = { (time_t)(when / 1000000000u),
                                             (long)(when % 1000000000u) },
                               .it_interval = { 0, REPEAT_NS } };

    if (timer_at <= when + TIMER_SLACK_NS)
        return;
    timer_at = when;
    timer_settime(timer, TIMER_ABSTIME, &spec, NULL);
}

void
stub_kick(struct stub *s)
{
    syscall(SYS_tgkill, s->pid, s->pid, STUB_SIG_KICK);
    stub_host.stats.kicks++;
    s->kick_pending = true;
}

/* The host's word that the process sleeps; false if it cannot be had. */
static bool
sleeps(const struct stub *s)
{
    char path[64], text[256];
    const char *state;
    ssize_t n;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/stat", s->pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    state = strrchr(text, ')');
    return state != NULL && strncmp(state, ") S", 3) == 0;
}

/* Read stop_fd. */
static int
read_stop(struct stub *s)
{
    uint64_t count;

    if (read(s->stop_fd, &count, sizeof(count)) != sizeof(count))
        return errno == EINTR ? 0 : -1;
    count %= CHECK;
    return count > 1 ? -1 : (int)count;
}

/* It was kicked DEAF_NS before `deaf_at`, and has not stopped.  A process that is not stopped has no business to sleep. */
static bool
is_deaf(struct stub *s, uint64_t now, uint64_t deaf_at)
{
    struct pollfd stop = { .fd = s->stop_fd >= 0 ? s->stop_fd : s->listen_fd, .events = POLLIN };

    if (now >= deaf_at)
        return true;
    return now + DEAF_NS >= deaf_at + KICK_NS && sleeps(s) && poll(&stop, 1, 0) == 0;
}

static bool
write_go(struct stub *s, uint64_t value)
{
    return write(s->go_fd, &value, sizeof(value)) == sizeof(value);
}

bool
stub_hand_over(struct stub *s, const struct stub_channel *ch, const uint64_t *release,
               uint64_t slice_ns, bool *kicked)
{
    uint64_t now = stub_now_ns();
    uint64_t deaf_at = UINT64_MAX;
    struct stub_slice slice;
    int stop = -1;

    stub_slice_begin(&slice, s, now, slice_ns);
    watched = s->stop_fd >= 0 ? s->stop_fd : BY_NOTIFICATION; /* before the timer can go off */
    if (slice_ns < STUB_SLICE_MIN_NS) {
        stub_kick(s);
        slice.at = UINT64_MAX;
        deaf_at = now + DEAF_NS;
    }
    timer_before(slice.at < now + LOOK_NS ? slice.at : now + LOOK_NS);
    if (release != NULL && !ch->release(s, *release))
        goto out;
    while ((stop = ch->wait(s)) == 0) {
        uint64_t next = LOOK_NS;

        if (!stub_check(s))
            break;
        now = stub_now_ns();
        if (now >= slice.at && stub_slice_over(&slice, s, now)) {
            stub_kick(s);
            slice.at = UINT64_MAX;
            deaf_at = now + DEAF_NS;
            next = KICK_NS;
        } else if (deaf_at != UINT64_MAX && is_deaf(s, now, deaf_at)) {
            break;
        }
        timer_before(slice.at - now < next ? slice.at : now + next);
    }
out:
    watched = NOBODY;
    if (kicked != NULL)
        *kicked = deaf_at != UINT64_MAX ||
                  (stop == 1 && timer_at == UINT64_MAX && stub_slice_spent(&slice, s));
    return stop == 1;
}

static const struct stub_channel eventfds = { .release = write_go, .wait = read_stop };
static const uint64_t go = 1;

bool
stub_seccomp_first_stop(struct stub *s)
{
    return stub_wait_start() && stub_hand_over(s, &eventfds, NULL, START_NS, NULL) &&
           s->data->signo == SIGSYS && stub_learn(s, s->data->frame);
}

void
stub_batch_done(struct stub *s)
{
    s->ctl->count = 0;
    s->first_cleans = false;
}

bool
stub_frame_stop(struct stub *s, struct stub_event *ev)
{
    stub_batch_done(s);
    /* Anywhere else: the program has played with the signal stack. */
    if (s->data->frame != stub_host.frame_addr)
        return false;
    ev->signo = (int)s->data->signo;
    stub_read_frame(s, ev);
    if (ev->signo == STUB_SIG_KICK)
        s->kick_pending = false;
    return true;
}

static bool
sec_run(struct stub *s, const struct hal_user_regs *regs, uint64_t slice_ns, struct stub_event *ev)
{
    stub_fill_frame(s, regs);
    s->ctl->action = STUB_ACT_RUN;
    return stub_hand_over(s, &eventfds, &go, slice_ns, &ev->kicked) && stub_frame_stop(s, ev);
}

static bool
sec_flush(struct stub *s)
{
    s->ctl->action = STUB_ACT_STOP;
    if (!stub_hand_over(s, &eventfds, &go, UINT64_MAX, NULL))
        return false;
    stub_batch_done(s);
    return true;
}

bool
stub_frame_fp_read(struct stub *s, void *image)
{
    memcpy(image, s->fp, stub_host.fp_size);
    return true;
}

bool
stub_frame_fp_write(struct stub *s, const void *image)
{
    memcpy(s->fp, image, stub_host.fp_size);
    return true;
}

const struct stub_ops stub_seccomp_ops = {
    .first_stop = stub_seccomp_first_stop,
    .run = sec_run,
    .flush = sec_flush,
    .fp_read = stub_frame_fp_read,
    .fp_write = stub_frame_fp_write,
};

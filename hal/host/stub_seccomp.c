/* Moving a stub by futexes: the seccomp backend.
 *
 * A hand-over is: ctl->gen changes and is woken; the stub runs its commands and the user program; a trap brings the stub's handler
 * back, which sets data->state and wakes it.  Everything in `data` can be forged by the user program; ctl cannot.
 *
 * Proof of a stop: FUTEX_CMP_REQUEUE moves the waiter of ctl->gen to ctl->park and says how many it moved.  One means that the stub
 * is in the wait of its handler, which it can only leave when we wake it, and then through the command loop.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <hal/host/stub.h>

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* How often to look whether a stub still lives, and how soon after a kick, and how long it may ignore
 * one or need to reach its wait. */
#define CHECK_NS 100000000ull
#define DEAF_NS 2000000000ull
#define KICK_NS 20000000ull

static long
futex(uint32_t *word, int op, uint32_t val, uintptr_t timeout_or_val2, uint32_t *word2, uint32_t val3)
{
    return syscall(SYS_futex, word, op, val, timeout_or_val2, word2, val3);
}

static void
release(struct stub *s, uint32_t action)
{
    struct stub_ctl *ctl = s->ctl;

    ctl->action = action;
    __atomic_store_n(&s->data->state, STUB_RUNNING, __ATOMIC_RELAXED);
    __atomic_store_n(&ctl->gen, ctl->gen + 1, __ATOMIC_RELEASE);
    futex(s->parked ? &ctl->park : &ctl->gen, FUTEX_WAKE, 1, 0, NULL, 0);
    s->parked = false;
}

static bool
stopped(struct stub *s)
{
    return __atomic_load_n(&s->data->state, __ATOMIC_ACQUIRE) == STUB_STOPPED;
}

/* Move the stub from the wait of its handler to ctl->park: false if it is not there. */
static bool
park(struct stub *s)
{
    struct stub_ctl *ctl = s->ctl;

    if (!s->parked && futex(&ctl->gen, FUTEX_CMP_REQUEUE, 0, 1, &ctl->park, ctl->gen) == 1)
        s->parked = true;
    return s->parked;
}

/* False: the process is gone, or waits for us as only a program in the stub's code can without having stopped. */
static bool
sane(struct stub *s)
{
    return stub_check(s) && (!park(s) || stopped(s));
}

/* Wait for a stop; kick when slice_ns are over.  False: the stub is gone, or deaf. */
static bool
wait_stop(struct stub *s, uint64_t slice_ns, bool *kicked)
{
    uint64_t start = 0, deadline = UINT64_MAX;
    bool kick_sent = false;

    if (slice_ns != UINT64_MAX) {
        start = stub_now_ns();
        deadline = start + slice_ns < start ? UINT64_MAX : start + slice_ns;
    }
    for (uint64_t wait_ns = slice_ns; !stopped(s);) {
        struct timespec ts;

        if (wait_ns > CHECK_NS)
            wait_ns = CHECK_NS;
        ts.tv_sec = 0;
        ts.tv_nsec = (long)wait_ns;
        if (futex(&s->data->state, FUTEX_WAIT, STUB_RUNNING, (uintptr_t)&ts, NULL, 0) == 0 || errno == EAGAIN)
            continue;
        if (stopped(s))
            break;
        if (!sane(s))
            return false;
        wait_ns = CHECK_NS;
        if (deadline == UINT64_MAX)
            continue;
        uint64_t now = stub_now_ns();

        if (now < deadline) {
            wait_ns = deadline - now;
        } else if (kick_sent) {
            return false;
        } else {
            syscall(SYS_tgkill, s->pid, s->pid, STUB_SIG_KICK);
            stub_host.stats.kicks++;
            s->kick_pending = true;
            kick_sent = true;
            deadline = now + DEAF_NS;
            wait_ns = KICK_NS;
        }
    }
    if (kicked != NULL)
        *kicked = kick_sent;
    return true;
}

/* The stub has run its commands and stopped. */
static void
batch_done(struct stub *s)
{
    s->ctl->count = 0;
    s->first_cleans = false;
}

static bool
sec_first_stop(struct stub *s)
{
    return wait_stop(s, DEAF_NS * 5, NULL) && stub_learn(s, s->data->frame);
}

static bool
sec_run(struct stub *s, const struct hal_user_regs *regs, uint64_t slice_ns, struct stub_event *ev)
{
    stub_fill_frame(s, regs);
    release(s, STUB_ACT_RUN);
    if (!wait_stop(s, slice_ns, &ev->kicked))
        return false;
    batch_done(s);
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
sec_flush(struct stub *s)
{
    release(s, STUB_ACT_STOP);
    if (!wait_stop(s, DEAF_NS, NULL))
        return false;
    batch_done(s);
    return true;
}

static bool
sec_prove(struct stub *s)
{
    uint64_t deadline = 0;

    while (!park(s)) {
        /* It has announced the stop but not reached the wait yet. */
        uint64_t now = stub_now_ns();

        if (deadline == 0)
            deadline = now + DEAF_NS;
        else if (now > deadline || !stub_check(s))
            return false;
        sched_yield();
    }
    return true;
}

static bool
sec_fp_read(struct stub *s, void *image)
{
    __builtin_memcpy(image, s->fp, stub_host.fp_size);
    return true;
}

static bool
sec_fp_write(struct stub *s, const void *image)
{
    __builtin_memcpy(s->fp, image, stub_host.fp_size);
    return true;
}

const struct stub_ops stub_seccomp_ops = {
    .first_stop = sec_first_stop,
    .run = sec_run,
    .flush = sec_flush,
    .prove = sec_prove,
    .fp_read = sec_fp_read,
    .fp_write = sec_fp_write,
};

/* Slices of user code: by the host's clock, or by the time that the program itself has computed (host_user_config.own_time).
 *
 * The latter makes a run independent of what else the host does: a program that stops by itself soon enough is never interrupted, and one
 * that does not is charged its slice, even if the host let us look only when it had stopped.
 *
 * To keep the hand-over cheap the program's clock is not read for each slice, but once in FRESH_NS of the host's time; a slice may
 * be found over too soon by so much.
 */
#include <time.h>

#include "stub.h"

#define FRESH_NS 1000000ull
/* A program that does not even compute for so long is interrupted all the same. */
#define STALLED_NS 2000000000ull

enum {
    UNREAD = 0,
    SPARE = 8, /* this part of a slice may be missing: one look for most slices, not two */
};

static uint64_t
after(uint64_t now, uint64_t ns)
{
    return ns > UINT64_MAX - now ? UINT64_MAX : now + ns;
}

/* The time that the stub has computed; UNREAD: the host does not say. */
static uint64_t
computed_ns(struct stub *s, uint64_t now)
{
    struct timespec ts;
    clockid_t clock;

    s->cpu_ns = UNREAD;
    if (clock_getcpuclockid(s->pid, &clock) == 0 && clock_gettime(clock, &ts) == 0)
        s->cpu_ns = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec + 1;
    s->cpu_at = now;
    return s->cpu_ns;
}

void
stub_slice_begin(struct stub_slice *slice, struct stub *s, uint64_t now, uint64_t ns)
{
    bool own_time = stub_host.config.own_time && ns != UINT64_MAX && ns >= STUB_SLICE_MIN_NS;
    uint64_t need = own_time ? ns - ns / SPARE : 0;

    *slice = (struct stub_slice){ .at = after(now, ns), .limit = after(now, STALLED_NS) };
    if (!own_time)
        return;
    if (s->cpu_ns == UNREAD || now - s->cpu_at >= FRESH_NS)
        (void)computed_ns(s, now);
    slice->need = need;
    slice->due = after(now, need);
    slice->cpu_ns = s->cpu_ns;
}

bool
stub_slice_over(struct stub_slice *slice, struct stub *s, uint64_t now)
{
    uint64_t cpu_ns;

    if (slice->need == 0 || now >= slice->limit)
        return true;
    cpu_ns = computed_ns(s, now);
    if (cpu_ns == UNREAD || slice->cpu_ns == UNREAD || cpu_ns - slice->cpu_ns >= slice->need)
        return true;
    slice->at = now + (slice->need - (cpu_ns - slice->cpu_ns));
    return false;
}

bool
stub_slice_spent(struct stub_slice *slice, struct stub *s)
{
    uint64_t now, cpu_ns;

    if (slice->need == 0 || slice->cpu_ns == UNREAD)
        return false;
    now = stub_now_ns();
    if (now < slice->due)
        return false;
    cpu_ns = computed_ns(s, now);
    return cpu_ns != UNREAD && cpu_ns - slice->cpu_ns >= slice->need;
}

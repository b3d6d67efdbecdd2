/* Slices of user code: by the host's clock, or by the time that the program itself has computed (host_user_config.own_time).
 *
 * The latter makes a run independent of what else the host does: a program that stops by itself soon enough is never interrupted.  To
 * keep the hand-over cheap the program's clock is read only when half the slice has passed by the host's clock, and then must go on by half
 * a slice.
 */
#include <time.h>

#include "stub.h"

/* A program that does not even compute for so long is interrupted all the same. */
#define STALLED_NS 2000000000ull

enum { UNREAD = 0 };

static uint64_t
after(uint64_t now, uint64_t ns)
{
    return ns > UINT64_MAX - now ? UINT64_MAX : now + ns;
}

/* The time that the stub has computed; UNREAD: the host does not say. */
static uint64_t
computed_ns(const struct stub *s)
{
    struct timespec ts;
    clockid_t clock;

    if (clock_getcpuclockid(s->pid, &clock) != 0 || clock_gettime(clock, &ts) != 0)
        return UNREAD;
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec + 1;
}

void
stub_slice_begin(struct stub_slice *slice, uint64_t now, uint64_t ns)
{
    bool own_time = stub_host.config.own_time && ns != UINT64_MAX && ns >= STUB_SLICE_MIN_NS;

    *slice = (struct stub_slice){ .at = after(now, own_time ? ns / 2 : ns),
                                  .half = own_time ? ns / 2 : 0,
                                  .cpu_ns = UNREAD,
                                  .limit = after(now, STALLED_NS) };
}

bool
stub_slice_over(struct stub_slice *slice, const struct stub *s, uint64_t now)
{
    uint64_t cpu_ns;

    if (slice->half == 0 || now >= slice->limit)
        return true;
    cpu_ns = computed_ns(s);
    if (cpu_ns == UNREAD)
        return true;
    if (slice->cpu_ns == UNREAD)
        slice->cpu_ns = cpu_ns;
    if (cpu_ns - slice->cpu_ns >= slice->half)
        return true;
    slice->at = now + (slice->half - (cpu_ns - slice->cpu_ns));
    return false;
}

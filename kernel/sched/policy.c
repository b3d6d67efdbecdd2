/* The policy: weighted fair scheduling.  Every thread is charged its CPU time divided by its weight (vruntime); the one that was
 * charged least runs next.  A nice step changes the share of the CPU by a factor of 1.25, as on Linux (sched(7)). */
#include <kernel/sched/policy.h>
#include <kernel/trusted/bounds.h>

enum {
    NICE_MIN = -20,
    NICE_MAX = 19,
    WEIGHT_SHIFT = 16,
};
#define SLICE_MAX_NS    10000000ull /* one turn, when few wait */
#define SLICE_MIN_NS    1000000ull  /* and when many do */
#define PERIOD_NS       40000000ull /* within which everybody should have a turn */
#define WAKEUP_GRAIN_NS 1000000ull /* a woken thread must deserve the CPU by this much to take it */
#define RESUME_NS       5000000ull /* credit that a sleeper keeps */

/* 1024 / 1.25^nice, rounded. */
static const uint32_t weights[NICE_MAX - NICE_MIN + 1] = {
    88818, 71054, 56843, 45475, 36380, 29104, 23283, 18626, 14901, 11921, 9537, 7629, 6104, 4883,
    3906,  3125,  2500,  2000,  1600,  1280,  1024,  819,   655,   524,   419,  336,  268,  215,
    172,   137,   110,   88,    70,    56,    45,    36,    29,    23,    18,   15,
};

static unsigned
nice_index(int8_t nice)
{
    return (unsigned)((nice < NICE_MIN ? NICE_MIN : nice > NICE_MAX ? NICE_MAX : nice) - NICE_MIN);
}

uint32_t
sched_policy_weight(int8_t nice)
{
    return weights[nice_index(nice)];
}

uint64_t
sched_policy_charge(uint64_t ns, int8_t nice)
{
    if (nice == 0)
        return ns;

    /* 1024 / weight in fixed point; a turn is far below 2^34 ns, so nothing overflows. */
    uint64_t factor = (1024ull << WEIGHT_SHIFT) / sched_policy_weight(nice);

    return (ns >> 34 != 0 ? (ns >> WEIGHT_SHIFT) * factor : ns * factor >> WEIGHT_SHIFT);
}

struct sched_choice
sched_policy_pick(const struct sched_view *views, size_t count)
{
    struct sched_choice choice = { .index = 0, .slice_ns = SLICE_MAX_NS };

    /* Of equals the one that waited longest runs, and anybody rather than the one that just ran. */
    for (size_t i = 1; i < count; i++) {
        const struct sched_view *v = &at(views, count, i), *best = &at(views, count, choice.index);

        if (v->vruntime < best->vruntime ||
            (v->vruntime == best->vruntime &&
             (best->is_current || (!v->is_current && v->waited_ns > best->waited_ns))))
            choice.index = i;
    }
    if (count > PERIOD_NS / SLICE_MAX_NS) {
        choice.slice_ns = PERIOD_NS / count;
        if (choice.slice_ns < SLICE_MIN_NS)
            choice.slice_ns = SLICE_MIN_NS;
    }
    return choice;
}

bool
sched_policy_preempts(const struct sched_view *woken, const struct sched_view *running)
{
    return woken->vruntime + WAKEUP_GRAIN_NS < running->vruntime;
}

uint64_t
sched_policy_resume(uint64_t vruntime, uint64_t min_vruntime)
{
    uint64_t least = min_vruntime > RESUME_NS ? min_vruntime - RESUME_NS : 0;

    return vruntime > least ? vruntime : least;
}

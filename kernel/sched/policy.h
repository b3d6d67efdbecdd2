/* The scheduling policy: sees const views of the runnable threads, returns a choice.  It cannot write a thread. */
#pragma once

#include <hal/types.h>

struct sched_view {
    uint64_t vruntime; /* weighted nanoseconds used */
    uint64_t waited_ns;
    int8_t nice;
    bool is_current;
};

struct sched_choice {
    size_t index;      /* into the views */
    uint64_t slice_ns; /* how long it may run if others are runnable */
};

struct sched_choice sched_policy_pick(const struct sched_view *views, size_t count);
/* Weight of a nice value: vruntime grows by ns * 1024 / weight. */
uint32_t sched_policy_weight(int8_t nice);

/* May the woken thread take the CPU from the running one at once? */
bool sched_policy_preempts(const struct sched_view *woken, const struct sched_view *running);
/* The vruntime a thread resumes with after a sleep, where the runnable threads stand at `min_vruntime`: a sleeper may not hoard. */
uint64_t sched_policy_resume(uint64_t vruntime, uint64_t min_vruntime);
/* ns * 1024 / weight of `nice`, without a division. */
uint64_t sched_policy_charge(uint64_t ns, int8_t nice);

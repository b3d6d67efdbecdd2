/* R29: the scheduling policy writes a thread.
 * expect: the policy names struct thread
 * as: kernel/sched/policy_x.c
 */
#include <kernel/sched/policy.h>

#ifdef WRONG
struct thread;
void policy_boost(struct thread *t);
#else
uint64_t policy_boosted(const struct sched_view *v);

uint64_t
policy_boosted(const struct sched_view *v)
{
    return v->vruntime / 2;
}
#endif

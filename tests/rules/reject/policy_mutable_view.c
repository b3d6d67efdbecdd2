/* R29: the scheduling policy has a view it may write through.
 * expect: a pointer it may write through
 * as: kernel/sched/policy_x.c
 */
#include <kernel/sched/policy.h>

#ifdef WRONG
void policy_age(struct sched_view *v);

void
policy_age(struct sched_view *v)
{
    v->waited_ns = 0;
}
#else
uint64_t policy_age(const struct sched_view *v);

uint64_t
policy_age(const struct sched_view *v)
{
    return v->waited_ns;
}
#endif

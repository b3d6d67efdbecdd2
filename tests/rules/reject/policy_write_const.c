/* R13: the scheduling policy writes its const view.
 * expect: cannot assign to variable 'v' with const-qualified type
 * as: kernel/sched/policy_x.c
 */
#include <kernel/sched/policy.h>

uint64_t policy_charge(const struct sched_view *v);

uint64_t
policy_charge(const struct sched_view *v)
{
#ifdef WRONG
    v->vruntime += 100;
    return v->vruntime;
#else
    return v->vruntime + 100;
#endif
}

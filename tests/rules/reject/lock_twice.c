/* R20: a lock is taken by someone who has it.
 * expect: acquiring mutex 'm' that is already held
 */
#include <kernel/core/lock.h>

void twice(struct mutex *m);

void
twice(struct mutex *m)
{
    mutex_lock(m);
#ifdef WRONG
    mutex_lock(m);
    mutex_unlock(m);
#endif
    mutex_unlock(m);
}

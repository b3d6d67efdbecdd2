/* R20: a guarded field is written under the lock of another object.
 * expect: to->balance is guarded by to->lock, but from->lock is held
 */
#include <kernel/core/lock.h>

struct account {
    struct irqlock lock;
    int balance guarded_by(&lock);
};

void deposit(struct account *from, struct account *to, int n);

void
deposit(struct account *from, struct account *to, int n)
{
    (void)from;
#ifdef WRONG
    irqlock_lock(&from->lock);
    to->balance += n;
    irqlock_unlock(&from->lock);
#else
    irqlock_lock(&to->lock);
    to->balance += n;
    irqlock_unlock(&to->lock);
#endif
}

/* R28: a loop waits for a handler to set a flag.
 * expect: a loop that waits for memory to change
 */
#include <kernel/core/wait.h>

struct job {
    struct irqlock lock;
    struct waitq queue;
    bool done guarded_by(&lock);
};

int must_check job_wait(struct job *j);

int
job_wait(struct job *j)
{
    int rc = 0;

    irqlock_lock(&j->lock);
#ifdef WRONG
    while (!j->done)
        ;
#else
    while (!j->done && rc == 0)
        rc = wait_on_irqlock(&j->queue, &j->lock, WAIT_KILL, WAIT_FOREVER);
#endif
    irqlock_unlock(&j->lock);
    return rc;
}

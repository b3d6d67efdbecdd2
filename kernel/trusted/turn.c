/* Turns: see turn.h. */
#include <kernel/core/assert.h>
#include <kernel/fs/turn.h>

void
turn_init(struct turn *t)
{
    t->busy = false;
    waitq_init(&t->waiting);
}

TRUSTED_BEGIN(cell)
void
turn_take(struct turn *t) no_tsa
{
    while (t->busy) {
        int rc = wait_on(&t->waiting, 0, WAIT_FOREVER);

        assert(rc == 0 || rc < 0); /* woken or not: look again */
    }
    t->busy = true;
}

void
turn_release(struct turn *t) no_tsa
{
    t->busy = false;
    wake_one(&t->waiting);
}
TRUSTED_END

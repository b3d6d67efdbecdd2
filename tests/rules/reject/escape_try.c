/* R21: a function that may or may not take a lock: the compiler does not look into it.
 * expect: try_acquires: enter is not analysed
 */
#include <kernel/core/lock.h>

struct box {
    struct mutex lock;
    int value guarded_by(&lock);
};

#ifdef WRONG
static bool
enter(struct box *b) try_acquires(true, b->lock)
{
    mutex_lock(&b->lock);
    return b->value != 0;
}
#endif

int box_take(struct box *b);

int
box_take(struct box *b)
{
    int v = 0;

#ifdef WRONG
    if (!enter(b))
        return 0;
#else
    mutex_lock(&b->lock);
#endif
    v = b->value;
    mutex_unlock(&b->lock);
    return v;
}

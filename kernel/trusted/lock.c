/* Locks.  A mutex is handed over in the order of arrival: unlock makes the longest waiter its owner, so nobody barges in. */
#include <kernel/core/assert.h>
#include <kernel/core/lock.h>
#include <kernel/core/wait.h>
#include <kernel/sched/thread.h>

enum { RANK_BITS = 4, RANK_COUNT_MAX = 15 };
_Static_assert((RANK_DEV + 1) * RANK_BITS <= 64, "thread.held_ranks has room for every rank");

static unsigned irqlocks_held;

void
irqlock_init(struct irqlock *l, const char *name)
{
    *l = (struct irqlock){ .name = name };
}

TRUSTED_BEGIN(cell)
void
irqlock_lock(struct irqlock *l) no_tsa
{
    irqstate_t state = hal_irq_save();

    if (l->held)
        bug("irqlock %s: taken twice", l->name);
    l->held = true;
    l->depth = irqlocks_held++;
    l->state = state;
}

void
irqlock_unlock(struct irqlock *l) no_tsa
{
    if (!l->held || l->depth + 1 != irqlocks_held)
        bug("irqlock %s: released %s", l->name, l->held ? "out of order" : "but not held");
    l->held = false;
    irqlocks_held--;
    hal_irq_restore(l->state);
}
TRUSTED_END

void
irqlock_assert_held(const struct irqlock *l)
{
    if (!l->held)
        bug("irqlock %s: not held", l->name);
}

unsigned
irqlock_depth(void)
{
    return irqlocks_held;
}

void
mutex_init(struct mutex *m, const char *name, enum mutex_rank rank)
{
    *m = (struct mutex){ .name = name, .rank = rank };
    list_init(&m->waiters);
}

static void
rank_enter(struct thread *t, const struct mutex *m)
{
    uint64_t shift = (uint64_t)m->rank * RANK_BITS;

    if ((t->held_ranks >> shift & RANK_COUNT_MAX) == RANK_COUNT_MAX)
        bug("mutex %s: thread %s holds too many of its rank", m->name, t->name);
    t->held_ranks += 1ull << shift;
}

/* A thread takes mutexes in rising rank: `above` is the first rank it may not hold yet. */
static void
rank_check(const struct thread *t, const struct mutex *m, unsigned above)
{
    if (above * RANK_BITS < 64 && t->held_ranks >> (above * RANK_BITS) != 0)
        bug("mutex %s (rank %u): thread %s holds ranks %#llx", m->name, (unsigned)m->rank, t->name,
            (unsigned long long)t->held_ranks);
}

/* Queue up and sleep until the owner hands the mutex over. */
static void
mutex_wait(struct mutex *m, struct thread *t)
{
    struct waiter w = { .thread = t, .exclusive = true };
    irqstate_t state = hal_irq_save();

    list_push_back(&m->waiters, &w.node);
    t->wait_what = m->name;
    while (m->owner != t) {
        int rc = sched_block(THREAD_SLEEPING, 0, WAIT_FOREVER);

        assert(rc == 0); /* only a deadline can fail */
    }
    t->wait_what = NULL;
    hal_irq_restore(state);
}

static void
mutex_take(struct mutex *m, unsigned above)
{
    struct thread *t = thread_current();

    if (m->owner == t)
        bug("mutex %s: taken twice by %s", m->name, t->name);
    rank_check(t, m, above);
    if (m->owner == NULL)
        m->owner = t;
    else
        mutex_wait(m, t);
    rank_enter(t, m);
}

TRUSTED_BEGIN(cell)
void
mutex_lock(struct mutex *m) no_tsa
{
    mutex_take(m, m->rank);
}

void
mutex_lock_nested(struct mutex *m) no_tsa
{
    mutex_take(m, m->rank + 1u);
}

bool
mutex_trylock(struct mutex *m) no_tsa
{
    struct thread *t = thread_current();

    if (m->owner != NULL)
        return false;
    m->owner = t;
    rank_enter(t, m);
    return true;
}

void
mutex_unlock(struct mutex *m) no_tsa
{
    struct thread *t = thread_current();

    if (m->owner != t)
        bug("mutex %s: released by %s, held by %s", m->name, t->name,
            m->owner != NULL ? m->owner->name : "nobody");
    t->held_ranks -= 1ull << (unsigned)m->rank * RANK_BITS;
    if (list_empty(&m->waiters)) {
        m->owner = NULL;
        return;
    }

    irqstate_t state = hal_irq_save();
    struct waiter *w = container_of(list_pop_front(&m->waiters), struct waiter, node);

    m->owner = w->thread;
    sched_make_runnable(w->thread);
    hal_irq_restore(state);
}

void
mutex_lock_pair(struct mutex *a, struct mutex *b, bool b_first) no_tsa
{
    mutex_lock(b_first ? b : a);
    if (a != b)
        mutex_lock_nested(b_first ? a : b);
}

void
mutex_unlock_pair(struct mutex *a, struct mutex *b) no_tsa
{
    mutex_unlock(a);
    if (a != b)
        mutex_unlock(b);
}
TRUSTED_END

bool
mutex_held(const struct mutex *m)
{
    return m->owner == thread_current();
}

void
mutex_assert_held(const struct mutex *m)
{
    if (!mutex_held(m))
        bug("mutex %s: not held", m->name);
}

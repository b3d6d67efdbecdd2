/* The kernel's locks and wait queues, as they are, under a scheduler that tries everything. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <kernel/trusted/lock.c>
#include <kernel/core/wait.c>

#include "small_scope.h"

enum { THREADS = 3, DEADLINE = 100 };

static struct thread threads[THREADS];
static uint64_t now_ns;
static struct waitq q;
static struct irqlock lock;
static struct mutex mutex_under_test;
static unsigned tokens, taken, woken, inside;
static int result[THREADS];
static bool ready, done[THREADS];

/* --- what lock.c and wait.c stand on --- */

irqstate_t
hal_irq_save(void) no_tsa
{
    return explore_irqs_off() ? HAL_IRQS_ON : 0;
}

void
hal_irq_restore(irqstate_t state) no_tsa
{
    if (state != 0)
        explore_irqs_on();
}

bool
hal_irq_enabled(void)
{
    return explore_irqs();
}

uint64_t
hal_time_now_ns(void)
{
    return now_ns;
}

struct thread *
thread_current(void)
{
    return &threads[explore_current()];
}

int
sched_block(enum thread_state state, unsigned wait_flags unused_param, uint64_t deadline_ns)
{
    struct thread *t = thread_current();

    EXPLORE_CHECK(!explore_irqs());
    t->state = state;
    t->sleep_timer.node.key = deadline_ns;
    explore_block();
    t->state = THREAD_RUNNABLE;
    return 0;
}

void
sched_make_runnable(struct thread *t)
{
    EXPLORE_CHECK(!explore_irqs());
    explore_unblock((unsigned)(t - threads));
}

void
panic(const char *fmt, ...)
{
    static char text[200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    explore_violation(text);
}

void
assert_fail(const char *expr, const char *file unused_param, int line unused_param)
{
    explore_violation(expr);
}

void
list_corrupt(const char *what)
{
    explore_violation(what);
}

static void
setup(void)
{
    memset(threads, 0, sizeof threads);
    for (unsigned i = 0; i < THREADS; i++) {
        snprintf(threads[i].name, sizeof threads[i].name, "t%u", i);
        threads[i].state = THREAD_RUNNABLE;
        result[i] = 1;
        done[i] = false;
        explore_watch(&threads[i].wake_pending, sizeof(bool));
    }
    irqlocks_held = 0;
    now_ns = 0;
    tokens = taken = woken = inside = 0;
    ready = false;
    waitq_init(&q);
    irqlock_init(&lock, "lock");
    mutex_init(&mutex_under_test, "mutex", RANK_DEV);
    explore_watch(&q, sizeof q);
    explore_watch(&lock, sizeof lock);
    explore_watch(&mutex_under_test, sizeof mutex_under_test);
    explore_watch(&tokens, sizeof tokens);
    explore_watch(&ready, sizeof ready);
}

static void
all_done(void)
{
    EXPLORE_CHECK(irqlock_depth() == 0 && !lock.held);
    EXPLORE_CHECK(mutex_under_test.owner == NULL && list_empty(&mutex_under_test.waiters));
    EXPLORE_CHECK(list_empty(&q.waiters));
}

/* --- the irqlock --- */

static void
irqlock_section(unsigned me unused_param)
{
    irqlock_lock(&lock);
    EXPLORE_CHECK(inside == 0);
    inside++;
    tokens++; /* two accesses with a step between them */
    inside--;
    irqlock_unlock(&lock);
}

static void
irqlock_verify(void)
{
    EXPLORE_CHECK(tokens == 3);
    all_done();
}

/* --- a token for each: threads consume, handlers produce --- */

static void
consume(void)
{
    irqlock_lock(&lock);
    while (tokens == 0) {
        int rc = wait_on_irqlock(&q, &lock, 0, WAIT_FOREVER);

        EXPLORE_CHECK(rc == 0);
    }
    tokens--;
    taken++;
    irqlock_unlock(&lock);
}

static void
one_token_each(unsigned me)
{
    if (me < 2) {
        consume();
        return;
    }
    irqlock_lock(&lock);
    tokens++;
    wake_one(&q);
    irqlock_unlock(&lock);
}

static void
tokens_for_all(unsigned me)
{
    if (me < 2) {
        consume();
        return;
    }
    irqlock_lock(&lock);
    tokens += 2;
    wake_all(&q);
    irqlock_unlock(&lock);
}

static void
tokens_verify(void)
{
    EXPLORE_CHECK(tokens == 0 && taken == 2);
    all_done();
}

/* The mistake everybody makes once: looked at, and then slept. */
static void
lost_wakeup(unsigned me)
{
    if (me == 0) {
        if (tokens == 0) {
            int rc = wait_on(&q, 0, WAIT_FOREVER);

            EXPLORE_CHECK(rc == 0);
        }
        return;
    }
    tokens++;
    wake_one(&q);
}

/* --- a wake-up against a deadline, and against a signal --- */

static void
expire(void) no_tsa
{
    now_ns = DEADLINE;
    for (unsigned i = 0; i < THREADS; i++)
        if (explore_blocked(i) && threads[i].sleep_timer.node.key <= now_ns)
            sched_make_runnable(&threads[i]);
}

static void
wake_once(void)
{
    woken += waitq_busy(&q);
    wake_one(&q);
}

static void
deadline_or_wake(unsigned me)
{
    if (me < 2)
        result[me] = wait_on(&q, 0, DEADLINE);
    else if (me == 2)
        wake_once();
    else
        expire();
}

/* A wake-up is never spent on somebody who then says that time was up. */
static void
deadline_verify(void)
{
    unsigned ok = 0;

    for (unsigned i = 0; i < 2; i++) {
        EXPLORE_CHECK(result[i] == 0 || result[i] == -ETIMEDOUT);
        ok += result[i] == 0;
    }
    EXPLORE_CHECK(ok == woken);
    all_done();
}

static void
signal_or_wake(unsigned me) no_tsa
{
    if (me == 0) {
        result[0] = wait_on(&q, WAIT_INTR, WAIT_FOREVER);
    } else if (me == 1) {
        wake_once();
    } else {
        threads[0].interrupted = true;
        sched_make_runnable(&threads[0]);
    }
}

static void
signal_verify(void)
{
    EXPLORE_CHECK(result[0] == (woken ? 0 : -ERESTARTSYS));
    all_done();
}

/* --- poll: added to a queue first, asleep later --- */

static void
poll_and_wait(unsigned me)
{
    if (me == 0) {
        struct waiter w;

        waiter_add(&q, &w);
        while (!ready) {
            int rc = thread_sleep(0, WAIT_FOREVER);

            EXPLORE_CHECK(rc == 0);
        }
        waiter_remove(&w);
    } else if (me == 1) {
        consume();
    } else {
        irqlock_lock(&lock);
        ready = true;
        tokens++;
        wake_one(&q);
        irqlock_unlock(&lock);
    }
}

static void
poll_verify(void)
{
    EXPLORE_CHECK(ready && taken == 1);
    all_done();
}

/* --- the mutex --- */

static unsigned arrivals[THREADS], arrived, entered;

static void
mutex_setup(void)
{
    setup();
    arrived = entered = 0;
}

/* In the order of arrival, one at a time. */
static void
mutex_section(unsigned me)
{
    arrivals[arrived++] = me;
    mutex_lock(&mutex_under_test);
    EXPLORE_CHECK(inside == 0 && mutex_held(&mutex_under_test));
    EXPLORE_CHECK(arrivals[entered++] == me);
    inside++;
    explore_yield();
    inside--;
    mutex_unlock(&mutex_under_test);
    explore_yield();
}

static void
mutex_verify(void)
{
    EXPLORE_CHECK(entered == 3);
    all_done();
}

static void
mutex_try(unsigned me) no_tsa
{
    if (me == 0) {
        if (!mutex_trylock(&mutex_under_test)) {
            EXPLORE_CHECK(mutex_under_test.owner != NULL);
            return;
        }
    } else {
        mutex_lock(&mutex_under_test);
    }
    EXPLORE_CHECK(inside == 0);
    inside++;
    explore_yield();
    inside--;
    mutex_unlock(&mutex_under_test);
}

static void
mutex_condition(unsigned me)
{
    mutex_lock(&mutex_under_test);
    if (me == 2) {
        tokens = 2;
        wake_all(&q);
        explore_yield();
    } else {
        while (tokens == 0) {
            int rc = wait_on_mutex(&q, &mutex_under_test, 0, WAIT_FOREVER);

            EXPLORE_CHECK(rc == 0 && mutex_held(&mutex_under_test));
        }
        tokens--;
        taken++;
    }
    mutex_unlock(&mutex_under_test);
}

/* A flag instead of a mutex, with a sleep between the look and the leap. */
static void
flag_section(unsigned me unused_param)
{
    if (ready)
        return;
    explore_yield();
    ready = true;
    EXPLORE_CHECK(inside == 0);
    inside++;
    explore_yield();
    inside--;
    ready = false;
}

static void
nothing(void)
{
}

const struct sleep_scenario sleep_scenarios[] = {
    { "irqlock: a thread and two handlers",
      { EXPLORE_ONE_CPU, 1, 2, setup, irqlock_section, irqlock_verify },
      NULL },
    { "irqlock: a thread and two nested handlers",
      { EXPLORE_NESTED, 1, 2, setup, irqlock_section, irqlock_verify },
      NULL },
    { "wait queue: two threads, a handler that wakes one, twice",
      { EXPLORE_ONE_CPU, 2, 2, setup, one_token_each, tokens_verify },
      NULL },
    { "wait queue: two threads, a handler that wakes all",
      { EXPLORE_ONE_CPU, 2, 1, setup, tokens_for_all, tokens_verify },
      NULL },
    { "wait queue: two threads, a wake-up and a deadline",
      { EXPLORE_ONE_CPU, 2, 2, setup, deadline_or_wake, deadline_verify },
      NULL },
    { "wait queue: a thread, a wake-up and a signal",
      { EXPLORE_ONE_CPU, 1, 2, setup, signal_or_wake, signal_verify },
      NULL },
    { "wait queue: a poll beside a wait, one handler",
      { EXPLORE_ONE_CPU, 2, 1, setup, poll_and_wait, poll_verify },
      NULL },
    { "mutex: three threads, in order of arrival",
      { EXPLORE_ONE_CPU, 3, 0, mutex_setup, mutex_section, mutex_verify },
      NULL },
    { "mutex: two threads and one that only tries",
      { EXPLORE_ONE_CPU, 3, 0, setup, mutex_try, all_done },
      NULL },
    { "mutex and wait queue: two consumers, one producer",
      { EXPLORE_ONE_CPU, 3, 0, setup, mutex_condition, tokens_verify },
      NULL },
    { "looking without the lock (broken)",
      { EXPLORE_ONE_CPU, 1, 1, setup, lost_wakeup, nothing },
      "a thread sleeps for ever" },
    { "a flag for a mutex (broken)",
      { EXPLORE_ONE_CPU, 2, 0, setup, flag_section, nothing },
      "inside == 0" },
};
const unsigned sleep_scenario_count = sizeof sleep_scenarios / sizeof sleep_scenarios[0];

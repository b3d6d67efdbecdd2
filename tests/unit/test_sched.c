/* Locks, wait queues, timers, threads and the scheduler on the fake HAL. */
#include <kernel/abi/errno.h>
#include <kernel/core/assert.h>
#include <kernel/core/fmt.h>
#include <kernel/core/timer.h>
#include <kernel/core/wait.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/page.h>
#include <kernel/sched/policy.h>
#include <kernel/sched/thread.h>

#include <hal/time.h>
#include <tests/suite.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "fake_hal.h"

#define MS 1000000ull
#define S  1000000000ull

static char trace[4096];
static unsigned deaths;

static void
setup(void)
{
    trace[0] = '\0';
    deaths = 0;
    fake_boot(16 << 20);
}

static void
say(const char *s)
{
    strcat(trace, s);
}

static void
on_dead(struct thread *t)
{
    deaths++;
    kmem_free(t);
}

static struct thread *
spawn(const char *name, void (*fn)(void *arg), void *arg)
{
    struct thread *t = kmem_alloc(sizeof *t);

    ck_assert_ptr_nonnull(t);
    ck_assert_int_eq(thread_create(t, name, fn, arg), 0);
    t->on_dead = on_dead;
    thread_start(t);
    return t;
}

/* --- threads --- */

static void
say_twice(void *arg)
{
    say(arg);
    sched_yield();
    say(arg);
}

START_TEST(yield_alternates)
{
    spawn("a", say_twice, "a");
    spawn("b", say_twice, "b");
    spawn("c", say_twice, "c");
    fake_run();
    ck_assert_str_eq(trace, "abcabc");
    ck_assert_uint_eq(deaths, 3);
}
END_TEST

static void
spin(void *arg)
{
    uint64_t *counter = arg;

    for (uint64_t end = 10 * S; hal_time_now_ns() < end;) {
        fake_consume(MS / 10);
        *counter += MS / 10;
        sched_point();
    }
}

START_TEST(fair_shares)
{
    uint64_t used[3] = { 0 };
    struct thread *t[3];

    for (int i = 0; i < 3; i++)
        t[i] = spawn("spin", spin, &used[i]);
    t[2]->nice = 5; /* weight 335 against 1024 */
    fake_run();
    ck_assert_uint_ge(used[0], 10 * S * 42 / 100);
    ck_assert_uint_le(used[0], 10 * S * 44 / 100);
    ck_assert_uint_ge(used[1], 10 * S * 42 / 100);
    ck_assert_uint_ge(used[2], 10 * S * 13 / 100);
    ck_assert_uint_le(used[2], 10 * S * 15 / 100);

    struct sched_stats s;

    sched_stats(&s);
    ck_assert_uint_ge(s.load[0],
                      200); /* two periods of three runnable threads: about 0.48, 1.0 = 2048 */
    ck_assert_uint_le(s.load[0], 1200);
    ck_assert_uint_ge(s.sys_ns, 10 * S - MS);
    ck_assert_uint_eq(s.threads, 0);
}
END_TEST

START_TEST(many_threads_fair)
{
    enum { N = 150 }; /* more than the policy sees at once */
    static uint64_t used[N];

    fake_boot(64 << 20);
    memset(used, 0, sizeof used);
    for (int i = 0; i < N; i++)
        spawn("spin", spin, &used[i]);
    fake_run();
    for (int i = 0; i < N; i++) {
        ck_assert_uint_ge(used[i], 10 * S / N * 85 / 100);
        ck_assert_uint_le(used[i], 10 * S / N * 115 / 100);
    }
}
END_TEST

static void
sleeper(void *arg)
{
    uint64_t *count = arg;

    for (int i = 0; i < 50; i++) {
        uint64_t due = hal_time_now_ns() + 20 * MS;

        ck_assert_int_eq(thread_sleep_until(due, 0), 0);
        ck_assert_uint_ge(hal_time_now_ns(), due);
        ck_assert_uint_le(hal_time_now_ns(), due + MS); /* preempts the spinners at once */
        ++*count;
    }
}

START_TEST(sleeper_preempts)
{
    uint64_t used = 0, used2 = 0, count = 0;

    spawn("spin", spin, &used);
    spawn("spin", spin, &used2);
    spawn("sleep", sleeper, &count);
    fake_run();
    ck_assert_uint_eq(count, 50);
}
END_TEST

START_TEST(tickless)
{
    uint64_t used = 0;

    spawn("spin", spin, &used);
    fake_run();
    ck_assert_uint_le(fake_deadlines_set, 2); /* alone: no slices */
}
END_TEST

START_TEST(idle_time)
{
    uint64_t count = 0;
    struct sched_stats s;

    spawn("sleep", sleeper, &count);
    fake_run();
    sched_stats(&s);
    ck_assert_uint_ge(s.idle_ns, S - MS);
    ck_assert_uint_le(s.switches, 3); /* it waited on its own stack */
}
END_TEST

static void
nothing(void *arg unused_param)
{
}

static void
churn(void *arg unused_param)
{
    for (int i = 0; i < 500; i++) {
        spawn("child", nothing, NULL);
        sched_yield();
    }
}

START_TEST(churn_leaks_nothing)
{
    struct page_stats before, after;

    spawn("warm", nothing, NULL);
    fake_run();
    sched_drain_stacks();
    kmem_drain();
    page_stats(&before);
    spawn("churn", churn, NULL);
    fake_run();
    ck_assert_uint_eq(deaths, 502);
    sched_drain_stacks();
    kmem_drain();
    page_stats(&after);
    ck_assert_uint_eq(before.free, after.free);
}
END_TEST

static void
until_none_left(void *arg)
{
    unsigned *n = arg;

    for (;;) {
        struct thread *t = kmem_alloc(sizeof *t);

        if (t == NULL)
            break;

        int rc = thread_create(t, "bomb", nothing, NULL);

        if (rc < 0) {
            ck_assert_int_eq(rc, -ENOMEM);
            kmem_free(t);
            break;
        }
        t->on_dead = on_dead;
        thread_start(t);
        ++*n;
    }
}

START_TEST(threads_until_no_memory)
{
    unsigned n = 0;

    fake_boot(4 << 20);
    spawn("bomb", until_none_left, &n);
    fake_run();
    ck_assert_uint_ge(n, 10);
    ck_assert_uint_eq(deaths, n + 1);
}
END_TEST

START_TEST(create_fails_cleanly)
{
    struct page_stats before, after;
    struct thread t;

    for (int i = 0; i < 100; i++) { /* make the timer table grow too */
        ck_assert_int_eq(timer_reserve(1), 0);
    }
    page_stats(&before);
    for (uint64_t n = 1;; n++) {
        kmem_fail_at(n, 1);

        int rc = thread_create(&t, "t", nothing, NULL);

        kmem_fail_at(0, 0);
        if (rc == 0)
            break;
        ck_assert_int_eq(rc, -ENOMEM);
        ck_assert_uint_lt(n, 10);
        page_stats(&after);
        ck_assert_uint_eq(before.free, after.free);
    }
    thread_discard(&t);
}
END_TEST

static void
exit_holding(void *arg unused_param)
{
    static struct mutex m = MUTEX_INIT(m, "m", RANK_FS);

    mutex_lock(&m);
    thread_exit();
}

START_TEST(exit_with_mutex_panics)
{
    spawn("t", exit_holding, NULL);
    fake_run();
}
END_TEST

/* --- mutexes --- */

static struct mutex mutex;

static void
lock_and_sleep(void *arg)
{
    mutex_lock(&mutex);
    ck_assert(mutex_held(&mutex));
    say(arg);
    ck_assert_int_eq(thread_sleep_until(hal_time_now_ns() + MS, 0), 0);
    say(arg);
    mutex_unlock(&mutex);
    if (!mutex_trylock(&mutex)) /* no barging */
        say("-");
    else
        mutex_unlock(&mutex);
}

START_TEST(mutex_fifo)
{
    mutex_init(&mutex, "m", RANK_FS);
    spawn("a", lock_and_sleep, "a");
    spawn("b", lock_and_sleep, "b");
    spawn("c", lock_and_sleep, "c");
    fake_run();
    ck_assert_str_eq(trace, "aa-bb-cc");
}
END_TEST

static void
ranks(void *arg unused_param)
{
    static struct mutex dir1, dir2, inode, fs;

    mutex_init(&dir1, "dir1", RANK_INODE_DIR);
    mutex_init(&dir2, "dir2", RANK_INODE_DIR);
    mutex_init(&inode, "inode", RANK_INODE);
    mutex_init(&fs, "fs", RANK_FS);
    for (int i = 0; i < 2; i++) {
        mutex_lock(&dir1);
        mutex_lock_nested(&dir2);
        mutex_lock(&inode);
        mutex_unlock(&dir1); /* any order */
        mutex_lock(&fs);
        mutex_unlock(&inode);
        mutex_unlock(&dir2);
        mutex_unlock(&fs);
    }
    ck_assert_uint_eq(thread_current()->held_ranks, 0);
    say("ok");
}

START_TEST(mutex_ranks)
{
    spawn("t", ranks, NULL);
    fake_run();
    ck_assert_str_eq(trace, "ok");
}
END_TEST

static void
misuse(void *arg) no_tsa
{
    static struct mutex a = MUTEX_INIT(a, "a", RANK_FS), b = MUTEX_INIT(b, "b", RANK_INODE),
                        c = MUTEX_INIT(c, "c", RANK_FS);
    static struct irqlock l = IRQLOCK_INIT("l"), k = IRQLOCK_INIT("k");

    switch (*(int *)arg) {
    case 0:
        mutex_lock(&a);
        mutex_lock(&a);
        break;
    case 1:
        mutex_lock(&a);
        mutex_lock(&b);
        break;
    case 2:
        mutex_lock(&a);
        mutex_lock(&c);
        break;
    case 3:
        mutex_unlock(&a);
        break;
    case 4:
        irqlock_lock(&l);
        irqlock_lock(&l);
        break;
    case 5:
        irqlock_lock(&l);
        irqlock_lock(&k);
        irqlock_unlock(&l);
        break;
    case 6:
        irqlock_unlock(&l);
        break;
    case 7:
        irqlock_lock(&l);
        exit(thread_sleep(0, WAIT_FOREVER));
        break;
    default:
        exit(0);
    }
    exit(0);
}

START_TEST(lock_misuse_panics)
{
    int which = _i;

    spawn("t", misuse, &which);
    fake_run();
    exit(0);
}
END_TEST

/* --- waiting --- */

static struct waitq q;
static unsigned tokens;

static void
take_token(void *arg)
{
    while (tokens == 0)
        ck_assert_int_eq(wait_on(&q, 0, WAIT_FOREVER), 0);
    tokens--;
    say(arg);
}

START_TEST(wake_one_fifo)
{
    waitq_init(&q);
    tokens = 0;
    spawn("a", take_token, "a");
    spawn("b", take_token, "b");
    spawn("c", take_token, "c");
    fake_run();
    ck_assert(waitq_busy(&q));
    tokens = 2;
    wake_one(&q);
    wake_one(&q);
    fake_run();
    ck_assert_str_eq(trace, "ab");
    tokens = 1;
    wake_all(&q);
    fake_run();
    ck_assert_str_eq(trace, "abc");
    ck_assert(!waitq_busy(&q));
}
END_TEST

static int result;

static void
wait_once(void *arg)
{
    result = 1;
    result = wait_on(&q, *(unsigned *)arg, hal_time_now_ns() + 100 * MS);
}

START_TEST(wait_timeout)
{
    unsigned flags = 0;

    waitq_init(&q);
    spawn("t", wait_once, &flags);
    fake_run();
    ck_assert_int_eq(result, -ETIMEDOUT);
    ck_assert_uint_eq(hal_time_now_ns(), 100 * MS);
    ck_assert(!waitq_busy(&q));
}
END_TEST

static void
interrupt_it(void *t)
{
    thread_interrupt(t, false);
}

static void
kill_it(void *t)
{
    thread_interrupt(t, true);
}

START_TEST(wait_interrupted)
{
    unsigned flags[] = { 0, WAIT_INTR, WAIT_KILL };
    int by_signal[] = { -ETIMEDOUT, -ERESTARTSYS, -ETIMEDOUT };
    int by_kill[] = { -ETIMEDOUT, -ERESTARTSYS, -ERESTARTSYS };

    waitq_init(&q);
    for (int i = 0; i < 3; i++) {
        fake_at(hal_time_now_ns() + MS, interrupt_it, spawn("t", wait_once, &flags[i]));
        fake_run();
        ck_assert_int_eq(result, by_signal[i]);
        fake_at(hal_time_now_ns() + MS, kill_it, spawn("t", wait_once, &flags[i]));
        fake_run();
        ck_assert_int_eq(result, by_kill[i]);
    }
}
END_TEST

static struct irqlock irqlock;
static unsigned bytes guarded_by(irqlock);

static void
pull_line(void *arg unused_param)
{
    fake_irq(4);
}

static void
byte_arrives(void *arg unused_param)
{
    irqlock_lock(&irqlock);
    bytes++;
    wake_one(&q);
    irqlock_unlock(&irqlock);
}

static void
reader(void *arg unused_param)
{
    for (int i = 0; i < 3; i++) {
        irqlock_lock(&irqlock);
        while (bytes == 0)
            ck_assert_int_eq(wait_on_irqlock(&q, &irqlock, WAIT_INTR, hal_time_now_ns() + S), 0);
        bytes--;
        irqlock_unlock(&irqlock);
        ck_assert(hal_irq_enabled());
        say("r");
    }
}

START_TEST(wait_for_interrupts)
{
    waitq_init(&q);
    irqlock_init(&irqlock, "bytes");
    ck_assert_int_eq(hal_irq_attach(4, byte_arrives, NULL), 0);
    spawn("reader", reader, NULL);
    for (unsigned i = 1; i <= 3; i++)
        fake_at(i * 10 * MS, pull_line, NULL);
    fake_run();
    ck_assert_str_eq(trace, "rrr");
}
END_TEST

static void
poller(void *arg unused_param)
{
    static struct waitq a, b;
    struct waiter wa, wb;
    uint64_t start = hal_time_now_ns();

    waitq_init(&a);
    waitq_init(&b);
    waiter_add(&a, &wa);
    waiter_add(&b, &wb);

    /* A wake-up between waiter_add() and thread_sleep() survives another sleep in between. */
    wake_one(&b);
    ck_assert_int_eq(thread_sleep_until(start + MS, 0), 0);
    mutex_lock(&mutex);
    mutex_unlock(&mutex);
    ck_assert_int_eq(thread_sleep(WAIT_INTR, WAIT_FOREVER), 0);
    ck_assert_int_eq(thread_sleep(WAIT_INTR, hal_time_now_ns() + MS), -ETIMEDOUT);
    wake_one(&a); /* still queued */
    ck_assert_int_eq(thread_sleep(WAIT_INTR, WAIT_FOREVER), 0);
    waiter_remove(&wa);
    waiter_remove(&wb);
    ck_assert(!waitq_busy(&a) && !waitq_busy(&b));
    say("ok");
}

START_TEST(poll_pieces)
{
    mutex_init(&mutex, "m", RANK_FS);
    spawn("poll", poller, NULL);
    fake_run();
    ck_assert_str_eq(trace, "ok");
}
END_TEST

static void
stopper(void *arg unused_param)
{
    irqstate_t state = hal_irq_save();

    say("s");
    thread_stop();
    say("c");
    thread_stop();
    say("k");
    thread_stop(); /* killed: does not stop */
    say("x");
    hal_irq_restore(state);
}

START_TEST(stop_and_continue)
{
    struct thread *t = spawn("t", stopper, NULL);

    fake_run();
    ck_assert_int_eq(t->state, THREAD_STOPPED);
    thread_wake(t);
    thread_interrupt(t, false);
    fake_run();
    ck_assert_str_eq(trace, "s");
    thread_continue(t);
    fake_run();
    ck_assert_str_eq(trace, "sc");
    thread_interrupt(t, true);
    fake_run();
    ck_assert_str_eq(trace, "sckx");
}
END_TEST

/* --- timers --- */

static uint64_t last_due;
static unsigned fired;

static void
timer_fired(void *arg)
{
    struct timer *t = arg;

    ck_assert_uint_ge(hal_time_now_ns(), timer_deadline_ns(t));
    ck_assert_uint_ge(timer_deadline_ns(t), last_due);
    last_due = timer_deadline_ns(t);
    fired++;
}

static void
idle_thread(void *arg unused_param)
{
    ck_assert_int_eq(thread_sleep_until(10 * S, 0), 0);
}

START_TEST(timers_random)
{
    enum { N = 60 };
    static struct timer t[N];
    uint32_t seed = 1;

    last_due = fired = 0;
    for (int i = 0; i < N; i++)
        timer_init(&t[i], timer_fired, &t[i]);
    for (int i = 0; i < 5000; i++) {
        seed = seed * 1664525 + 1013904223;

        struct timer *x = &t[(seed >> 8) % N];

        if (seed >> 24 < 80)
            timer_cancel(x);
        else
            ck_assert_int_eq(timer_set(x, (seed >> 4) % S), 0);
    }

    unsigned armed = 0;

    for (int i = 0; i < N; i++)
        armed += timer_armed(&t[i]);
    spawn("t", idle_thread, NULL);
    fake_run();
    ck_assert_uint_eq(fired, armed);
    for (int i = 0; i < N; i++)
        ck_assert(!timer_armed(&t[i]));
}
END_TEST

static struct timer many[3000];

static void
arm_many(void *arg unused_param)
{
    for (unsigned i = 0; i < 3000; i++) {
        timer_init(&many[i], timer_fired, &many[i]);
        ck_assert_int_eq(timer_set(&many[i], MS * (i + 1)), 0);
    }
    kmem_fail_at(1, 1000);
    for (unsigned i = 0; i < 3000; i++)
        ck_assert_int_eq(timer_set(&many[i], MS * (i + 2)), 0); /* re-arming needs no memory */
    kmem_fail_at(0, 0);
}

START_TEST(timer_table_grows)
{
    last_due = fired = 0;
    spawn("t", arm_many, NULL);
    fake_run();
    ck_assert_uint_eq(fired, 3000);
}
END_TEST

START_TEST(timer_no_memory)
{
    static struct timer t[100];
    int rc = 0;
    unsigned n;

    for (n = 0; n < 100 && rc == 0; n++) { /* does not grow the table */
        timer_init(&t[n], timer_fired, &t[n]);
        rc = timer_set_reserved(&t[n], S);
    }
    ck_assert_int_eq(rc, -ENOMEM);
    ck_assert_uint_ge(n, 64);
}
END_TEST

START_TEST(wall_clock)
{
    struct ktime t = time_wall();

    ck_assert_int_eq(t.sec, 1000000000);
    fake_consume(1700 * MS);
    t = time_wall();
    ck_assert_int_eq(t.sec, 1000000001);
    ck_assert_uint_eq(t.nsec, 700 * MS);
    time_set_wall((struct ktime){ .sec = 5, .nsec = 100 });
    t = time_wall();
    ck_assert_int_eq(t.sec, 5);
    ck_assert_uint_eq(t.nsec, 100);
    fake_consume(500 * MS);
    t = time_wall();
    ck_assert_int_eq(t.sec, 5);
    ck_assert_uint_eq(t.nsec, 500 * MS + 100);
}
END_TEST

START_TEST(policy)
{
    struct sched_view v[] = { { .vruntime = 10, .is_current = true },
                              { .vruntime = 10 },
                              { .vruntime = 10, .waited_ns = 5 } };

    ck_assert_uint_eq(sched_policy_pick(v, 1).index, 0);
    ck_assert_uint_eq(sched_policy_pick(v, 2).index, 1);
    ck_assert_uint_eq(sched_policy_pick(v, 3).index, 2);
    ck_assert_uint_eq(sched_policy_weight(0), 1024);
    ck_assert_uint_eq(sched_policy_weight(-20), 88818);
    ck_assert_uint_eq(sched_policy_weight(19), 15);
    for (int8_t n = -20; n < 19; n++) { /* 1.25 per step, within rounding */
        uint32_t a = sched_policy_weight(n), b = sched_policy_weight((int8_t)(n + 1));

        ck_assert_uint_ge((a + 1) * 100, b * 118);
        ck_assert_uint_le((a - 1) * 100, (b + 1) * 127);
    }
    ck_assert_uint_eq(sched_policy_charge(1000, 0), 1000);
    ck_assert_uint_eq(sched_policy_charge(1 * S, 19), 1 * S * ((1024ull << 16) / 15) >> 16);
    ck_assert_uint_ge(sched_policy_charge(1ull << 50, 19), 68ull << 50);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("sched");
    TCase *tc = tcase_create("base");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, yield_alternates);
    tcase_add_test(tc, fair_shares);
    tcase_add_test(tc, many_threads_fair);
    tcase_add_test(tc, sleeper_preempts);
    tcase_add_test(tc, tickless);
    tcase_add_test(tc, idle_time);
    tcase_add_test(tc, churn_leaks_nothing);
    tcase_add_test(tc, threads_until_no_memory);
    tcase_add_test(tc, create_fails_cleanly);
    tcase_add_exit_test(tc, exit_with_mutex_panics, FAKE_PANIC_EXIT);
    tcase_add_test(tc, mutex_fifo);
    tcase_add_test(tc, mutex_ranks);
    tcase_add_loop_exit_test(tc, lock_misuse_panics, FAKE_PANIC_EXIT, 0, 8);
    tcase_add_test(tc, wake_one_fifo);
    tcase_add_test(tc, wait_timeout);
    tcase_add_test(tc, wait_interrupted);
    tcase_add_test(tc, wait_for_interrupts);
    tcase_add_test(tc, poll_pieces);
    tcase_add_test(tc, stop_and_continue);
    tcase_add_test(tc, timers_random);
    tcase_add_test(tc, timer_table_grows);
    tcase_add_test(tc, timer_no_memory);
    tcase_add_test(tc, wall_clock);
    tcase_add_test(tc, policy);
    suite_add_tcase(s, tc);
    return run_suite(s);
}

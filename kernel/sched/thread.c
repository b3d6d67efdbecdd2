/* Threads and the scheduler's mechanism: the run queue, switching, time accounting, kernel stacks.
 *
 * The running thread stays on the run queue.  A thread that goes to sleep when nothing else can run waits for interrupts where
 * it is, on its own stack: if the interrupt wakes the same thread, no switch happens at all.  Only after the death of a thread
 * with nothing to run does the boot context, the idle thread, run. */
#include <hal/time.h>
#include <kernel/abi/errno.h>
#include <kernel/core/assert.h>
#include <kernel/core/fmt.h>
#include <kernel/core/wait.h>
#include <kernel/mm/grant.h>
#include <kernel/mm/page.h>
#include <kernel/sched/policy.h>
#include <kernel/sched/thread.h>
#include <kernel/trusted/span.h>

enum {
    VIEWS_MAX = CONFIG_PROC_MAX < 64
                    ? 4
                    : 64, /* threads shown to the policy at once; more are shown in rounds */
    GUARD_SIZE = PAGE_STACK_GUARD * PAGE_SIZE,
    STACK_CACHE_MAX = CONFIG_PROC_MAX < 16 ? 2 : 16, /* stacks of dead threads kept for new ones */
    LOAD_SHIFT = 11,                                 /* fraction bits of the load averages */
    LOAD_ROUNDS_MAX = 720,
};
#define NEVER          UINT64_MAX
#define LOAD_PERIOD_NS 5000000000ull

static struct list run_queue guarded_by(hal_irqs_off);
static unsigned runnable guarded_by(hal_irqs_off); /* on the run queue, the running one included */
static struct list all_threads = LIST_INIT(all_threads);
static struct thread idle_thread;
static struct thread *current;
static struct thread *dead guarded_by(hal_irqs_off); /* switched away from for good, not yet freed */
static bool resched;
static bool user_mode; /* what the time since clock_ns is charged to */
static uint64_t clock_ns;
static uint64_t slice_ns guarded_by(hal_irqs_off);
static uint64_t slice_end guarded_by(hal_irqs_off);
static uint64_t min_vruntime guarded_by(hal_irqs_off);
static struct sched_stats totals;
static uint64_t load_stamp_ns;
static unsigned load_active; /* runnable since load_stamp_ns */

static void *stack_cache[STACK_CACHE_MAX];
static unsigned stack_cached;

struct thread *
thread_current(void)
{
    return current;
}

/* --- time --- */

/* Linux's exponential averages over 1, 5 and 15 minutes, one step each 5 s (kernel/sched/loadavg.c explains the constants). */
static void
load_update(uint64_t now)
{
    static const uint32_t decay[3] = { 1884, 2014, 2037 };

    for (unsigned n = 0; now - load_stamp_ns >= LOAD_PERIOD_NS; n++) {
        if (n == LOAD_ROUNDS_MAX) {
            load_stamp_ns = now;
            break;
        }
        load_stamp_ns += LOAD_PERIOD_NS;
        for (unsigned i = 0; i < 3; i++) {
            uint64_t active = (uint64_t)load_active << LOAD_SHIFT;
            uint64_t old = totals.load[i];
            uint64_t sum = old * decay[i] + active * ((1u << LOAD_SHIFT) - decay[i]);

            if (active >= old)
                sum += (1u << LOAD_SHIFT) - 1;
            totals.load[i] = (uint32_t)(sum >> LOAD_SHIFT);
        }
    }
}

/* Charge the time since the last call to the running thread. */
static void
account(uint64_t now)
{
    uint64_t d = now - clock_ns;
    struct thread *t = current;

    clock_ns = now;
    if (t == &idle_thread || t->state != THREAD_RUNNABLE) {
        totals.idle_ns += d;
        return;
    }
    if (user_mode) {
        t->user_ns += d;
        totals.user_ns += d;
    } else {
        t->sys_ns += d;
        totals.sys_ns += d;
    }
    t->vruntime += sched_policy_charge(d, t->nice);
}

void
sched_account(bool user)
{
    account(hal_time_now_ns());
    user_mode = user;
}

uint64_t
sched_slice_end(void)
{
    return runnable > 1 && current != &idle_thread && current->state == THREAD_RUNNABLE ? slice_end
                                                                                        : NEVER;
}

void
sched_tick(uint64_t now_ns)
{
    if (sched_slice_end() <= now_ns) {
        resched = true;
        slice_end = NEVER; /* said once */
    }
}

/* --- stacks --- */

static unsigned
stack_order(void)
{
    unsigned order = 0;

    while (((size_t)PAGE_SIZE << order) < hal_ctx_stack_size() + 2 * GUARD_SIZE)
        order++;
    return order;
}

static size_t
stack_block_size(void)
{
    return (size_t)PAGE_SIZE << stack_order();
}

/* What lies between the guard pages. */
static struct span
stack_of(void *block)
{
    return span_sub(span_of(block, stack_block_size()), GUARD_SIZE,
                    stack_block_size() - 2 * GUARD_SIZE);
}

/* Make the guard pages inaccessible, or accessible again. */
static void
stack_guard(void *block, bool guard)
{
    if (GUARD_SIZE == 0)
        return;
    hal_guard_page(block, guard);
    hal_guard_page(
        span_sub(span_of(block, stack_block_size()), stack_block_size() - PAGE_SIZE, PAGE_SIZE).ptr,
        guard);
}

static void *_Nullable
stack_alloc(void)
{
    irqstate_t state = hal_irq_save();
    uint8_t *block = stack_cached > 0 ? stack_cache[--stack_cached] : NULL;

    hal_irq_restore(state);
    if (block != NULL) {
        struct span stack = stack_of(block);

        hal_mem_unpoison(stack.ptr, stack.len);
        return block;
    }

    struct page *p = page_alloc(stack_order());

    if (p == NULL)
        return NULL;
    block = page_ptr(p);
    stack_guard(block, true);
    return block;
}

static void
stack_release(uint8_t *block)
{
    stack_guard(block, false);
    page_put(page_of_ptr(block));
}

static void
stack_free(void *block)
{
    irqstate_t state = hal_irq_save();
    bool cached = !GRANTS && stack_cached < STACK_CACHE_MAX; /* one is on its process's account */

    if (cached)
        stack_cache[stack_cached++] = block;
    hal_irq_restore(state);
    if (!cached)
        stack_release(block);
}

static size_t
stack_reclaim(size_t want)
{
    size_t got = 0;

    while (got < want) {
        irqstate_t state = hal_irq_save();
        uint8_t *block = stack_cached > 0 ? stack_cache[--stack_cached] : NULL;

        hal_irq_restore(state);
        if (block == NULL)
            break;
        stack_release(block);
        got += (size_t)1 << stack_order();
    }
    return got;
}

void
sched_drain_stacks(void)
{
    (void)stack_reclaim(SIZE_MAX);
}

/* --- switching --- */

/* Show the policy every runnable thread but `except`; its choice, or NULL when there is nobody. */
static struct thread *_Nullable
pick(const struct thread *_Nullable except) requires_lock(hal_irqs_off)
{
    static struct sched_view views[VIEWS_MAX];
    static struct thread *shown[VIEWS_MAX];
    struct sched_choice choice = { 0 };
    struct list_node *n;
    size_t count = 0;

    list_for_each (n, &run_queue) {
        struct thread *t = container_of(n, struct thread, run_node);

        if (except != NULL && t == except)
            continue;
        if (count == VIEWS_MAX) { /* the best so far meets the next round */
            choice = sched_policy_pick(views, count);
            views[0] = views[choice.index];
            shown[0] = shown[choice.index];
            count = 1;
        }
        shown[count] = t;
        views[count++] = (struct sched_view){ .vruntime = t->vruntime,
                                              .waited_ns = clock_ns - t->runnable_ns,
                                              .nice = t->nice,
                                              .is_current = t == current };
    }
    if (count == 0)
        return NULL;
    choice = sched_policy_pick(views, count);
    assert(choice.index < count);
    slice_ns = choice.slice_ns;
    return shown[choice.index];
}

/* First thing a thread does after a switch to it: bury the one that died. */
static void
switch_finish(void) requires_lock(hal_irqs_off)
{
    struct thread *t = dead;

    user_mode = false;
    if (t == NULL)
        return;
    dead = NULL;
    stack_free(t->stack);
    if (t->on_dead != NULL)
        t->on_dead(t);
}

static void
switch_to(struct thread *next) requires_lock(hal_irqs_off)
{
    struct thread *prev = current;

    current = next;
    if (runnable > 1)
        timer_program();
    if (next == prev)
        return;
    if (list_linked(&prev->run_node)) { /* of equals, it is the last now */
        list_remove(&prev->run_node);
        list_push_back(&run_queue, &prev->run_node);
        prev->runnable_ns = clock_ns;
    }
    next->switches++;
    totals.switches++;
    hal_ctx_switch(&prev->ctx, &next->ctx, prev->state == THREAD_DEAD);
    switch_finish();
}

static void
idle_wait(void) requires_lock(hal_irqs_off)
{
    load_active = 0;
    timer_program();
    hal_irq_wait();

    uint64_t now = hal_time_now_ns();

    totals.idle_ns += now - clock_ns;
    clock_ns = now;
    load_update(now);
}

/* Switch to whoever is to run; the caller has accounted the time and changed the state of the running thread. */
static void
schedule(const struct thread *except) requires_lock(hal_irqs_off)
{
    struct thread *next;

    while (runnable == 0 && current->state != THREAD_DEAD && current != &idle_thread)
        idle_wait();
    resched = false;
    if (runnable == 1)
        next = container_of(list_first(&run_queue), struct thread, run_node);
    else if (runnable == 0)
        next = &idle_thread;
    else
        next = pick(except);
    assert(next != NULL); /* two are runnable, one of them may be left out */
    load_update(clock_ns);
    load_active = runnable;
    if (next->vruntime > min_vruntime)
        min_vruntime = next->vruntime;
    slice_end = clock_ns + slice_ns;
    switch_to(next);
}

static void
enqueue(struct thread *t) requires_lock(hal_irqs_off)
{
    t->state = THREAD_RUNNABLE;
    t->runnable_ns = clock_ns;
    list_push_back(&run_queue, &t->run_node);
    runnable++;
    if (current == &idle_thread || current->state != THREAD_RUNNABLE)
        return;

    struct sched_view woken = { .vruntime = t->vruntime, .nice = t->nice };
    struct sched_view running = { .vruntime = current->vruntime,
                                  .nice = current->nice,
                                  .is_current = true };

    if (sched_policy_preempts(&woken, &running))
        resched = true;
    if (runnable == 2) { /* the running thread is alone no longer: its slice begins */
        slice_end = hal_time_now_ns() + slice_ns;
        timer_program();
    }
}

void
sched_make_runnable(struct thread *t)
{
    if (t->state != THREAD_SLEEPING)
        return;
    t->vruntime = sched_policy_resume(t->vruntime, min_vruntime);
    enqueue(t);
}

int
sched_block(enum thread_state state, unsigned wait_flags, uint64_t deadline_ns)
{
    struct thread *t = current;

    if (t == &idle_thread)
        bug("the idle thread must not sleep");
    if (deadline_ns != NEVER) {
        t->timed_out = false;

        int rc = timer_set_reserved(&t->sleep_timer, deadline_ns);

        if (rc < 0)
            return rc;
    }
    account(hal_time_now_ns());
    t->state = state;
    t->wait_flags = wait_flags;
    list_remove(&t->run_node);
    runnable--;
    schedule(NULL);
    if (deadline_ns != NEVER)
        timer_cancel(&t->sleep_timer);
    return 0;
}

void
sched_point(void)
{
    if (!resched)
        return;

    irqstate_t state = hal_irq_save();

    account(hal_time_now_ns());
    schedule(NULL);
    hal_irq_restore(state);
}

void
sched_yield(void)
{
    irqstate_t state = hal_irq_save();

    if (runnable > 1) {
        account(hal_time_now_ns());
        schedule(current);
    }
    hal_irq_restore(state);
}

bool
sched_wanted(void)
{
    return resched;
}

/* --- threads --- */

static void
sleep_timeout(void *arg) requires_lock(hal_irqs_off) /* as every timer */
{
    struct thread *t = arg;

    t->timed_out = true;
    sched_make_runnable(t);
}

static void
thread_begin(void *arg) releases(hal_irqs_off)
{
    struct thread *t = arg;

    switch_finish();
    hal_irq_restore(HAL_IRQS_ON);
    t->entry(t->entry_arg);
    thread_exit();
}

int
thread_create(struct thread *t, const char *name, void (*entry)(void *arg), void *arg)
{
    int rc = timer_reserve(1);

    if (rc < 0)
        return rc;
    *t = (struct thread){
        .state = THREAD_NEW, .entry = entry, .entry_arg = arg, .grant = grant_current()
    };
    t->stack = stack_alloc();
    if (t->stack == NULL) {
        timer_unreserve(1);
        return -ENOMEM;
    }
    str_copy(t->name, sizeof t->name, name);
    t->nice = current->nice;
    timer_init(&t->sleep_timer, sleep_timeout, t);

    struct span stack = stack_of(t->stack);

    hal_ctx_init(&t->ctx, stack.ptr, stack.len, thread_begin, t);
    return 0;
}

void
thread_start(struct thread *t)
{
    irqstate_t state = hal_irq_save();

    assert(t->state == THREAD_NEW);
    t->start_ns = hal_time_now_ns();
    t->vruntime = current->vruntime > min_vruntime ? current->vruntime : min_vruntime;
    list_push_back(&all_threads, &t->all_node);
    totals.threads++;
    totals.forks++;
    enqueue(t);
    hal_irq_restore(state);
}

void
thread_discard(struct thread *t)
{
    assert(t->state == THREAD_NEW);
    t->state = THREAD_DEAD;
    stack_free(t->stack);
    timer_unreserve(1);
}

void
thread_exit(void)
{
    struct thread *t = current;

    if (t->held_ranks != 0)
        bug("thread %s exits with a mutex held (ranks %#llx)", t->name,
            (unsigned long long)t->held_ranks);
    timer_unreserve(1);
    hal_irq_save();
    account(hal_time_now_ns());
    t->state = THREAD_DEAD;
    list_remove(&t->run_node);
    list_remove(&t->all_node);
    runnable--;
    totals.threads--;
    dead = t;
    schedule(NULL);
    bug("thread %s runs after its death", t->name);
}

void
thread_wake(struct thread *t)
{
    irqstate_t state = hal_irq_save();

    t->wake_pending = true;
    sched_make_runnable(t);
    hal_irq_restore(state);
}

void
thread_interrupt(struct thread *t, bool deadly)
{
    irqstate_t state = hal_irq_save();

    t->interrupted = true;
    if (deadly)
        t->killed = true;
    if (t->state == THREAD_SLEEPING &&
        ((t->wait_flags & WAIT_INTR) != 0 || ((t->wait_flags & WAIT_KILL) != 0 && deadly)))
        sched_make_runnable(t);
    else if (t->state == THREAD_STOPPED && deadly)
        enqueue(t);
    hal_irq_restore(state);
}

void
thread_clear_interrupt(struct thread *t)
{
    t->interrupted = false;
}

void
thread_stop(void)
{
    if (!current->killed && sched_block(THREAD_STOPPED, 0, NEVER) < 0)
        bug("a sleep without a deadline failed");
}

void
thread_continue(struct thread *t)
{
    irqstate_t state = hal_irq_save();

    if (t->state == THREAD_STOPPED) {
        t->vruntime = sched_policy_resume(t->vruntime, min_vruntime);
        enqueue(t);
    }
    hal_irq_restore(state);
}

void
thread_for_each(void (*fn)(struct thread *t, void *arg), void *arg)
{
    struct list_node *n, *tmp;

    list_for_each_safe (n, tmp, &all_threads)
        fn(container_of(n, struct thread, all_node), arg);
}

/* --- boot --- */

void
sched_init(void)
{
    irqstate_t state = hal_irq_save();

    list_init(&run_queue);
    list_init(&all_threads);
    runnable = 0;
    dead = NULL;
    resched = user_mode = false;
    min_vruntime = 0;
    slice_end = NEVER;
    slice_ns = sched_policy_pick(NULL, 0).slice_ns;
    stack_cached = 0;
    totals = (struct sched_stats){ 0 };
    load_active = 0;
    idle_thread = (struct thread){ .name = "idle", .state = THREAD_RUNNABLE };
    current = &idle_thread;
    clock_ns = load_stamp_ns = hal_time_now_ns();
    hal_irq_restore(state);
    page_set_reclaim(stack_reclaim);
}

bool
thread_is_idle(void)
{
    return current == &idle_thread;
}

void
sched_idle_loop(void)
{
    hal_irq_save();
    for (;;) {
        account(hal_time_now_ns());
        if (runnable == 0)
            idle_wait();
        else
            schedule(NULL);
    }
}

void
sched_peek(struct sched_stats *out) no_tsa /* of a machine that stands still */
{
    *out = totals;
    out->runnable = runnable;
}

void
sched_stats(struct sched_stats *out)
{
    uint64_t now = hal_time_now_ns();

    account(now);
    load_update(now);
    sched_peek(out);
}

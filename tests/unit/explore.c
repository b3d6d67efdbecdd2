/* Exhaustive enumeration of schedules: see explore.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explore.h"

enum { CHOICES_MAX = 512, WATCHES_MAX = 16, STACK = 64 << 10 };

enum state { READY, BLOCKED, DONE };

static struct {
    const struct explore_program *p;
    struct explore_result result;
    /* The list of choices: what was taken, of how many. */
    uint8_t taken[CHOICES_MAX], of[CHOICES_MAX];
    unsigned length, next;
    /* This run. */
    enum state state[EXPLORE_CONTEXTS_MAX];
    bool fired[EXPLORE_CONTEXTS_MAX];
    unsigned current, depth; /* depth: of handlers */
    bool irqs_on, running;
    unsigned steps, watches;
    struct {
        uintptr_t start, end;
    } watch[WATCHES_MAX];
} x;

static _Alignas(64) uint8_t stacks[EXPLORE_CONTEXTS_MAX][STACK];
static uintptr_t saved_sp[EXPLORE_CONTEXTS_MAX], main_sp;

/* Save the callee-saved registers on the running stack and continue on another. */
void explore_switch(uintptr_t *from_sp, uintptr_t to_sp);
__asm__(".text\n"
        "explore_switch:\n"
        "push %rbp\npush %rbx\npush %r12\npush %r13\npush %r14\npush %r15\n"
        "mov %rsp, (%rdi)\n"
        "mov %rsi, %rsp\n"
        "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbx\npop %rbp\n"
        "ret\n");

/* --- choices --- */

unsigned
explore_choose(unsigned n)
{
    if (n < 2)
        return 0;
    if (x.next == CHOICES_MAX)
        explore_violation("the program is too long to explore");
    if (x.next == x.length) {
        x.taken[x.length] = 0;
        x.of[x.length++] = (uint8_t)n;
    } else if (x.of[x.next] != n) {
        fprintf(stderr, "explore: the program does not depend on its schedule alone\n");
        abort();
    }
    return x.taken[x.next++];
}

/* The next list of choices; false: that was the last. */
static bool
advance(void)
{
    while (x.length > 0 && x.taken[x.length - 1] + 1 == x.of[x.length - 1])
        x.length--;
    if (x.length == 0)
        return false;
    x.taken[x.length - 1]++;
    return true;
}

/* --- contexts --- */

static void
leave_run(void)
{
    uintptr_t dropped;

    explore_switch(&dropped, main_sp);
    abort();
}

void
explore_violation(const char *what)
{
    x.result.violation = what;
    leave_run();
    abort();
}

static void
switch_to(unsigned i)
{
    unsigned from = x.current;

    if (i == from)
        return;
    x.current = i;
    explore_switch(&saved_sp[from], saved_sp[i]);
}

/* The contexts that `can` is true of; how many. */
static unsigned
collect(bool (*can)(unsigned i), unsigned out[EXPLORE_CONTEXTS_MAX])
{
    unsigned n = 0;

    for (unsigned i = 0; i < x.p->threads + x.p->handlers; i++)
        if (can(i))
            out[n++] = i;
    return n;
}

static bool
can_run(unsigned i)
{
    return (i < x.p->threads || x.p->mode == EXPLORE_CPUS) && x.state[i] == READY;
}

static bool
can_fire(unsigned i)
{
    return i >= x.p->threads && x.p->mode != EXPLORE_CPUS && !x.fired[i];
}

static void
fire(unsigned i)
{
    bool on = x.irqs_on;

    x.fired[i] = true;
    x.irqs_on = x.p->mode == EXPLORE_NESTED;
    x.depth++;
    x.p->run(i);
    x.depth--;
    x.irqs_on = on;
}

/* Interrupts are on: any handlers may come now, one after the other, or none. */
static void
maybe_fire(void)
{
    unsigned who[EXPLORE_CONTEXTS_MAX], n;

    while (x.irqs_on && (n = collect(can_fire, who)) > 0) {
        unsigned c = explore_choose(n + 1);

        if (c == 0)
            return;
        fire(who[c - 1]);
    }
}

/* Somebody must run: a thread that can, or a handler that has not come yet. */
static void
run_someone(void)
{
    unsigned runnable[EXPLORE_CONTEXTS_MAX], handlers[EXPLORE_CONTEXTS_MAX];

    for (;;) {
        unsigned r = collect(can_run, runnable), h = collect(can_fire, handlers);

        if (r + h == 0) {
            for (unsigned i = 0; i < x.p->threads; i++)
                if (x.state[i] == BLOCKED)
                    explore_violation("a thread sleeps for ever");
            x.running = false;
            x.p->verify();
            leave_run();
        }

        unsigned c = explore_choose(r + h);

        if (c < r) {
            switch_to(runnable[c]);
            return;
        }
        fire(handlers[c - r]);
    }
}

static void
step(void)
{
    if (!x.running)
        return;
    x.steps++;
    if (x.p->mode == EXPLORE_CPUS)
        run_someone();
    else
        maybe_fire();
}

static void
context_main(void)
{
    x.irqs_on = true;
    x.p->run(x.current);
    x.state[x.current] = DONE;
    x.irqs_on = true;
    run_someone();
    abort(); /* nobody comes back to who is done */
}

static void
context_init(unsigned i)
{
    uintptr_t *top = (uintptr_t *)(void *)(stacks[i] + STACK);

    *--top = 0; /* context_main()'s return address: none */
    *--top = (uintptr_t)context_main;
    for (int k = 0; k < 6; k++)
        *--top = 0;
    saved_sp[i] = (uintptr_t)top;
    x.state[i] = READY;
    x.fired[i] = false;
}

static void
start(void)
{
    unsigned n = x.p->threads + (x.p->mode == EXPLORE_CPUS ? x.p->handlers : 0);

    x.current = explore_choose(n);
    explore_switch(&main_sp, saved_sp[x.current]);
}

struct explore_result
explore(const struct explore_program *p)
{
    memset(&x, 0, sizeof x);
    x.p = p;
    do {
        for (unsigned i = 0; i < p->threads + p->handlers; i++)
            context_init(i);
        x.next = x.steps = x.watches = x.depth = 0;
        x.irqs_on = true;
        p->setup();
        x.running = true;
        start();
        x.running = false;
        x.result.schedules++;
        x.result.steps = x.steps > x.result.steps ? x.steps : x.result.steps;
    } while (x.result.violation == NULL && advance());
    return x.result;
}

/* --- for programs --- */

void
explore_watch(const void *p, size_t len)
{
    x.watch[x.watches].start = (uintptr_t)p;
    x.watch[x.watches++].end = (uintptr_t)p + len;
}

unsigned
explore_current(void)
{
    return x.current;
}

bool
explore_in_handler(void)
{
    return x.depth > 0;
}

void
explore_block(void)
{
    EXPLORE_CHECK(x.depth == 0);
    x.state[x.current] = BLOCKED;
    x.irqs_on = true; /* the idle loop */
    run_someone();
    x.irqs_on = false; /* as it was in whoever blocked: sched_block() wants them off */
}

void
explore_unblock(unsigned thread)
{
    if (x.state[thread] == BLOCKED)
        x.state[thread] = READY;
}

bool
explore_blocked(unsigned thread)
{
    return x.state[thread] == BLOCKED;
}

void
explore_yield(void)
{
    bool on = x.irqs_on;
    unsigned runnable[EXPLORE_CONTEXTS_MAX];

    EXPLORE_CHECK(x.depth == 0);
    switch_to(runnable[explore_choose(collect(can_run, runnable))]);
    x.irqs_on = on;
}

bool
explore_irqs_off(void)
{
    bool on;

    step(); /* the last moment before */
    on = x.irqs_on;
    x.irqs_on = false;
    return on;
}

void
explore_irqs_on(void)
{
    x.irqs_on = true;
    maybe_fire();
}

bool
explore_irqs(void)
{
    return x.irqs_on;
}

/* --- what instrumented code calls before each access (compiler-rt's tsan_interface.h) --- */

static void
touch(const volatile void *p, size_t len)
{
    uintptr_t at = (uintptr_t)p;

    for (unsigned i = 0; i < x.watches; i++)
        if (at < x.watch[i].end && x.watch[i].start < at + len) {
            step();
            return;
        }
}

void __tsan_init(void);
void __tsan_func_entry(void *pc);
void __tsan_func_exit(void);
void *__tsan_memcpy(void *to, const void *from, size_t n);
void *__tsan_memmove(void *to, const void *from, size_t n);
void *__tsan_memset(void *to, int c, size_t n);
void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_thread_fence(int order);

void
__tsan_init(void)
{
}

void
__tsan_func_entry(void *pc)
{
    (void)pc;
}

void
__tsan_func_exit(void)
{
}

void
__tsan_atomic_signal_fence(int order)
{
    (void)order;
}

void
__tsan_atomic_thread_fence(int order)
{
    (void)order;
}

void *
__tsan_memcpy(void *to, const void *from, size_t n)
{
    touch(from, n);
    touch(to, n);
    return memcpy(to, from, n);
}

void *
__tsan_memmove(void *to, const void *from, size_t n)
{
    touch(from, n);
    touch(to, n);
    return memmove(to, from, n);
}

void *
__tsan_memset(void *to, int c, size_t n)
{
    touch(to, n);
    return memset(to, c, n);
}

#define ACCESS(name, size)                                                                         \
    void name(void *p);                                                                            \
    void name(void *p)                                                                             \
    {                                                                                              \
        touch(p, size);                                                                            \
    }
#define ACCESSES(size)                                                                             \
    ACCESS(__tsan_read##size, size)                                                                \
    ACCESS(__tsan_write##size, size)                                                               \
    ACCESS(__tsan_unaligned_read##size, size)                                                      \
    ACCESS(__tsan_unaligned_write##size, size)                                                     \
    ACCESS(__tsan_read_write##size, size)

ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

void __tsan_read_range(const void *p, size_t n);
void __tsan_write_range(void *p, size_t n);

void
__tsan_read_range(const void *p, size_t n)
{
    touch(p, n);
}

void
__tsan_write_range(void *p, size_t n)
{
    touch(p, n);
}

/* Atomic operations are one step each. */
uint64_t __tsan_atomic64_exchange(volatile uint64_t *p, uint64_t v, int order);
uint64_t __tsan_atomic64_load(const volatile uint64_t *p, int order);
void __tsan_atomic64_store(volatile uint64_t *p, uint64_t v, int order);

uint64_t
__tsan_atomic64_exchange(volatile uint64_t *p, uint64_t v, int order)
{
    uint64_t was;

    (void)order;
    touch(p, 8);
    was = *p;
    *p = v;
    return was;
}

uint64_t
__tsan_atomic64_load(const volatile uint64_t *p, int order)
{
    (void)order;
    touch(p, 8);
    return *p;
}

void
__tsan_atomic64_store(volatile uint64_t *p, uint64_t v, int order)
{
    (void)order;
    touch(p, 8);
    *p = v;
}

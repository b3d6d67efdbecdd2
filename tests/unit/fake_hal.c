/* The fake HAL of the unit tests: see fake_hal.h. */
#include <kernel/abi/errno.h>
#include <kernel/core/timer.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/page.h>
#include <kernel/sched/thread.h>

#include <hal/layout.h>
#include <hal/cpu.h>
#include <hal/dma.h>
#include <hal/io.h>
#include <hal/power.h>
#include <hal/space.h>
#include <hal/time.h>
#include <hal/upcall.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake_hal.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif
#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

enum { FIBERS = 8192, EVENTS = 64, RAM_BASE_PAGES = 16, OUTER_STACK = 256 << 10 };
#define RAM_BASE ((uint64_t)RAM_BASE_PAGES << PAGE_SHIFT)

struct fiber {
    bool used;
    uintptr_t sp;
    void *fake_stack;
    const void *stack;
    size_t stack_size;
    void (*entry)(void *arg);
    void *arg;
};

struct event {
    uint64_t when;
    void (*fn)(void *arg);
    void *arg;
};

static uint8_t *ram;
static size_t ram_size;
static bool irqs_on;
static uint64_t now_ns, deadline;
static struct event events[EVENTS];
static unsigned event_count;
static uint32_t pending_lines;
static struct {
    void (*fn)(void *arg);
    void *arg;
    uint64_t count;
} lines[FAKE_IRQS];
static char log_text[65536];
static size_t log_len;

static struct fiber fibers[FIBERS];
static struct fiber test_fiber, kernel_fiber;
static struct fiber *running;
static struct fiber *waiting; /* gave the machine back to the test */
static bool in_kernel;

uint64_t (*fake_io_read)(const struct io *io, uint32_t off, unsigned width);
void (*fake_io_write)(const struct io *io, uint32_t off, unsigned width, uint64_t v);
unsigned fake_deadlines_set;
unsigned fake_dma_grants;
char fake_doing[160];

/* --- fibers --- */

/* Save the callee-saved registers on the running stack and continue on another. */
void fake_switch(uintptr_t *from_sp, uintptr_t to_sp);
__asm__(".text\n"
        "fake_switch:\n"
        "push %rbp\npush %rbx\npush %r12\npush %r13\npush %r14\npush %r15\n"
        "mov %rsp, (%rdi)\n"
        "mov %rsi, %rsp\n"
        "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbx\npop %rbp\n"
        "ret\n");

static void
fiber_switch(struct fiber *to, bool from_dies)
{
    struct fiber *from = running;

#ifdef HAVE_ASAN
    __sanitizer_start_switch_fiber(from_dies ? NULL : &from->fake_stack, to->stack, to->stack_size);
#endif
    running = to;
    if (from_dies)
        from->used = false;
    fake_switch(&from->sp, to->sp);
#ifdef HAVE_ASAN
    __sanitizer_finish_switch_fiber(from->fake_stack, NULL, NULL);
#endif
}

static void
fiber_main(void)
{
#ifdef HAVE_ASAN
    const void *stack;
    size_t size;

    __sanitizer_finish_switch_fiber(NULL, &stack, &size);
    if (test_fiber.stack == NULL) {
        test_fiber.stack = stack;
        test_fiber.stack_size = size;
    }
#endif
    running->entry(running->arg);
    abort();
}

static void
fiber_init(struct fiber *f, void *stack, size_t size, void (*entry)(void *arg), void *arg)
{
    *f = (struct fiber){ .used = true, .stack = stack, .stack_size = size, .entry = entry, .arg = arg };

    uintptr_t *top = (uintptr_t *)(((uintptr_t)stack + size) & ~(uintptr_t)15);

    *--top = 0; /* fiber_main()'s return address: none */
    *--top = (uintptr_t)fiber_main;
    for (int i = 0; i < 6; i++)
        *--top = 0;
    f->sp = (uintptr_t)top;
}

size_t
hal_ctx_stack_size(void)
{
    return 30 * PAGE_SIZE;
}

void
hal_ctx_init(struct hal_ctx *ctx, void *stack, size_t size, void (*entry)(void *arg), void *arg)
{
    for (unsigned i = 0; i < FIBERS; i++) {
        if (fibers[i].used)
            continue;
        fiber_init(&fibers[i], stack, size, entry, arg);
        ctx->backend[0] = (uintptr_t)&fibers[i];
        return;
    }
    abort();
}

void
hal_ctx_switch(struct hal_ctx *from, struct hal_ctx *to, bool from_dies)
{
    if (irqs_on)
        hal_panic("context switch with interrupts on");
    from->backend[0] = (uintptr_t)running;

    struct fiber *f = to->backend[0] != 0 ? (struct fiber *)to->backend[0] : &kernel_fiber;

    fiber_switch(f, from_dies);
}

void
hal_guard_page(void *page, bool guard)
{
    mprotect(page, PAGE_SIZE, guard ? PROT_NONE : PROT_READ | PROT_WRITE);
}

/* --- time and interrupts --- */

static uint64_t
next_event(void)
{
    uint64_t t = deadline;

    for (unsigned i = 0; i < event_count; i++)
        t = events[i].when < t ? events[i].when : t;
    return t;
}

/* Deliver one interrupt that is due; false when there is none. */
static bool
deliver_one(void)
{
    for (unsigned i = 0; i < FAKE_IRQS; i++) {
        if ((pending_lines & BIT(i)) == 0)
            continue;
        pending_lines &= ~BIT(i);
        lines[i].count++;
        if (lines[i].fn != NULL)
            lines[i].fn(lines[i].arg);
        return true;
    }
    for (unsigned i = 0; i < event_count; i++) {
        struct event e = events[i];

        if (e.when > now_ns)
            continue;
        events[i] = events[--event_count];
        e.fn(e.arg);
        return true;
    }
    if (deadline <= now_ns) {
        deadline = UINT64_MAX;
        kernel_timer();
        return true;
    }
    return false;
}

static bool
deliver(void)
{
    bool any = false;

    while (deliver_one()) {
        any = true;
        if (irqs_on)
            hal_panic("a handler left interrupts on");
    }
    return any;
}

irqstate_t
hal_irq_save(void) no_tsa
{
    irqstate_t s = irqs_on ? HAL_IRQS_ON : 0;

    irqs_on = false;
    return s;
}

void
hal_irq_restore(irqstate_t state) no_tsa
{
    if (state != 0) {
        deliver();
        irqs_on = true;
    }
}

bool
hal_irq_enabled(void)
{
    return irqs_on;
}

void
hal_irq_wait(void)
{
    while (!deliver()) {
        uint64_t t = next_event();

        if (t == UINT64_MAX) {
            waiting = running;
            fiber_switch(&test_fiber, false);
            return; /* the test did something */
        } else if (t > now_ns) {
            now_ns = t;
        }
    }
}

void
fake_consume(uint64_t ns)
{
    uint64_t end = now_ns + ns;

    while (next_event() < end) {
        now_ns = next_event() > now_ns ? next_event() : now_ns;
        if (!irqs_on)
            break;
        irqs_on = false;
        deliver();
        irqs_on = true;
    }
    now_ns = end;
}

void
fake_at(uint64_t when_ns, void (*fn)(void *arg), void *arg)
{
    if (event_count == EVENTS)
        abort();
    events[event_count++] = (struct event){ when_ns, fn, arg };
}

void
fake_irq(unsigned line)
{
    pending_lines |= BIT(line);

    irqstate_t state = hal_irq_save();

    hal_irq_restore(state);
}

int
hal_irq_attach(unsigned line, void (*handler)(void *arg), void *arg)
{
    if (line >= FAKE_IRQS)
        return -EINVAL;
    lines[line].fn = handler;
    lines[line].arg = arg;
    return 0;
}

void
hal_irq_detach(unsigned line, void (*handler)(void *arg) unused_param, void *arg unused_param)
{
    lines[line].fn = NULL;
}

void
hal_irq_mask(unsigned line unused_param)
{
}

void
hal_irq_unmask(unsigned line unused_param)
{
}

uint64_t
hal_irq_count(unsigned line)
{
    return line < FAKE_IRQS ? lines[line].count : 0;
}

uint64_t
hal_time_now_ns(void)
{
    return now_ns;
}

uint64_t
hal_time_boot_epoch_s(void)
{
    return 1000000000;
}

void
hal_time_set_deadline(uint64_t deadline_ns)
{
    fake_deadlines_set++;
    deadline = deadline_ns;
}

void
hal_time_delay_ns(uint64_t ns)
{
    fake_consume(ns);
}

/* --- memory --- */

void *
hal_phys_ptr(paddr_t pa)
{
    return ram + (pa.v - RAM_BASE);
}

paddr_t
hal_ptr_phys(const void *p)
{
    return paddr(RAM_BASE + (uint64_t)((const uint8_t *)p - ram));
}

void
hal_mem_poison(const void *p unused_param, size_t n unused_param)
{
#ifdef HAVE_ASAN
    __asan_poison_memory_region(p, n);
#endif
}

void
hal_mem_unpoison(const void *p unused_param, size_t n unused_param)
{
#ifdef HAVE_ASAN
    __asan_unpoison_memory_region(p, n);
#endif
}

size_t
hal_mem_redzone(void)
{
#ifdef HAVE_ASAN
    return 16;
#else
    return 0;
#endif
}

int
hal_dma_grant(const char *dev unused_param, paddr_t pa, size_t len,
              enum hal_dma_dir dir unused_param, dma_addr_t *addr_out)
{
    if (pa.v < RAM_BASE || pa.v - RAM_BASE + len > ram_size)
        return -EINVAL;
    fake_dma_grants++;
    addr_out->v = pa.v;
    return 0;
}

void
hal_dma_revoke(const char *dev unused_param, dma_addr_t addr unused_param, size_t len unused_param)
{
    fake_dma_grants--;
}

void
hal_dma_release(const void *p unused_param, size_t len unused_param)
{
}

void
hal_dma_acquire(const void *p unused_param, size_t len unused_param)
{
}

/* --- the rest --- */

uint64_t
hal_io_read(const struct io *io, uint32_t off, unsigned width)
{
    return fake_io_read != NULL ? fake_io_read(io, off, width) : ~0ull;
}

void
hal_io_write(const struct io *io, uint32_t off, unsigned width, uint64_t value)
{
    if (fake_io_write != NULL)
        fake_io_write(io, off, width, value);
}

void
hal_io_read_rep(const struct io *io, uint32_t off, unsigned width, void *buf, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t v = hal_io_read(io, off, width);

        memcpy((uint8_t *)buf + i * width, &v, width);
    }
}

void
hal_io_write_rep(const struct io *io, uint32_t off, unsigned width, const void *buf, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t v = 0;

        memcpy(&v, (const uint8_t *)buf + i * width, width);
        hal_io_write(io, off, width, v);
    }
}

unsigned
hal_cpu_id(void)
{
    return 0;
}

static void
say_what_was_done(void)
{
    if (fake_doing[0] != '\0')
        fprintf(stderr, "while doing: %s\n", fake_doing);
}

/* Stacks are large here. */
void
hal_panic_on_stack(void (*fn)(void *arg), void *arg)
{
    fn(arg);
    __builtin_unreachable();
}

void
hal_panic(const char *msg)
{
    fprintf(stderr, "panic: %s\n", msg);
    say_what_was_done();
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    abort(); /* a fuzzer keeps the input that did this */
#endif
    _exit(FAKE_PANIC_EXIT);
}

void
hal_log_write(const char *text, size_t len)
{
    if (len > sizeof log_text - 1 - log_len)
        len = sizeof log_text - 1 - log_len;
    memcpy(log_text + log_len, text, len);
    log_len += len;
    log_text[log_len] = '\0';
}

const char *
fake_log(void)
{
    return log_text;
}

void *
fake_ram(void)
{
    return ram;
}

size_t
fake_ram_size(void)
{
    return ram_size;
}

static void
kernel_idle(void *arg unused_param)
{
    sched_idle_loop();
}

void
fake_run(void)
{
    static uint8_t outer_stack[OUTER_STACK] __attribute__((aligned(64)));

    if (!in_kernel) {
        hal_mem_unpoison(outer_stack, sizeof outer_stack);
        fiber_init(&kernel_fiber, outer_stack, sizeof outer_stack, kernel_idle, NULL);
        in_kernel = true;
        running = &test_fiber;
        fiber_switch(&kernel_fiber, false);
        return;
    }

    running = &test_fiber;
    fiber_switch(waiting, false); /* whoever waited for an interrupt goes on waiting */
}

void
fake_boot(size_t size)
{
    if (ram != NULL) {
        hal_mem_unpoison(ram, ram_size);
        munmap(ram, ram_size);
    }
#ifdef HAVE_ASAN
    __sanitizer_set_death_callback(say_what_was_done);
#endif
    ram_size = size;
    ram = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (ram == MAP_FAILED)
        abort();
    irqs_on = false;
    now_ns = 0;
    deadline = UINT64_MAX;
    event_count = 0;
    pending_lines = 0;
    memset(lines, 0, sizeof lines);
    log_len = 0;
    in_kernel = false;
    for (unsigned i = 0; i < FIBERS; i++)
        fibers[i].used = false;
    page_init(paddr(RAM_BASE), size);
    kmem_init();
    timer_table_init();
    sched_init();
}

bool
hal_layout(unsigned n, struct hal_extent *out)
{
    *out = (struct hal_extent){ "RAM", 0, 1 };
    return n == 0;
}

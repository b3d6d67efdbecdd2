/* Kernel contexts of the hosted CPU: stacks in simulated RAM, switched by the port's switch.S, announced to the sanitizers. */
#include <execinfo.h>
#include <sys/mman.h>

#include <hal/cpu.h>
#include <hal/power.h>
#include <hal/space.h>
#include <sim/random.h>
#include <switch.h> /* of the port that the host is: hal/port/x86_64 or i386 */

#include "host.h"
#include "machine.h"
#include "sanitizer.h"

enum { CTX_STACK_PLAIN = 32768, CTX_STACK_SANITIZED = 131072 };

static struct hal_ctx *switched_from; /* to tell finish_switch() whose stack that was */

size_t
hal_ctx_stack_size(void)
{
    return sanitizer_active() ? CTX_STACK_SANITIZED : CTX_STACK_PLAIN;
}

/* The entry function and its argument wait at the top of the new stack. */
struct ctx_entry {
    void (*entry)(void *arg);
    void *arg;
};

static void
finish(void *fake_stack)
{
    uintptr_t base, size;

    sanitizer_finish_switch(fake_stack, &base, &size);
    if (switched_from != NULL &&
        switched_from->stack_base == 0) { /* the boot context learns where its stack is */
        switched_from->stack_base = base;
        switched_from->stack_size = size;
    }
}

static void
host_ctx_entered(void *arg)
{
    const struct ctx_entry *e = arg;

    finish(NULL);
    e->entry(e->arg);
    hal_panic("a kernel context returned");
}

TRUSTED_BEGIN(context)
void
hal_ctx_init(struct hal_ctx *ctx, void *stack, size_t size, void (*entry)(void *arg), void *arg)
{
    uintptr_t top = (uintptr_t)stack + size - 64;
    struct ctx_entry *e = (struct ctx_entry *)top;

    *e = (struct ctx_entry){ entry, arg };
    *ctx = (struct hal_ctx){ .sp = x86_ctx_frame(top, host_ctx_entered, e),
                             .stack_base = (uintptr_t)stack,
                             .stack_size = size };
}
TRUSTED_END

void
hal_ctx_switch(struct hal_ctx *from, struct hal_ctx *to, bool from_dies)
{
    void *fake_stack = NULL;

    switched_from = from;
    sanitizer_start_switch(from_dies ? NULL : &fake_stack, to->stack_base, to->stack_size);
    x86_switch(&from->sp, to->sp);
    finish(fake_stack);
}

void
hal_guard_page(void *page, bool guard)
{
    if (mprotect(page, PAGE_SIZE, guard ? PROT_NONE : PROT_READ | PROT_WRITE) != 0)
        hal_panic("mprotect of a guard page failed");
}

unsigned
hal_cpu_id(void)
{
    return 0;
}

uint64_t
hal_cpu_random(void)
{
    static struct sim_stream stream;
    static bool ready;

    if (!ready) {
        sim_stream_init(&stream, sim_seed(host.sim), "cpu");
        ready = true;
    }
    return sim_stream_u64(&stream);
}

const char *
hal_cpu_name(void)
{
    return host_machine.cpu;
}

TRUSTED_BEGIN(context)
size_t
hal_backtrace(uintptr_t *pcs, size_t max)
{
    void *frames[64];
    int n = backtrace(frames, 64);
    size_t count = 0;

    for (int i = 1; i < n && count < max; i++)
        pcs[count++] = (uintptr_t)frames[i];
    return count;
}

/* Reads frames that the sanitizers know nothing about. */
__attribute__((no_sanitize("address", "undefined"), noinline)) size_t
host_callers(uintptr_t *pcs, size_t max)
{
    enum { FRAME_MAX = 65536 };
    const uintptr_t *frame = __builtin_frame_address(0);
    size_t n = 0;

    while (n < max && frame[1] != 0) {
        const uintptr_t *next = (const uintptr_t *)frame[0];

        pcs[n++] = frame[1];
        if (next <= frame || (uintptr_t)next - (uintptr_t)frame > FRAME_MAX ||
            (uintptr_t)next % 8 != 0)
            break;
        frame = next;
    }
    return n;
}
TRUSTED_END

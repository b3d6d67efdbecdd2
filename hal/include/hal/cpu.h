/* HAL: kernel contexts and the processor. */
#pragma once

#include <hal/types.h>

/* A kernel context: callee-saved registers live on the context's own stack, the rest is private to the backend. */
struct hal_ctx {
    uintptr_t sp;
    uintptr_t stack_base; /* lowest usable byte; 0 for the boot context */
    uintptr_t stack_size;
    uintptr_t backend[2]; /* sanitizer fiber state and the like */
};

/* Stack size of a kernel context in bytes, a multiple of PAGE_SIZE, without guard pages. */
size_t hal_ctx_stack_size(void);

/* Prepare `ctx` so that the first switch to it calls entry(arg) on [stack, stack+size) with interrupts off.
 * `entry` never returns.  The caller owns the stack until the context is dead and switched away from for good. */
void hal_ctx_init(struct hal_ctx *ctx, void *stack, size_t size, void (*entry)(void *arg), void *arg);

/* Save the running context into `from`, continue `to`.  Interrupts off.  `from_dies`: never to be continued. */
void hal_ctx_switch(struct hal_ctx *from, struct hal_ctx *to, bool from_dies);

/* Make the first and last page of a kernel stack's allocation inaccessible (guard), or accessible again.  `page` is page
 * aligned and lies in RAM.  May be a no-op on a backend that cannot. */
void hal_guard_page(void *page, bool guard);

/* The running CPU, 0 .. n-1. */
unsigned hal_cpu_id(void);

/* A word of true randomness where the backend has a source (hosted: the machine's seeded stream). */
uint64_t hal_cpu_random(void);

/* Human-readable model of the processor for /proc/cpuinfo. */
const char *hal_cpu_name(void);

/* True when the sanitizer-style checks below do something: memory may be poisoned. */
void hal_mem_poison(const void *p, size_t n);
void hal_mem_unpoison(const void *p, size_t n);
/* Bytes of red zone the object allocator should leave after each object: 0 where nothing would notice. */
size_t hal_mem_redzone(void);

/* Return addresses of the running context, innermost first; returns how many were stored. */
size_t hal_backtrace(uintptr_t *pcs, size_t max);

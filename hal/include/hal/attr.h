/* Attributes shared by the HAL contract and the kernel: must_check, clang's thread-safety capabilities, and friends.
 *
 * The capability macros expand to clang's -Wthread-safety attributes and to nothing under other compilers.
 */
#pragma once

#define must_check             __attribute__((warn_unused_result))
#define noreturn_fn            __attribute__((noreturn))
#define printf_like(fmt, args) __attribute__((format(printf, fmt, args)))
#define unused_param           __attribute__((unused))

/* Not made part of its caller, whose frame would be as large from then on: for what has much on the stack and ends before the deep calls. */
#define noinline_fn __attribute__((noinline))

#if defined(__clang__)
/* Before a statement about which the static analyzer is wrong; say why beside it. */
#define analyzer_suppress __attribute__((suppress))
#define TSA(x)            __attribute__((x))
#else
#define TSA(x)
#define analyzer_suppress
#define _Nullable
#define _Nonnull
#endif

/* Code that may break the rules of docs/safety.md marked so there stands between these two, in hal/ and kernel/trusted/ only.  The
 * kind is one of context, mmio, memory, user, entry, cell. */
#if defined(__clang__)
#define TRUSTED_BEGIN(kind) _Pragma("clang unsafe_buffer_usage begin")
#define TRUSTED_END         _Pragma("clang unsafe_buffer_usage end")
#else
#define TRUSTED_BEGIN(kind)
#define TRUSTED_END
#endif

#define capability(name)   TSA(capability(name))
#define guarded_by(l)      TSA(guarded_by(l))
#define pt_guarded_by(l)   TSA(pt_guarded_by(l))
#define requires_lock(...) TSA(requires_capability(__VA_ARGS__))
#define acquires(...)      TSA(acquire_capability(__VA_ARGS__))
#define releases(...)      TSA(release_capability(__VA_ARGS__))
#define try_acquires(...)  TSA(try_acquire_capability(__VA_ARGS__))
#define excludes(...)      TSA(locks_excluded(__VA_ARGS__))
/* May put the running thread to sleep: not with interrupts off, not under an irqlock, not in a handler (rules R22, R23). */
#define may_sleep TSA(annotate("sleeps")) excludes(hal_irqs_off)
/* Takes memory from the kernel's allocators: not in a handler (rule R24). */
#define may_allocate TSA(annotate("allocates"))
/* Returns memory that is nothing yet: its void * may become any structure (rule R05). */
#define fresh_memory TSA(annotate("fresh"))
#define no_tsa       TSA(no_thread_safety_analysis)

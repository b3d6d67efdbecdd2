/* Assertions on the kernel's own state (never on user, disk or device data), and the kernel's panic. */
#pragma once

#include <hal/attr.h>

void panic(const char *fmt, ...) printf_like(1, 2) noreturn_fn;
void assert_fail(const char *expr, const char *file, int line) noreturn_fn;
/* bug(): a panic that only a bug of the kernel itself can cause, in words for who looks for it.
 *
 * Where the texts would take too much room: who called says which it was. */
void assert_fail_here(void) noreturn_fn __attribute__((noinline));

#ifdef CONFIG_ASSERT_TEXT
#define assert(e) ((e) ? (void)0 : assert_fail(#e, __FILE__, __LINE__))
#define bug(...)  panic(__VA_ARGS__)
#else
#define assert(e) ((e) ? (void)0 : assert_fail_here())
#define bug(...)  (0 ? panic(__VA_ARGS__) : assert_fail_here())
#endif

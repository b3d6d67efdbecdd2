/* See bug.h. */
#include <kernel/abi/errno.h>
#include <kernel/core/assert.h>
#include <kernel/core/bug.h>
#include <kernel/core/fmt.h>
#include <kernel/mm/kmem.h>

enum { SIZE = 40 };

static uint32_t sink;

/* Hides a value from the compiler, so that it does not find the bug first. */
static uint32_t __attribute__((noinline))
opaque(uint32_t v)
{
    return v + sink;
}

static void __attribute__((noinline))
bug_overflow(void)
{
    uint8_t *p = kmem_alloc(SIZE);

    if (p != NULL)
        p[opaque(SIZE)] = 1;
}

static void __attribute__((noinline))
bug_use_after_free(void)
{
    uint8_t *p = kmem_alloc(SIZE);

    kmem_free(p);
    if (p != NULL)
        sink = p[opaque(3)];
}

static void __attribute__((noinline))
bug_shift(void)
{
    sink = 1u << opaque(40);
}

static void __attribute__((noinline))
bug_bounds(void)
{
    static uint32_t table[4];

    table[opaque(4)] = 1;
    sink = table[opaque(0)];
}

static void __attribute__((noinline))
bug_panic(void)
{
    panic("as asked for");
}

static void __attribute__((noinline))
bug_assert(void)
{
    assert(opaque(SIZE) != SIZE);
}

static uint32_t __attribute__((noinline))
bug_stack(uint32_t depth); /* recursion without an end is the point */

static uint32_t
bug_stack(uint32_t depth)
{
    uint8_t frame[512];

    frame[opaque(depth) % sizeof frame] = (uint8_t)depth;
    if (opaque(depth) == UINT32_MAX)
        return 0;
    return bug_stack(depth + 1) + frame[opaque(7)];
}

int
bug_provoke(const char *which, size_t len)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } bugs[] = { { "overflow", bug_overflow }, { "use-after-free", bug_use_after_free },
                 { "shift", bug_shift },       { "bounds", bug_bounds },
                 { "panic", bug_panic },       { "assert", bug_assert } };

    for (size_t i = 0; i < sizeof bugs / sizeof bugs[0]; i++)
        if (len == str_len(bugs[i].name) && str_neq(which, bugs[i].name, len)) {
            bugs[i].run();
            return 0;
        }
    if (len == 5 && str_neq(which, "stack", len)) {
        sink = bug_stack(0);
        return 0;
    }
    return -EINVAL;
}

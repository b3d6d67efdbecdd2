/* Take cells: shared state is taken, used and put back.
 *
 * A cell holds a pointer to its state, or nothing while somebody has it.  Taking is one atomic exchange, so a cell is safe
 * against interrupt handlers and other CPUs; docs/safety.md says what it costs.  Rules for callers:
 *
 *     static CELL(struct queue) cell = CELL_INIT(&queue);
 *
 *     cell_with (q, &cell) {     // skipped when someone else holds it
 *         queue_push(q, item);   // put back on every exit: end of body, break, continue, return, goto
 *     }
 *
 * cell_take() and cell_put() are for state that leaves the function; cell_take() gives NULL when somebody holds it, and the caller
 * says what then.  A cell_with() whose body must not be skipped is a bug that shows only under load: with CHECKS each skip is
 * reported with holder and taker, and cell_skips_are_fatal(true) (in a test, or "cell=fatal" on the command line) makes it a
 * panic.  Putting into a full cell is a kernel bug, and a panic with CHECKS.
 *
 * A CELL_THREAD is the same for state that only threads use: interrupt handlers must not touch it.  On one CPU it costs no more
 * than a null check, because threads change places only where they sleep.
 *
 * With CHECKS and a sanitizer the state at rest is poisoned, from the first put on: a pointer that
 * escaped from a body is found when it is used.  For that the state is 8-byte aligned, is reached by pointers only, and is no array
 * with accesses at constant places, which sanitizers skip.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <hal/attr.h>
#include <hal/cpu.h>
#include <hal/swap.h>
#include <kernel/trusted/checks.h>

/* Who took it last, and what it holds. */
struct cell_mark {
    const char *_Nullable holder;
};

struct cell_raw {
    void *_Nullable ptr;
    struct cell_mark mark[CHECKS];
};
struct cell_thread { /* a cell_raw of another type, for _Generic */
    struct cell_raw raw;
};

/* kernel/trusted/cell.c */
void cell_refilled(const struct cell_raw *c) noreturn_fn; /* panics */
void cell_skipped(const struct cell_raw *c, const char *taker);
void cell_skips_are_fatal(bool fatal); /* panic at the next skip */
unsigned cell_skips(void);             /* reported since boot */

TRUSTED_BEGIN(cell)
/* The type of a cell; `typed` and `kind` only tell the macros below what it is. */
#define CELL(type)                                                                                 \
    union {                                                                                        \
        struct cell_raw raw, kind;                                                                 \
        type *_Nullable typed;                                                                     \
    }
#define CELL_THREAD(type)                                                                          \
    union {                                                                                        \
        struct cell_raw raw;                                                                       \
        struct cell_thread kind;                                                                   \
        type *_Nullable typed;                                                                     \
    }
TRUSTED_END
/* A full cell, for a static one. */
#define CELL_INIT(p)                                                                               \
    {                                                                                              \
        .raw = {.ptr = (p) }                                                                       \
    }

static inline void *_Nullable must_check
cell_take_raw(struct cell_raw *c, bool thread, size_t size, const char *here)
{
    void *p = thread ? hal_swap_take_thread(&c->ptr) : hal_swap_take(&c->ptr);

    if (CHECKS && p != NULL) {
        c->mark[0].holder = here;
        hal_mem_unpoison(p, size);
    }
    return p;
}

static inline void
cell_put_raw(struct cell_raw *c, bool thread, void *p, size_t size)
{
    if (CHECKS && c->ptr != NULL)
        cell_refilled(c);
    if (CHECKS)
        hal_mem_poison(p, size);
    if (thread)
        hal_swap_put_thread(&c->ptr, p);
    else
        hal_swap_put(&c->ptr, p);
}

#define CELL_IS_THREAD(c) _Generic((c)->kind, struct cell_raw: false, struct cell_thread: true)

TRUSTED_BEGIN(cell)
/* The state, or NULL when someone holds it. */
#define cell_take(c)                                                                               \
    ((__typeof__((c)->typed))cell_take_raw(&(c)->raw, CELL_IS_THREAD(c), sizeof *(c)->typed,       \
                                           CHECKS_HERE))
TRUSTED_END
/* Put it back, or fill an empty cell (zeroed memory is one). */
#define cell_put(c, p)                                                                             \
    cell_put_raw(&(c)->raw, CELL_IS_THREAD(c), (1 ? (p) : (c)->typed), sizeof *(c)->typed)
/* Does somebody hold it?  For messages: it may be out of date at once. */
#define cell_held(c) ((c)->raw.ptr == NULL)

struct cell_guard {
    struct cell_raw *cell;
    void *_Nullable ptr;
    size_t size;
    bool thread;
};

static inline struct cell_guard must_check
cell_enter(struct cell_raw *c, bool thread, size_t size, const char *here)
{
    void *p = cell_take_raw(c, thread, size, here);

    if (CHECKS && p == NULL)
        cell_skipped(c, here);
    return (struct cell_guard){ c, p, size, thread };
}

static inline void
cell_leave(struct cell_guard *g)
{
    if (g->ptr != NULL)
        cell_put_raw(g->cell, g->thread, g->ptr, g->size);
}

#define CELL_CAT2(a, b) a##b
#define CELL_CAT(a, b)  CELL_CAT2(a, b)
#define cell_with(x, c)                                                                            \
    CELL_WITH(x, c, CELL_CAT(cell_guard_, __LINE__), CELL_CAT(cell_once_, __LINE__))
#define CELL_WITH(x, c, guard, once)                                                               \
    for (struct cell_guard guard __attribute__((cleanup(cell_leave))) =                            \
             cell_enter(&(c)->raw, CELL_IS_THREAD(c), sizeof *(c)->typed, CHECKS_HERE),            \
                                 *once = &guard;                                                   \
         once != NULL; once = NULL)                                                                \
        for (__typeof__((c)->typed) x = guard.ptr; x != NULL; x = NULL)

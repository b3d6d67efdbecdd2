/* Take cells: shared state is taken, used and put back.
 *
 * A cell holds a pointer to its state, or nothing while somebody has it.  Taking is one atomic exchange, so a cell is safe
 * against interrupt handlers and other CPUs, and costs a null check.  Rules for callers:
 *
 *     static CELL(struct queue) cell = CELL_INIT(&queue);
 *
 *     cell_with (q, &cell) {     // skipped when someone else holds it
 *         queue_push(q, item);   // put back on every exit: end of body, break, return, goto
 *     }
 *
 * cell_take() and cell_put() are for the state that leaves the function.  Putting into a full cell is a kernel bug.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <hal/attr.h>

struct cell_raw {
    void *_Nullable ptr;
    const char *holder; /* source line of who took it last, for the panic message and the console */
};

void cell_refilled(const char *holder) noreturn_fn; /* panics; kernel/trusted/cell.c */

#define CELL(type)                                                                                 \
    union {                                                                                        \
        struct cell_raw raw;                                                                       \
        type *_Nullable typed; /* for its type only */                                             \
    }
#define CELL_INIT(p)                                                                               \
    {                                                                                              \
        .raw = {.ptr = (p) }                                                                       \
    }

#define CELL_STR2(x) #x
#define CELL_STR(x)  CELL_STR2(x)
#define CELL_HERE    __FILE__ ":" CELL_STR(__LINE__)

static inline void *_Nullable
cell_take_raw(struct cell_raw *c, const char *here)
{
    void *p = __atomic_exchange_n(&c->ptr, NULL, __ATOMIC_ACQUIRE);

    if (p != NULL)
        c->holder = here;
    return p;
}

static inline void
cell_put_raw(struct cell_raw *c, void *p)
{
    if (p != NULL && __atomic_exchange_n(&c->ptr, p, __ATOMIC_RELEASE) != NULL)
        cell_refilled(c->holder);
}

/* The state, or NULL when someone holds it. */
#define cell_take(c)   ((__typeof__((c)->typed))cell_take_raw(&(c)->raw, CELL_HERE))
#define cell_put(c, p) cell_put_raw(&(c)->raw, (1 ? (p) : (c)->typed))

struct cell_guard {
    struct cell_raw *cell;
    void *ptr;
};

static inline void
cell_guard_put(struct cell_guard *g)
{
    cell_put_raw(g->cell, g->ptr);
}

#define CELL_CAT2(a, b) a##b
#define CELL_CAT(a, b)  CELL_CAT2(a, b)
#define cell_with(x, c)                                                                            \
    CELL_WITH(x, c, CELL_CAT(cell_guard_, __LINE__), CELL_CAT(cell_once_, __LINE__))
#define CELL_WITH(x, c, guard, once)                                                               \
    for (struct cell_guard guard __attribute__((                                                   \
             cleanup(cell_guard_put))) = { &(c)->raw, cell_take_raw(&(c)->raw, CELL_HERE) },       \
           *once = &guard;                                                                         \
         once != NULL; once = NULL)                                                                \
        for (__typeof__((c)->typed) x = guard.ptr; x != NULL; x = NULL)

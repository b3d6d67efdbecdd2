/* Contexts that share one cell: mutual exclusion, nothing lost, no skip without somebody who holds. */
#include <kernel/trusted/cell.h>

#include "small_scope.h"

struct state {
    uint64_t count;
};

static struct state state;
static CELL(struct state) cell;
static CELL_THREAD(struct state) thread_cell;

/* The reference: who is in there, and what was done.  Not watched: no steps. */
static unsigned rounds_each;
static bool sleeps;
static unsigned holders;
static bool busy[EXPLORE_CONTEXTS_MAX]; /* between the start of a take and the end of its put */
static uint64_t added, skipped;

static void
setup(unsigned rounds, bool sleep)
{
    rounds_each = rounds;
    sleeps = sleep;
    holders = 0;
    added = skipped = 0;
    state.count = 0;
    for (unsigned i = 0; i < EXPLORE_CONTEXTS_MAX; i++)
        busy[i] = false;
    cell.raw.ptr = &state;
    thread_cell.raw.ptr = &state;
    explore_watch(&cell.raw.ptr, sizeof cell.raw.ptr);
    explore_watch(&thread_cell.raw.ptr, sizeof thread_cell.raw.ptr);
    explore_watch(&state, sizeof state);
}

static void
enter(void)
{
    EXPLORE_CHECK(holders == 0);
    holders++;
}

static void
leave(void)
{
    holders--;
    added++;
}

static void
note_skip(unsigned me)
{
    bool justified = false;

    for (unsigned i = 0; i < EXPLORE_CONTEXTS_MAX; i++)
        justified |= i != me && busy[i];
    if (!justified)
        explore_violation("skipped, and nobody held it");
    skipped++;
}

static void
use(struct state *p)
{
    enter();
    p->count++;
    if (sleeps && !explore_in_handler())
        explore_yield();
    leave();
}

static void
scoped(unsigned me)
{
    for (unsigned i = 0; i < rounds_each; i++) {
        bool done = false;

        busy[me] = true;
        cell_with (p, &cell) {
            use(p);
            done = true;
        }
        busy[me] = false;
        if (!done)
            note_skip(me);
    }
}

static void
carried(unsigned me)
{
    for (unsigned i = 0; i < rounds_each; i++) {
        busy[me] = true;

        struct state *p = cell_take(&cell);

        if (p == NULL) {
            note_skip(me);
        } else {
            use(p);
            cell_put(&cell, p);
        }
        busy[me] = false;
    }
}

static void
thread(unsigned me)
{
    for (unsigned i = 0; i < rounds_each; i++) {
        bool done = false;

        busy[me] = true;
        cell_with (p, &thread_cell) {
            use(p);
            done = true;
        }
        busy[me] = false;
        if (!done)
            note_skip(me);
    }
}

static void
verify(void)
{
    EXPLORE_CHECK(cell.raw.ptr == &state && thread_cell.raw.ptr == &state);
    EXPLORE_CHECK(state.count == added);
    EXPLORE_CHECK(added > 0);
}

const struct cell_subject SUBJECT = { setup, scoped, carried, thread, verify };

/* The event queue: a binary heap ordered by time, then by arming order. */
#include <stdio.h>
#include <stdlib.h>

#include <sim/machine.h>

static bool
before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->seq < b->seq;
}

static void
put(struct sim *sim, size_t i, struct sim_event *ev)
{
    sim->heap[i] = ev;
    ev->slot = (uint32_t)i + 1;
}

static void
sift_up(struct sim *sim, size_t i)
{
    struct sim_event *ev = sim->heap[i];

    while (i > 0 && before(ev, sim->heap[(i - 1) / 2])) {
        put(sim, i, sim->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(sim, i, ev);
}

static void
sift_down(struct sim *sim, size_t i)
{
    struct sim_event *ev = sim->heap[i];

    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= sim->heap_count) {
            break;
        }
        if (child + 1 < sim->heap_count && before(sim->heap[child + 1], sim->heap[child])) {
            child++;
        }
        if (!before(sim->heap[child], ev)) {
            break;
        }
        put(sim, i, sim->heap[child]);
        i = child;
    }
    put(sim, i, ev);
}

void
sim_event_init(struct sim *sim, struct sim_event *ev, const char *name, void (*fn)(void *arg),
               void *arg)
{
    *ev = (struct sim_event){ .sim = sim, .name = name, .fn = fn, .arg = arg };
}

void
event_rearm(struct sim_event *ev, uint64_t at_ns, uint64_t seq)
{
    struct sim *sim = ev->sim;

    sim_event_cancel(ev);
    if (sim->heap_count == sim->heap_cap) {
        size_t cap = sim->heap_cap ? 2 * sim->heap_cap : 64;
        struct sim_event **heap = realloc(sim->heap, cap * sizeof(struct sim_event *));

        if (!heap) {
            fprintf(stderr, "sim: out of memory for the event queue\n");
            abort();
        }
        sim->heap = heap;
        sim->heap_cap = cap;
    }
    ev->at_ns = at_ns;
    ev->seq = seq;
    put(sim, sim->heap_count, ev);
    sift_up(sim, sim->heap_count++);
}

void
sim_event_at(struct sim_event *ev, uint64_t at_ns)
{
    event_rearm(ev, at_ns, ev->sim->seq++);
}

void
sim_event_cancel(struct sim_event *ev)
{
    struct sim *sim = ev->sim;
    size_t i;
    struct sim_event *last;

    if (!ev->slot) {
        return;
    }
    i = ev->slot - 1;
    ev->slot = 0;
    last = sim->heap[--sim->heap_count];
    if (last != ev) {
        put(sim, i, last);
        sift_up(sim, i);
        sift_down(sim, last->slot - 1);
    }
}

void
event_run_due(struct sim *sim, uint64_t until)
{
    if (sim->busy) {
        return;
    }
    while (sim->heap_count && sim->heap[0]->at_ns <= until && sim->ended == SIM_RUNNING) {
        struct sim_event *ev = sim->heap[0];

        sim_event_cancel(ev);
        if (ev->at_ns > sim->now_ns) {
            sim->now_ns = ev->at_ns;
        }
        sim->busy++;
        ev->fn(ev->arg);
        if (ev->owner) {
            model_update(ev->owner);
        }
        sim->busy--;
    }
}

uint64_t
sim_next_event_ns(const struct sim *sim)
{
    return sim->heap_count ? sim->heap[0]->at_ns : SIM_NEVER;
}

const struct sim_event *
sim_event_nth(const struct sim *sim, size_t i)
{
    const struct sim_event *found = NULL;

    /* Selection, quadratic over the few events there are: the console asks rarely and wants no copy
     * of the heap. */
    for (size_t rank = 0; rank <= i; rank++) {
        const struct sim_event *best = NULL;

        for (size_t k = 0; k < sim->heap_count; k++) {
            const struct sim_event *ev = sim->heap[k];

            if ((!found || before(found, ev)) && (!best || before(ev, best))) {
                best = ev;
            }
        }
        if (!best) {
            return NULL;
        }
        found = best;
    }
    return found;
}

/* The event queue: what happens at a virtual time.
 *
 * Events are intrusive: the owner embeds a `struct sim_event`, which must outlive its place in the
 * queue.  Two events due at the same nanosecond run in the order in which they were armed.  Nothing
 * here allocates after the queue has grown once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim;
struct model;

#define SIM_NEVER UINT64_MAX

struct sim_event {
    struct sim *sim;
    struct model *owner; /* NULL: belongs to the host side */
    const char *name;
    void (*fn)(void *arg);
    void *arg;
    struct sim_event *next_of_model;
    uint64_t at_ns; /* kept while the handler runs, so that a periodic event re-arms without drift:
                       at_ns + period */
    uint64_t seq;
    uint32_t slot; /* place in the heap + 1; 0: not armed */
};

/* Prepare an event of the host side (models use model_event_init()).  `name` is for the console and
 * must stay valid. */
void sim_event_init(struct sim *sim, struct sim_event *ev, const char *name, void (*fn)(void *arg),
                    void *arg);

/* Arm, or move an armed event, to `at_ns`; a time in the past is due at once (at the next charge or
 * advance). */
void sim_event_at(struct sim_event *ev, uint64_t at_ns);

/* Take it out of the queue; harmless when not armed. */
void sim_event_cancel(struct sim_event *ev);

static inline bool
sim_event_armed(const struct sim_event *ev)
{
    return ev->slot != 0;
}

/* Armed events in order of due time, for the console: the `i`th, or NULL past the end. */
const struct sim_event *sim_event_nth(const struct sim *sim, size_t i);

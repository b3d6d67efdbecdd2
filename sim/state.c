/* The machine's state as bytes: what a snapshot holds beside RAM.
 *
 * Written and read by one walk over the machine, so that both sides cannot differ.  The order:
 * header, clock, wires, models in the order of creation, each with its events, lines, regions, INTR
 * source and plain state.
 */
#include <stdlib.h>
#include <string.h>

#include <sim/machine.h>

#define STATE_MAGIC UINT64_C(0x3154534b43445944) /* "DYDCKST1" */

/* A cursor that counts (buf NULL), saves, or restores. */
struct cursor {
    uint8_t *buf;
    size_t at;
    bool restore;
};

static void
field(struct cursor *c, void *p, size_t n)
{
    if (c->buf && n) {
        if (c->restore) {
            memcpy(p, c->buf + c->at, n);
        } else {
            memcpy(c->buf + c->at, p, n);
        }
    }
    c->at += n;
}

static void
walk_event(struct cursor *c, struct sim_event *ev)
{
    struct {
        uint64_t at_ns, seq, armed;
    } e = { ev->at_ns, ev->seq, sim_event_armed(ev) };

    field(c, &e, sizeof e);
    if (c->restore) {
        sim_event_cancel(ev);
        ev->at_ns = e.at_ns;
        ev->seq = e.seq;
        if (e.armed) {
            event_rearm(ev, e.at_ns, e.seq);
        }
    }
}

static void
walk_line(struct cursor *c, struct sim_line *line)
{
    struct {
        uint64_t irq, level, raised;
    } l = { line->irq, line->level, line->raised };

    field(c, &l, sizeof l);
    if (c->restore) {
        /* Controllers have their inputs in their own state: count on the wire, but tell nobody. */
        line->irq = (unsigned)l.irq;
        line->level = l.level != 0;
        line->raised = l.raised;
        if (line->level && line->irq < SIM_WIRES) {
            line->owner->sim->wire[line->irq].asserted++;
        }
    }
}

static void
walk_region(struct cursor *c, struct sim_region *region)
{
    struct {
        uint64_t base, enabled;
    } r = { region->base, region->enabled };

    field(c, &r, sizeof r);
    if (c->restore) {
        sim_region_set(region, r.base, r.enabled != 0);
    }
}

static void
walk_model(struct cursor *c, struct model *m)
{
    for (struct sim_event *ev = m->events; ev; ev = ev->next_of_model) {
        walk_event(c, ev);
    }
    for (unsigned i = 0; i < MODEL_LINES; i++) {
        if (m->line[i]) {
            walk_line(c, m->line[i]);
        }
    }
    for (struct sim_region *r = m->regions; r; r = r->next_of_model) {
        walk_region(c, r);
    }
    field(c, &m->random, sizeof m->random);
    field(c, (uint8_t *)m + m->class->state, m->class->size - m->class->state);
}

static void
walk(struct cursor *c, struct sim *sim)
{
    uint64_t size = 0;

    struct {
        uint64_t magic, size, now_ns, seq;
    } head = { STATE_MAGIC, size, sim->now_ns, sim->seq };

    field(c, &head, sizeof head);
    if (c->restore) {
        sim->now_ns = head.now_ns;
        sim->seq = head.seq;
        sim->ended = SIM_RUNNING;
        for (unsigned i = 0; i < SIM_WIRES; i++) {
            sim->wire[i].asserted = 0;
        }
    }
    for (struct model *m = sim->models; m; m = m->next) {
        walk_model(c, m);
    }
    for (struct sim_intr *intr = sim->intr; intr; intr = intr->next) {
        uint64_t asserted = intr->asserted;

        field(c, &asserted, sizeof asserted);
        if (c->restore) {
            sim_cpu_intr_set(intr, asserted != 0);
        }
    }
}

size_t
sim_state_size(const struct sim *sim)
{
    struct cursor c = { 0 };

    walk(&c, (struct sim *)sim); /* only counts */
    return c.at;
}

void
sim_state_save(const struct sim *sim, void *buf)
{
    struct cursor c = { .buf = buf };
    uint64_t size;

    walk(&c, (struct sim *)sim); /* only reads */
    size = c.at;
    memcpy(c.buf + sizeof(uint64_t), &size, sizeof size);
}

int
sim_state_restore(struct sim *sim, const void *buf, size_t size)
{
    struct cursor c = { .buf = (uint8_t *)buf, .restore = true }; /* only read from */
    uint64_t head[2];

    if (size != sim_state_size(sim)) {
        return -EINVAL;
    }
    memcpy(head, buf, sizeof head);
    if (head[0] != STATE_MAGIC || head[1] != size) {
        return -EINVAL;
    }
    walk(&c, sim);
    return 0;
}

uint64_t
sim_state_hash(const struct sim *sim)
{
    size_t size = sim_state_size(sim);
    uint8_t *buf = malloc(size);
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    if (!buf) {
        return 0;
    }
    sim_state_save(sim, buf);
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ buf[i]) * UINT64_C(0x100000001b3);
    }
    free(buf);
    return hash;
}

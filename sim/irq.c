/* Lines, wires, the CPU's INTR pin, and interrupt messages. */
#include <sim/machine.h>

static void
wire_change(struct sim *sim, unsigned irq, bool up)
{
    struct sim_wire *wire;

    if (irq >= SIM_WIRES) {
        return;
    }
    wire = &sim->wire[irq];
    if (up ? wire->asserted++ != 0 : --wire->asserted != 0) {
        return;
    }
    for (unsigned i = 0; i < wire->sinks; i++) {
        wire->sink[i].fn(wire->sink[i].model, wire->sink[i].pin, up);
        model_update(wire->sink[i].model);
    }
}

void
sim_line_set(struct sim_line *line, bool level)
{
    if (line->level == level) {
        return;
    }
    line->level = level;
    line->raised += level;
    wire_change(line->owner->sim, line->irq, level);
}

void
sim_line_connect(struct sim_line *line, unsigned irq)
{
    if (line->irq == irq) {
        return;
    }
    if (line->level) {
        wire_change(line->owner->sim, line->irq, false);
    }
    line->irq = irq;
    if (line->level) {
        wire_change(line->owner->sim, irq, true);
    }
}

int
sim_wire_sink(struct model *controller, unsigned irq,
              void (*sink)(void *dev, unsigned pin, bool level), unsigned pin)
{
    struct sim_wire *wire;

    if (irq >= SIM_WIRES) {
        return -EINVAL;
    }
    wire = &controller->sim->wire[irq];
    if (wire->sinks == SIM_WIRE_SINKS) {
        return -ENOSPC;
    }
    wire->sink[wire->sinks].model = controller;
    wire->sink[wire->sinks].fn = sink;
    wire->sink[wire->sinks].pin = pin;
    wire->sinks++;
    if (wire->asserted) {
        sink(controller, pin, true);
    }
    return 0;
}

bool
sim_wire_level(const struct sim *sim, unsigned irq)
{
    return irq < SIM_WIRES && sim->wire[irq].asserted;
}

void
sim_cpu_intr_add(struct model *owner, struct sim_intr *intr)
{
    struct sim_intr **p = &owner->sim->intr;

    while (*p && (*p)->order <= intr->order) {
        p = &(*p)->next;
    }
    intr->owner = owner;
    intr->next = *p;
    *p = intr;
}

void
sim_cpu_intr_set(struct sim_intr *intr, bool asserted)
{
    if (intr->asserted != asserted) {
        intr->asserted = asserted;
        if (asserted) {
            intr->owner->sim->intr_asserted++;
        } else {
            intr->owner->sim->intr_asserted--;
        }
    }
}

static struct sim_intr *
intr_pending(const struct sim *sim)
{
    if (!sim->intr_asserted) {
        return NULL;
    }
    for (struct sim_intr *intr = sim->intr; intr; intr = intr->next) {
        if (intr->asserted) {
            return intr;
        }
        if (intr->gate && !intr->gate(intr->owner)) {
            return NULL;
        }
    }
    return NULL;
}

bool
sim_cpu_intr_pending(const struct sim *sim)
{
    return intr_pending(sim) != NULL;
}

int
sim_cpu_intr_ack(struct sim *sim)
{
    struct sim_intr *intr = intr_pending(sim);
    int vector;

    if (!intr) {
        return -1;
    }
    sim->busy++;
    vector = intr->ack(intr->owner);
    model_update(intr->owner);
    sim->busy--;
    return vector;
}

int
sim_cpu_intr_ack_lost(struct sim *sim, unsigned irq)
{
    struct sim_intr *last = NULL;
    int vector;

    for (struct sim_intr *intr = sim->intr; intr; intr = intr->next) {
        last = intr->ack_lost ? intr : last;
        if (intr->gate && !intr->gate(intr->owner)) {
            break;
        }
    }
    if (!last) {
        return -1;
    }
    vector = last->ack_lost(last->owner, irq);
    model_update(last->owner);
    return vector;
}

int
sim_msg_receiver(struct model *owner, bool (*receive)(void *dev, const struct sim_msg *msg))
{
    struct sim *sim = owner->sim;

    if (sim->msg_count == RECEIVERS_MAX) {
        return -ENOSPC;
    }
    sim->msg[sim->msg_count].model = owner;
    sim->msg[sim->msg_count++].receive = receive;
    return 0;
}

bool
sim_msg_send(struct sim *sim, const struct sim_msg *msg)
{
    bool taken = false;

    for (unsigned i = 0; i < sim->msg_count; i++) {
        if (sim->msg[i].receive(sim->msg[i].model, msg)) {
            taken = true;
            model_update(sim->msg[i].model);
            if (msg->mode == SIM_MSG_LOWEST) {
                break;
            }
        }
    }
    return taken;
}

int
sim_eoi_receiver(struct model *owner, void (*eoi)(void *dev, uint8_t vector))
{
    struct sim *sim = owner->sim;

    if (sim->eoi_count == RECEIVERS_MAX) {
        return -ENOSPC;
    }
    sim->eoi[sim->eoi_count].model = owner;
    sim->eoi[sim->eoi_count++].eoi = eoi;
    return 0;
}

void
sim_eoi_broadcast(struct sim *sim, uint8_t vector)
{
    for (unsigned i = 0; i < sim->eoi_count; i++) {
        sim->eoi[i].eoi(sim->eoi[i].model, vector);
        model_update(sim->eoi[i].model);
    }
}

/* A model goes: nothing may point at it any more. */
void
irq_forget(struct model *model)
{
    struct sim *sim = model->sim;
    unsigned kept = 0;

    for (struct sim_intr **p = &sim->intr; *p;) {
        if ((*p)->owner == model) {
            sim_cpu_intr_set(*p, false);
            *p = (*p)->next;
        } else {
            p = &(*p)->next;
        }
    }
    for (unsigned i = 0; i < sim->msg_count; i++) {
        if (sim->msg[i].model != model) {
            sim->msg[kept++] = sim->msg[i];
        }
    }
    sim->msg_count = kept;
    kept = 0;
    for (unsigned i = 0; i < sim->eoi_count; i++) {
        if (sim->eoi[i].model != model) {
            sim->eoi[kept++] = sim->eoi[i];
        }
    }
    sim->eoi_count = kept;
    for (unsigned w = 0; w < SIM_WIRES; w++) {
        struct sim_wire *wire = &sim->wire[w];

        kept = 0;
        for (unsigned i = 0; i < wire->sinks; i++) {
            if (wire->sink[i].model != model) {
                wire->sink[kept++] = wire->sink[i];
            }
        }
        wire->sinks = kept;
    }
    for (unsigned i = 0; i < MODEL_LINES; i++) {
        if (model->line[i]) {
            sim_line_set(model->line[i], false);
        }
    }
}

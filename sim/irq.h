/* Interrupts: device lines, the board's numbered wires, the CPU's INTR pin, and messages between
 * interrupt controllers.
 *
 * A device drives lines; a line is connected to a wire (the board's interrupt number); a wire is
 * high while any of its lines is (so lines can be shared) and tells its sinks, the inputs of
 * interrupt controllers, about every change.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sim;
struct model;

enum {
    SIM_WIRES = 256,   /* interrupt numbers 0 .. 255; anything else: not connected */
    SIM_WIRE_SINKS = 4 /* per wire */
};

/* Embedded in the model, before its state; initialised with model_line_init(). */
struct sim_line {
    struct model *owner;
    const char *name;
    unsigned irq; /* the wire; SIM_WIRES or more: none */
    bool level;
    uint64_t raised; /* rising edges so far */
};

void sim_line_set(struct sim_line *line, bool level);
/* Connect to another wire (PCI interrupt routing); takes its level along. */
void sim_line_connect(struct sim_line *line, unsigned irq);

/* Feed wire `irq` into pin `pin` of a controller: sink(dev, pin, level) on every change.  -ENOSPC,
 * -EINVAL. */
int sim_wire_sink(struct model *controller, unsigned irq,
                  void (*sink)(void *dev, unsigned pin, bool level), unsigned pin);
bool sim_wire_level(const struct sim *sim, unsigned irq);

/* --- the CPU's INTR pin --- */

/* Something that drives INTR.  Sources are asked in ascending `order`: the local APIC (0) before
 * the 8259 (1).  A source whose `gate` says no hides those behind it. */
struct sim_intr {
    struct model *owner;
    unsigned order;
    bool asserted;
    int (*ack)(void *dev);         /* the CPU's acknowledge cycle: returns the vector */
    bool (*gate)(const void *dev); /* may be NULL */
    /* The acknowledge of a request on `irq` that went away after the CPU saw it: the spurious
     * vector.  May be NULL. */
    int (*ack_lost)(void *dev, unsigned irq);
    struct sim_intr *next;
};

void sim_cpu_intr_add(struct model *owner, struct sim_intr *intr);
void sim_cpu_intr_set(struct sim_intr *intr, bool asserted);

/* Is an interrupt waiting for the CPU? */
bool sim_cpu_intr_pending(const struct sim *sim);
/* Acknowledge: the vector, or -1 when nothing is waiting. */
int sim_cpu_intr_ack(struct sim *sim);
/* A fault: acknowledge a request on `irq` that is gone.  The spurious vector, or -1 when no
 * controller could be asked. */
int sim_cpu_intr_ack_lost(struct sim *sim, unsigned irq);

/* --- messages to local APICs (from the I/O APIC, message-signalled interrupts, other local APICs)
 * --- */

enum sim_msg_mode { /* as encoded in the I/O APIC and in MSI data */
                    SIM_MSG_FIXED = 0,
                    SIM_MSG_LOWEST = 1,
                    SIM_MSG_SMI = 2,
                    SIM_MSG_NMI = 4,
                    SIM_MSG_INIT = 5,
                    SIM_MSG_EXTINT = 7,
};

struct sim_msg {
    uint8_t vector;
    uint8_t dest;
    bool logical;
    bool level; /* level-triggered: the receiver broadcasts the end of interrupt */
    enum sim_msg_mode mode;
};

/* Receivers return whether they took the message; sim_msg_send() returns whether anybody did. */
int sim_msg_receiver(struct model *owner, bool (*receive)(void *dev, const struct sim_msg *msg));
bool sim_msg_send(struct sim *sim, const struct sim_msg *msg);

/* End of a level-triggered interrupt, told to every I/O APIC. */
int sim_eoi_receiver(struct model *owner, void (*eoi)(void *dev, uint8_t vector));
void sim_eoi_broadcast(struct sim *sim, uint8_t vector);

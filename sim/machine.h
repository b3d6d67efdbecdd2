/* Private to sim/: the machine itself. */
#pragma once

#include <sim/model.h>
#include <sim/sim.h>
#include <sim/trace.h>

enum {
    REGIONS_MAX = 255, /* per space; a port map entry is a byte */
    RECEIVERS_MAX = 16,
    REVOKED_MAX = 64, /* grants remembered after they were taken back */
    PORT_SPACE = 0x10000,
};

struct sim_space_map {
    struct sim_region *region[REGIONS_MAX];
    unsigned count;
    bool overlaps;           /* some enabled regions overlap: no shortcut */
    struct sim_region *last; /* the last hit */
};

struct sim_wire {
    unsigned asserted; /* lines that are high */
    unsigned sinks;
    struct {
        struct model *model;
        void (*fn)(void *dev, unsigned pin, bool level);
        unsigned pin;
    } sink[SIM_WIRE_SINKS];
};

/* Whose turn a granted range is.  A driver that never hands over (SHARED) lets both at it at any time. */
enum grant_turn { GRANT_SHARED, GRANT_DEVICE, GRANT_CPU };

struct sim_grant {
    struct model *model;
    uint64_t addr, len;
    unsigned dir;
    enum grant_turn turn;
    bool written; /* by the device, since the CPU's last turn */
};

struct sim {
    struct sim_config config;
    const struct board *board;
    uint32_t access_ns;

    uint64_t now_ns;
    uint64_t seq;
    struct sim_event **heap;
    size_t heap_count, heap_cap;
    unsigned busy; /* depth of event and model hooks: time stands still */

    enum sim_end ended;
    int end_code;
    uint64_t violations, unclaimed, unimplemented;

    struct model *models, *last_model;
    struct sim_space_map space[SIM_SPACES];
    uint8_t *port_map; /* index of the region + 1 */

    struct sim_wire wire[SIM_WIRES];
    struct sim_intr *intr;
    unsigned intr_asserted; /* sources that are asserted */
    struct {
        struct model *model;
        bool (*receive)(void *dev, const struct sim_msg *msg);
    } msg[RECEIVERS_MAX];
    unsigned msg_count;
    struct {
        struct model *model;
        void (*eoi)(void *dev, uint8_t vector);
    } eoi[RECEIVERS_MAX];
    unsigned eoi_count;

    struct sim_char *chars;
    struct sim_display *displays;
    struct sim_image *images;

    int ram_fd;
    uint8_t *ram;
    uint64_t ram_size;
    struct sim_grant *grants;
    size_t grant_count, grant_cap;
    struct sim_grant revoked[REVOKED_MAX]; /* a ring of the last ones */
    size_t revoked_count;
    uint8_t *dma_view; /* RAM as devices see it, where caches are not coherent; NULL: the same */

    char *trace_globs; /* NULL: off */
    void (*trace_sink)(void *arg, const struct sim_trace_entry *entry);
    void *trace_arg;
};

static inline uint64_t
ones(unsigned width)
{
    return width >= 8 ? UINT64_MAX : (UINT64_C(1) << (width * 8)) - 1;
}

/* event.c */
void event_run_due(struct sim *sim, uint64_t until);
void event_rearm(struct sim_event *ev, uint64_t at_ns, uint64_t seq);

/* ram.c */
int ram_create(struct sim *sim);
void ram_destroy(struct sim *sim);

/* bus.c */
int bus_add(struct sim_region *region);
void bus_remove(struct sim_region *region);

/* model.c */
void model_free(struct model *model);

/* regs.c: one access to a bank on behalf of the bus */
uint64_t bank_read(struct reg_bank *bank, uint32_t off, unsigned width);
void bank_write(struct reg_bank *bank, uint32_t off, unsigned width, uint64_t value);
uint64_t bank_peek(const struct reg_bank *bank, unsigned i);

/* irq.c */
void irq_forget(struct model *model);

/* trace.c */
void trace_bank(struct sim *sim,
                struct reg_bank *bank); /* decide which registers of a bank are traced */
void trace_emit(struct sim *sim, const char *dev, const char *reg, bool write, unsigned width,
                uint64_t value);
bool trace_wants(const struct sim *sim, const char *dev, const char *reg);

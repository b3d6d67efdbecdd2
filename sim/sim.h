/* The machine: a single-threaded discrete-event simulator, called as functions.
 *
 * Virtual time (nanoseconds since power-on) moves only in sim_charge(), sim_advance_to(),
 * sim_run_until() and by the cost of a register access (sim/bus.h).  A run is a function of the
 * board, the configuration, the images, and what the host side feeds in; the library reads no clock
 * and no randomness of the host unless `clock` says so.
 *
 * Nothing in sim/ is thread-safe; one machine belongs to one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hal/board.h>
#include <sim/event.h>

struct sim;
struct model;
struct model_class;
struct sim_image;

/* Where simulated RAM appears in the host process; see sim/ram.h. */
#define SIM_RAM_BASE    (UINTPTR_MAX > UINT32_MAX ? UINT64_C(0x200000000000) : UINT64_C(0x60000000))
#define SIM_RAM_ANY     UINT64_MAX /* anywhere: for tests that need several machines */
#define SIM_ACCESS_NS   100u       /* default cost of one register access */
#define SIM_ACCESS_FREE UINT32_MAX /* register accesses take no time: for model tests */

enum sim_strict {
    SIM_LENIENT, /* guest errors are counted and logged; an access nobody claims is only counted */
    SIM_STRICT,  /* an access nobody claims is a guest error, too */
    SIM_FATAL,   /* as SIM_STRICT, and the first guest error ends the run (SIM_END_VIOLATION) */
};

enum sim_end {
    SIM_RUNNING,
    SIM_END_EXIT,      /* exit port; the code is what a process would return */
    SIM_END_POWER_OFF, /* ACPI-like power-off; code 0 */
    SIM_END_RESET,     /* the guest asked for a reset */
    SIM_END_VIOLATION, /* the guest broke a device's rules and the machine is SIM_FATAL; code 4 */
};

enum sim_violation_kind {
    SIM_V_UNCLAIMED,  /* no region at this address */
    SIM_V_NO_REG,     /* a hole between registers */
    SIM_V_WIDTH,      /* wrong width or alignment */
    SIM_V_RESERVED,   /* a reserved bit was written */
    SIM_V_WRITE_ONLY, /* a write-only register was read */
    SIM_V_READ_ONLY,  /* a read-only register was written */
    SIM_V_DMA,        /* a device access outside the live grants, or a bad grant */
    SIM_V_STATE,      /* the model's manual forbids this now; the text says what */
};

/* A guest error: the guest did what the manual forbids. */
struct sim_violation {
    uint64_t at_ns;
    enum sim_violation_kind kind;
    bool write;
    unsigned width;
    uint64_t addr; /* in its space; a DMA address for SIM_V_DMA */
    uint64_t value;
    const char *dev; /* "" where there is none */
    const char *reg; /* "" where there is none */
    const char *text;
};

/* Hooks may be NULL.  They get `arg` first and may end the process or longjmp out, but not destroy
 * the machine. */
struct sim_config {
    uint64_t ram_size;  /* bytes, a multiple of 4096; 0: the board's default */
    uint64_t ram_base;  /* host address of RAM; 0: SIM_RAM_BASE */
    uint64_t seed;      /* of everything random */
    uint64_t epoch_s;   /* real-time clock at power-on, seconds since 1970 */
    uint32_t access_ns; /* cost of a register access; 0: SIM_ACCESS_NS */
    enum sim_strict strict;
    bool instant_serial;  /* characters on serial lines take no virtual time */
    bool instant_disk;    /* disks take next to none: for a clock that follows the host's */
    bool dma_noncoherent; /* devices do not see the CPU's cache: sim/ram.h */
    const struct sim_image *images; /* copied (the files behind them are not) */
    size_t image_count;
    void *arg;
    /* Host time in ns since an origin of its choice.  When set, sim_now() follows it and never goes
     * back. */
    uint64_t (*clock)(void *arg);
    void (*log)(void *arg, const char *line);
    void (*violation)(void *arg, const struct sim_violation *v);
    void (*end)(void *arg, enum sim_end why, int code);
};

/* Build the machine of `board` out of `models` (a NULL-terminated list), and reset it.  A board
 * entry nobody models is logged and left out.  NULL with errno set on failure (ENOMEM, EEXIST: the
 * RAM address is taken, or a model's error). */
struct sim *sim_create(const struct sim_config *config, const struct board *board,
                       const struct model_class *const *models);
void sim_destroy(struct sim *sim);

/* Power-on reset of every model.  Time, RAM and random streams go on. */
void sim_reset(struct sim *sim);

const struct sim_config *sim_config_of(const struct sim *sim);
const struct board *sim_board_of(const struct sim *sim);

/* --- time --- */

/* Virtual time.  With a host clock: at least the host's time. */
uint64_t sim_now(struct sim *sim);

/* When the next event is due; SIM_NEVER: none. */
uint64_t sim_next_event_ns(const struct sim *sim);

/* Move the clock to `ns` (never back), running what is due on the way.  No effect from within an
 * event or model hook. */
void sim_advance_to(struct sim *sim, uint64_t ns);

/* The guest spent `ns`: move the clock by it and run what is due.  With a host clock: catch up with
 * that instead. */
void sim_charge(struct sim *sim, uint64_t ns);

/* Run events until `ns` or until the machine ends; says why it stopped (SIM_RUNNING: time is up).
 */
enum sim_end sim_run_until(struct sim *sim, uint64_t ns);

/* --- the end --- */

/* End the run: remembered (the first one counts) and told to the `end` hook. */
void sim_end(struct sim *sim, enum sim_end why, int code);
enum sim_end sim_ended(const struct sim *sim, int *code_out);

/* --- guest errors --- */

/* Report a guest error of `model` (NULL: nobody's).  For models: model_guest_error() in
 * sim/model.h. */
void sim_violate(struct sim *sim, const struct sim_violation *v);
uint64_t sim_violations(const struct sim *sim);
uint64_t sim_unclaimed(const struct sim *sim);     /* accesses nobody claimed */
uint64_t sim_unimplemented(const struct sim *sim); /* writes to bits a model names but lacks */
const char *sim_violation_name(enum sim_violation_kind kind);
/* "uart0.LCR: reserved bit written: 4-byte write of 0x... at 0x...", cut to fit; returns buf. */
const char *sim_violation_text(const struct sim_violation *v, char *buf, size_t size);

/* A line for the log hook. */
void sim_log(struct sim *sim, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- looking around --- */

/* Models in the order of creation: the first for prev == NULL, NULL after the last. */
struct model *sim_model_next(const struct sim *sim, const struct model *prev);
/* By instance name or alias; NULL if there is none. */
struct model *sim_model_find(const struct sim *sim, const char *name);

/* --- state, without RAM --- */

/* Clock, events, random streams, lines, regions and the state of every model as plain bytes, to be
 * restored into a machine made from the same board and models.  Console input and output are not
 * part of it. */
size_t sim_state_size(const struct sim *sim);
void sim_state_save(const struct sim *sim, void *buf);
/* -EINVAL: not a state of such a machine. */
int sim_state_restore(struct sim *sim, const void *buf, size_t size);
/* FNV-1a of the saved state, to compare runs. */
uint64_t sim_state_hash(const struct sim *sim);

/* Device models: classes, instances, and the register-table engine.
 *
 * A model is a struct that begins with `struct model`, then its plumbing (banks, regions, lines,
 * events, ports: set up in `create`, never saved), then its state: plain data without pointers,
 * from `model_class.state` to the end of the struct, saved and restored by copy.
 *
 * Registers live in banks.  A bank is a constant table of `struct reg` and an array of values in
 * the model's state; a region (sim/bus.h) maps it into a space.  After every access to a bank and
 * after every event the class's update() derives interrupt lines from the state.
 *
 * How a bit behaves is said by the mask that claims it.  A bit that no mask claims is reserved: it
 * reads as its reset value, and writing 1 to it where the reset value is 0 is a guest error.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hal/board.h>
#include <sim/bus.h>
#include <sim/chardev.h>
#include <sim/display.h>
#include <sim/event.h>
#include <sim/image.h>
#include <sim/irq.h>
#include <sim/ram.h>
#include <sim/random.h>
#include <sim/sim.h>

#define REG_INTERNAL UINT32_MAX /* offset of state that is shown by name but has no address */

/* One register.  Hooks get the model and the register's index in its table. */
struct reg {
    const char *name; /* the manual's */
    uint32_t offset;  /* bytes from the start of the bank, or REG_INTERNAL */
    uint8_t size;     /* bytes; 0: the bank's reg_size */
    uint8_t widths;   /* OR of the access widths allowed (1|2|4|8); 0: its size.  An access narrower
                         than the register must be   aligned in it; one wider is repeated on it, low
                         part first (a data port). */
    bool quiet_ro; /* writes to it are ignored, not a guest error, although no bit can be written */
    uint64_t reset;
    uint64_t ro;    /* set by the device, writes ignored */
    uint64_t rw;    /* stored */
    uint64_t w1c;   /* writing 1 clears */
    uint64_t w1s;   /* writing 1 sets */
    uint64_t rc;    /* cleared by reading, writes ignored */
    uint64_t wo;    /* stored, reads as 0; a register of nothing else must not be read */
    uint64_t unimp; /* in the manual, not in the model: as reserved, but a write is logged and
                       counted, not a guest error */
    /* The value as the guest sees it; may have side effects.  NULL: peek, or else the stored value.
     */
    uint64_t (*read)(void *dev, unsigned reg);
    /* The same without side effects, for the console and snapshots.  NULL: the stored value. */
    uint64_t (*peek)(const void *dev, unsigned reg);
    /* Called after the masks have been applied to the stored value.  `value`: as written, shifted
     * to its place in the register; bytes not written are 0. */
    void (*write)(void *dev, unsigned reg, uint64_t value);
    /* Which of several registers at one offset it is (16550: the divisor latch bit).  NULL: always.
     */
    bool (*when)(const void *dev);
};

/* The constant part of a bank. */
struct bank_class {
    const char *name; /* prefix of its register names in listings where a model has several banks;
                         may be NULL */
    const struct reg *regs;
    unsigned count;
    uint32_t size;    /* bytes, at most 64 KiB */
    uint8_t reg_size; /* default size of a register in bytes; 0: 1 */
    bool merge; /* any access may cover parts of several registers, and holes read 0 and ignore
                   writes: PCI configuration space */
};

struct reg_bank {
    const struct bank_class *class;
    struct model *owner;
    uint64_t *val;   /* values by register index, in the model's state */
    uint64_t old;    /* in a write hook: the stored value before the access */
    uint16_t *first; /* by byte offset: index + 1 of the first register there; 0: none */
    uint16_t *next;  /* by index: index + 1 of the next register at the same offset */
    uint8_t *traced; /* by index */
    struct reg_bank *next_of_model;
};

struct model_class {
    const char *compatible; /* matches board_dev.compatible */
    size_t size;            /* of the model's struct */
    size_t state;           /* offset of its state */
    /* Claim regions, lines, events.  The struct is zeroed but for its `struct model`.  0 or a
     * negative errno; what was claimed is released by the caller. */
    int (*create)(struct model *model, const struct board_dev *where);
    /* Power-on values.  Banks are already reset by their tables, events cancelled.  May be NULL. */
    void (*reset)(void *dev);
    /* Derive interrupt lines from the state: a function of state, nothing else.  May be NULL. */
    void (*update)(void *dev);
    /* Another medium in the drive, or none (NULL).  NULL: it has no medium that can be changed. */
    void (*plug)(void *dev, struct sim_image *image);
    /* Free what create() took from the host.  May be NULL. */
    void (*destroy)(void *dev);
};

enum { MODEL_LINES = 8 };

struct model {
    struct sim *sim;
    const struct model_class *class;
    char name[24];
    char alias[24]; /* "" or the PCI address */
    struct model *parent;
    struct model *next;
    struct reg_bank *banks;
    struct sim_region *regions;
    struct sim_event *events;
    struct sim_line *line[MODEL_LINES];
    struct sim_stream random;
};

/* --- for create() --- */

/* Another model, on behalf of `parent` (PCI functions behind their bridge).  `where` is not kept.
 * Negative errno or 0. */
int model_add(struct sim *sim, const struct model_class *class, const struct board_dev *where,
              struct model *parent, struct model **out);

/* A second name, by which DMA grants and the console find it: a PCI function's address, "00:01.1".
 */
void model_set_alias(struct model *model, const char *alias);

int model_bank_init(struct model *model, struct reg_bank *bank, const struct bank_class *class,
                    uint64_t *val);

/* Map [bank_off, bank_off+size) of a bank, or hooks, at `base`.  -ENOSPC: too many regions;
 * -EINVAL: outside the space. */
int model_region_bank(struct model *model, struct sim_region *region, enum sim_space space,
                      uint64_t base, uint64_t size, struct reg_bank *bank, uint32_t bank_off);
int model_region_ops(struct model *model, struct sim_region *region, enum sim_space space,
                     uint64_t base, uint64_t size, const char *name, const struct region_ops *ops);

/* Line number `n` of the model, connected to the board's interrupt `irq` (BOARD_NO_IRQ: to
 * nothing). */
void model_line_init(struct model *model, struct sim_line *line, unsigned n, const char *name,
                     unsigned irq);

/* fn(dev) at the event's time, then update(). */
void model_event_init(struct model *model, struct sim_event *ev, const char *name,
                      void (*fn)(void *dev));

void model_char_init(struct model *model, struct sim_char *port,
                     size_t (*input)(void *dev, const uint8_t *bytes, size_t n),
                     void (*resume)(void *dev));

void model_display_init(struct model *model, struct sim_display *display);

/* The space of a board entry. */
enum sim_space model_board_space(const struct board_dev *where);

/* --- for hooks --- */

void model_set_irq(struct model *model, unsigned line, bool level);

/* The table engine, for registers behind an index and data port: checks, trace and update() as for
 * a bus access. */
uint64_t model_bank_read(struct reg_bank *bank, uint32_t off, unsigned width);
void model_bank_write(struct reg_bank *bank, uint32_t off, unsigned width, uint64_t value);

/* The guest did what the manual forbids in this state (SIM_V_STATE). */
void model_guest_error(struct model *model, const char *reg, uint64_t value, const char *text);

static inline uint64_t
model_now(struct model *model)
{
    return sim_now(model->sim);
}

/* --- for the host side --- */

struct reg_view {
    const char *bank; /* may be NULL */
    const struct reg *reg;
    unsigned size;  /* bytes */
    uint64_t value; /* without side effects */
    bool visible;   /* false: hidden behind another register at its offset just now */
};

/* The `i`th register of a model over all its banks; false past the end. */
bool model_reg_nth(const struct model *model, unsigned i, struct reg_view *out);
/* By name; false: no such register. */
bool model_reg_find(const struct model *model, const char *name, struct reg_view *out);

/* Table reset, events cancelled, class reset, update. */
void model_reset(struct model *model);
/* Put another medium into a drive, or take out what is in it (NULL); the image stays the caller's.  -EOPNOTSUPP: not that kind of drive. */
int model_plug(struct model *model, struct sim_image *image);
/* Call the class's update() after a change from the host side. */
void model_update(struct model *model);

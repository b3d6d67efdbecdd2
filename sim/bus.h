/* The bus: typed spaces with regions that models claim.
 *
 * An access outside every region reads all ones, is counted, and in strict machines is a guest
 * error, except in SIM_PCI, where looking for absent functions is how a bus is enumerated.  Where
 * enabled regions overlap, the one added first wins.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sim;
struct model;
struct reg_bank;

enum sim_space {
    SIM_MMIO,
    SIM_PORT, /* 0 .. 0xffff */
    SIM_PCI,  /* configuration space, addresses made by SIM_PCI_ADDR() */
    SIM_MSR,  /* x86 model-specific registers, addresses made by SIM_MSR_ADDR(), width 8 */
    SIM_SPACES,
};

/* A byte of PCI configuration space; the layout of mechanism 1's CONFIG_ADDRESS without its enable
 * bit. */
#define SIM_PCI_ADDR(bus, dev, fn, reg)                                                            \
    ((uint64_t)(bus) << 16 | (uint64_t)(dev) << 11 | (uint64_t)(fn) << 8 | (uint64_t)(reg))

#define SIM_MSR_ADDR(msr) ((uint64_t)(msr) * 8)

/* For ranges that are not a table of registers.  `off` counts from the region's base; off + width
 * lies inside. */
struct region_ops {
    uint64_t (*read)(void *dev, uint64_t off, unsigned width);
    void (*write)(void *dev, uint64_t off, unsigned width, uint64_t value);
};

/* A claim; embedded in the model, before its state.  Add it with model_region_bank() or
 * model_region_ops(). */
struct sim_region {
    struct model *owner;
    const char *name;
    enum sim_space space;
    uint64_t base;
    uint64_t size;
    bool enabled;
    const struct region_ops *ops; /* either this */
    struct reg_bank *bank;        /* or this, */
    uint32_t bank_off;            /* whose offset at the region's base this is */
    struct sim_region *next_of_model;
    unsigned id;
};

/* One access by the CPU: `width` is 1, 2, 4 or 8.  Time passes first (and due events run), then the
 * model is called. */
uint64_t sim_bus_read(struct sim *sim, enum sim_space space, uint64_t addr, unsigned width);
void sim_bus_write(struct sim *sim, enum sim_space space, uint64_t addr, unsigned width,
                   uint64_t value);

/* Move a region and switch it on or off (PCI base address registers).  Any values a guest can
 * program are fine: one that does not fit its space is switched off. */
void sim_region_set(struct sim_region *region, uint64_t base, bool enabled);

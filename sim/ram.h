/* Simulated RAM, and what devices may touch of it.
 *
 * RAM is a memfd mapped shared at one fixed address, so that pointers into it are the same in every
 * run and user-mode stubs can map its pages.  Physical address 0 is its first byte.  Bus addresses
 * are physical addresses.
 *
 * With sim_config.dma_noncoherent the CPU works on its cache and devices on memory: what one writes the other sees only after
 * sim_dma_handover(), which moves whole cache lines of SIM_CACHE_LINE bytes, and a missing one gives old data every time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim;
struct model;

int sim_ram_fd(const struct sim *sim);
void *sim_ram_base(const struct sim *sim);
uint64_t sim_ram_size(const struct sim *sim);

/* Direction flags; the values of HAL_DMA_*. */
enum {
    SIM_DMA_TO_DEVICE = 1,   /* the device reads memory */
    SIM_DMA_FROM_DEVICE = 2, /* the device writes memory */
    SIM_DMA_TURNS = 4,       /* only after it was handed over: sim_dma_handover() */
};

/* Let the device named `dev` (instance name or alias, as model_set_alias() sets for PCI functions)
 * touch [addr, addr+len). Grants may overlap and are independent of one another.  -ENODEV: no such
 * device; -EINVAL: not RAM, or no direction; -ENOMEM. */
int sim_dma_grant(struct sim *sim, const char *dev, uint64_t addr, uint64_t len, unsigned dir);

/* Take back one grant made with the same numbers.  -ENOENT (and a guest error): there is none. */
int sim_dma_revoke(struct sim *sim, const char *dev, uint64_t addr, uint64_t len);

/* The driver gives [addr, addr+len) to the device (`to_device`), or takes it back.  A grant inside it that was handed over once
 * is checked from then on: the device may touch it only after it was given and before it was taken back, and it must be taken
 * back before it is revoked if the device wrote to it. */
enum { SIM_CACHE_LINE = 64 };
void sim_dma_handover(struct sim *sim, uint64_t addr, uint64_t len, bool to_device);

/* Live grants of all devices. */
size_t sim_dma_grants(const struct sim *sim);

/* A device's own access.  Every byte must lie in a live grant of that device with the right
 * direction, in the device's turn, else the access is a guest error that says what the grant was: a read gets all ones, a write is
 * dropped, and the result is false.  Never checked by sanitizers. */
bool sim_dma_read(struct model *model, uint64_t addr, void *buf, size_t len);
bool sim_dma_write(struct model *model, uint64_t addr, const void *buf, size_t len);

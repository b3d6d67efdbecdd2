/* System control of the LM3S6965 as other models see it; see devices/sysctl_lm3s.c. */
#pragma once

#include <stdint.h>

#include <sim/model.h>

/* The system clock as RCC and RCC2 say now, in Hz; `otherwise` (not 0) where the machine has no system control. */
uint32_t sysctl_lm3s_hz(const struct sim *sim, uint32_t otherwise);

/* For create(): fn(dev, hz) whenever the system clock changes.  0 also where there is no system control; -ENOSPC: too many. */
int sysctl_lm3s_listen(struct model *model, void (*fn)(void *dev, uint32_t hz));

/* Bits of the reset cause register. */
enum {
    RESC_EXT = 1 << 0,
    RESC_POR = 1 << 1,
    RESC_BOR = 1 << 2,
    RESC_WDT = 1 << 3,
    RESC_SW = 1 << 4,
    RESC_LDO = 1 << 5,
};

/* A part of the chip (or the reset button) asks for a reset: the run ends with SIM_END_RESET, and after the next sim_reset() the reset
 * cause register tells `cause`. */
void sysctl_lm3s_reset(struct sim *sim, unsigned cause);

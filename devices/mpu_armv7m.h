/* What the MPU of a Cortex-M allows; see devices/mpu_armv7m.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sim/model.h>

enum mpu_access { MPU_READ, MPU_WRITE, MPU_FETCH };

/* Who asks. */
struct mpu_asker {
    bool privileged;
    bool negative; /* in NMI, HardFault or with FAULTMASK: nvic_armv7m_negative() */
};

/* May `size` bytes from `addr` be accessed?  false: a MemManage fault (in the System Control Space a BusFault).  Each byte is judged by
 * itself, as an unaligned access over the border of two regions is two accesses.  No access wraps around the end of memory. */
bool mpu_armv7m_allows(struct model *mpu, uint32_t addr, uint32_t size, enum mpu_access access,
                       struct mpu_asker asker);

/* The region that decides about an address; -1: none, the default map (for privileged code, where PRIVDEFENA allows it) or nothing. */
int mpu_armv7m_region(struct model *mpu, uint32_t addr);

/* The registers of region `n` (0 .. 7), for who keeps a copy of them. */
void mpu_armv7m_get(const struct model *mpu, unsigned n, uint32_t *rbar, uint32_t *rasr);
uint32_t mpu_armv7m_ctrl(const struct model *mpu);
/* Goes up with every change of what the MPU allows. */
uint64_t mpu_armv7m_changes(const struct model *mpu);

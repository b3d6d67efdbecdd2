/* The interrupt controller of a Cortex-M as the processor sees it; see devices/nvic_armv7m.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sim/model.h>

/* Exception numbers; interrupt n of the chip is NVIC_IRQ0 + n. */
enum {
    NVIC_RESET = 1,
    NVIC_NMI = 2,
    NVIC_HARDFAULT = 3,
    NVIC_MEMMANAGE = 4,
    NVIC_BUSFAULT = 5,
    NVIC_USAGEFAULT = 6,
    NVIC_SVCALL = 11,
    NVIC_DEBUGMON = 12,
    NVIC_PENDSV = 14,
    NVIC_SYSTICK = 15,
    NVIC_IRQ0 = 16,
};

/* sim_cpu_intr_pending() says whether an exception is waiting that may preempt what runs; sim_cpu_intr_ack() takes it (it becomes active)
 * and returns its number. */

/* The exception's handler has returned: the last one taken that has this number. */
void nvic_armv7m_return(struct model *nvic, unsigned exception);

/* The processor's mask registers, which are not in memory: PRIMASK and FAULTMASK, BASEPRI with its 3 implemented bits on top (0: off). */
void nvic_armv7m_set_masks(struct model *nvic, bool primask, bool faultmask, uint8_t basepri);

/* Make an exception pending, as SVC, a fault or the system timer does.  One that is switched off or could not preempt, and that cannot
 * wait (a fault, SVC), escalates to HardFault.  Returns the exception that is pending now; 0: the processor is locked up (a fault in
 * HardFault or NMI). */
unsigned nvic_armv7m_pend(struct model *nvic, unsigned exception);

/* For the processor's faults: set bits of CFSR, and the address in MMFAR or BFAR if its valid bit is among them. */
void nvic_armv7m_fault_status(struct model *nvic, uint32_t cfsr, uint32_t addr);

/* The highest-priority exception that is active; 0: Thread mode.  Is the execution priority negative (NMI, HardFault, FAULTMASK)? */
unsigned nvic_armv7m_active(const struct model *nvic);
bool nvic_armv7m_negative(const struct model *nvic);

/* CCR, for UNALIGN_TRP and DIV_0_TRP; VTOR. */
uint32_t nvic_armv7m_ccr(const struct model *nvic);
uint32_t nvic_armv7m_vtor(const struct model *nvic);

/* The machine's controller; NULL: there is none. */
struct model *nvic_armv7m_find(const struct sim *sim);

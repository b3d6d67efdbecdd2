/* The processor of a board with a Cortex-M, as the kernel's side sees it: the interpreter among the models of what belongs to the core
 * (NVIC, MPU) and of the flash.  Implemented in devices/core_armv7m.c.
 *
 * The kernel itself is not interpreted.  It runs programs as it does on the board: an exception return takes a frame of eight registers
 * from the program's stack, an exception puts one there (DDI 0403E, B1.5.6 to B1.5.8).  The MPU's registers decide what a program may
 * touch, and faults are in the registers of the System Control Block.
 */
#pragma once

#include <stddef.h>

#include <sim/armv7m/armv7m.h>

struct sim;
struct model;

#define ARMV7M_SRAM_BASE UINT32_C(0x20000000)

/* The caller's memory; to be changed through the functions below only. */
struct armv7m_core {
    struct sim *sim;
    struct model *nvic, *mpu, *flash;
    uint64_t mpu_changes; /* what the model's count was when `memory` got its registers */
    unsigned faulted;     /* the exception return failed with this exception; 0: it did not */
    struct armv7m cpu;
    struct armv7m_memory memory;
};

/* Of a machine with such models; its RAM is at ARMV7M_SRAM_BASE, the flash at 0.  False: something is missing. */
bool armv7m_core_init(struct armv7m_core *core, struct sim *sim);

/* Put bytes into the flash, as a programmer does; false: they do not fit. */
bool armv7m_core_program(struct armv7m_core *core, uint32_t at, const void *bytes, size_t n);

/* Where RAM or flash at this address is in the host's memory, and how much follows; NULL: there is neither. */
uint8_t *armv7m_core_at(const struct armv7m_core *core, uint32_t addr, size_t *left);
/* The address of this byte of RAM or flash; false: it is in neither. */
bool armv7m_core_address(const struct armv7m_core *core, const void *p, uint32_t *addr);

/* Return to a program, unprivileged: its frame is at `psp`, r4 to r11 are in `high`. */
void armv7m_core_return(struct armv7m_core *core, const uint32_t high[8], uint32_t psp);
/* Execute at most `budget` instructions; returns how many it were.  `exception`: what ended them, 0 if nothing did. */
uint64_t armv7m_core_run(struct armv7m_core *core, uint64_t budget, unsigned *exception);
/* Enter `exception` from the program: its frame is put on its stack.  Returns the exception that it is in the end: the stack may have no
 * room for the frame. */
unsigned armv7m_core_enter(struct armv7m_core *core, unsigned exception, uint32_t high[8],
                           uint32_t *psp);

/* The handler of an interrupt (or SysTick) that sim_cpu_intr_ack() gave has returned. */
void armv7m_core_handled(struct armv7m_core *core, unsigned exception);

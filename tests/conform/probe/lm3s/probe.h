/* What a probe of the LM3S6965 has: register accesses that are logged, and interrupts.
 *
 * A probe drives one part of the chip through a list of scenarios.  Each access goes out by semihosting as one line of the trace
 * (docs/metal.md), with QEMU's answer and the time; tests/conform replays it on the models.  Interrupts are taken in irq_wait() and
 * irq_poll() only, so the lines stand in the order in which things happened.  Time is told by SysTick, whose accesses are not logged.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Written by each probe. */
void probe(void);

/* Heading of the accesses that follow. */
void scenario(const char *name);
/* Give up: the machine did not do what the probe needs to go on. */
_Noreturn void fail(const char *text);

uint8_t load8(uint32_t addr);
uint32_t load32(uint32_t addr);
void store8(uint32_t addr, uint8_t value);
void store32(uint32_t addr, uint32_t value);

/* Not logged: time passes. */
void delay_us(uint32_t us);
/* Stop the clock that tells the time, for the probe of SysTick itself: from here on the trace has no times. */
void clock_stop(void);

/* Enable interrupt `irq` at the NVIC; logged. */
void irq_enable(unsigned irq);
/* Wait for an exception and take it (logged as `V`); its number. */
unsigned irq_wait(void);
/* Is one there now?  Takes it: the number; or 0, which is logged, too (`N`). */
unsigned irq_poll(void);

/* Poll a register until (value & mask) == want; the last value. */
uint32_t poll32(uint32_t addr, uint32_t mask, uint32_t want);

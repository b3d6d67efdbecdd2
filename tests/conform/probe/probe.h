/* What a probe has: register accesses that are logged, memory that devices see, interrupts.
 *
 * A probe drives one device of a bare PC through a list of scenarios.  Each access goes out on port 0xe9 as one line of the trace
 * (docs/metal.md), with QEMU's answer and the time; tests/conform replays it on the models.  Interrupts are taken in irq_wait() only,
 * so the lines stand in the order in which things happened.
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

uint8_t in8(uint16_t port);
uint16_t in16(uint16_t port);
uint32_t in32(uint16_t port);
void out8(uint16_t port, uint8_t value);
void out16(uint16_t port, uint16_t value);
void out32(uint16_t port, uint32_t value);
uint32_t load32(uint32_t addr);
void store32(uint32_t addr, uint32_t value);

/* Not logged: time passes; busily, which costs QEMU an instruction for every 8 ns, or by the timer of the local APIC, which must not be
 * what the probe is about. */
void delay_us(uint32_t us);
void wait_us(uint32_t us);

/* Memory that a device is about to read: its bytes go to the trace. */
void memory_out(const void *p, size_t len);
/* Fill memory; this, too. */
void memory_fill(void *p, uint8_t byte, size_t len);
/* Memory that a device has written: a sum of it goes to the trace. */
void memory_in(const void *p, size_t len);
static inline uint32_t
address(const void *p)
{
    return (uint32_t)(uintptr_t)p;
}

/* The 8259s: vectors 0x20 to 0x2f, all masked. */
enum { PIC_VECTOR = 0x20 };
void pic_init(void);
void pic_unmask(unsigned irq);
/* Wait for an interrupt and take it (logged as `V`); the vector.  Its end is not signalled: the probe does that. */
unsigned irq_wait(void);
/* Is one there now?  Takes it: the vector; or 0, which is logged, too (`N`). */
unsigned irq_poll(void);
void pic_eoi(unsigned vector);

/* Poll a port until (value & mask) == want; the last value. */
uint8_t poll8(uint16_t port, uint8_t mask, uint8_t want);

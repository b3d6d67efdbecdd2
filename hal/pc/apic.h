/* The local APIC and the I/O APIC of a PC, on `struct io`.
 *
 * Who calls: the HAL of the board only, interrupts off.  One local and one I/O APIC.
 */
#pragma once

#include <hal/io.h>

/* Enable the local APIC, its timer masked, its two pins closed (LINT0, where the 8259s are connected) and for NMI (LINT1).  `spurious`
 * ends in 0xf. */
void lapic_init(const struct io *io, uint8_t spurious, uint8_t error, uint8_t timer);
uint8_t lapic_id(void);
/* End of interrupt; not for the spurious vector. */
void lapic_eoi(void);

/* The timer counts the bus clock divided by this; how fast that is must be measured. */
enum { LAPIC_TIMER_DIVISOR = 1 };
/* One shot: interrupt after `count` ticks; 0 stops it. */
void lapic_timer_start(uint32_t count);
uint32_t lapic_timer_left(void);
void lapic_timer_mask(bool masked);
/* Interrupt when the time stamp counter reaches the MSR IA32_TSC_DEADLINE, from now on. */
void lapic_timer_use_tsc_deadline(void);

/* Mask everything; returns the number of inputs. */
unsigned ioapic_init(const struct io *io);

struct ioapic_route {
    uint8_t vector;
    uint8_t dest;    /* local APIC */
    bool level, low; /* else edge, high */
    bool masked;
};
/* A pin outside of the chip is ignored. */
void ioapic_set(unsigned pin, const struct ioapic_route *route);

/* The lines of an interrupt controller and their handlers: what of hal/irq.h is the same on every machine.  The machine says how many there
 * are, reports interrupts, and has irq_line_enable(). */
#pragma once

#include <hal/types.h>

enum { IRQ_LINES_MAX = 65 }; /* 64, and that of a timer beside them */

/* At the machine's start, with every line masked.  Of more lines than IRQ_LINES_MAX the rest is not used. */
void irq_lines_init(unsigned count);
unsigned irq_lines_count(void);

/* `line` interrupts: count it and call its handlers.  Interrupts are off. */
void irq_lines_serve(unsigned line);

/* The machine's: unmask or mask a line, which exists.  Interrupts are off. */
void irq_line_enable(unsigned line, bool on);

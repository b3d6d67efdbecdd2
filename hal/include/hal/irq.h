/* HAL: interrupts of the CPU and lines of the board's interrupt controller.
 *
 * Line numbers are those of `struct board_dev.irq` (on the PC: ISA IRQ 0..15; PCI functions report theirs in
 * configuration space).  The HAL acknowledges the controller; the handler must quiet the device.
 */
#pragma once

#include <hal/types.h>

/* 0: interrupts off; HAL_IRQS_ON: on (what a new thread restores to run with interrupts on). */
typedef uintptr_t irqstate_t;
#define HAL_IRQS_ON ((irqstate_t)1)

/* The capability "interrupts are off on this CPU": data shared with a handler is guarded_by(hal_irqs_off). */
struct capability("irqs_off") hal_irqs_off_cap {
    int unused;
};
extern struct hal_irqs_off_cap hal_irqs_off;

/* Switch interrupts off; returns the state to restore.  Any context; nests. */
irqstate_t hal_irq_save(void) acquires(hal_irqs_off);

/* Undo one hal_irq_save().  When that switches interrupts on, pending ones are delivered before it returns. */
void hal_irq_restore(irqstate_t state) releases(hal_irqs_off);

/* True while interrupts are enabled on this CPU. */
bool hal_irq_enabled(void);

/* With interrupts off (after the caller saw that there is nothing to run): switch them on and wait until at least one was
 * handled, atomically; return with interrupts off.  Hosted: virtual time jumps to the next event. */
void hal_irq_wait(void) requires_lock(hal_irqs_off);

/* Route `line` to `handler(arg)` and unmask it.  Handlers run with interrupts off, never sleep, never allocate.
 * Lines may be shared (several attaches): every handler is called.  -EINVAL: no such line; -ENOMEM: table full. */
int must_check hal_irq_attach(unsigned line, void (*handler)(void *arg), void *arg);

/* Remove what hal_irq_attach() added; the line is masked when nobody is left. */
void hal_irq_detach(unsigned line, void (*handler)(void *arg), void *arg);

void hal_irq_mask(unsigned line);
void hal_irq_unmask(unsigned line);

/* Interrupts taken on `line` since boot, for /proc/interrupts and the console; 0 for an unknown line. */
uint64_t hal_irq_count(unsigned line);

/* A small HAL for unit tests of the kernel: RAM in an array, an interrupt flag, virtual time that moves only when told (or when
 * the kernel idles), contexts by a few lines of assembly.  A panic ends the process with status 3.
 *
 * The test itself is outside the machine: it prepares threads, then fake_run() runs the kernel's idle loop until nothing is
 * pending any more, and returns. */
#pragma once

#include <hal/irq.h>
#include <hal/types.h>

enum { FAKE_PANIC_EXIT = 3, FAKE_IRQS = 16 };

/* A fresh machine with `ram` bytes of RAM, interrupts off, time 0; the kernel's base is initialised on it. */
void fake_boot(size_t ram);
/* Run the kernel until it waits for an interrupt that will never come. */
void fake_run(void);
/* The running code uses up `ns` of CPU time; interrupts that come due are delivered if they are on. */
void fake_consume(uint64_t ns);
/* Call fn(arg) in interrupt context at a time. */
void fake_at(uint64_t when_ns, void (*fn)(void *arg), void *arg);
/* Pull an interrupt line (edge). */
void fake_irq(unsigned line);
/* Register accesses go here. */
struct io;
extern uint64_t (*fake_io_read)(const struct io *io, uint32_t off, unsigned width);
extern void (*fake_io_write)(const struct io *io, uint32_t off, unsigned width, uint64_t v);

extern unsigned fake_deadlines_set; /* calls of hal_time_set_deadline() */
extern unsigned fake_dma_grants;    /* live ones */
extern char fake_doing[160]; /* what the test is at: printed with a panic or a sanitizer's report */
void *fake_ram(void);
size_t fake_ram_size(void);
const char *fake_log(void); /* what hal_log_write() was given */

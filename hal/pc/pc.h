/* The PC's interrupt controller, timer and clock, on `struct io`: shared by the hosted backend and by real x86-64.
 *
 * Who calls: the HAL of the board only, interrupts off.
 */
#pragma once

#include <hal/board.h>
#include <hal/io.h>

/* 8259A pair: IRQ 0..15 at vectors PIC_VECTOR_BASE.., all masked but the cascade. */
enum { PIC_VECTOR_BASE = 32, PIC_LINES = 16 };
void pic_8259_init(const struct io *master, const struct io *slave);
void pic_8259_mask(unsigned line, bool masked);
/* Call before the handler.  False: a spurious interrupt (nothing in service), to be ignored. */
bool pic_8259_begin(unsigned line);
/* Call after the handler: end of interrupt. */
void pic_8259_end(unsigned line);

/* 8254 counter 0 as a one-shot timer on IRQ 0. */
void pit_8254_init(const struct io *io, uint32_t hz);
/* Interrupt in `ns`, or earlier where the counter cannot count that far: the caller re-arms. */
void pit_8254_arm(uint64_t ns);
void pit_8254_stop(void);

/* MC146818 time of day: seconds since 1970 (the chip runs in UTC); 0 if it holds no valid time. */
uint64_t rtc_mc146818_read(const struct io *io);

/* Measuring other clocks by the 8254: run counter 0 from UINT16_MAX down, once (55 ms), without a use for its interrupt. */
void pit_8254_run(void);
/* What counter 0 holds now. */
uint16_t pit_8254_count(void);

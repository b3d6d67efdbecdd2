/* What hal/host asks of the chips that a board has for interrupts, deadlines and the time of day; the build picks the board's file,
 * machine_<board>.c.  The chips' code itself works on `struct io` and runs on the metal too.
 *
 * Context: interrupts off.
 */
#pragma once

#include <hal/board.h>
#include <hal/types.h>

extern const struct board *const host_machine_board;

/* --- the interrupt controller; lines are 0 .. HOST_LINES_MAX-1 --- */

enum { HOST_LINES_MAX = 64 };
/* Find it in the board's list and initialise it with every line masked. */
void host_intc_init(const struct board *board);
/* How many lines it has. */
unsigned host_intc_lines(void);
void host_intc_mask(unsigned line, bool masked);
/* The line of what the CPU's acknowledge gave; -1: none. */
int host_intc_line(int vector);
/* Before the line's handlers; false: spurious, to be ignored.  After them. */
bool host_intc_begin(unsigned line);
void host_intc_end(unsigned line);

/* --- a one-shot timer --- */

/* Returns its line. */
unsigned host_timer_init(const struct board *board);
/* Interrupt in `ns`, or earlier where it cannot count that far: the caller arms it again. */
void host_timer_arm(uint64_t ns);
void host_timer_stop(void);

/* --- the time of day --- */

/* Seconds since 1970; 0: the board has no clock that knows. */
uint64_t host_clock_read(const struct board *board);

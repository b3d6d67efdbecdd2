/* What hal/host asks of the board it runs on, and of the chips that this has for interrupts, deadlines and the time of day; the build
 * picks the board's file, machine_<board>.c.  The chips' code itself works on `struct io` and runs on the metal too.
 *
 * Context: interrupts off.
 */
#pragma once

#include <hal/board.h>
#include <hal/types.h>

struct boot_info;

/* Constants of the machine. */
extern const struct host_machine {
    const struct board *board;
    const char *what;  /* "a modelled PC": for --help */
    uint64_t ram_base; /* physical address of the first byte of RAM */
    uint64_t ram_size; /* bytes, where the hosted kernel needs more than the board has; 0: the board's */
    uint64_t ram_min, ram_max; /* what --memory may ask for */
    const char *ram_range;     /* ... in words */
    const char *cpu;           /* for /proc/cpuinfo */
    const char *root;          /* the root file system, unless --append says so: "/dev/hda" */
    const char *shell;         /* what --run would be given where standard input is no terminal */
    const char *drive; /* the drive there is without --drive, a file beside the program; NULL: none */
    const char *slots[4]; /* where drives go, in the order of the options; NULL: no more */
} host_machine;

/* Before anything below: what the board's own start does, and what it has for the kernel beside RAM. */
void host_machine_start(struct boot_info *boot);

/* --- the interrupt controller --- */

/* Find it in the board's list and initialise it with every line masked. */
void host_intc_init(const struct board *board);
/* How many lines it has; after host_intc_init(). */
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

/* The simulator's console, "(drydock)": looks at the machine and the kernel while both stand still, and steps them.
 *
 * It is entered from the terminal (Ctrl-A c) at a moment when the kernel waits or has just been interrupted; returning lets the guest
 * go on.  It reads the machine through sim/ and the kernel through the read-only table printer given in the configuration.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim;

struct console_config {
    struct sim *sim;
    /* Print a table of the kernel's: "proc", "mem", "irq", "dev", "block", "mount".  Negative: no such table. */
    int (*info)(const char *what, void (*emit)(void *arg, const char *line), void *arg);
    void (*quit)(void *arg);
    int (*log_level)(int level); /* set unless negative; returns the level in force */
    /* `step`: come back to the console at this virtual time. */
    void (*stop_at)(uint64_t at_ns);
    /* A medium into a device: `words` as of --drive, "" for the first one, NULL for none.  NULL, or what is wrong. */
    const char *(*plug)(const char *device, char *words);
    void *arg;
};

void console_init(const struct console_config *config);
/* One dialogue: returns when the guest is to go on (continue, step, end of input). */
void console_run(void *arg);
/* "250us", "1.5s", "3ms", "100" (nanoseconds).  False: not a time. */
bool console_time(const char *s, uint64_t *ns_out);
/* Run one command line, as typed; output to standard output.  True: the guest is to go on. */
bool console_command(char *line);

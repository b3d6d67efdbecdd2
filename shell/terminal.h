/* The simulator's terminal: the user's keys to the guest's serial port and its output back, Ctrl-A keys, waiting.
 *
 * On a terminal the host's line discipline is switched to raw, so that ^C, ^Z and the rest reach the guest; Ctrl-A is ours:
 * Ctrl-A h lists the keys, Ctrl-A x ends, Ctrl-A c opens the console, Ctrl-A a sends a Ctrl-A.  On anything else bytes are passed as
 * they are and the end of the input becomes ^D.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim;

struct terminal_config {
    struct sim *sim;
    const char *uart; /* instance name of the guest's console */
    bool interactive; /* standard input is a terminal and the guest's console is a dialogue */
    bool follows_host_clock;
    void (*quit)(void *arg);    /* Ctrl-A x */
    void (*console)(void *arg); /* Ctrl-A c: runs the console, returns when the guest is to go on */
    void (*commands)(void *arg); /* after terminal_want_commands(), when the machine stands still */
    void *arg;
};

/* -ENODEV: no such UART. */
int terminal_open(const struct terminal_config *config);
/* Give the terminal back as it was; harmless when it is not open. */
void terminal_close(void);
/* Between: for the console's own dialogue. */
void terminal_suspend(void);
void terminal_resume(void);

/* The hooks of hal/host: look for input without waiting; wait for it while the machine idles. */
void terminal_poll(void *arg);
bool terminal_idle(void *arg, uint64_t until_ns);

/* Open the console at the next opportunity, as if Ctrl-A c had been typed. */
void terminal_want_console(void);

/* Call config.commands at the next opportunity. */
void terminal_want_commands(void);

/* A line of ours on the terminal (standard error), with the carriage return that raw mode wants. */
void terminal_message(const char *text, size_t len);

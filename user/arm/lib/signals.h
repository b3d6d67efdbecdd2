/* Signals by name, and what `kill` does, as a program and in the shell. */
#pragma once

#include <stdint.h>

/* The number of "TERM", "SIGTERM" or "15"; negative if it is none. */
int signal_number(const char *name);
int kill_command(int argc, char **argv);
/* Have a function called; `flags`: SA_*, without those for the way back.  With SA_SIGINFO it gets the three arguments of one. */
int signal_handle(int signo, void (*fn)(int signo), uint32_t flags);

/* The command line of the simulator. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drives.h"

enum { DRIVES_MAX = 4, APPEND_MAX = 2048, AT_MAX = 32 };

enum option_clock { CLOCK_AUTO, CLOCK_HOST, CLOCK_VIRTUAL };
enum option_dma { DMA_COHERENT, DMA_NONCOHERENT };
enum option_user { USER_AUTO, USER_NOTIFY, USER_SECCOMP, USER_PTRACE, USER_INTERP };

struct options {
    const char *program;
    const char *run; /* --run, or NULL */
    struct drive drives[DRIVES_MAX];
    size_t drive_count;
    char *at[AT_MAX]; /* --at: TIME:COMMAND */
    size_t at_count;
    char append[APPEND_MAX]; /* more words for the kernel's command line */
    uint64_t ram_size;       /* bytes; 0: the board's default */
    uint64_t seed;
    uint64_t timeout_ns; /* virtual; UINT64_MAX: none */
    uint64_t epoch_s;    /* real-time clock at power-on */
    enum option_clock clock;
    enum option_user user;
    enum option_dma dma;
    bool fail_alloc;         /* a rule was given to sim_fail_arm() */
    const char *fail_report; /* NULL: none */
    bool pin;
    bool strict;
    const char *trace;
    const char *log_file; /* NULL: standard error */
    int log_level;        /* -1: by mode */
};

/* Parse; on --help and --version print and exit 0, on an error say what is wrong and exit 2. */
void options_parse(struct options *o, int argc, char **argv);

/* Exhaustive enumeration of schedules, for a few contexts and short programs.
 *
 * The programs are compiled with -fsanitize=thread, without its runtime: explore.c is what the compiler's calls before each memory
 * access reach.  So every access to watched memory is a step between which others may run, in the kernel's own sources, unchanged.
 * A run follows a list of choices; when it is over the last choice that has an alternative left takes it, and everything starts
 * again, until there is none.
 *
 * Contexts are threads or interrupt handlers.  Threads give up the CPU in explore_block() and explore_yield() (or at every step, with
 * EXPLORE_CPUS).  A handler starts once, at any step where interrupts are on, and runs to its end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXPLORE_CONTEXTS_MAX = 4 };

enum explore_mode {
    EXPLORE_CPUS,    /* every context on a CPU of its own: anybody's step may be next */
    EXPLORE_ONE_CPU, /* handlers run with interrupts off */
    EXPLORE_NESTED,  /* handlers may be interrupted by handlers */
};

struct explore_program {
    enum explore_mode mode;
    unsigned threads, handlers; /* contexts 0 .. threads - 1, then the handlers */
    void (*setup)(void);        /* before each run */
    void (*run)(unsigned context);
    void (*verify)(void); /* after each run that ended by itself */
};

struct explore_result {
    uint64_t schedules;
    unsigned steps;        /* of the longest */
    const char *violation; /* NULL: none; else the first, which ended the search */
};

struct explore_result explore(const struct explore_program *p);

/* --- for programs --- */

/* Accesses to [p, p+len) are steps from now on, in this run. */
void explore_watch(const void *p, size_t len);
/* What must never be. */
void explore_violation(const char *what) __attribute__((noreturn));
#define EXPLORE_CHECK(e) ((e) ? (void)0 : explore_violation(#e))
unsigned explore_current(void); /* the running thread, also for a handler that interrupted it */
bool explore_in_handler(void);
void explore_block(void); /* until somebody calls explore_unblock(); a run in which everybody waits for ever is a violation */
void explore_unblock(unsigned thread);
bool explore_blocked(unsigned thread);
void explore_yield(void); /* any thread that can run may go on */
/* Interrupts off and on; a handler may start when they come on. */
bool explore_irqs_off(void); /* returns whether they were on */
void explore_irqs_on(void);
bool explore_irqs(void);
/* A point of choice of the program's own: 0 .. n-1. */
unsigned explore_choose(unsigned n);

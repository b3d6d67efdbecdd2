/* Who may have how much memory (CONFIG_GRANTS), so that no process takes what others were promised.
 *
 * Every page in use is on an account.  Each process has one of its own, its grant: what the kernel allocates on its behalf (its stack,
 * its descriptors, open files, names and inodes it brought in, pipes, paths) comes from there, and from nowhere else.  At its limit it
 * gets -ENOMEM.  A grant is promised when the process is made, which fails when there is not that much: the sum of what is promised and
 * of what is in use never exceeds the machine's memory, so a page within a grant is always there, whatever the others do.
 *
 * Two accounts have no promise and share the rest:
 *   GRANT_COMMON  what boot made, and caches, which give back what is clean;
 *   GRANT_KEPT    what stays until somebody gives it back: the programs' own memory (bounded by RLIMIT_DATA), tmpfs (by its size),
 *                 mounts, what a starting program needs.  It leaves GRANT_MIN pages for the caches, so files can always be read.
 * What a process leaves behind, because others use it, becomes common.
 *
 * The unit is the page.  The running thread's account pays; grant_use() changes it for a while.  Without CONFIG_GRANTS there is one
 * account, and nothing is counted.
 */
#pragma once

#include <hal/types.h>

#ifdef CONFIG_GRANTS
#define GRANTS 1
#else
#define GRANTS 0
#endif

enum {
    GRANT_COMMON,
    GRANT_KEPT,
    GRANT_FIRST, /* of a process */
    GRANTS_MAX = GRANT_FIRST + CONFIG_PROC_MAX * GRANTS,
};

/* A new process's.  -ENOMEM: not that much is left. */
int must_check grant_create(uint8_t *grant_out);
/* Its process has ended: nothing more comes from it, nothing more is promised.  Any context. */
void grant_end(uint8_t grant);
/* Nobody uses it any more; what is still on it becomes common.  Any context. */
void grant_destroy(uint8_t grant);

/* The account that the running thread's allocations are on; change it, returns what it was. */
uint8_t grant_current(void);
uint8_t grant_use(uint8_t grant);

struct grant_stats {
    uint32_t pages; /* promised; 0: to nobody */
    uint32_t used;
};
void grant_stats(uint8_t grant, struct grant_stats *out);

/* --- for page.c, interrupts off --- */

/* All of the machine's pages, none of them in use. */
void grant_init(uint64_t pages);
/* `n` pages are taken; false: they may not be.  They are given back. */
bool must_check grant_charge(uint8_t grant, uint64_t n);
void grant_uncharge(uint8_t grant, uint64_t n);

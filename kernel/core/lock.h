/* Locks.
 *
 * struct irqlock: short critical sections shared with interrupt handlers; interrupts are off while it is held; nobody sleeps
 * under it.  struct mutex: long sections of threads; the holder may sleep; not for handlers.  Neither is recursive: taking a lock
 * twice is a kernel bug and panics.  A mutex has a rank: a thread takes mutexes in strictly rising rank (checked), except
 * that mutex_lock_nested() allows a second one of the same rank (two directories: lower inode number first).
 */
#pragma once

#include <hal/irq.h>
#include <kernel/trusted/list.h>

struct thread;

struct capability("irqlock") irqlock {
    const char *name;
    bool held;
    unsigned depth; /* irqlocks held when this one was taken: they are released in reverse order */
    irqstate_t state;
};

#define IRQLOCK_INIT(n) { .name = (n) }
void irqlock_init(struct irqlock *l, const char *name);
void irqlock_lock(struct irqlock *l) acquires(l);
void irqlock_unlock(struct irqlock *l) releases(l);
/* Panic unless it is held: where the compiler does not see which lock it is. */
void irqlock_assert_held(const struct irqlock *l) TSA(assert_capability(l));
unsigned irqlock_depth(void); /* how many this CPU holds */

/* Ranks, outermost first. */
enum mutex_rank {
    RANK_PROC, /* the process table */
    RANK_MM,   /* struct mm: outside inodes, because a fault reads files */
    RANK_TTY,
    RANK_MOUNT,     /* the mount table, rename across directories */
    RANK_INODE_DIR, /* a directory's inode */
    RANK_INODE,     /* another inode */
    RANK_PIPE,
    RANK_PAGE, /* page cache fill and write-back */
    RANK_FS,   /* a file system's own allocation state */
    RANK_BUF,  /* a buffer of the block cache */
    RANK_DEV,  /* a block device's request queue */
    RANK_BUS,  /* a bus that several devices share */
};

struct capability("mutex") mutex {
    const char *name;
    enum mutex_rank rank;
    struct thread *owner;
    struct list waiters;
};

#define MUTEX_INIT(m, n, r) { .name = (n), .rank = (r), .waiters = LIST_INIT((m).waiters) }
void mutex_init(struct mutex *m, const char *name, enum mutex_rank rank);
void mutex_lock(struct mutex *m) acquires(m) may_sleep;
void mutex_lock_nested(struct mutex *m) acquires(m) may_sleep;
bool must_check mutex_trylock(struct mutex *m) try_acquires(true, m);
void mutex_unlock(struct mutex *m) releases(m);
/* Two of one rank, which may be one and the same. */
void mutex_lock_pair(struct mutex *a, struct mutex *b, bool b_first) acquires(a, b) may_sleep;
void mutex_unlock_pair(struct mutex *a, struct mutex *b) releases(a, b);
bool mutex_held(const struct mutex *m); /* by the running thread */
/* Panic unless the running thread holds it: where the compiler does not see which lock it is. */
void mutex_assert_held(const struct mutex *m) TSA(assert_capability(m));

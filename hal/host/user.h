/* Hosted user mode: what the rest of hal/host hands to it at start.
 *
 * User code runs in stub processes (hal/host/stub), one per address space, made by a starter process.  They are children of the
 * kernel process and end with it.  Where the programs are not the host's kind, an interpreter has the same interface.  hal/space.h and hal/user.h work after host_user_init().
 *
 * The kernel process must not reap children it does not know (no waitpid(-1)) and must leave SIGCHLD to this part.
 */
#pragma once

#include <hal/types.h>

enum host_user_backend {
    HOST_USER_AUTO,    /* the first of these that the host allows */
    HOST_USER_NOTIFY,  /* SECCOMP_RET_USER_NOTIF for most system calls, the rest as below */
    HOST_USER_SECCOMP, /* SECCOMP_RET_TRAP, signal handler in the stub, hand-over by eventfds */
    HOST_USER_PTRACE,  /* PTRACE_SYSEMU */
    HOST_USER_INTERP, /* none of these: an interpreter (user_interp.c), for programs of another architecture */
};

struct host_user_config {
    int ram_fd; /* file behind simulated RAM: physical address == offset */
    void *ram_base;
    uint64_t ram_size;
    enum host_user_backend backend;
    bool pin; /* pin this process and the stubs to the CPU we run on: several times faster hand-overs */

    bool own_time; /* slices are of the program's own time, not of the host's clock */

    /* Nanoseconds until user code must be interrupted; UINT64_MAX: no need.  NULL: never. */
    uint64_t (*slice_ns)(void *arg);
    /* Called after each run of user code.  `preempted`: the slice ended.  True: at least one interrupt was delivered.  NULL: none ever
     * is. */
    bool (*tick)(void *arg, bool preempted);
    void *arg;
};

struct host_user_stats {
    uint64_t stops;       /* returns from user code */
    uint64_t commands;    /* mapping commands run by stubs */
    uint64_t started;     /* stubs forked */
    uint64_t recycled;    /* stubs used again */
    uint64_t lost;        /* stubs that died or were killed for misbehaving */
    uint64_t kicks;       /* preemptions */
    uint64_t repushed;    /* mappings the stub had lost */
    uint64_t flushes;     /* command queue full */
    unsigned stubs_alive; /* now, idle ones included */
};

/* Start.  0, or a negative errno: -ENOSYS when the host allows no backend (or not the one asked for). */
int must_check host_user_init(const struct host_user_config *config);

/* End every stub and the starter and free everything; spaces still in use are lost. */
void host_user_fini(void);

/* The backend in use. */
enum host_user_backend host_user_backend(void);

void host_user_stats(struct host_user_stats *out);

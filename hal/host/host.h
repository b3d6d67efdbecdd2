/* The hosted backend's own state, shared by the files of hal/host and set up by the program's main(). */
#pragma once

#include <hal/types.h>
#include <hal/upcall.h>
#include <sim/sim.h>

/* What the front end (terminal, console) supplies.  All may be NULL but `exit`. */
struct host_hooks {
    void *arg;
    /* Look for input from outside without waiting; called now and then while the kernel or a program runs. */
    void (*poll)(void *arg);
    /* The machine idles until `until_ns` of virtual time (SIM_NEVER: for ever).  Wait for outside input at most that long in
     * host time when the clock follows the host's, do not wait otherwise; false: nothing can ever come from outside. */
    bool (*idle)(void *arg, uint64_t until_ns);
    /* The host's clock, in ns, where virtual time follows it; else NULL. */
    uint64_t (*clock)(void *arg);
    /* Text for the log. */
    void (*log)(void *arg, const char *text, size_t len);
    /* The run is over: leave the process with this exit code. */
    void (*exit)(void *arg, int code) noreturn_fn;
};

/* Exit codes of the simulator. */
enum host_exit {
    HOST_EXIT_OK = 0,
    HOST_EXIT_GUEST = 1,
    HOST_EXIT_USAGE = 2,
    HOST_EXIT_PANIC = 3,
    HOST_EXIT_VIOLATION = 4,
    HOST_EXIT_DEADLOCK = 5,
    HOST_EXIT_TIMEOUT = 6,
    HOST_EXIT_SANITIZER = 86,
};

struct host {
    struct sim *sim;
    struct host_hooks hooks;
    uint64_t limit_ns; /* virtual time at which the run ends with HOST_EXIT_TIMEOUT; SIM_NEVER: none */
    uint64_t syscall_ns;   /* virtual cost of one stretch of user code that ended by itself */
    uint64_t slice_max_ns; /* look for outside input at least this often (host time) */
    uint64_t slice_min_ns; /* a clock of its own: no stretch of user code is cut shorter than this */
};
extern struct host host;

/* Boot the kernel on the machine in `host`.  Never returns: the run ends through hooks.exit. */
void host_boot(const struct board *board, const char *cmdline) noreturn_fn;

/* Deliver pending interrupts if they are enabled; true if there were any.  For the other files of hal/host. */
bool host_deliver(void);
/* Look at the machine's state after time has passed: end of run, virtual time limit. */
void host_check_end(void);
/* Return addresses of the running code's callers, nearest first, cheaply (by frame pointers); how many. */
size_t host_callers(uintptr_t *pcs, size_t max);
/* Who made the newest grant that `addr` lies in: return addresses, and how many; 0: nobody (remembered). */
size_t host_dma_who(uint64_t addr, const uintptr_t **pcs_out);
/* Set up interrupt controller, timer and clock from the board's list. */
void host_irq_init(const struct board *board);
void host_time_init(const struct board *board);
/* The user-mode backend's hooks (hal/host/user.h): see there. */
uint64_t host_slice_ns(void *arg);
bool host_user_tick(void *arg, bool preempted);
/* The same where it is known how long the user code ran. */
bool host_user_spent(uint64_t ns, bool preempted);
/* The board's entry with this compatible string, or NULL. */
const struct board_dev *host_board_find(const struct board *board, const char *compatible);

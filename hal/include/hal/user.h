/* HAL: user mode.
 *
 * The kernel's process loop on every backend is
 *
 *     for (;;)
 *         handle(hal_user_run(&thread->user, space, &stop));
 *
 * hal_user_run() runs the user context until something happens and says what.  `struct hal_user` is the user's register
 * file; the accessors below are all the kernel's portable part knows of it (the signal frame's layout is the business of
 * kernel/proc/sigframe_<arch>.c, which includes <hal/user_regs.h> of the architecture and asks hal_user_registers()).
 *
 * Context: thread, interrupts on.  Interrupts are delivered while user code runs; HAL_STOP_IRQ is returned after at least one
 * was handled, so that the caller can look for a reschedule or a signal.
 */
#pragma once

#include <hal/types.h>
#include <hal/user_regs.h>

struct hal_space;

enum hal_stop_kind {
    HAL_STOP_SYSCALL, /* nr and arg[] are valid */
    HAL_STOP_FAULT,   /* page fault: addr and access are valid */
    HAL_STOP_TRAP,    /* another exception: trap is valid */
    HAL_STOP_IRQ,     /* interrupts were handled */
    HAL_STOP_GONE,    /* the backend lost the user context (host killed it): treat like SIGKILL */
};

enum hal_trap {
    HAL_TRAP_DIVIDE,     /* SIGFPE, FPE_INTDIV */
    HAL_TRAP_FPU,        /* SIGFPE, FPE_FLTINV */
    HAL_TRAP_ILLEGAL,    /* SIGILL, ILL_ILLOPN */
    HAL_TRAP_BREAKPOINT, /* SIGTRAP, TRAP_BRKPT */
    HAL_TRAP_STEP,       /* SIGTRAP, TRAP_TRACE */
    HAL_TRAP_ALIGN,      /* SIGBUS, BUS_ADRALN */
    HAL_TRAP_PROTECTION, /* SIGSEGV, SI_KERNEL: #GP and the like, no address */
};

struct hal_stop {
    enum hal_stop_kind kind;
    uint64_t nr;     /* system call number */
    uint64_t arg[6]; /* system call arguments */
    uaddr_t addr;    /* faulting address */
    unsigned access; /* one of HAL_PROT_READ, _WRITE, _EXEC: what was tried (space.h) */
    enum hal_trap trap;
};

/* Prepare `u` for a fresh program: all registers zero, FPU in its initial state, pc and sp as given.  -ENOMEM. */
int must_check hal_user_init(struct hal_user *u, uaddr_t pc, uaddr_t sp);

/* Make `child` a copy of `parent` (registers and FPU state), which is not running.  -ENOMEM. */
int must_check hal_user_copy(struct hal_user *child, const struct hal_user *parent);

/* Free what the backend holds for `u`. */
void hal_user_fini(struct hal_user *u);

/* Run until something happens; `stop` is filled in.  Never fails: what goes wrong is HAL_STOP_GONE. */
void hal_user_run(struct hal_user *u, struct hal_space *space, struct hal_stop *stop);

/* Set the result register of the system call that `u` stopped in. */
void hal_user_set_result(struct hal_user *u, int64_t result);
int64_t hal_user_result(const struct hal_user *u);

/* Make `u` execute the system call instruction it stopped in again, with the number `nr` (SA_RESTART, ERESTARTSYS). */
void hal_user_restart_syscall(struct hal_user *u, uint64_t nr);

uaddr_t hal_user_pc(const struct hal_user *u);
uaddr_t hal_user_sp(const struct hal_user *u);
void hal_user_set_sp(struct hal_user *u, uaddr_t sp);
/* The thread pointer (x86-64: FS base; Cortex-M: none, kept in the context). */
uaddr_t hal_user_tls(const struct hal_user *u);
void hal_user_set_tls(struct hal_user *u, uaddr_t tls);

/* The address of a fresh program's data, where the ABI has a register for it (Arm: r9, the static base; x86-64: none). */
void hal_user_set_data(struct hal_user *u, uaddr_t data);

/* The FPU state as the architecture's signal frame carries it (x86-64: XSAVE area with FXSAVE first).
 * hal_user_fp_size() is constant after boot and at most HAL_USER_FP_MAX. */
enum { HAL_USER_FP_MAX = 16384 };
size_t hal_user_fp_size(void);
void hal_user_fp_get(const struct hal_user *u, void *buf, size_t size);
/* -EINVAL: the image is not one the CPU would load; `u` is unchanged then. */
int must_check hal_user_fp_set(struct hal_user *u, const void *buf, size_t size);

/* Moving a stub by ptrace: the fallback where the host allows no seccomp filter.
 *
 * User code runs under PTRACE_SYSEMU: its system calls stop before they happen, so the program cannot do anything in the stub's code
 * either.  Mapping commands are run by the stub's own loop, started at STUB_BASE with PTRACE_CONT and ended by its int3.  An exception
 * is let through to the stub's handler, because only the signal frame tells the CPU's error code; the frame is then abandoned.
 *
 * Preemption: a POSIX timer interrupts waitpid().  It repeats, in case it fires just before the wait begins.
 * Known difference to the seccomp backend: the host's vsyscall page answers time() and the like.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <hal/host/stub.h>

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h> /* defines a PAGE_MASK of the other kind */
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <hal/host/space.h>
#include <hal/user.h>

#ifndef PTRACE_SYSEMU
#define PTRACE_SYSEMU 31
#endif
#define SYSCALL_STOP (SIGTRAP | 0x80)
#define ARCH_X86_64  0xc000003eu /* AUDIT_ARCH_X86_64 */
#define REPEAT_NS    1000000

enum {
    TRAP_DB = 1,
    TRAP_BP = 3,
    CODE_SECCOMP = 1,
    FP_MAX = HAL_USER_FP_MAX,
    STRAY_MAX = 64, /* signals from other processes of the host in one run */
};

static struct user_regs_struct model; /* of a stub that has done nothing */
static bool have_model;
static size_t regset_size;
static timer_t timer;
static bool have_timer;

static void
on_timer(int sig)
{
    (void)sig;
}

static bool
timer_start(void)
{
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGVTALRM };
    struct sigaction act = { .sa_handler = on_timer };

    if (have_timer)
        return true;
    have_timer = sigaction(event.sigev_signo, &act, NULL) == 0 &&
                 timer_create(CLOCK_MONOTONIC, &event, &timer) == 0;
    return have_timer;
}

static void
timer_arm(uint64_t ns)
{
    struct itimerspec when = {
        .it_value = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) },
        .it_interval = { 0, ns != 0 ? REPEAT_NS : 0 },
    };

    timer_settime(timer, 0, &when, NULL);
}

/* Wait for the stub: the signal it stopped with, or -1: it is gone.  0: interrupted. */
static int
wait_stub(struct stub *s)
{
    int status;
    pid_t pid = waitpid(s->pid, &status, __WALL);

    if (pid < 0 && errno == EINTR)
        return 0;
    if (pid == s->pid && WIFSTOPPED(status))
        return WSTOPSIG(status);
    if (pid == s->pid)
        stub_reaped(s);
    return -1;
}

static int
wait_stub_always(struct stub *s)
{
    int sig;

    do {
        sig = wait_stub(s);
    } while (sig == 0);
    return sig;
}

static bool
trace(int request, struct stub *s, uintptr_t data)
{
    return syscall(SYS_ptrace, request, s->pid, 0, data) >= 0;
}

static bool
set_regs(struct stub *s, const struct user_regs_struct *regs)
{
    return trace(PTRACE_SETREGS, s, (uintptr_t)regs);
}

static bool
get_regs(struct stub *s, struct user_regs_struct *regs)
{
    return trace(PTRACE_GETREGS, s, (uintptr_t)regs);
}

/* Somebody on the host stops or continues processes; that is not for the program. */
static bool
is_job_control(int sig)
{
    return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU || sig == SIGCONT;
}

/* Let the stub's own code run, system calls and all, until its int3. */
static bool
run_to_break(struct stub *s, int sig)
{
    for (int i = 0; i < STRAY_MAX; i++) {
        int stop;

        if (!trace(PTRACE_CONT, s, (uintptr_t)sig))
            return false;
        stop = wait_stub_always(s);
        if (stop == SIGTRAP)
            return true;
        if (stop == STUB_SIG_KICK)
            s->kick_pending = false;
        else if (!is_job_control(stop))
            return false;
        sig = 0;
    }
    return false;
}

static bool
pt_first_stop(struct stub *s)
{
    if (!timer_start() || wait_stub_always(s) != SIGILL)
        return false;
    if (!trace(PTRACE_SETOPTIONS, s, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL))
        return false;
    if (!run_to_break(s, SIGILL) || !stub_learn(s, s->data->frame))
        return false;
    if (!have_model && !get_regs(s, &model))
        return false;
    have_model = true;
    s->fp_in_frame = true;
    return true;
}

static bool
pt_flush(struct stub *s)
{
    struct user_regs_struct regs = model;

    regs.rip = STUB_BASE;
    regs.orig_rax = ~0ull;
    s->ctl->action = STUB_ACT_STOP;
    if (!set_regs(s, &regs) || !run_to_break(s, 0))
        return false;
    s->ctl->count = 0;
    s->first_cleans = false;
    return true;
}

static bool
pt_fp_read(struct stub *s, void *image)
{
    static uint8_t buf[FP_MAX];
    struct iovec iov = { buf, sizeof(buf) };
    size_t n = stub_host.fp_size;

    if (s->fp_in_frame) {
        memcpy(image, s->fp, n);
        return true;
    }
    if (syscall(SYS_ptrace, PTRACE_GETREGSET, s->pid, NT_X86_XSTATE, &iov) < 0)
        return false;
    memcpy(image, stub_host.fp_init, n);
    memcpy(image, buf, iov.iov_len < n ? iov.iov_len : n);
    return true;
}

static bool
pt_fp_write(struct stub *s, const void *image)
{
    static uint8_t buf[FP_MAX];
    struct iovec iov = { buf, sizeof(buf) };
    size_t n = stub_host.fp_size;

    if (regset_size == 0) {
        if (syscall(SYS_ptrace, PTRACE_GETREGSET, s->pid, NT_X86_XSTATE, &iov) < 0)
            return false;
        regset_size = iov.iov_len;
    }
    memset(buf, 0, regset_size);
    memcpy(buf, image, regset_size < n ? regset_size : n);
    iov.iov_len = regset_size;
    s->fp_in_frame = false;
    return syscall(SYS_ptrace, PTRACE_SETREGSET, s->pid, NT_X86_XSTATE, &iov) >= 0;
}

static void
regs_to_host(struct user_regs_struct *h, const struct hal_user_regs *r)
{
    *h = model;
    h->r8 = r->r8;
    h->r9 = r->r9;
    h->r10 = r->r10;
    h->r11 = r->r11;
    h->r12 = r->r12;
    h->r13 = r->r13;
    h->r14 = r->r14;
    h->r15 = r->r15;
    h->rdi = r->rdi;
    h->rsi = r->rsi;
    h->rbp = r->rbp;
    h->rbx = r->rbx;
    h->rdx = r->rdx;
    h->rax = r->rax;
    h->rcx = r->rcx;
    h->rsp = r->rsp;
    h->rip = r->rip;
    h->eflags = (r->rflags & X86_RFLAGS_USER) | 0x202;
    h->orig_rax = ~0ull; /* not in a system call */
    h->fs_base = r->fs_base < STUB_TASK_END ? r->fs_base : 0;
    h->gs_base = r->gs_base < STUB_TASK_END ? r->gs_base : 0;
}

static void
regs_from_host(struct hal_user_regs *r, const struct user_regs_struct *h)
{
    *r = (struct hal_user_regs){
        .r8 = h->r8,
        .r9 = h->r9,
        .r10 = h->r10,
        .r11 = h->r11,
        .r12 = h->r12,
        .r13 = h->r13,
        .r14 = h->r14,
        .r15 = h->r15,
        .rdi = h->rdi,
        .rsi = h->rsi,
        .rbp = h->rbp,
        .rbx = h->rbx,
        .rdx = h->rdx,
        .rax = h->rax,
        .rcx = h->rcx,
        .rsp = h->rsp,
        .rip = h->rip,
        .rflags = h->eflags,
        .fs_base = h->fs_base,
        .gs_base = h->gs_base,
    };
}

/* Wait for the program; kick when the slice ends. */
static int
wait_user(struct stub *s, uint64_t slice_ns, struct stub_event *ev)
{
    struct stub_slice slice;
    uint64_t now = 0;
    int stop;

    if (slice_ns != UINT64_MAX) {
        now = stub_now_ns();
        stub_slice_begin(&slice, s, now, slice_ns);
        timer_arm(slice.at > now ? slice.at - now : 1);
    }
    while ((stop = wait_stub(s)) == 0) {
        if (slice_ns == UINT64_MAX || ev->kicked || (now = stub_now_ns()) < slice.at)
            continue;
        if (!stub_slice_over(&slice, s, now)) {
            timer_arm(slice.at - now);
            continue;
        }
        syscall(SYS_tgkill, s->pid, s->pid, STUB_SIG_KICK);
        stub_host.stats.kicks++;
        s->kick_pending = true;
        ev->kicked = true;
    }
    if (slice_ns != UINT64_MAX) {
        timer_arm(0);
        ev->kicked = ev->kicked || (stop > 0 && stub_slice_spent(&slice, s));
    }
    return stop;
}

/* The exception `sig`: have the host write the frame, and read the error code and the address from it. */
static bool
read_exception(struct stub *s, int sig, struct user_regs_struct *regs, struct stub_event *ev)
{
    siginfo_t info;

    if (!trace(PTRACE_GETSIGINFO, s, (uintptr_t)&info))
        return false;
    ev->code = info.si_code;
    if (info.si_code <= 0)
        return true; /* sent by another process of the host */
    if (sig == SIGTRAP) {
        ev->trapno = info.si_code == SI_KERNEL ? TRAP_BP : TRAP_DB;
        return true;
    }
    if (regs->rsp - STUB_DATA <= stub_host.data_size) {
        /* The host would take the program to be on the signal stack already. */
        struct user_regs_struct moved = *regs;

        moved.rsp = 0;
        if (!set_regs(s, &moved))
            return false;
    }
    if (!run_to_break(s, sig) || s->data->frame != stub_host.frame_addr)
        return false;
    struct stub_event frame = { 0 };

    stub_read_frame(s, &frame);
    ev->err = frame.err;
    ev->trapno = frame.trapno;
    ev->cr2 = frame.cr2;
    s->fp_in_frame = true;
    return true;
}

TRUSTED_BEGIN(user)
/* The system call instruction is 0f 05; anything else that enters the host (int 0x80, sysenter) is not one here. */
static uint32_t
entry_arch(const struct hal_space *space, uint64_t rip)
{
    uint8_t insn[2] = { 0, 0 };

    for (unsigned i = 0; i < 2; i++) {
        uaddr_t at = uaddr(rip - 2 + i);
        paddr_t pa;

        if (hal_space_query(space, at, &pa, NULL))
            insn[i] = *((const uint8_t *)hal_phys_ptr(pa) + at.v % PAGE_SIZE);
    }
    return insn[0] == 0x0f && insn[1] == 0x05 ? ARCH_X86_64 : 0;
}
TRUSTED_END

static bool
pt_run(struct stub *s, const struct hal_user_regs *regs, uint64_t slice_ns, struct stub_event *ev)
{
    struct user_regs_struct host;
    int stop;

    if (s->ctl->count > 0) {
        if (s->fp_in_frame && !pt_fp_write(s, s->fp))
            return false;
        if (!pt_flush(s))
            return false;
    }
    regs_to_host(&host, regs);
    s->ctl->fs_base = host.fs_base;
    s->ctl->gs_base = host.gs_base;
    if (!set_regs(s, &host) || (s->fp_in_frame && !pt_fp_write(s, s->fp)))
        return false;
    if (!trace(PTRACE_SYSEMU, s, 0))
        return false;
    stop = wait_user(s, slice_ns, ev);
    if (stop < 0 || !get_regs(s, &host))
        return false;
    regs_from_host(&ev->regs, &host);
    ev->cs = (uint16_t)host.cs;
    ev->signo = stop;
    switch (stop) {
    case SYSCALL_STOP:
        ev->signo = SIGSYS;
        ev->code = CODE_SECCOMP;
        ev->nr = (uint32_t)host.orig_rax;
        ev->arch = entry_arch(s->space, host.rip);
        return true;
    case STUB_SIG_KICK:
        s->kick_pending = false;
        return true;
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
        return read_exception(s, stop, &host, ev);
    default:
        ev->signo = STUB_SIG_KICK;   /* so that it runs on */
        return is_job_control(stop); /* others kill */
    }
}

const struct stub_ops stub_ptrace_ops = {
    .first_stop = pt_first_stop,
    .run = pt_run,
    .flush = pt_flush,
    .fp_read = pt_fp_read,
    .fp_write = pt_fp_write,
};

void
stub_ptrace_fini(void)
{
    if (have_timer)
        timer_delete(timer);
    have_timer = false;
    have_model = false;
    regset_size = 0;
}

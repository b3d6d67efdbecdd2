/* User contexts of the hosted PC: hal_user_run() and the register accessors.  Contract: hal/user.h.
 *
 * What a stub reports is judged here as hardware would report it: system call, page fault, other exception.
 */
#include <hal/host/user.h>

#include <errno.h>
#include <signal.h>
#include <string.h>

#include <hal/host/space.h>
#include <hal/host/user_fp.h>
#include <hal/stop.h>
#include <hal/user.h>

#define ARCH_X86_64   0xc000003eu /* AUDIT_ARCH_X86_64 */
#define CODE_SECCOMP  1           /* SYS_SECCOMP */
#define CODE_DISPATCH 2           /* SYS_USER_DISPATCH */
#define VSYSCALL_PAGE 0xffffffffff600000ull
#define USER_CS       0x33

enum {
    TRAP_DE = 0,
    TRAP_DB = 1,
    TRAP_BP = 3,
    TRAP_PF = 14,
    TRAP_MF = 16,
    TRAP_AC = 17,
    TRAP_XF = 19,
    CODE_KERNEL = 0x80, /* SI_KERNEL */
    NR_URETPROBE = 335,
    PF_WRITE = 2,
    PF_FETCH = 16,
    PF_PK = 32,
    REPUSH_MAX =
        4, /* times in a row that a mapping is given again to a stub that seems to have lost it */
};

enum verdict {
    REPORT, /* `stop` is filled in */
    AGAIN,  /* nothing the kernel need know */
    GONE,
};

struct run {
    struct hal_user *u;
    struct hal_space *space;
    struct hal_stop *stop;
    unsigned repushed;
};

static enum verdict
on_syscall(struct run *r, const struct stub_event *ev)
{
    struct hal_user_regs *regs = &r->u->regs;
    struct hal_stop *stop = r->stop;

    if (ev->code != CODE_SECCOMP && ev->code != CODE_DISPATCH)
        return AGAIN; /* a signal from another process of the host */
    if ((ev->call_addr & ~PAGE_MASK) == VSYSCALL_PAGE) {
        /* The host has played the return of this page's code; take it back: there is no such page. */
        regs->rip = ev->call_addr;
        regs->rsp -= 8;
        stop_fault(stop, ev->call_addr, HAL_PROT_EXEC);
        return REPORT;
    }
    if (ev->arch != ARCH_X86_64) {
        stop_trap(stop, HAL_TRAP_PROTECTION);
        return REPORT;
    }
    regs->rax = ev->nr;
    if (!ev->call) {
        regs->rcx = regs->rip;
        regs->r11 = regs->rflags;
    }
    stop->kind = HAL_STOP_SYSCALL;
    stop->nr = ev->nr;
    stop->arg[0] = regs->rdi;
    stop->arg[1] = regs->rsi;
    stop->arg[2] = regs->rdx;
    stop->arg[3] = regs->r10;
    stop->arg[4] = regs->r8;
    stop->arg[5] = regs->r9;
    return REPORT;
}

static enum verdict
on_page_fault(struct run *r, const struct stub_event *ev)
{
    unsigned access = HAL_PROT_READ;
    unsigned prot = 0;
    paddr_t pa;

    if (ev->err & PF_FETCH)
        access = HAL_PROT_EXEC;
    else if (ev->err & PF_WRITE)
        access = HAL_PROT_WRITE;
    if (ev->err & PF_PK) {
        stop_trap(r->stop, HAL_TRAP_PROTECTION);
        return REPORT;
    }
    /* What is mapped can be read, as on the CPU. */
    if (hal_space_query(r->space, uaddr(ev->cr2), &pa, &prot) &&
        (access == HAL_PROT_READ || (prot & access))) {
        if (++r->repushed > REPUSH_MAX)
            return GONE;
        stub_host.stats.repushed++;
        stub_queue_map(r->space->stub, ev->cr2 & ~PAGE_MASK, pa.v, 1, prot);
        return AGAIN;
    }
    stop_fault(r->stop, ev->cr2, access);
    return REPORT;
}

static enum verdict
on_exception(struct run *r, const struct stub_event *ev)
{
    if (ev->code <= 0)
        return AGAIN; /* sent by another process of the host */
    if (ev->signo == SIGILL && ev->code == CODE_KERNEL) {
        const struct stub_event call = { .code = CODE_SECCOMP,
                                         .arch = ARCH_X86_64,
                                         .nr = NR_URETPROBE };

        return on_syscall(r, &call); /* it got past the filter (stub_notify.c) */
    }
    switch (ev->trapno) {
    case TRAP_PF:
        return on_page_fault(r, ev);
    case TRAP_DE:
        stop_trap(r->stop, HAL_TRAP_DIVIDE);
        break;
    case TRAP_MF:
    case TRAP_XF:
        stop_trap(r->stop, HAL_TRAP_FPU);
        break;
    case TRAP_AC:
        stop_trap(r->stop, HAL_TRAP_ALIGN);
        break;
    case TRAP_BP:
        stop_trap(r->stop, HAL_TRAP_BREAKPOINT);
        break;
    case TRAP_DB:
        stop_trap(r->stop, HAL_TRAP_STEP);
        break;
    default:
        stop_trap(r->stop, ev->signo == SIGILL ? HAL_TRAP_ILLEGAL : HAL_TRAP_PROTECTION);
        break;
    }
    return REPORT;
}

static enum verdict
judge(struct run *r, const struct stub_event *ev)
{
    r->u->regs = ev->regs; /* of a notified call: the rest follows when somebody asks */
    if (ev->call)
        return on_syscall(r, ev);
    /* In the stub's own code: it tried something there.  Its mappings are not to be trusted any more. */
    if (ev->regs.rip >= STUB_BASE && ev->regs.rip < STUB_END)
        return GONE;
    if (ev->signo != STUB_SIG_KICK && ev->cs != USER_CS) {
        stop_trap(r->stop, HAL_TRAP_PROTECTION); /* 32-bit code: no such segment here */
        return REPORT;
    }
    switch (ev->signo) {
    case STUB_SIG_KICK:
        return AGAIN;
    case SIGSYS:
        return on_syscall(r, ev);
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
        return on_exception(r, ev);
    default:
        return GONE;
    }
}

/* The bases as the CPU would take them: wrfsbase with a non-canonical address faults. */
static uint64_t
canonical(uint64_t v)
{
    return v < 1ull << 47 || v >= -(1ull << 47) ? v : 0;
}

/* Run user code.  False: the stub is lost. */
static bool
run(struct stub *s, struct hal_user *u, bool resume, uint64_t slice, struct stub_event *ev)
{
    if (resume)
        return stub_host.ops->resume(s, u->regs.rax, slice, ev);
    return stub_ready(s) && host_fp_load(u, s) && stub_host.ops->run(s, &u->regs, slice, ev);
}

/* One trip to user code.  True: hal_user_run() returns. */
static bool
trip(struct run *r)
{
    const struct host_user_config *cfg = &stub_host.config;
    struct stub *s = r->space->stub;
    struct hal_user *u = r->u;
    struct stub_event ev = { 0 };
    uint64_t slice = UINT64_MAX;
    enum verdict verdict = GONE;
    bool irq = false, resume;

    if (cfg->slice_ns != NULL)
        slice = cfg->slice_ns(cfg->arg);
    /* Can it go on as if the host had done the call? */
    resume = s->in_call && s->fp_owner == u && s->ctl->count == 0 && slice >= STUB_SLICE_MIN_NS;
    if (!resume) {
        hal_user_complete(u);
        (void)stub_settle(s);
    }
    if (s->alive && u->regs.rip >= STUB_USER_MAX) {
        stop_fault(r->stop, u->regs.rip, HAL_PROT_EXEC);
        return true;
    }
    u->regs.fs_base = canonical(u->regs.fs_base);
    u->regs.gs_base = canonical(u->regs.gs_base);
    stub_host.stats.stops++;
    if (run(s, u, resume, slice, &ev))
        verdict = judge(r, &ev);
    if (cfg->tick != NULL)
        irq = cfg->tick(cfg->arg, ev.kicked);
    switch (verdict) {
    case REPORT:
        return true;
    case AGAIN:
        r->stop->kind = HAL_STOP_IRQ;
        return irq;
    case GONE:
        break;
    }
    stub_lose(s);
    r->stop->kind = HAL_STOP_GONE;
    return true;
}

void
hal_user_run(struct hal_user *u, struct hal_space *space, struct hal_stop *stop)
{
    struct run r = { .u = u, .space = space, .stop = stop };

    memset(stop, 0, sizeof(*stop));
    while (!trip(&r))
        ;
}

int
hal_user_init(struct hal_user *u, uaddr_t pc, uaddr_t sp)
{
    int err = host_fp_init(u);

    if (err < 0)
        return err;
    memset(&u->regs, 0, sizeof(u->regs));
    u->regs.rip = pc.v;
    u->regs.rsp = sp.v;
    u->regs.rflags = 0x202;
    return 0;
}

int
hal_user_copy(struct hal_user *child, const struct hal_user *parent)
{
    int err;

    hal_user_complete(parent);
    err = host_fp_copy(child, parent);
    if (err < 0)
        return err;
    child->regs = parent->regs;
    return 0;
}

void
hal_user_fini(struct hal_user *u)
{
    host_fp_free(u);
}

void
hal_user_set_data(struct hal_user *u unused_param, uaddr_t data unused_param)
{
}

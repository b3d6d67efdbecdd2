/* User contexts on the metal: hal_user_run() and what it makes of each way out of user mode.  Contract: hal/user.h. */
#include <hal/user.h>

#include <hal/space.h>
#include <hal/stop.h>
#include <hal/x86_64/cpu.h>
#include <hal/x86_64/layout.h>
#include <hal/x86_64/space.h>
#include <hal/x86_64/user_fp.h>
#include <hal/x86_64/x86.h>

#define RFLAGS_ALWAYS (RFLAGS_1 | RFLAGS_IF)
/* SYSRET restores neither: after it a trap would come an instruction early, or not at all. */
#define RFLAGS_SLOW (RFLAGS_TF | RFLAGS_RF)
#define DR6_CLEAR   0xffff0ff0ull

static void
on_syscall(const struct hal_user_regs *regs, struct hal_stop *stop)
{
    stop->kind = HAL_STOP_SYSCALL;
    stop->nr = regs->rax;
    stop->arg[0] = regs->rdi;
    stop->arg[1] = regs->rsi;
    stop->arg[2] = regs->rdx;
    stop->arg[3] = regs->r10;
    stop->arg[4] = regs->r8;
    stop->arg[5] = regs->r9;
}

/* As Linux maps exceptions to signals.  INT n that user mode may not use is a general protection. */
static void
on_exception(unsigned vector, uint32_t error, struct hal_stop *stop)
{
    switch (vector) {
    case VEC_PF:
        stop_fault(stop, x86_read_cr2(),
                   error & PF_FETCH   ? HAL_PROT_EXEC
                   : error & PF_WRITE ? HAL_PROT_WRITE
                                      : HAL_PROT_READ);
        break;
    case VEC_DE:
        stop_trap(stop, HAL_TRAP_DIVIDE);
        break;
    case VEC_DB:
        x86_write_dr6(DR6_CLEAR); /* the CPU only ever sets bits */
        stop_trap(stop, HAL_TRAP_STEP);
        break;
    case VEC_BP:
        stop_trap(stop, HAL_TRAP_BREAKPOINT);
        break;
    case VEC_UD:
        stop_trap(stop, HAL_TRAP_ILLEGAL);
        break;
    case VEC_MF:
    case VEC_XM:
        stop_trap(stop, HAL_TRAP_FPU);
        break;
    case VEC_AC:
        stop_trap(stop, HAL_TRAP_ALIGN);
        break;
    default:
        stop_trap(stop, HAL_TRAP_PROTECTION);
        break;
    }
}

static uint64_t
read_gs_base_of_user(void)
{
    return x86_rdmsr(MSR_KERNEL_GS_BASE);
}

/* The bases as the CPU would take them: WRMSR with a non-canonical address faults. */
static uint64_t
canonical(uint64_t v)
{
    return v < 1ull << 47 || v >= -(1ull << 47) ? v : 0;
}

/* FS and GS for `u`.  The program may have loaded selectors, which change the bases: those of another program are cleared. */
static void
load_segments(struct x86_cpu *cpu, struct hal_user *u)
{
    uint64_t fs = canonical(u->regs.fs_base), gs = canonical(u->regs.gs_base);

    if (cpu->last_user != u) {
        x86_clear_segments();
        cpu->last_user = u;
        cpu->fs_base = ~fs; /* gone, or not */
    }
    if (cpu->fs_base != fs) {
        if (x86_features.fsgsbase)
            x86_wrfsbase(fs);
        else
            x86_wrmsr(MSR_FS_BASE, fs);
    }
    if (cpu->gs_base != gs)
        x86_wrmsr(MSR_KERNEL_GS_BASE, gs);
    cpu->fs_base = fs;
    cpu->gs_base = gs;
}

/* What the program did to its bases, by WRFSBASE or by loading a selector. */
static void
save_segments(struct x86_cpu *cpu, struct hal_user *u)
{
    uint64_t fs;

    if (x86_features.fsgsbase)
        fs = x86_rdfsbase();
    else
        fs = x86_rdmsr(MSR_FS_BASE);
    cpu->fs_base = u->regs.fs_base = fs;
    cpu->gs_base = u->regs.gs_base = read_gs_base_of_user();
}

/* SYSRET takes rip from rcx, and with a rip outside of user space it would fault in the kernel on the user's stack: the caller has
 * checked that. */
static bool
sysret_does(const struct hal_user_regs *regs)
{
    return regs->rcx == regs->rip && regs->r11 == regs->rflags && !(regs->rflags & RFLAGS_SLOW);
}

void
hal_user_run(struct hal_user *u, struct hal_space *space, struct hal_stop *stop)
{
    struct x86_cpu *cpu = x86_this_cpu();
    struct hal_user_regs *regs = &u->regs;
    uint64_t event;

    *stop = (struct hal_stop){ .kind = HAL_STOP_IRQ };
    if (regs->rip >= hal_user_max().v) {
        stop_fault(stop, regs->rip, HAL_PROT_EXEC);
        return;
    }
    x86_cli();
    /* The caller has looked for signals and the like; after that came an interrupt: it must look again. */
    if (cpu->irq_in_kernel) {
        cpu->irq_in_kernel = false;
        x86_sti();
        return;
    }
    regs->rflags = (regs->rflags & X86_RFLAGS_USER) | RFLAGS_ALWAYS;
    x86_space_activate(space);
    x86_fp_load(u);
    load_segments(cpu, u);
    event = x86_user_enter(regs, sysret_does(regs));
    save_segments(cpu, u);

    unsigned vector = (unsigned)event;

    if (vector == EVENT_SYSCALL)
        on_syscall(regs, stop);
    else if (vector < VEC_EXCEPTIONS)
        on_exception(vector, (uint32_t)(event >> 32), stop);
    else
        x86_irq(vector);
    x86_sti();
}

int
hal_user_init(struct hal_user *u, uaddr_t pc, uaddr_t sp)
{
    int rc = x86_fp_init(u);

    if (rc < 0)
        return rc;
    u->regs = (struct hal_user_regs){ .rip = pc.v, .rsp = sp.v, .rflags = RFLAGS_ALWAYS };
    return 0;
}

int
hal_user_copy(struct hal_user *child, const struct hal_user *parent)
{
    int rc = x86_fp_copy(child, parent);

    if (rc < 0)
        return rc;
    child->regs = parent->regs;
    return 0;
}

/* They are all saved at every entry. */
void
hal_user_complete(const struct hal_user *u unused_param)
{
}

void
hal_user_fini(struct hal_user *u)
{
    x86_fp_free(u);
    if (x86_this_cpu()->last_user == u)
        x86_this_cpu()->last_user = NULL;
}

void
hal_user_set_data(struct hal_user *u unused_param, uaddr_t data unused_param)
{
}

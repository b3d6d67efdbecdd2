/* The 32-bit Arm signal frames.  See sigframe.h and <abi/sigframe.h>. */
#include <abi/sigframe.h>
#include <hal/space.h>
#include <kernel/abi/errno.h>
#include <kernel/proc/sigframe.h>
#include <kernel/trusted/ucopy.h>

enum { R0 = 0, SP = 13, LR = 14, PC = 15, FRAME_ALIGN = 8, REGS = 16 };

void
sigframe_info(const struct siginfo_k *info, struct siginfo_abi *out)
{
    *out = (struct siginfo_abi){ .signo = info->signo, .err = info->err, .code = info->code };
    switch (info->signo) {
    case SIGSEGV:
    case SIGBUS:
    case SIGILL:
    case SIGFPE:
    case SIGTRAP:
        if (info->code > 0) {
            out->fields[0] = (uint32_t)info->addr;
            return;
        }
        break;
    case SIGCHLD:
        if (info->code > 0) {
            out->fields[2] = (uint32_t)info->status;
            out->fields[3] = (uint32_t)info->utime;
            out->fields[4] = (uint32_t)info->stime;
        }
        break;
    default:
        break;
    }
    out->fields[0] = (uint32_t)info->pid;
    out->fields[1] = info->uid;
    if (info->signo != SIGCHLD || info->code <= 0)
        out->fields[2] = (uint32_t)info->value;
}

void
sigframe_info_in(const struct siginfo_abi *in, struct siginfo_k *info)
{
    *info = (struct siginfo_k){ .signo = in->signo,
                                .code = in->code,
                                .pid = (int32_t)in->fields[0],
                                .uid = in->fields[1],
                                .value = in->fields[2] };
}

bool
sigframe_on_altstack(const struct proc *p, uaddr_t sp)
{
    return p->sig.altstack_size != 0 && sp.v > p->sig.altstack.v &&
           sp.v - p->sig.altstack.v <= p->sig.altstack_size;
}

static void
fill_context(struct proc *p, const struct siginfo_k *info, sigset_k mask, struct ucontext_abi *uc)
{
    const struct hal_user_regs *r = hal_user_registers(&p->user);

    *uc = (struct ucontext_abi){ .sigmask = mask };
    for (unsigned i = 0; i < REGS; i++)
        uc->mcontext.r[i] = r->r[i];
    uc->mcontext.cpsr = (r->xpsr & (ARM_PSR_FLAGS | ARM_PSR_IT)) | ARM_PSR_T;
    uc->mcontext.oldmask = (uint32_t)mask;
    uc->mcontext.fault_address = (uint32_t)info->addr;
    uc->stack.ss_sp = (uint32_t)p->sig.altstack.v;
    uc->stack.ss_size = (uint32_t)p->sig.altstack_size;
    uc->stack.ss_flags = p->sig.altstack_size == 0                  ? SS_DISABLE
                         : sigframe_on_altstack(p, uaddr(r->r[SP])) ? SS_ONSTACK
                                                                    : 0;
}

int
sigframe_push(struct proc *p, int signo, const struct siginfo_k *info,
              const struct sigaction_k *action, sigset_k mask)
{
    struct hal_user_regs *r = hal_user_registers(&p->user);
    bool on_alt = sigframe_on_altstack(p, uaddr(r->r[SP]));
    bool whole = (action->flags & SA_SIGINFO) != 0;
    uintptr_t sp = r->r[SP];
    struct rt_sigframe_abi frame;
    int rc;

    if (!(action->flags & SA_RESTORER))
        return -EFAULT; /* the other way back is code on the stack, where nothing can be executed */
    if ((action->flags & SA_ONSTACK) && !on_alt && p->sig.altstack_size != 0)
        sp = p->sig.altstack.v + (uintptr_t)p->sig.altstack_size;
    sigframe_info(info, &frame.info);
    frame.info.signo = signo;
    fill_context(p, info, mask, &frame.uc);

    if (sp < sizeof frame + FRAME_ALIGN)
        return -EFAULT;
    sp = (sp - (whole ? sizeof frame : sizeof frame.uc)) & ~(uintptr_t)(FRAME_ALIGN - 1);
    rc = whole ? ucopy_out(uaddr(sp), &frame, sizeof frame)
               : ucopy_out(uaddr(sp), &frame.uc, sizeof frame.uc);
    if (rc < 0)
        return rc;
    r->r[R0] = (uint32_t)signo;
    r->r[1] = whole ? (uint32_t)sp : 0;
    r->r[2] = whole ? (uint32_t)(sp + offsetof(struct rt_sigframe_abi, uc)) : 0;
    r->r[SP] = (uint32_t)sp;
    r->r[LR] = (uint32_t)action->restorer;
    r->r[PC] = (uint32_t)action->handler & ~1u;
    r->xpsr = (r->xpsr & ARM_PSR_FLAGS) | ARM_PSR_T;
    return 0;
}

/* The context at `offset` from the stack pointer. */
static int must_check
pop(struct proc *p, uint32_t offset)
{
    struct hal_user_regs *r = hal_user_registers(&p->user);
    struct ucontext_abi uc;
    int rc = ucopy_in(&uc, uaddr((uintptr_t)r->r[SP] + offset), sizeof uc);

    if (rc < 0)
        return rc;
    if (uc.mcontext.r[PC] >= hal_user_max().v || (uc.mcontext.cpsr & ARM_PSR_T) == 0)
        return -EINVAL;
    for (unsigned i = 0; i < REGS; i++)
        r->r[i] = uc.mcontext.r[i];
    r->r[SP] &= ~3u; /* as the processor has them */
    r->r[PC] &= ~1u;
    r->xpsr = (uc.mcontext.cpsr & (ARM_PSR_FLAGS | ARM_PSR_IT)) | ARM_PSR_T;
    p->sig.blocked = uc.sigmask & ~((sigset_k)1 << (SIGKILL - 1) | (sigset_k)1 << (SIGSTOP - 1));
    if (!sigframe_on_altstack(p, uaddr(r->r[SP])) && uc.stack.ss_flags == SS_DISABLE) {
        p->sig.altstack_size = 0;
    } else if (!sigframe_on_altstack(p, uaddr(r->r[SP])) && uc.stack.ss_size >= MINSIGSTKSZ) {
        p->sig.altstack = uaddr(uc.stack.ss_sp);
        p->sig.altstack_size = uc.stack.ss_size;
    }
    signal_recalc(p);
    return 0;
}

int
sigframe_pop(struct proc *p)
{
    return pop(p, offsetof(struct rt_sigframe_abi, uc));
}

int
sigframe_pop_short(struct proc *p)
{
    return pop(p, 0);
}

/* The x86-64 signal frame.  See sigframe.h and <abi/sigframe.h>. */
#include <abi/sigframe.h>
#include <hal/space.h>
#include <kernel/abi/errno.h>
#include <kernel/mm/kmem.h>
#include <kernel/proc/sigframe.h>
#include <kernel/trusted/ucopy.h>

#define RFLAGS_DF 0x400u
#define RFLAGS_RF 0x10000u
#define RFLAGS_TF 0x100u

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
            out->fields[0] = info->addr;
            return;
        }
        break;
    case SIGCHLD:
        if (info->code > 0) {
            out->fields[0] = (uint32_t)info->pid | (uint64_t)info->uid << 32;
            out->fields[1] = (uint32_t)info->status;
            out->fields[2] = (uint64_t)info->utime;
            out->fields[3] = (uint64_t)info->stime;
            return;
        }
        break;
    default:
        break;
    }
    out->fields[0] = (uint32_t)info->pid | (uint64_t)info->uid << 32;
    out->fields[1] = info->value;
}

void
sigframe_info_in(const struct siginfo_abi *in, struct siginfo_k *info)
{
    *info = (struct siginfo_k){ .signo = in->signo,
                                .code = in->code,
                                .pid = (int32_t)in->fields[0],
                                .uid = (uint32_t)(in->fields[0] >> 32),
                                .value = in->fields[1] };
}

bool
sigframe_on_altstack(const struct proc *p, uaddr_t sp)
{
    return p->sig.altstack_size != 0 && sp.v > p->sig.altstack.v &&
           sp.v - p->sig.altstack.v <= p->sig.altstack_size;
}

/* Save the FPU state below `sp`; returns its address, or an error. */
static int
push_fp(struct proc *p, uintptr_t *sp, uint64_t *fp_out)
{
    size_t size = hal_user_fp_size();
    uint8_t *buf = kmem_alloc(size);
    int rc;

    if (buf == NULL)
        return -ENOMEM;
    hal_user_fp_get(&p->user, buf, size); /* with the software bytes and the magic numbers */
    *sp = (*sp - size) & ~(uintptr_t)63;
    *fp_out = *sp;
    rc = ucopy_out(uaddr(*sp), buf, size);
    kmem_free(buf);
    return rc;
}

static void
fill_context(const struct hal_user_regs *r, struct sigcontext_abi *m)
{
    *m = (struct sigcontext_abi){
        .r8 = r->r8,
        .r9 = r->r9,
        .r10 = r->r10,
        .r11 = r->r11,
        .r12 = r->r12,
        .r13 = r->r13,
        .r14 = r->r14,
        .r15 = r->r15,
        .rdi = r->rdi,
        .rsi = r->rsi,
        .rbp = r->rbp,
        .rbx = r->rbx,
        .rdx = r->rdx,
        .rax = r->rax,
        .rcx = r->rcx,
        .rsp = r->rsp,
        .rip = r->rip,
        .eflags = r->rflags,
        .cs = USER_CS,
        .ss = USER_SS,
    };
}

int
sigframe_push(struct proc *p, int signo, const struct siginfo_k *info,
              const struct sigaction_k *action, sigset_k mask)
{
    struct hal_user_regs *r = hal_user_registers(&p->user);
    struct rt_sigframe_abi frame = { .pretcode = action->restorer };
    bool on_alt = sigframe_on_altstack(p, uaddr(r->rsp));
    uintptr_t sp = r->rsp - RED_ZONE;
    int rc;

    if (!(action->flags & SA_RESTORER))
        return -EFAULT; /* the ABI has no other way back */
    if ((action->flags & SA_ONSTACK) && !on_alt && p->sig.altstack_size != 0)
        sp = p->sig.altstack.v + p->sig.altstack_size;
    rc = push_fp(p, &sp, &frame.uc.mcontext.fpstate);
    if (rc < 0)
        return rc;

    uint64_t fpstate = frame.uc.mcontext.fpstate;
    fill_context(r, &frame.uc.mcontext);
    frame.uc.mcontext.fpstate = fpstate;
    frame.uc.mcontext.oldmask = mask;
    frame.uc.mcontext.cr2 = info->addr;
    frame.uc.flags = (hal_user_fp_size() > FXSAVE_SIZE ? UC_FP_XSTATE : 0) | UC_SIGCONTEXT_SS |
                     UC_STRICT_RESTORE_SS;
    frame.uc.stack.ss_sp = p->sig.altstack.v;
    frame.uc.stack.ss_size = p->sig.altstack_size;
    frame.uc.stack.ss_flags = p->sig.altstack_size == 0 ? SS_DISABLE : on_alt ? SS_ONSTACK : 0;
    frame.uc.sigmask = mask;
    sigframe_info(info, &frame.info);
    frame.info.signo = signo;

    /* At the handler's first instruction the stack is as after a call: 8 below a multiple of 16. */
    sp = ((sp - sizeof frame) & ~(uintptr_t)15) - 8;
    rc = ucopy_out(uaddr(sp), &frame, sizeof frame);
    if (rc < 0)
        return rc;
    r->rdi = (uint64_t)signo;
    r->rsi = sp + offsetof(struct rt_sigframe_abi, info);
    r->rdx = sp + offsetof(struct rt_sigframe_abi, uc);
    r->rax = 0;
    r->rip = action->handler;
    r->rsp = sp;
    r->rflags &= ~(uint64_t)(RFLAGS_DF | RFLAGS_RF | RFLAGS_TF);
    return 0;
}

static int
pop_fp(struct proc *p, uint64_t at)
{
    size_t size = hal_user_fp_size();
    uint8_t *buf;
    int rc;

    if (at == 0)
        return 0;
    buf = kmem_alloc(size);
    if (buf == NULL)
        return -ENOMEM;
    rc = ucopy_in(buf, uaddr(at), size);
    if (rc == 0)
        rc = hal_user_fp_set(&p->user, buf, size);
    kmem_free(buf);
    return rc;
}

int
sigframe_pop(struct proc *p)
{
    struct hal_user_regs *r = hal_user_registers(&p->user);
    struct ucontext_abi uc;
    int rc = ucopy_in(&uc, uaddr(r->rsp), sizeof uc); /* the handler's return took pretcode off */

    if (rc < 0)
        return rc;
    const struct sigcontext_abi *m = &uc.mcontext;
    if (m->rip >= hal_user_max().v)
        return -EINVAL;
    rc = pop_fp(p, m->fpstate);
    if (rc < 0)
        return rc;
    uint64_t flags = (r->rflags & ~(uint64_t)X86_RFLAGS_USER) | (m->eflags & X86_RFLAGS_USER);
    uint64_t fs = r->fs_base, gs = r->gs_base;
    *r = (struct hal_user_regs){
        .r8 = m->r8,
        .r9 = m->r9,
        .r10 = m->r10,
        .r11 = m->r11,
        .r12 = m->r12,
        .r13 = m->r13,
        .r14 = m->r14,
        .r15 = m->r15,
        .rdi = m->rdi,
        .rsi = m->rsi,
        .rbp = m->rbp,
        .rbx = m->rbx,
        .rdx = m->rdx,
        .rax = m->rax,
        .rcx = m->rcx,
        .rsp = m->rsp,
        .rip = m->rip,
        .rflags = flags,
        .fs_base = fs,
        .gs_base = gs,
    };
    p->sig.blocked = uc.sigmask & ~((sigset_k)1 << (SIGKILL - 1) | (sigset_k)1 << (SIGSTOP - 1));
    if (!sigframe_on_altstack(p, uaddr(m->rsp)) && uc.stack.ss_flags == SS_DISABLE)
        p->sig.altstack_size = 0;
    else if (!sigframe_on_altstack(p, uaddr(m->rsp)) && uc.stack.ss_size >= MINSIGSTKSZ) {
        p->sig.altstack = uaddr(uc.stack.ss_sp);
        p->sig.altstack_size = uc.stack.ss_size;
    }
    signal_recalc(p);
    return 0;
}

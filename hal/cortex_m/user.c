/* User programs: the exception frame on the program's own stack, and what ends it.  Contract: hal/user.h.
 *
 * The program goes on by an exception return, which takes eight registers from its stack: the kernel writes them there, after it has
 * seen that the program may itself. */
#include <hal/user.h>

#include <hal/cortex_m/cortex_m.h>
#include <hal/space.h>
#include <hal/stop.h>

enum {
    FRAME = sizeof(struct cm_frame),
    SP = 13,
    LR = 14,
    PC = 15,
    NR = 7,
    STATIC_BASE = 9,
    SVC_SIZE = 2,
    EINVAL = 22
};

#define XPSR_T       BIT(24)
#define XPSR_ALIGNED BIT(9)      /* of a frame: the stack pointer was not a multiple of 8 */
#define XPSR_PROGRAM 0xfe00fc00u /* flags, IT */

#define MM_IACCVIOL  BIT(0)
#define MM_MMARVALID BIT(7)
#define BF_IBUSERR   BIT(8)
#define BF_BFARVALID BIT(15)
#define UF_UNALIGNED BIT(24)
#define UF_DIVBYZERO BIT(25)
#define STACKING     0x1818u /* MSTKERR, MUNSTKERR and the same of the bus */

struct cm_switch cm_switch;

int
hal_user_init(struct hal_user *u, uaddr_t pc, uaddr_t sp)
{
    *u = (struct hal_user){ 0 };
    u->regs.r[PC] = pc.v & ~1u;
    u->regs.r[SP] = sp.v;
    u->regs.xpsr = XPSR_T;
    return 0;
}

int
hal_user_copy(struct hal_user *child, const struct hal_user *parent)
{
    *child = *parent;
    return 0;
}

void
hal_user_fini(struct hal_user *u unused_param)
{
}

static bool
writable(const struct hal_space *space, uint32_t start, uint32_t size)
{
    unsigned prot;

    return cm_space_covers(space, start, size, &prot) && (prot & HAL_PROT_WRITE) != 0;
}

TRUSTED_BEGIN(entry)
static struct cm_frame *
frame_at(uint32_t at)
{
    return hal_phys_ptr(paddr(at));
}
TRUSTED_END

/* The frame that the exception return takes; false: the stack has no room for it. */
static bool
push_frame(const struct hal_user_regs *regs, const struct hal_space *space)
{
    uint32_t sp = regs->r[SP] & ~3u, at = (sp & ~7u) - FRAME;
    struct cm_frame *f;

    if (sp < FRAME + 8 || !writable(space, at, FRAME))
        return false;
    f = frame_at(at);
    *f = (struct cm_frame){ .r0 = regs->r[0],
                            .r1 = regs->r[1],
                            .r2 = regs->r[2],
                            .r3 = regs->r[3],
                            .r12 = regs->r[12],
                            .lr = regs->r[LR],
                            .pc = regs->r[PC] & ~1u,
                            .xpsr = (regs->xpsr & XPSR_PROGRAM) | XPSR_T };
    f->xpsr |= (sp & 4) != 0 ? XPSR_ALIGNED : 0;
    __builtin_memcpy(cm_switch.high, &regs->r[4], sizeof cm_switch.high);
    cm_switch.psp = at;
    return true;
}

/* The other way; the processor wrote the frame, with the program's rights: it may have failed. */
static void
pop_frame(struct hal_user_regs *regs, const struct hal_space *space)
{
    uint32_t at = cm_switch.psp;
    const struct cm_frame *f;

    __builtin_memcpy(&regs->r[4], cm_switch.high, sizeof cm_switch.high);
    if (!writable(space, at, FRAME))
        return;
    f = frame_at(at);
    regs->r[0] = f->r0;
    regs->r[1] = f->r1;
    regs->r[2] = f->r2;
    regs->r[3] = f->r3;
    regs->r[12] = f->r12;
    regs->r[LR] = f->lr;
    regs->r[PC] = f->pc;
    regs->xpsr = f->xpsr & (XPSR_PROGRAM | XPSR_T);
    regs->r[SP] = at + FRAME + ((f->xpsr & XPSR_ALIGNED) != 0 ? 4 : 0);
}

TRUSTED_BEGIN(entry)
/* The fault status does not say whether it was a load: the instruction does, which the program could read (DDI 0403E, A5.2.4 to A5.3.10).
 * Not when its second half lies where the program may not execute. */
static bool
is_store(uint32_t pc, const struct hal_space *space)
{
    unsigned prot;

    if (!hal_space_query(space, uaddr(pc), NULL, &prot) || (prot & HAL_PROT_EXEC) == 0)
        return false;

    unsigned op = *(const uint16_t *)hal_phys_ptr(paddr(pc));

    if (op >= 0xe800) /* 32 bits long: load and store multiple, exclusive, dual, single have a bit for it */
        return (op & 0xfe00) == 0xe800 || (op & 0xfe00) == 0xf800 ? (op & 0x10) == 0 : false;
    return (op >= 0x5000 && op < 0x5600) ||             /* STR, STRH, STRB (register) */
           (op >= 0x6000 && op < 0x6800) ||             /* STR */
           (op >= 0x7000 && op < 0x7800) ||             /* STRB */
           (op >= 0x8000 && op < 0x8800) ||             /* STRH */
           (op >= 0x9000 && op < 0x9800) ||             /* STR to the stack */
           (op & 0xfe00) == 0xb400 || op >> 11 == 0x18; /* PUSH, STM */
}
TRUSTED_END

static void
on_fault(const struct hal_user_regs *regs, unsigned exception, const struct hal_space *space,
         struct hal_stop *stop)
{
    struct nvic_fault why = nvic_take_fault();

    if ((why.cfsr & STACKING) != 0) {
        stop_fault(stop, cm_switch.psp, HAL_PROT_WRITE);
    } else if ((why.cfsr & (MM_IACCVIOL | BF_IBUSERR)) != 0) {
        stop_fault(stop, regs->r[PC], HAL_PROT_EXEC);
    } else if ((why.cfsr & (MM_MMARVALID | BF_BFARVALID)) != 0) {
        stop_fault(stop, (why.cfsr & MM_MMARVALID) != 0 ? why.mmfar : why.bfar,
                   is_store(regs->r[PC], space) ? HAL_PROT_WRITE : HAL_PROT_READ);
    } else {
        stop->kind = HAL_STOP_TRAP;
        stop->trap = (why.cfsr & UF_DIVBYZERO) != 0   ? HAL_TRAP_DIVIDE
                     : (why.cfsr & UF_UNALIGNED) != 0 ? HAL_TRAP_ALIGN
                     : exception == EXC_HARDFAULT     ? HAL_TRAP_BREAKPOINT
                     : exception == EXC_USAGEFAULT    ? HAL_TRAP_ILLEGAL
                                                      : HAL_TRAP_PROTECTION;
    }
}

void
hal_user_run(struct hal_user *u, struct hal_space *space, struct hal_stop *stop)
{
    struct hal_user_regs *regs = &u->regs;

    if (!push_frame(regs, space)) {
        stop_fault(stop, regs->r[SP] - FRAME, HAL_PROT_WRITE);
        return;
    }
    cm_space_activate(space);
    cm_user_enter();
    pop_frame(regs, space);
    switch (cm_switch.exception) {
    case EXC_SVCALL:
        stop->kind = HAL_STOP_SYSCALL;
        stop->nr = regs->r[NR];
        u->call_r0 = regs->r[0];
        for (unsigned i = 0; i < 6; i++)
            stop->arg[i] = regs->r[i];
        break;
    case EXC_PENDSV:
        stop->kind = HAL_STOP_IRQ;
        break;
    default:
        on_fault(regs, cm_switch.exception, space, stop);
        break;
    }
}

void
hal_user_set_result(struct hal_user *u, int64_t result)
{
    u->regs.r[0] = (uint32_t)result;
}

int64_t
hal_user_result(const struct hal_user *u)
{
    return (int32_t)u->regs.r[0];
}

void
hal_user_restart_syscall(struct hal_user *u, uint64_t nr)
{
    u->regs.r[NR] = (uint32_t)nr;
    u->regs.r[0] = u->call_r0;
    u->regs.r[PC] -= SVC_SIZE;
}

uaddr_t
hal_user_pc(const struct hal_user *u)
{
    return uaddr(u->regs.r[PC]);
}

uaddr_t
hal_user_sp(const struct hal_user *u)
{
    return uaddr(u->regs.r[SP]);
}

void
hal_user_set_sp(struct hal_user *u, uaddr_t sp)
{
    u->regs.r[SP] = sp.v;
}

uaddr_t
hal_user_tls(const struct hal_user *u)
{
    return uaddr(u->tls);
}

void
hal_user_set_tls(struct hal_user *u, uaddr_t tls)
{
    u->tls = tls.v;
}

size_t
hal_user_fp_size(void)
{
    return 0;
}

void
hal_user_fp_get(const struct hal_user *u unused_param, void *buf unused_param,
                size_t size unused_param)
{
}

int
hal_user_fp_set(struct hal_user *u unused_param, const void *buf unused_param,
                size_t size unused_param)
{
    return -EINVAL;
}

void
hal_user_set_data(struct hal_user *u, uaddr_t data)
{
    u->regs.r[STATIC_BASE] = (uint32_t)data.v;
}

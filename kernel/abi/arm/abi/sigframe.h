/* The 32-bit Arm signal frame (arch/arm/include/uapi/asm/sigcontext.h, asm/ucontext.h, kernel/signal.h). */
#pragma once

#include <kernel/abi/signal.h>

struct sigcontext_abi {
    uint32_t trap_no, error_code, oldmask;
    uint32_t r[16]; /* r11: fp, r12: ip, r13: sp, r14: lr, r15: pc */
    uint32_t cpsr;
    uint32_t fault_address;
};

struct ucontext_abi {
    uint32_t flags, link;
    struct stack_k stack;
    struct sigcontext_abi mcontext;
    abi_sigset sigmask;
    uint32_t unused[30]; /* room for a sigset_t of 1024 signals */
    uint32_t regspace[2]; /* coprocessors' states: a word of zero ends the list; Linux keeps room for 128 words */
};
_Static_assert(sizeof(struct ucontext_abi) == 240, "ucontext_t");

/* With SA_SIGINFO, for rt_sigreturn(2); without, it is the ucontext alone, for sigreturn(2). */
struct rt_sigframe_abi {
    struct siginfo_abi info;
    struct ucontext_abi uc;
};

/* CPSR as an M-profile processor has it (xPSR): flags, IT state, the Thumb bit. */
#define ARM_PSR_FLAGS 0xf8000000u
#define ARM_PSR_IT    0x0600fc00u
#define ARM_PSR_T     0x01000000u

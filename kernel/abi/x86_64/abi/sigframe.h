/* The x86-64 signal frame (arch/x86 uapi: asm/sigcontext.h, asm/ucontext.h; System V ABI for its alignment). */
#pragma once

#include <stdint.h>

#include <kernel/abi/signal.h>

struct sigcontext_abi {
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
    uint16_t cs, gs, fs, ss;
    uint64_t err, trapno, oldmask, cr2;
    uint64_t fpstate; /* user address; 0: initial state */
    uint64_t reserved[8];
};

struct ucontext_abi {
    uint64_t flags, link;
    struct stack_k stack;
    struct sigcontext_abi mcontext;
    uint64_t sigmask;
};

struct rt_sigframe_abi {
    uint64_t pretcode; /* where the handler returns to */
    struct ucontext_abi uc;
    struct siginfo_abi info;
};

/* uc_flags */
enum { UC_FP_XSTATE = 1, UC_SIGCONTEXT_SS = 2, UC_STRICT_RESTORE_SS = 4 };

/* The software part of the FXSAVE area tells how much follows (struct _fpx_sw_bytes at offset 464). */
enum { FP_SW_OFFSET = 464, FP_XSTATE_MAGIC2_SIZE = 4, FXSAVE_SIZE = 512 };
#define FP_XSTATE_MAGIC1 0x46505853u
#define FP_XSTATE_MAGIC2 0x46505845u

enum { USER_CS = 0x33, USER_SS = 0x2b, RED_ZONE = 128 };

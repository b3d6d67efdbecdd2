/* The register file of an x86-64 user program, in the order of the Linux signal frame's gregs (sigcontext_64). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct hal_user_regs {
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
    uint64_t fs_base, gs_base;
};

struct hal_user {
    struct hal_user_regs regs;
    void *fp;        /* the backend's FPU image, hal_user_fp_size() bytes; NULL: initial state */
    uint64_t fp_tag; /* private to the backend: where the live image is */
};

/* Have all registers of a stopped context in `u->regs`.  After a system call a backend may have left there only what carries the call's
 * number, its arguments, the result and the program counter. */
void hal_user_complete(const struct hal_user *u);

/* All registers, to read and to change. */
static inline struct hal_user_regs *
hal_user_registers(struct hal_user *u)
{
    hal_user_complete(u);
    return &u->regs;
}

/* Flags a signal handler or sigreturn may set (CF PF AF ZF SF TF DF OF RF AC ID); the rest is forced. */
#define X86_RFLAGS_USER 0x00250dd5u

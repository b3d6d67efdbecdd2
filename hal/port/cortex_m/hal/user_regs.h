/* The register file of an ARMv7-M user program, in the order of the Linux signal frame's sigcontext (arm). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct hal_user_regs {
    uint32_t r[16]; /* r[13] sp, r[14] lr, r[15] pc without bit 0 */
    uint32_t xpsr;  /* flags, T and the IT state, as in an exception frame */
};

struct hal_user {
    struct hal_user_regs regs;
    uint32_t tls;
    uint32_t call_r0; /* the system call's first argument, where its result goes: for a restart */
};

/* All registers, to read and to change. */
static inline struct hal_user_regs *
hal_user_registers(struct hal_user *u)
{
    return &u->regs;
}

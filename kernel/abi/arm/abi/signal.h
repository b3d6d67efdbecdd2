/* Structures of the signal calls on 32-bit Arm (arch/arm/include/uapi/asm/signal.h, asm-generic/siginfo.h). */
#pragma once

#include <abi/types.h>

/* stack_t */
struct stack_k {
    abi_ulong ss_sp;
    int32_t ss_flags;
    abi_ulong ss_size;
};
_Static_assert(sizeof(struct stack_k) == 12, "stack_t");

/* struct sigaction of rt_sigaction(2) */
struct sigaction_abi {
    abi_ulong handler, flags, restorer;
    abi_sigset mask;
};
_Static_assert(sizeof(struct sigaction_abi) == 20, "struct sigaction");

/* siginfo_t: 128 bytes, the part behind the three words depends on the signal */
struct siginfo_abi {
    int32_t signo, err, code;
    uint32_t fields[29];
};
_Static_assert(sizeof(struct siginfo_abi) == 128, "siginfo_t");

/* Structures of the signal calls on x86-64 (arch/x86/include/uapi/asm/signal.h, asm-generic/siginfo.h). */
#pragma once

#include <abi/types.h>

/* stack_t */
struct stack_k {
    abi_ulong ss_sp;
    int32_t ss_flags;
    uint32_t pad;
    abi_ulong ss_size;
};

/* struct sigaction of rt_sigaction(2) */
struct sigaction_abi {
    abi_ulong handler, flags, restorer;
    abi_sigset mask;
};

/* siginfo_t: 128 bytes, the part behind the three words depends on the signal */
struct siginfo_abi {
    int32_t signo, err, code, pad;
    uint64_t fields[14];
};

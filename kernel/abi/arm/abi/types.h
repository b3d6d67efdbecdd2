/* The C types of 32-bit Arm's ABI (AAPCS), at fixed widths: for structures that kernel and programs share. */
#pragma once

#include <stdint.h>

typedef uint32_t abi_ulong; /* unsigned long, size_t, a pointer */
typedef int32_t abi_long;
/* sigset_t: two words, the first signals in the first. */
typedef uint64_t abi_sigset __attribute__((aligned(4)));

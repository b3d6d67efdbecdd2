/* The C types of x86-64's ABI at fixed widths: for structures that kernel and programs share. */
#pragma once

#include <stdint.h>

typedef uint64_t abi_ulong; /* unsigned long, size_t, a pointer */
typedef int64_t abi_long;
typedef uint64_t abi_sigset; /* sigset_t */

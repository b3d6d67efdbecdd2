/* ELF on x86-64 (System V ABI, AMD64 supplement). */
#pragma once

#include <kernel/abi/elf.h>

enum { ELF_ARCH_CLASS = ELFCLASS64, ELF_ARCH_MACHINE = 62 /* EM_X86_64 */, ELF_STACK_ALIGN = 16 };
#define ELF_PLATFORM "x86_64"
#define UTS_MACHINE  "x86_64" /* uname -m */
/* AT_HWCAP: CPUID.1:EDX of a baseline x86-64 (up to SSE2). */
#define ELF_HWCAP 0x078bfbffu

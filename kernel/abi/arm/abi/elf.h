/* ELF on 32-bit Arm (ELF for the Arm Architecture, IHI 0044): programs as docs/arm.md describes them. */
#pragma once

#include <kernel/abi/elf.h>

enum { ELF_ARCH_CLASS = ELFCLASS32, ELF_ARCH_MACHINE = 40 /* EM_ARM */, ELF_STACK_ALIGN = 8 };
#define ELF_PLATFORM "v7l"
#define UTS_MACHINE  "armv7ml" /* uname -m; Linux on an M profile processor says so */
/* AT_HWCAP: HWCAP_HALF | HWCAP_THUMB | HWCAP_IDIVT */
#define ELF_HWCAP 0x00040006u
/* e_flags: the version of the Arm EABI. */
#define EF_ARM_EABI_MASK 0xff000000u
#define EF_ARM_EABI_VER5 0x05000000u

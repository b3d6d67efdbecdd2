/* The kernel's half of the address space.  Included by assembly too: constants only.  docs/memory.md draws it.
 *
 *     DIRECT_VMA + pa    the RAM that the kernel was given, not executable
 *     MMIO_VMA + pa      physical addresses MMIO_FIRST .. 4 GiB, uncached
 *     KERNEL_VMA + pa    the kernel's image: code, constants, data, stacks of its own, each with its protection
 */
#pragma once

#define KERNEL_VMA 0xffffffff80000000
#define DIRECT_VMA 0xffff800000000000
#define MMIO_VMA   0xffff808000000000

#define MMIO_FIRST 0xc0000000 /* RAM is used below it, registers are above it */

/* Boot protocols. */
#define BOOT_PVH        0
#define BOOT_MULTIBOOT2 1

/* Segment selectors; the user's are those of Linux's signal frame.  SYSCALL and SYSRET want this order. */
#define SEL_KERNEL_CODE 0x10
#define SEL_KERNEL_DATA 0x18
#define SEL_SYSRET_BASE 0x20 /* where 32-bit user code would be: empty */
#define SEL_USER_DATA   0x2b
#define SEL_USER_CODE   0x33
#define SEL_TSS         0x40
#define GDT_ENTRIES     10

/* What ends user mode beside the 256 vectors. */
#define EVENT_SYSCALL 256

/* Offsets in struct x86_cpu (cpu.h), which checks them. */
#define CPU_KERNEL_SP 0
#define CPU_REGS      8
#define CPU_SCRATCH   16
#define CPU_TSS       24
#define TSS_RSP0      4

/* Offsets in struct hal_user_regs. */
#define R_R8     0
#define R_R9     8
#define R_R10    16
#define R_R11    24
#define R_R12    32
#define R_R13    40
#define R_R14    48
#define R_R15    56
#define R_RDI    64
#define R_RSI    72
#define R_RBP    80
#define R_RBX    88
#define R_RDX    96
#define R_RAX    104
#define R_RCX    112
#define R_RSP    120
#define R_RIP    128
#define R_RFLAGS 136

/* In and out of the kernel: the 256 vectors, SYSCALL, and the way to user mode.
 *
 * x86_user_enter() is a call that lasts until the user program stops: whatever stops it fills in the user's registers, takes the
 * kernel's stack of that call and returns from it.  So no user frame ever lies on a kernel stack.
 *
 * Interrupts of the kernel itself, and NMI, double fault and machine check at any place, save everything and call x86_trap().
 * Those three run on stacks of their own (IST) and touch neither GS nor the per-CPU data, so they may come between SYSCALL and SWAPGS.
 */
#include <hal/x86_64/layout.h>

        .text

/* Each entry is 9 bytes: x86_idt_init() counts on it.  Vectors 8, 10-14, 17, 21, 29 and 30 come with an error code. */
        .globl  x86_vectors
        .balign 16
x86_vectors:
        .set    v, 0
        .rept   256
        .if     v == 8 || (v >= 10 && v <= 14) || v == 17 || v == 21 || v == 29 || v == 30
        .byte   0x66, 0x90 /* a two-byte nop */
        .else
        pushq   $0
        .endif
        .byte   0x6a, (v - 128) & 0xff /* push a signed byte */
        .byte   0xe9
        .long   vector_common - . - 4
        .set    v, v + 1
        .endr

        .type   vector_common, @function
vector_common: /* rsp: vector - 128, error code, rip, cs, rflags, rsp, ss */
        testb   $3, 24(%rsp)
        jz      vector_kernel
        cmpb    $(2 - 128), (%rsp)
        je      vector_kernel
        cmpb    $(8 - 128), (%rsp)
        je      vector_kernel
        cmpb    $(18 - 128), (%rsp)
        je      vector_kernel

        swapgs
        pushq   %rdi
        movq    %gs:CPU_REGS, %rdi
        movq    %rax, R_RAX(%rdi)
        movq    %rbx, R_RBX(%rdi)
        movq    %rcx, R_RCX(%rdi)
        movq    %rdx, R_RDX(%rdi)
        movq    %rsi, R_RSI(%rdi)
        movq    %rbp, R_RBP(%rdi)
        movq    %r8, R_R8(%rdi)
        movq    %r9, R_R9(%rdi)
        movq    %r10, R_R10(%rdi)
        movq    %r11, R_R11(%rdi)
        movq    %r12, R_R12(%rdi)
        movq    %r13, R_R13(%rdi)
        movq    %r14, R_R14(%rdi)
        movq    %r15, R_R15(%rdi)
        popq    %rax
        movq    %rax, R_RDI(%rdi)
        popq    %rax
        addl    $128, %eax
        popq    %rdx
        popq    R_RIP(%rdi)
        popq    %rcx /* cs */
        popq    R_RFLAGS(%rdi)
        popq    R_RSP(%rdi)
        movq    %gs:CPU_KERNEL_SP, %rsp
        pushq   $2 /* AC, DF, NT, TF are the user's */
        popfq
        shlq    $32, %rdx
        orq     %rdx, %rax
        jmp     user_stopped

vector_kernel:
        pushq   %rax
        pushq   %rbx
        pushq   %rcx
        pushq   %rdx
        pushq   %rsi
        pushq   %rdi
        pushq   %rbp
        pushq   %r8
        pushq   %r9
        pushq   %r10
        pushq   %r11
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        cld
        movq    %rsp, %rdi
        pushq   136(%rsp) /* a frame for backtraces: the interrupted rip ... */
        pushq   %rbp      /* ... and its frame */
        movq    %rsp, %rbp
        call    x86_trap
        addq    $16, %rsp
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %r11
        popq    %r10
        popq    %r9
        popq    %r8
        popq    %rbp
        popq    %rdi
        popq    %rsi
        popq    %rdx
        popq    %rcx
        popq    %rbx
        popq    %rax
        addq    $16, %rsp
        iretq

/* SYSCALL: rcx = rip, r11 = rflags; interrupts off (SFMASK).  The register file serves as a pointer before there is a stack. */
        .globl  x86_syscall_entry
        .type   x86_syscall_entry, @function
x86_syscall_entry:
        swapgs
        movq    %rsp, %gs:CPU_SCRATCH
        movq    %gs:CPU_REGS, %rsp
        movq    %rax, R_RAX(%rsp)
        movq    %rbx, R_RBX(%rsp)
        movq    %rcx, R_RCX(%rsp)
        movq    %rcx, R_RIP(%rsp)
        movq    %rdx, R_RDX(%rsp)
        movq    %rsi, R_RSI(%rsp)
        movq    %rdi, R_RDI(%rsp)
        movq    %rbp, R_RBP(%rsp)
        movq    %r8, R_R8(%rsp)
        movq    %r9, R_R9(%rsp)
        movq    %r10, R_R10(%rsp)
        movq    %r11, R_R11(%rsp)
        movq    %r11, R_RFLAGS(%rsp)
        movq    %r12, R_R12(%rsp)
        movq    %r13, R_R13(%rsp)
        movq    %r14, R_R14(%rsp)
        movq    %r15, R_R15(%rsp)
        movq    %gs:CPU_SCRATCH, %rcx
        movq    %rcx, R_RSP(%rsp)
        movq    %gs:CPU_KERNEL_SP, %rsp
        movl    $EVENT_SYSCALL, %eax

user_stopped:
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        ret

/* uint64_t x86_user_enter(struct hal_user_regs *regs, bool fast): interrupts off, and off again when it returns.
 * `fast`: by SYSRET, which takes rip from rcx and rflags from r11: the caller made sure that they are the same.
 * Returns the vector, or EVENT_SYSCALL, and in the upper half the error code. */
        .globl  x86_user_enter
        .type   x86_user_enter, @function
x86_user_enter:
        pushq   %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        movq    %rsp, %gs:CPU_KERNEL_SP
        movq    %rdi, %gs:CPU_REGS
        movq    %gs:CPU_TSS, %rax
        movq    %rsp, TSS_RSP0(%rax)
        testl   %esi, %esi
        jnz     1f
        pushq   $SEL_USER_DATA
        pushq   R_RSP(%rdi)
        pushq   R_RFLAGS(%rdi)
        pushq   $SEL_USER_CODE
        pushq   R_RIP(%rdi)
1:
        movq    R_RAX(%rdi), %rax
        movq    R_RBX(%rdi), %rbx
        movq    R_RDX(%rdi), %rdx
        movq    R_RBP(%rdi), %rbp
        movq    R_R8(%rdi), %r8
        movq    R_R9(%rdi), %r9
        movq    R_R10(%rdi), %r10
        movq    R_R11(%rdi), %r11
        movq    R_R12(%rdi), %r12
        movq    R_R13(%rdi), %r13
        movq    R_R14(%rdi), %r14
        movq    R_R15(%rdi), %r15
        movq    R_RCX(%rdi), %rcx
        testl   %esi, %esi
        movq    R_RSI(%rdi), %rsi
        jnz     2f
        movq    R_RDI(%rdi), %rdi
        swapgs
        iretq
2:
        movq    R_RSP(%rdi), %rsp
        movq    R_RDI(%rdi), %rdi
        swapgs
        sysretq

        .section .stacks, "aw", @nobits
        .balign 4096
        .globl  boot_guard, ist_df_guard, ist_nmi_guard, ist_mc_guard
        .globl  boot_stack_top, ist_df_top, ist_nmi_top, ist_mc_top
boot_guard:
        .skip   4096
        .skip   4 * 4096
boot_stack_top:
ist_df_guard:
        .skip   4096
        .skip   2 * 4096
ist_df_top:
ist_nmi_guard:
        .skip   4096
        .skip   2 * 4096
ist_nmi_top:
ist_mc_guard:
        .skip   4096
        .skip   4096
ist_mc_top:

        .section .note.GNU-stack, "", @progbits

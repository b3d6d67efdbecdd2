/* The stub's signal handler, its loop, and the seccomp filter that fits both.
 *
 * A system call, a fault or a kick of the user program enters stub_handler on the signal stack (STUB_DATA).  It tells the kernel
 * process, waits, runs the commands of the control page and returns by rt_sigreturn through the frame, which the kernel process has
 * edited.  No stack is used but the frame.
 *
 * The user program may jump to any byte of this page.  Hence: the filter allows a system call only at one of the sites below with
 * checked arguments; after mmap, munmap and mprotect the registers are compared with a command of the read-only control page, and the
 * process dies if they differ.  What is left (waking the kernel process, waiting, repeating the last batch, rt_sigreturn) it may do.
 */
#include "stub_abi.h"

#define SYS_mmap 9
#define SYS_mprotect 10
#define SYS_munmap 11
#define SYS_rt_sigreturn 15
#define SYS_arch_prctl 158
#define SYS_futex 202
#define SYS_seccomp 317
#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define SHARED_FIXED 0x11

        .section .text.first, "ax", @progbits
        .globl  stub_text
stub_text:
        jmp     stub_commands           /* STUB_BASE: where the tracer starts a batch */

        .globl  stub_handler
stub_handler:
        movabs  $STUB_DATA, %rbx
        movabs  $STUB_CTL, %r15
        mov     %edi, DATA_SIGNO(%rbx)
        mov     %rsp, DATA_FRAME(%rbx)
        testl   $STUB_FLAG_FSGSBASE, CTL_FLAGS(%r15)
        jz      stop
        rdfsbase %rax
        rdgsbase %rcx
        mov     %rax, DATA_FS(%rbx)
        mov     %rcx, DATA_GS(%rbx)

stop:
        mov     CTL_GEN(%r15), %r12d
        movl    $STUB_STOPPED, DATA_STATE(%rbx)
        testl   $STUB_FLAG_PTRACE, CTL_FLAGS(%r15)
        jz      wake
        int3
        ud2
wake:
        mov     %rbx, %rdi
        mov     $1, %esi                /* FUTEX_WAKE */
        mov     $1, %edx
        mov     $SYS_futex, %eax
        syscall
site_wake:
wait:
        cmp     %r12d, CTL_GEN(%r15)
        jne     commands
        mov     %r15, %rdi
        xor     %esi, %esi              /* FUTEX_WAIT */
        mov     %r12d, %edx
        xor     %r10d, %r10d
        mov     $SYS_futex, %eax
        syscall
site_wait:
        jmp     wait

stub_commands:
        movabs  $STUB_DATA, %rbx
        movabs  $STUB_CTL, %r15
commands:
        xor     %ebp, %ebp
next:
        cmp     CTL_COUNT(%r15), %ebp
        jae     resume
        mov     %rbp, %r14
        shl     $CMD_SHIFT, %r14
        lea     CTL_CMD(%r15, %r14), %r14
        mov     CMD_NR(%r14), %eax
        mov     CMD_PROT(%r14), %edx
        mov     CMD_ADDR(%r14), %rdi
        mov     CMD_LEN(%r14), %rsi
        mov     CMD_OFF(%r14), %r9
        mov     $STUB_FD_RAM, %r8d
        mov     $SHARED_FIXED, %r10d
        cmp     $SYS_mmap, %eax
        je      do_mmap
        cmp     $SYS_munmap, %eax
        je      do_munmap
        cmp     $SYS_mprotect, %eax
        je      do_mprotect
        ud2
do_mmap:
        syscall
site_mmap:
        mov     $SYS_mmap, %r13d
        sub     %rdi, %rax
        jmp     verify
do_munmap:
        syscall
site_munmap:
        mov     $SYS_munmap, %r13d
        jmp     verify
do_mprotect:
        syscall
site_mprotect:
        mov     $SYS_mprotect, %r13d

        /* Was that a command we were given?  Nothing in a register is believed. */
verify:
        movabs  $STUB_DATA, %rbx
        movabs  $STUB_CTL, %r15
        mov     %ebp, %ebp
        cmp     CTL_COUNT(%r15), %ebp
        jae     die
        mov     %rbp, %r14
        shl     $CMD_SHIFT, %r14
        lea     CTL_CMD(%r15, %r14), %r14
        cmp     %r13d, CMD_NR(%r14)
        jne     die
        mov     CMD_PROT(%r14), %ecx
        cmp     %rcx, %rdx
        jne     die
        cmp     CMD_ADDR(%r14), %rdi
        jne     die
        cmp     CMD_LEN(%r14), %rsi
        jne     die
        cmp     CMD_OFF(%r14), %r9
        jne     die
        test    %rax, %rax              /* the host refused: out of memory or of mappings */
        jnz     die
        inc     %ebp
        jmp     next

resume:
        cmpl    $STUB_ACT_STOP, CTL_ACTION(%r15)
        je      stop
        testl   $STUB_FLAG_FSGSBASE, CTL_FLAGS(%r15)
        jz      1f
        mov     CTL_FS(%r15), %rax
        mov     CTL_GS(%r15), %rcx
        wrfsbase %rax
        wrgsbase %rcx
        jmp     2f
1:
        testl   $STUB_FLAG_SET_FS, CTL_FLAGS(%r15)
        jz      2f
        mov     CTL_GS(%r15), %rsi
        mov     $ARCH_SET_GS, %edi
        mov     $SYS_arch_prctl, %eax
        syscall
site_gs:
        mov     CTL_FS(%r15), %rsi
        mov     $ARCH_SET_FS, %edi
        mov     $SYS_arch_prctl, %eax
        syscall
site_fs:
2:
        mov     CTL_FRAME(%r15), %rsp
        mov     $SYS_rt_sigreturn, %eax
        syscall
site_sigreturn:
die:
        ud2

        /* The last steps of a new stub, without a stack: drop the starter's memory, lock the door, stop for the first time.
         * rdi, rsi: the starter's memory; rdx: 1 to lock the door. */
        .globl  stub_enter
stub_enter:
        mov     %rdx, %rbx
        mov     $SYS_munmap, %eax
        syscall
        test    %rax, %rax
        jnz     die
        test    %ebx, %ebx
        jz      1f
        mov     $1, %edi                /* SECCOMP_SET_MODE_FILTER */
        mov     $4, %esi                /* SECCOMP_FILTER_FLAG_SPEC_ALLOW */
        lea     filter_prog(%rip), %rdx
        mov     $SYS_seccomp, %eax
        syscall
        test    %rax, %rax
        jnz     die
        mov     $SYS_rt_sigreturn, %eax /* any system call: it traps */
        syscall
        ud2
1:
        ud2                             /* traced: SIGILL, which the tracer lets through to the handler */

/* The filter: classic BPF over struct seccomp_data. */
#define DATA_NR 0
#define DATA_ARCH 4
#define DATA_IP 8
#define DATA_ARG(n) (16 + 8 * (n))
#define HI 4
#define AUDIT_ARCH_X86_64 0xc000003e
#define RET_TRAP 0x00030000
#define RET_ALLOW 0x7fff0000

        .macro  ld off
        .short  0x20
        .byte   0, 0
        .long   \off
        .endm
        .macro  allow
        .short  0x06
        .byte   0, 0
        .long   RET_ALLOW
        .endm
        /* Jumps go forward only: the distance counts from the next instruction. */
        .macro  if_eq k, to
        .short  0x15
        .byte   (\to - . - 6) / 8, 0
        .long   \k
        .endm
        .macro  unless_eq k, to
        .short  0x15
        .byte   0, (\to - . - 5) / 8
        .long   \k
        .endm
        .macro  if_ge k, to
        .short  0x35
        .byte   (\to - . - 6) / 8, 0
        .long   \k
        .endm
        .macro  nr_is nr
        ld      DATA_NR
        unless_eq \nr, trap
        .endm
        .macro  arg_is n, hi, lo
        ld      DATA_ARG(\n)
        unless_eq \lo, trap
        ld      DATA_ARG(\n) + HI
        unless_eq \hi, trap
        .endm
        /* Address below STUB_USER_MAX, length below 0x8000000000: together they end below STUB_BASE. */
        .macro  range_is_user
        ld      DATA_ARG(0) + HI
        if_ge   0x7f00, trap
        ld      DATA_ARG(1) + HI
        if_ge   0x80, trap
        .endm
        .macro  prot_is_sane
        ld      DATA_ARG(2)
        if_ge   8, trap
        ld      DATA_ARG(2) + HI
        unless_eq 0, trap
        .endm

        .balign 8
filter:
        ld      DATA_IP + HI
        unless_eq STUB_BASE_HI, trap
        ld      DATA_ARCH
        unless_eq AUDIT_ARCH_X86_64, trap
        ld      DATA_IP
        if_eq   (site_sigreturn-stub_text), may_sigreturn
        if_eq   (site_wake-stub_text), may_wake
        if_eq   (site_wait-stub_text), may_wait
        if_eq   (site_mmap-stub_text), may_mmap
        if_eq   (site_munmap-stub_text), may_munmap
        if_eq   (site_mprotect-stub_text), may_mprotect
        if_eq   (site_fs-stub_text), may_set_fs
        unless_eq (site_gs-stub_text), trap
        nr_is   SYS_arch_prctl
        arg_is  0, 0, ARCH_SET_GS
        allow
may_set_fs:
        nr_is   SYS_arch_prctl
        arg_is  0, 0, ARCH_SET_FS
        allow
may_sigreturn:
        nr_is   SYS_rt_sigreturn
        allow
may_wake:
        nr_is   SYS_futex
        arg_is  0, STUB_BASE_HI, STUB_DATA_LO
        arg_is  1, 0, 1
        arg_is  2, 0, 1
        allow
may_wait:
        nr_is   SYS_futex
        arg_is  0, STUB_BASE_HI, STUB_CTL_LO
        arg_is  1, 0, 0
        arg_is  3, 0, 0
        allow
may_mmap:
        nr_is   SYS_mmap
        arg_is  3, 0, SHARED_FIXED
        arg_is  4, 0, STUB_FD_RAM
        range_is_user
        prot_is_sane
        allow
may_mprotect:
        nr_is   SYS_mprotect
        range_is_user
        prot_is_sane
        allow
may_munmap:
        nr_is   SYS_munmap
        ld      DATA_ARG(0) + HI
        if_ge   0x7f00, trap
        ld      DATA_ARG(1) + HI
        if_ge   0x7f00, trap
        allow
trap:
        .short  0x06
        .byte   0, 0
        .long   RET_TRAP
filter_end:

        .balign 8
filter_prog:
        .short  (filter_end - filter) / 8
        .short  0, 0, 0
        .quad   filter

        .section .note.GNU-stack, "", @progbits

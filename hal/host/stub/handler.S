/* The stub's signal handler, its loop, and the seccomp filters that fit both.
 *
 * A system call, a fault or a kick of the user program enters stub_handler on the signal stack (STUB_DATA).  It tells the kernel
 * process, waits, runs the commands of the control page and returns by rt_sigreturn through the frame, which the kernel process has
 * edited.  No stack is used but the frame.  With STUB_FLAG_NOTIFY most system calls do not come here: the filter notifies the kernel
 * process, which answers; and waiting here notifies it too, so there is no announcement.
 *
 * The user program may jump to any byte of this page, with any registers.  Hence:
 *   - the filter allows a system call only at one of the sites below, with checked arguments;
 *   - after mmap, munmap and mprotect the registers are compared with a command of the read-only control page, and the process dies if
 *     they differ;
 *   - announcing a stop is followed by the wait, with nothing between that depends on a register or on memory the program can write;
 *     a signal there, or anywhere in this page, ends the process.  So each announcement the kernel process receives is a stop that only
 *     the kernel process ends, and what then runs first is the batch.
 * What is left (stopping, waiting, repeating the last batch, rt_sigreturn) it may do.
 */
#include "stub_abi.h"

#define SYS_read 0
#define SYS_write 1
#define SYS_mmap 9
#define SYS_mprotect 10
#define SYS_munmap 11
#define SYS_rt_sigreturn 15
#define SYS_arch_prctl 158
#define SYS_exit_group 231
#define SYS_seccomp 317
#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define SHARED_FIXED 0x11
#define FRAME_RIP 176 /* pretcode, uc_flags, uc_link, uc_stack (24), 16 registers */

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
        cmpq    $0, CTL_FRAME(%r15)
        je      1f                      /* the first stop is in here */
        mov     FRAME_RIP(%rsp), %rax
        shr     $32, %rax
        cmp     $STUB_BASE_HI, %eax
        je      die
1:
        testl   $STUB_FLAG_FSGSBASE, CTL_FLAGS(%r15)
        jz      stop
        rdfsbase %rax
        rdgsbase %rcx
        mov     %rax, DATA_FS(%rbx)
        mov     %rcx, DATA_GS(%rbx)

stop:
        testl   $STUB_FLAG_PTRACE, CTL_FLAGS(%r15)
        jz      announce
        int3
        ud2
announce:
        testl   $STUB_FLAG_NOTIFY, CTL_FLAGS(%r15)
        jz      1f
        cmpq    $0, CTL_FRAME(%r15)
        jne     wait                    /* only the first stop cannot be a notification: nobody listens yet */
1:
        mov     $STUB_FD_STOP, %edi
        movabs  $(STUB_CTL + CTL_ONE), %rsi
        mov     $8, %edx
        mov     $SYS_write, %eax
        syscall
site_announce:
wait:
        mov     $STUB_FD_GO, %edi
        movabs  $(STUB_DATA + DATA_GO), %rsi
        mov     $8, %edx
        mov     $SYS_read, %eax
        syscall
site_wait:
        cmp     $8, %rax
        jne     die
stub_commands:
        movabs  $STUB_DATA, %rbx
        movabs  $STUB_CTL, %r15
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
         * rdi, rsi: the starter's memory; rdx: STUB_LOCK_. */
        .globl  stub_enter
stub_enter:
        mov     %rdx, %rbx
        mov     $SYS_munmap, %eax
        syscall
        test    %rax, %rax
        jnz     cannot
        test    %ebx, %ebx
        jz      1f
        mov     $1, %edi                /* SECCOMP_SET_MODE_FILTER */
        mov     $4, %esi                /* SECCOMP_FILTER_FLAG_SPEC_ALLOW */
        lea     filter_prog(%rip), %rdx
        xor     %r12d, %r12d            /* the result it must have */
        cmp     $STUB_LOCK_NOTIFY, %ebx
        jne     2f
        or      $8, %esi                /* SECCOMP_FILTER_FLAG_NEW_LISTENER */
        lea     filter_notify_prog(%rip), %rdx
        mov     $STUB_FD_LISTEN, %r12d
2:
        mov     $SYS_seccomp, %eax
        syscall
        cmp     %r12, %rax
        jne     cannot
        mov     $SYS_rt_sigreturn, %eax /* it traps in either filter */
        syscall
        ud2
1:
        ud2                             /* traced: SIGILL, which the tracer lets through to the handler */
cannot:
        mov     $1, %edi
        mov     $SYS_exit_group, %eax
        syscall
        ud2

/* The filters: classic BPF over struct seccomp_data. */
#define DATA_NR 0
#define DATA_ARCH 4
#define DATA_IP 8
#define DATA_ARG(n) (16 + 8 * (n))
#define HI 4
#define AUDIT_ARCH_X86_64 0xc000003e
#define RET_TRAP 0x00030000
#define RET_ALLOW 0x7fff0000
#define RET_USER_NOTIF 0x7fc00000

        .macro  ld off
        .short  0x20
        .byte   0, 0
        .long   \off
        .endm
        .macro  give action
        .short  0x06
        .byte   0, 0
        .long   \action
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
        .macro  nr_is nr, else
        ld      DATA_NR
        unless_eq \nr, \else
        .endm
        .macro  arg_is n, hi, lo, else
        ld      DATA_ARG(\n)
        unless_eq \lo, \else
        ld      DATA_ARG(\n) + HI
        unless_eq \hi, \else
        .endm
        /* Address below STUB_USER_MAX, length below 0x8000000000: together they end below STUB_BASE. */
        .macro  range_is_user else
        ld      DATA_ARG(0) + HI
        if_ge   0x7f00, \else
        ld      DATA_ARG(1) + HI
        if_ge   0x80, \else
        .endm
        .macro  prot_is_sane else
        ld      DATA_ARG(2)
        if_ge   8, \else
        ld      DATA_ARG(2) + HI
        unless_eq 0, \else
        .endm

        /* One filter.  v: its labels' suffix; wait: what becomes of the wait; outside: where calls from outside this page go. */
        .macro  filter_of v, wait, outside
        .balign 8
filter\v:
        ld      DATA_IP + HI
        unless_eq STUB_BASE_HI, \outside\v
        ld      DATA_ARCH
        unless_eq AUDIT_ARCH_X86_64, trap\v
        ld      DATA_IP
        if_eq   (site_sigreturn-stub_text), may_sigreturn\v
        if_eq   (site_announce-stub_text), may_announce\v
        if_eq   (site_wait-stub_text), may_wait\v
        if_eq   (site_mmap-stub_text), may_mmap\v
        if_eq   (site_munmap-stub_text), may_munmap\v
        if_eq   (site_mprotect-stub_text), may_mprotect\v
        if_eq   (site_fs-stub_text), may_set_fs\v
        unless_eq (site_gs-stub_text), trap\v
        nr_is   SYS_arch_prctl, trap\v
        arg_is  0, 0, ARCH_SET_GS, trap\v
        give    RET_ALLOW
may_set_fs\v:
        nr_is   SYS_arch_prctl, trap\v
        arg_is  0, 0, ARCH_SET_FS, trap\v
        give    RET_ALLOW
may_sigreturn\v:
        nr_is   SYS_rt_sigreturn, trap\v
        give    RET_ALLOW
may_announce\v:
        nr_is   SYS_write, trap\v
        arg_is  0, 0, STUB_FD_STOP, trap\v
        arg_is  1, STUB_BASE_HI, (STUB_CTL_LO + CTL_ONE), trap\v
        arg_is  2, 0, 8, trap\v
        give    RET_ALLOW
may_wait\v:
        nr_is   SYS_read, trap\v
        arg_is  0, 0, STUB_FD_GO, trap\v
        arg_is  1, STUB_BASE_HI, (STUB_DATA_LO + DATA_GO), trap\v
        arg_is  2, 0, 8, trap\v
        give    \wait
may_mmap\v:
        nr_is   SYS_mmap, trap\v
        arg_is  3, 0, SHARED_FIXED, trap\v
        arg_is  4, 0, STUB_FD_RAM, trap\v
        range_is_user trap\v
        prot_is_sane trap\v
        give    RET_ALLOW
may_mprotect\v:
        nr_is   SYS_mprotect, trap\v
        range_is_user trap\v
        prot_is_sane trap\v
        give    RET_ALLOW
may_munmap\v:
        nr_is   SYS_munmap, trap\v
        ld      DATA_ARG(0) + HI
        if_ge   0x7f00, trap\v
        ld      DATA_ARG(1) + HI
        if_ge   0x7f00, trap\v
        give    RET_ALLOW
        .ifc    \outside, user
        /* A system call of the user program.  Those after which the kernel most often wants all registers, or mappings changed, come
         * with a signal frame.  The vsyscall page and other kinds of entry do too. */
user\v:
        if_ge   STUB_BASE_HI, trap\v
        ld      DATA_ARCH
        unless_eq AUDIT_ARCH_X86_64, trap\v
        ld      DATA_NR
        .irp    nr, 10, 13, 15, 25, 28, 56, 57, 58, 59, 60, 62, 130, 131, 158, 200, 231, 234, 322, 435
        if_eq   \nr, trap\v
        .endr
        give    RET_USER_NOTIF
        .endif
trap\v:
        give    RET_TRAP
filter_end\v:
        .balign 8
filter\v\()_prog:
        .short  (filter_end\v - filter\v) / 8
        .short  0, 0, 0
        .quad   filter\v
        .endm

        filter_of , RET_ALLOW, trap
        filter_of _notify, RET_USER_NOTIF, user

        .section .note.GNU-stack, "", @progbits

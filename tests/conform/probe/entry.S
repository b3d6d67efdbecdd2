/* A probe from the reset vector on: a ROM of 64 KiB below 4 GiB, in the place of the firmware (Intel SDM volume 3A, section 10.1.4).
 *
 * Real mode to flat 32-bit protected mode, a stack and cleared variables in low RAM, then probe_main().  No firmware has run: every
 * device is as reset leaves it.  Paging is off, interrupts are off but where a probe waits for one.
 */
        .code16
        .section .text16, "ax"
        .globl  start16
start16:
        cli
        cld
        movw    $(gdt_pointer - start16), %bx
        lgdtl   %cs:(%bx)
        movl    %cr0, %eax
        orl     $1, %eax
        movl    %eax, %cr0
        ljmpl   $8, $start32

        .code32
start32:
        movl    $16, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %fs
        movl    %eax, %gs
        movl    %eax, %ss
        movl    $stack_top, %esp
        xorl    %ebp, %ebp
        movl    $bss_start, %edi
        movl    $bss_end, %ecx
        subl    %edi, %ecx
        xorl    %eax, %eax
        rep stosb
        call    probe_main
1:      hlt
        jmp     1b

        .balign 8
gdt:    .quad   0
        .quad   0x00cf9a000000ffff      /* 8: flat code */
        .quad   0x00cf92000000ffff      /* 16: flat data */
gdt_pointer:
        .word   gdt_pointer - gdt - 1
        .long   gdt

/* One stub of 16 bytes for each vector; exceptions that push an error code end the run anyway. */
        .balign 16
        .globl  interrupt_stubs
interrupt_stubs:
        vector = 0
        .rept   256
        .balign 16
        pushl   $vector
        jmp     interrupt
        vector = vector + 1
        .endr

interrupt:
        pushal
        pushl   32(%esp)                /* the vector */
        call    probe_interrupt
        addl    $4, %esp
        popal
        addl    $4, %esp
        andl    $~0x200, 8(%esp)        /* one at a time: back with interrupts off */
        iretl

        .section .reset, "ax"
        .code16
        ljmpw   $0xf000, $0             /* start16, in the copy of the ROM below 1 MiB */
        .balign 16, 0

        .section .note.GNU-stack, "", @progbits

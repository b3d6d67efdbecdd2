/* Switching kernel contexts on i386 (System V ABI, Intel386 supplement: ebx, esi, edi and ebp belong to the caller). */
        .text
        .globl  x86_switch
        .type   x86_switch, @function
x86_switch:
        .cfi_startproc
        movl    4(%esp), %eax
        movl    8(%esp), %edx
        pushl   %ebp
        .cfi_adjust_cfa_offset 4
        .cfi_rel_offset ebp, 0
        pushl   %ebx
        .cfi_adjust_cfa_offset 4
        .cfi_rel_offset ebx, 0
        pushl   %esi
        .cfi_adjust_cfa_offset 4
        .cfi_rel_offset esi, 0
        pushl   %edi
        .cfi_adjust_cfa_offset 4
        .cfi_rel_offset edi, 0
        movl    %esp, (%eax)
        movl    %edx, %esp
        popl    %edi
        .cfi_adjust_cfa_offset -4
        .cfi_restore edi
        popl    %esi
        .cfi_adjust_cfa_offset -4
        .cfi_restore esi
        popl    %ebx
        .cfi_adjust_cfa_offset -4
        .cfi_restore ebx
        popl    %ebp
        .cfi_adjust_cfa_offset -4
        .cfi_restore ebp
        ret
        .cfi_endproc
        .size   x86_switch, . - x86_switch

/* The outermost frame of every kernel context, entered by x86_switch()'s `ret`: unwinding ends here. */
        .globl  x86_ctx_start
        .type   x86_ctx_start, @function
x86_ctx_start:
        .cfi_startproc
        .cfi_undefined eip
        xorl    %ebp, %ebp
        subl    $12, %esp
        pushl   %ebx
        call    *%esi
        ud2
        .cfi_endproc
        .size   x86_ctx_start, . - x86_ctx_start

        .section .note.GNU-stack, "", @progbits

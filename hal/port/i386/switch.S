/* Switching kernel contexts on i386 (System V ABI, Intel386 supplement: ebx, esi, edi and ebp belong to the caller; the others are saved
 * with them because one instruction does it). */
        .text
        .globl  x86_switch
x86_switch:
        movl    4(%esp), %eax
        movl    8(%esp), %edx
        pushal
        movl    %esp, (%eax)
        movl    %edx, %esp
        popal
        ret

/* The outermost frame of every kernel context, entered by x86_switch()'s `ret`: the chain of frames ends here. */
        .globl  x86_ctx_start
x86_ctx_start:
        pushl   %ebx
        call    *%esi

        .section .note.GNU-stack, "", @progbits

/* The four functions of <string.h> that compilers call.  Words, four at a time: quick on real CPUs, and on emulated ones, where
 * `rep` is not. */
        .text

        .globl  memcpy
        .type   memcpy, @function
        .balign 16
memcpy:
        movq    %rdi, %rax
copy_forward:
        cmpq    $32, %rdx
        jb      2f
1:      movq    (%rsi), %rcx
        movq    8(%rsi), %r8
        movq    16(%rsi), %r9
        movq    24(%rsi), %r10
        movq    %rcx, (%rdi)
        movq    %r8, 8(%rdi)
        movq    %r9, 16(%rdi)
        movq    %r10, 24(%rdi)
        addq    $32, %rsi
        addq    $32, %rdi
        subq    $32, %rdx
        cmpq    $32, %rdx
        jae     1b
2:      cmpq    $8, %rdx
        jb      4f
3:      movq    (%rsi), %rcx
        movq    %rcx, (%rdi)
        addq    $8, %rsi
        addq    $8, %rdi
        subq    $8, %rdx
        cmpq    $8, %rdx
        jae     3b
4:      testq   %rdx, %rdx
        jz      6f
5:      movb    (%rsi), %cl
        movb    %cl, (%rdi)
        incq    %rsi
        incq    %rdi
        decq    %rdx
        jnz     5b
6:      ret
        .size   memcpy, . - memcpy

        .globl  memmove
        .type   memmove, @function
        .balign 16
memmove:
        movq    %rdi, %rax
        movq    %rdi, %rcx
        subq    %rsi, %rcx
        cmpq    %rdx, %rcx /* unsigned: below the source is far above it */
        jae     copy_forward
1:      cmpq    $8, %rdx
        jb      2f
        movq    -8(%rsi,%rdx), %rcx
        movq    %rcx, -8(%rdi,%rdx)
        subq    $8, %rdx
        jmp     1b
2:      testq   %rdx, %rdx
        jz      4f
3:      movb    -1(%rsi,%rdx), %cl
        movb    %cl, -1(%rdi,%rdx)
        decq    %rdx
        jnz     3b
4:      ret
        .size   memmove, . - memmove

        .globl  memset
        .type   memset, @function
        .balign 16
memset:
        movq    %rdi, %rax
        movzbl  %sil, %esi
        movabsq $0x0101010101010101, %rcx
        imulq   %rcx, %rsi
        cmpq    $32, %rdx
        jb      2f
1:      movq    %rsi, (%rdi)
        movq    %rsi, 8(%rdi)
        movq    %rsi, 16(%rdi)
        movq    %rsi, 24(%rdi)
        addq    $32, %rdi
        subq    $32, %rdx
        cmpq    $32, %rdx
        jae     1b
2:      cmpq    $8, %rdx
        jb      4f
3:      movq    %rsi, (%rdi)
        addq    $8, %rdi
        subq    $8, %rdx
        cmpq    $8, %rdx
        jae     3b
4:      testq   %rdx, %rdx
        jz      6f
5:      movb    %sil, (%rdi)
        incq    %rdi
        decq    %rdx
        jnz     5b
6:      ret
        .size   memset, . - memset

        .globl  memcmp
        .type   memcmp, @function
        .balign 16
memcmp:
        cmpq    $8, %rdx
        jb      2f
1:      movq    (%rdi), %rax
        cmpq    (%rsi), %rax
        jne     2f
        addq    $8, %rdi
        addq    $8, %rsi
        subq    $8, %rdx
        cmpq    $8, %rdx
        jae     1b
2:      xorl    %eax, %eax
        testq   %rdx, %rdx
        jz      4f
3:      movzbl  (%rdi), %eax
        movzbl  (%rsi), %ecx
        subl    %ecx, %eax
        jne     4f
        incq    %rdi
        incq    %rsi
        decq    %rdx
        jnz     3b
4:      ret
        .size   memcmp, . - memcmp

        .section .note.GNU-stack, "", @progbits

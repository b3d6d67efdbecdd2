/* What compilers call on their own (Run-time ABI for the Arm Architecture, IHI 0043, 4.3.4): a byte a step, small rather than fast. */
    .syntax unified
    .thumb

    .macro  function name
    .global \name
    .thumb_func
\name:
    .endm

    .section .text.memcpy, "ax", %progbits
    function memcpy
    function __aeabi_memcpy
    function __aeabi_memcpy4
    function __aeabi_memcpy8
    mov     r12, r0
1:  subs    r2, #1
    bmi     2f
    ldrb    r3, [r1], #1
    strb    r3, [r12], #1
    b       1b
2:  bx      lr

    .section .text.memset, "ax", %progbits
    function __aeabi_memclr
    function __aeabi_memclr4
    function __aeabi_memclr8
    movs    r2, #0
    function __aeabi_memset
    function __aeabi_memset4
    function __aeabi_memset8
    mov     r3, r1              /* the other order of arguments */
    mov     r1, r2
    mov     r2, r3
    function memset
    mov     r12, r0
1:  subs    r2, #1
    bmi     2f
    strb    r1, [r12], #1
    b       1b
2:  bx      lr

    .section .text.memmove_eabi, "ax", %progbits
    function __aeabi_memmove
    function __aeabi_memmove4
    function __aeabi_memmove8
    b.w     memmove

/* Unsigned division of 64 bits: r0:r1 by r2:r3, quotient in r0:r1, remainder in r2:r3; a bit a step.  By zero: all ones. */
    .section .text.uldivmod, "ax", %progbits
    function __aeabi_uldivmod
    push    {r4, r5, r6, lr}
    movs    r4, #0              /* r4:r5: remainder */
    movs    r5, #0
    movs    r6, #64
1:  adds    r0, r0, r0
    adcs    r1, r1
    adcs    r4, r4
    adcs    r5, r5
    subs    r12, r4, r2
    sbcs    lr, r5, r3
    itt     hs
    movhs   r4, r12
    movhs   r5, lr
    it      hs
    addhs   r0, #1
    subs    r6, #1
    bne     1b
    mov     r2, r4
    mov     r3, r5
    pop     {r4, r5, r6, pc}

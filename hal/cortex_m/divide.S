/* 64-bit division of the run-time ABI (RTABI32, 4.3.1): quotient in r0:r1, remainder in r2:r3. */
        .syntax unified
        .cpu    cortex-m3
        .thumb
        .text

        .thumb_func
        .globl  __aeabi_uldivmod
        .type   __aeabi_uldivmod, %function
__aeabi_uldivmod:
        push    {r4, lr}
        sub     sp, sp, #16
        add     r4, sp, #8
        str     r4, [sp]
        bl      cm_divide
        ldrd    r2, r3, [sp, #8]
        add     sp, sp, #16
        pop     {r4, pc}

        .thumb_func
        .globl  __aeabi_ldivmod
        .type   __aeabi_ldivmod, %function
__aeabi_ldivmod:
        push    {r4, lr}
        sub     sp, sp, #16
        add     r4, sp, #8
        str     r4, [sp]
        bl      cm_divide_signed
        ldrd    r2, r3, [sp, #8]
        add     sp, sp, #16
        pop     {r4, pc}

/* What compilers call for 64 bits (RTABI32, 4.2).  Division: quotient in r0:r1, remainder in r2:r3. */
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

/* Shifts of 64 bits, r1:r0 by r2: a register's shift takes the count's lowest byte, and 32 or more leave nothing. */
        .thumb_func
        .globl  __aeabi_llsl
        .type   __aeabi_llsl, %function
__aeabi_llsl:
        lsls    r1, r2
        sub     r3, r2, #32
        lsl     r3, r0, r3
        orrs    r1, r3
        rsb     r3, r2, #32
        lsr     r3, r0, r3
        orrs    r1, r3
        lsls    r0, r2
        bx      lr
        .size   __aeabi_llsl, . - __aeabi_llsl

        .thumb_func
        .globl  __aeabi_llsr
        .type   __aeabi_llsr, %function
__aeabi_llsr:
        lsrs    r0, r2
        sub     r3, r2, #32
        lsr     r3, r1, r3
        orrs    r0, r3
        rsb     r3, r2, #32
        lsl     r3, r1, r3
        orrs    r0, r3
        lsrs    r1, r2
        bx      lr
        .size   __aeabi_llsr, . - __aeabi_llsr

        .thumb_func
        .globl  __aeabi_lasr
        .type   __aeabi_lasr, %function
__aeabi_lasr:
        lsrs    r0, r2
        rsb     r3, r2, #32
        lsl     r3, r1, r3
        orrs    r0, r3
        subs    r3, r2, #32
        it      pl
        asrpl   r0, r1, r3
        asrs    r1, r2
        bx      lr
        .size   __aeabi_lasr, . - __aeabi_lasr
        .balign 4, 0 /* nothing that looks like an instruction behind it */

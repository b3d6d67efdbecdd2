/* Vectors, reset, context switches.
 *
 * A context is switched in Thread mode, by a call.  A program is entered by SVC from privileged Thread mode: its handler leaves the
 * kernel's frame on the kernel's process stack, and returns to the program's; whatever exception ends the program returns to that
 * frame. */
        .syntax unified
        .cpu    cortex-m3
        .thumb

        .section .vectors, "a"
        .globl  cm_vectors
cm_vectors:
        .word   handler_stack_top
        .word   reset
        .word   cm_fault_entry          /* NMI */
        .word   cm_fault_entry          /* HardFault */
        .word   cm_fault_entry
        .word   cm_fault_entry
        .word   cm_fault_entry
        .word   0, 0, 0, 0
        .word   cm_svc_entry
        .word   cm_fault_entry          /* debug monitor */
        .word   0
        .word   cm_pendsv_entry
        .word   cm_irq_entry            /* SysTick */
        .rept   64
        .word   cm_irq_entry
        .endr

        .text
        .thumb_func
        .globl  reset
        .type   reset, %function
reset:
        ldr     r0, =data_start
        ldr     r1, =data_end
        ldr     r2, =data_load
1:      cmp     r0, r1
        itt     lo
        ldrlo   r3, [r2], #4
        strlo   r3, [r0], #4
        blo     1b
        ldr     r0, =bss_start
        ldr     r1, =bss_end
        movs    r2, #0
2:      cmp     r0, r1
        it      lo
        strlo   r2, [r0], #4
        blo     2b
        ldr     r0, =boot_stack_top     /* Thread mode goes to the process stack */
        msr     psp, r0
        movs    r0, #2
        msr     control, r0
        isb
        bl      cm_boot
        b       .

        .thumb_func
        .globl  cm_ctx_switch           /* (uint32_t *save_sp, uint32_t load_sp) */
        .type   cm_ctx_switch, %function
cm_ctx_switch:
        push    {r4-r11, lr}
        str     sp, [r0]
        mov     sp, r1
        pop     {r4-r11, pc}

        .thumb_func
        .globl  cm_ctx_begin            /* r4: entry, r5: its argument */
        .type   cm_ctx_begin, %function
cm_ctx_begin:
        mov     r0, r5
        movs    lr, #0
        mov     r7, lr
        bx      r4

        .thumb_func
        .globl  cm_user_enter
        .type   cm_user_enter, %function
cm_user_enter:
        push    {r4-r11, lr}
        svc     0
        pop     {r4-r11, pc}

/* SVC: from the kernel it enters the program, from a program it leaves it. */
        .thumb_func
        .globl  cm_svc_entry
        .type   cm_svc_entry, %function
cm_svc_entry:
        mrs     r0, control
        lsls    r0, r0, #31
        bne     leave
        ldr     r0, =cm_switch
        mrs     r1, psp
        str     r1, [r0, #40]
        ldmia   r0!, {r4-r11}
        ldr     r1, [r0]
        msr     psp, r1
        movs    r1, #3
        msr     control, r1
        mvn     lr, #2                  /* Thread mode, process stack */
        bx      lr

/* From a program to the kernel. */
        .thumb_func
leave:
        ldr     r0, =cm_switch
        stmia   r0!, {r4-r11}
        mrs     r1, psp
        str     r1, [r0]
        mrs     r1, ipsr
        str     r1, [r0, #4]
        ldr     r1, [r0, #8]
        msr     psp, r1
        movs    r1, #2
        msr     control, r1
        mvn     lr, #2
        bx      lr

/* After an interrupt that came while a program ran. */
        .thumb_func
        .globl  cm_pendsv_entry
        .type   cm_pendsv_entry, %function
cm_pendsv_entry:
        mrs     r0, control
        lsls    r0, r0, #31
        bne     leave
        bx      lr

        .thumb_func
        .globl  cm_fault_entry
        .type   cm_fault_entry, %function
cm_fault_entry:
        tst     lr, #4
        beq     1f                      /* in a handler */
        mrs     r0, control
        lsls    r0, r0, #31
        bne     leave
        mrs     r1, psp
        b       2f
1:      mov     r1, sp
2:      mrs     r0, ipsr
        ldr     r2, =handler_stack_top  /* what was on it is not needed any more: there may be no room */
        mov     sp, r2
        b       cm_panic_fault

/* (void (*fn)(void *), void *arg): on the handlers' stack, which a thread finds empty, and a handler is on. */
        .thumb_func
        .globl  hal_panic_on_stack
        .type   hal_panic_on_stack, %function
hal_panic_on_stack:
        cpsid   i
        mrs     r2, ipsr
        cbnz    r2, 1f
        msr     control, r2
        isb
        ldr     r2, =handler_stack_top
        mov     sp, r2
1:      mov     r3, r0
        mov     r0, r1
        blx     r3
        b       .

        .section .bss
        .balign 8
handler_stack:
        .space  960
handler_stack_top:
boot_stack:
        .space  512
boot_stack_top:

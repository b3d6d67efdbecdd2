/* Where a program starts: r9 is the address of its data, or 0 where text and data are as far apart as in the file (Linux with an MMU);
 * sp points to argc, argv, envp as the System V ABI has them. */
    .syntax unified
    .thumb
    .section .text.start, "ax", %progbits
    .global _start, __here
    .thumb_func
_start:
__here:
    adr     r4, __here
    ldr     r5, =__here
    subs    r4, r4, r5          /* r4: how far the text was moved */
    ldr     r5, =__data
    cmp.w   r9, #0
    it      eq
    addeq.w r9, r5, r4
    sub.w   r5, r9, r5          /* r5: how far the data were moved */

    /* Each entry is the index of a word in the data that holds an address. */
    ldr     r0, =__relocations
    add     r0, r4
    ldr     r1, =__relocations_end
    add     r1, r4
1:  cmp     r0, r1
    beq     2f
    ldrh    r2, [r0], #2
    add.w   r2, r9, r2, lsl #2
    ldr     r3, [r2]
    cmp.w   r3, #0x10000000
    ite     lo
    addlo   r3, r4
    addhs   r3, r5
    str     r3, [r2]
    b       1b

2:  ldr     r0, [sp]
    add     r1, sp, #4
    add.w   r2, r1, r0, lsl #2
    adds    r2, #4
    mov     r4, sp              /* the ABI wants multiples of 8; the system gives them */
    bic     r4, r4, #7
    mov     sp, r4
    bl      start
    .pool

/* Kernel contexts of x86-64: what the backends share. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <hal/attr.h>

/* switch.S: push the callee-saved registers, store the stack pointer in *from_sp, load to_sp, pop, return. */
void x86_switch(uintptr_t *from_sp, uintptr_t to_sp);
void x86_ctx_start(void);

TRUSTED_BEGIN(context)
/* A stack that ends below `top` (a multiple of 16) and makes the first switch to it call fn(arg), which must not return.  Returns
 * the stack pointer to switch to. */
static inline uintptr_t
x86_ctx_frame(uintptr_t top, void (*fn)(void *arg), void *arg)
{
    /* The seven words that x86_switch() takes off leave the stack 16-aligned, as a call wants it. */
    uint64_t *frame = (uint64_t *)(top - 72);

    frame[0] = 0;                        /* r15 */
    frame[1] = 0;                        /* r14 */
    frame[2] = 0;                        /* r13 */
    frame[3] = (uintptr_t)fn;            /* r12 */
    frame[4] = (uintptr_t)arg;           /* rbx */
    frame[5] = 0;                        /* rbp: end of the frame chain */
    frame[6] = (uintptr_t)x86_ctx_start; /* return address */
    return (uintptr_t)frame;
}
TRUSTED_END

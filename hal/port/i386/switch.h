/* Kernel contexts of the hosted build with 32-bit pointers: as hal/port/x86_64/switch.h, by the same names. */
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
    struct {
        uintptr_t edi, esi, ebp, unused, ebx, edx, ecx, eax, start;
    } *frame = (void *)(top - 48); /* the call pushes a word at a multiple of 16 */

    *frame = (__typeof__(*frame)){ .esi = (uintptr_t)fn,
                                   .ebx = (uintptr_t)arg,
                                   .start = (uintptr_t)x86_ctx_start };
    return (uintptr_t)frame;
}
TRUSTED_END

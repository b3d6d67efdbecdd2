/* The interrupt descriptor table, and what comes in while the kernel runs: interrupts are served, anything else is a kernel bug. */
#include <hal/x86_64/cpu.h>
#include <hal/x86_64/layout.h>
#include <hal/x86_64/x86.h>

enum {
    VECTORS = 256,
    VECTOR_ENTRY = 9, /* bytes of code per vector in entry.S */
    IST_DF = 1,
    IST_NMI = 2,
    IST_MC = 3,
};
#define GATE_INTERRUPT 0x8e00u
#define GATE_USER      0x6000u /* DPL 3: INT n may */

static struct gate {
    uint16_t offset0, selector, flags, offset1;
    uint32_t offset2, reserved;
} idt[VECTORS];

void
x86_idt_init(void)
{
    const struct x86_table_ptr ptr = { sizeof idt - 1, (uintptr_t)idt };

    for (unsigned v = 0; v < VECTORS; v++) {
        uint64_t at = (uintptr_t)x86_vectors + (uint64_t)v * VECTOR_ENTRY;
        unsigned flags = GATE_INTERRUPT;

        flags |= v == VEC_DF ? IST_DF : v == VEC_NMI ? IST_NMI : v == VEC_MC ? IST_MC : 0;
        flags |= v == VEC_BP || v == VEC_OF ? GATE_USER : 0;
        idt[v] = (struct gate){ .offset0 = (uint16_t)at,
                                .selector = SEL_KERNEL_CODE,
                                .flags = (uint16_t)flags,
                                .offset1 = (uint16_t)(at >> 16),
                                .offset2 = (uint32_t)(at >> 32) };
    }
    x86_lidt(&ptr);
}

void
x86_trap(struct x86_frame *f)
{
    unsigned vector = (unsigned)(f->vector + 128);

    if (vector < VEC_EXCEPTIONS)
        x86_die(f, vector);
    x86_this_cpu()->irq_in_kernel = true;
    x86_irq(vector);
}

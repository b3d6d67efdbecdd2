/* The interrupt descriptor table, and what comes in while the kernel runs: interrupts are served, anything else is a kernel bug and
 * ends in a report. */
#include <hal/irq.h>
#include <hal/power.h>
#include <hal/x86_64/cpu.h>
#include <hal/x86_64/layout.h>
#include <hal/x86_64/paging.h>
#include <hal/x86_64/x86.h>

enum {
    VECTORS = 256,
    VECTOR_ENTRY = 9, /* bytes of code per vector in entry.S */
    IST_DF = 1,
    IST_NMI = 2,
    IST_MC = 3,
    REGS_PER_LINE = 3,
};
#define GATE_INTERRUPT 0x8e00u
#define GATE_USER      0x6000u /* DPL 3: INT n may */

/* Clang's traps: UD1 with the number of the check in the displacement. */
#define UD1_TRAP           0x40b90f67u
#define TRAP_OUT_OF_BOUNDS 18

static struct gate {
    uint16_t offset0, selector, flags, offset1;
    uint32_t offset2, reserved;
} idt[VECTORS];

static const char *const names[] = {
    "divide error",
    "debug",
    "NMI",
    "breakpoint",
    "overflow",
    "bound range exceeded",
    "invalid opcode",
    "device not available",
    "double fault",
    "coprocessor segment overrun",
    "invalid TSS",
    "segment not present",
    "stack fault",
    "general protection",
    "page fault",
    "reserved",
    "x87 error",
    "alignment check",
    "machine check",
    "SIMD error",
    "virtualization exception",
    "control protection",
};

void
x86_idt_init(void)
{
    const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) ptr = { sizeof idt - 1, (uintptr_t)idt };

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
    __asm__ volatile("lidt %0" : : "m"(ptr));
}

static void
print_regs(const struct x86_frame *f)
{
    const struct {
        char name[4];
        uint64_t value;
    } regs[] = {
        { "rax", f->rax },         { "rbx", f->rbx },         { "rcx", f->rcx },
        { "rdx", f->rdx },         { "rsi", f->rsi },         { "rdi", f->rdi },
        { "rbp", f->rbp },         { "rsp", f->rsp },         { "r8 ", f->r8 },
        { "r9 ", f->r9 },          { "r10", f->r10 },         { "r11", f->r11 },
        { "r12", f->r12 },         { "r13", f->r13 },         { "r14", f->r14 },
        { "r15", f->r15 },         { "rip", f->rip },         { "rfl", f->rflags },
        { "cr2", x86_read_cr2() }, { "cr3", x86_read_cr3() }, { "cr4", x86_read_cr4() },
    };

    for (unsigned i = 0; i < sizeof regs / sizeof regs[0]; i++) {
        x86_print(i % REGS_PER_LINE == 0 ? "  " : " ");
        x86_print(regs[i].name);
        x86_print(" ");
        x86_print_hex(regs[i].value, 16);
        if (i % REGS_PER_LINE == REGS_PER_LINE - 1)
            x86_print("\n");
    }
}

/* Why, as far as it can be told. */
static const char *
reason(const struct x86_frame *f, unsigned vector)
{
    if ((vector == VEC_DF || vector == VEC_PF) && x86_is_guard(x86_read_cr2()))
        return "kernel stack overflow";
    if (vector == VEC_UD && x86_kernel_readable(f->rip & ~7ull) &&
        x86_kernel_readable((f->rip + 4) & ~7ull) && *(const uint32_t *)f->rip == UD1_TRAP)
        return *(const uint8_t *)(f->rip + 4) == TRAP_OUT_OF_BOUNDS ? "array index out of bounds"
                                                                    : "a compiler check failed";
    return vector < sizeof names / sizeof names[0] ? names[vector] : "unknown exception";
}

static void noreturn_fn
die(const struct x86_frame *f, unsigned vector)
{
    static unsigned depth;
    const char *why = reason(f, vector);

    if (depth++ == 0) {
        x86_print("drydock: exception ");
        x86_print_dec(vector);
        x86_print(", error code ");
        x86_print_hex(f->error, 4);
        x86_print(", at ");
        x86_print_pc(f->rip);
        x86_print("\n");
        print_regs(f);
        x86_print_backtrace(f->rbp);
    } else if (depth > 2) {
        hal_reboot();
    }
    hal_panic(why);
}

void
x86_trap(struct x86_frame *f)
{
    unsigned vector = (unsigned)(f->vector + 128);

    if (vector < VEC_EXCEPTIONS)
        die(f, vector);
    x86_this_cpu()->irq_in_kernel = true;
    x86_irq(vector);
}

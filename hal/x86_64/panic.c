/* The report of a kernel that goes no further: what happened, the registers, the calls by name; then the machine ends with an exit
 * status that says so.  hal_panic() takes the same way as an exception, for its registers. */
#include <hal/power.h>
#include <hal/x86_64/cpu.h>
#include <hal/x86_64/paging.h>
#include <hal/x86_64/x86.h>

enum { REGS_PER_LINE = 3, REPORTS_MAX = 2 };

/* Clang's traps: UD1 with the number of the check in the displacement. */
#define UD1_TRAP           0x40b90f67u
#define TRAP_OUT_OF_BOUNDS 18

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

/* Of the panic that comes in as a breakpoint. */
static const char *panic_msg;

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

/* The report itself may go wrong: a second one says only what it was, a third none. */
void
x86_die(const struct x86_frame *f, unsigned vector)
{
    static unsigned reports;
    bool asked = vector == VEC_BP && panic_msg != NULL;
    const char *why = asked ? panic_msg : reason(f, vector);

    if (reports++ == REPORTS_MAX)
        x86_panic_end();
    x86_print("drydock: kernel panic: ");
    x86_print(why);
    x86_print("\n");
    if (reports > 1)
        x86_panic_end();
    if (!asked) {
        x86_print("exception ");
        x86_print_dec(vector);
        x86_print(", error code ");
        x86_print_hex(f->error, 4);
        x86_print(", at ");
        x86_print_pc(f->rip);
        x86_print("\n");
    }
    print_regs(f);
    x86_print_backtrace(f->rbp);
    x86_panic_end();
}

/* Stacks are large here. */
void
hal_panic_on_stack(void (*fn)(void *arg), void *arg)
{
    fn(arg);
    __builtin_unreachable();
}

void
hal_panic(const char *msg)
{
    x86_cli();
    panic_msg = msg;
    x86_int3();
    __builtin_unreachable();
}

/* The processor's own state, shared by the files of hal/x86_64. */
#pragma once

#include <hal/cpu.h>
#include <hal/upcall.h>
#include <hal/user.h>

/* Task state segment (SDM volume 3, 8.7). */
struct x86_tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7]; /* IST1 first */
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t iomap;
} __attribute__((packed));

/* Per CPU.  The first four are known to entry.S by offset (layout.h), through GS. */
struct x86_cpu {
    uint64_t kernel_sp;         /* stack of x86_user_enter()'s call */
    struct hal_user_regs *regs; /* where to save what the user program has in its registers */
    uint64_t scratch;
    struct x86_tss *tss;

    struct hal_user *fp_owner;  /* whose FPU state the CPU holds; NULL: nobody's */
    uint64_t fs_base, gs_base;  /* the user's, as the CPU has them */
    struct hal_user *last_user; /* whose segment registers the CPU holds */
    uint64_t irqs;              /* interrupts taken */
    bool irq_in_kernel;         /* since the last return of hal_user_run() */
    uint64_t root;              /* what CR3 holds */
    bool flush;                 /* user mappings of `root` were changed */
};
extern struct x86_cpu x86_cpu0;

/* The running CPU's; the only one so far. */
static inline struct x86_cpu *
x86_this_cpu(void)
{
    return &x86_cpu0;
}

/* What CPUID says that matters here. */
struct x86_features {
    bool fsgsbase, smep, smap, umip, xsave, rdrand, tsc_deadline;
    uint32_t xsave_size; /* of the area for xcr0; 512 without XSAVE */
    uint64_t xcr0;
};
extern struct x86_features x86_features;

/* Segments, vectors and the system call entry; then what control registers switch on.  In this order at boot. */
void x86_segments_init(void);
void x86_idt_init(void);
void x86_features_init(void);

/* entry.S: see there. */
uint64_t x86_user_enter(struct hal_user_regs *regs, bool fast);
void x86_syscall_entry(void);
extern const uint8_t x86_vectors[];

/* What vector_kernel saves, lowest address first. */
struct x86_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    int64_t vector; /* minus 128 */
    uint64_t error, rip, cs, rflags, rsp, ss;
};
void x86_trap(struct x86_frame *f);
/* panic.c: an exception that is a kernel bug. */
void x86_die(const struct x86_frame *f, unsigned vector) noreturn_fn;
/* power.c: the end of a panic: QEMU's exit port, or a reset once it could be read. */
void x86_panic_end(void) noreturn_fn;

/* irq.c: serve an interrupt vector; interrupts are off. */
void x86_irq(unsigned vector);
struct acpi_data;
void x86_irq_init(const struct board *board, const struct acpi_data *acpi);
/* One past the highest line number that can be attached. */
unsigned x86_irq_lines(void);

void x86_time_init(const struct board *board);
void x86_timer_interrupt(void);
void x86_power_init(const struct board *board, const struct acpi_data *acpi);
/* First of all: from here on a panic can be reported. */
void x86_log_init(const struct board *board);

/* The board's entry with this compatible string, or NULL. */
const struct board_dev *x86_board_find(const struct board *board, const char *compatible);

/* print.c: to the kernel's log, for panics. */
void x86_print(const char *text);
void x86_print_hex(uint64_t v, unsigned digits);
void x86_print_dec(uint64_t v);
/* An address with the function it lies in. */
void x86_print_pc(uintptr_t pc);
/* The calls from the frame `rbp` on; a recursion is one line with its depth. */
void x86_print_backtrace(uintptr_t rbp);

/* One step along the frame pointers: the return address in the frame at `*rbp`, which becomes that of the caller; 0: no more.  A frame
 * is looked up in the page tables before it is read. */
uintptr_t x86_unwind(uintptr_t *rbp);

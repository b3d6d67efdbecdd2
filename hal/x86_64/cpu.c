/* The processor: segments, features, kernel contexts.  Manual: Intel SDM volume 3, chapters 2, 3 and 8. */
#include <hal/x86_64/cpu.h>

#include <hal/port/x86_64/switch.h>
#include <hal/power.h>
#include <hal/x86_64/layout.h>
#include <hal/x86_64/paging.h>
#include <hal/x86_64/x86.h>

enum { CTX_STACK = 24576, NAME_SIZE = 49, RDRAND_TRIES = 10 };

_Static_assert(offsetof(struct x86_cpu, kernel_sp) == CPU_KERNEL_SP &&
                   offsetof(struct x86_cpu, regs) == CPU_REGS &&
                   offsetof(struct x86_cpu, scratch) == CPU_SCRATCH &&
                   offsetof(struct x86_cpu, tss) == CPU_TSS &&
                   offsetof(struct x86_tss, rsp) == TSS_RSP0,
               "layout.h is right about struct x86_cpu");
_Static_assert(offsetof(struct hal_user_regs, rdi) == R_RDI &&
                   offsetof(struct hal_user_regs, rcx) == R_RCX &&
                   offsetof(struct hal_user_regs, rflags) == R_RFLAGS,
               "layout.h is right about struct hal_user_regs");
_Static_assert(sizeof(struct x86_tss) == 104, "SDM volume 3, figure 8-11");

extern uint8_t ist_df_top[], ist_nmi_top[], ist_mc_top[];

struct x86_cpu x86_cpu0;
struct x86_features x86_features;

static struct x86_tss tss;
static uint64_t gdt[GDT_ENTRIES];
static char name[NAME_SIZE];

#define SEG_CODE      0x00209b0000000000ull /* 64-bit, present, accessed */
#define SEG_DATA      0x0000930000000000ull
#define SEG_USER      0x0000600000000000ull /* DPL 3 */
#define SEG_TSS       0x0000890000000000ull
#define XCR0_FP_SSE   0x03ull
#define XCR0_AVX      0x04ull
#define XCR0_AVX512   0xe0ull
#define SFMASK        (RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_NT | RFLAGS_RF | RFLAGS_AC)
#define IOMAP_NOTHING ((uint16_t)sizeof(struct x86_tss))

static void
gdt_init(void)
{
    uint64_t base = (uintptr_t)&tss;

    gdt[SEL_KERNEL_CODE / 8] = SEG_CODE;
    gdt[SEL_KERNEL_DATA / 8] = SEG_DATA;
    gdt[SEL_USER_DATA / 8] = SEG_DATA | SEG_USER;
    gdt[SEL_USER_CODE / 8] = SEG_CODE | SEG_USER;
    gdt[SEL_TSS / 8] =
        SEG_TSS | (sizeof tss - 1) | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
    gdt[SEL_TSS / 8 + 1] = base >> 32;
    tss.ist[0] = (uintptr_t)ist_df_top;
    tss.ist[1] = (uintptr_t)ist_nmi_top;
    tss.ist[2] = (uintptr_t)ist_mc_top;
    tss.iomap = IOMAP_NOTHING;
}

TRUSTED_BEGIN(context)
static void
load_gdt(const struct x86_table_ptr *ptr)
{
    __asm__ volatile("lgdt %0\n\t"
                     "pushq %1\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\tmovl %2, %%ss\n\t"
                     "movl %3, %%ds\n\t"
                     "movl %3, %%es\n\t"
                     "movl %3, %%fs\n\t"
                     "movl %3, %%gs\n\t"
                     "ltr %w4"
                     :
                     : "m"(*ptr), "i"(SEL_KERNEL_CODE), "r"(SEL_KERNEL_DATA), "r"(0), "r"(SEL_TSS)
                     : "rax", "memory");
}
TRUSTED_END

void
x86_segments_init(void)
{
    const struct x86_table_ptr ptr = { sizeof gdt - 1, (uintptr_t)gdt };

    gdt_init();
    load_gdt(&ptr);
    x86_cpu0.tss = &tss;
    x86_wrmsr(MSR_GS_BASE, (uintptr_t)&x86_cpu0);
    x86_wrmsr(MSR_KERNEL_GS_BASE, 0);
    x86_wrmsr(MSR_FS_BASE, 0);
    x86_wrmsr(MSR_STAR, (uint64_t)SEL_KERNEL_CODE << 32 | (uint64_t)(SEL_SYSRET_BASE | 3) << 48);
    x86_wrmsr(MSR_SYSENTER_CS, 0); /* SYSENTER is a general protection */
    x86_wrmsr(MSR_LSTAR, (uintptr_t)x86_syscall_entry);
    x86_wrmsr(MSR_SFMASK, SFMASK);
    x86_wrmsr(MSR_EFER, x86_rdmsr(MSR_EFER) | EFER_SCE | EFER_NXE);
}

static void
xsave_init(void)
{
    uint64_t have, want = XCR0_FP_SSE | XCR0_AVX;
    struct cpuid leaf = x86_cpuid(0xd, 0);

    x86_write_cr4(x86_read_cr4() | CR4_OSXSAVE);
    have = (uint64_t)leaf.d << 32 | leaf.a;
    if ((have & XCR0_AVX512) == XCR0_AVX512)
        want |= XCR0_AVX512;
    x86_features.xcr0 = have & want;
    x86_write_xcr0(x86_features.xcr0);
    x86_features.xsave_size = x86_cpuid(0xd, 0).b;
}

static void
name_init(void)
{
    uint32_t text[NAME_SIZE / 4 + 1] = { 0 };
    unsigned from = 0, to = 0;

    if (x86_cpuid(0x80000000, 0).a >= 0x80000004)
        for (uint32_t i = 0; i < 3; i++) {
            struct cpuid c = x86_cpuid(0x80000002 + i, 0);

            text[i * 4] = c.a;
            text[i * 4 + 1] = c.b;
            text[i * 4 + 2] = c.c;
            text[i * 4 + 3] = c.d;
        }
    __builtin_memcpy(name, text, NAME_SIZE - 1);
    while (name[from] == ' ')
        from++;
    while (name[from] != '\0')
        name[to++] = name[from++];
    name[to] = '\0';
}

void
x86_features_init(void)
{
    struct x86_features *f = &x86_features;
    struct cpuid one = x86_cpuid(1, 0);
    struct cpuid seven = x86_cpuid(0, 0).a >= 7 ? x86_cpuid(7, 0) : (struct cpuid){ 0 };
    uint64_t cr4 = x86_read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_PGE;

    f->xsave = one.c & BIT(26);
    f->rdrand = one.c & BIT(30);
    f->tsc_deadline = one.c & BIT(24);
    f->fsgsbase = seven.b & BIT(0);
    f->smep = seven.b & BIT(7);
    f->smap = seven.b & BIT(20);
    f->umip = seven.c & BIT(2);
    cr4 |= one.d & CPUID_MCE ? CR4_MCE : 0; /* or the CPU just stops */
    cr4 |= f->fsgsbase ? CR4_FSGSBASE : 0;
    cr4 |= f->smep ? CR4_SMEP : 0;
    cr4 |= f->smap ? CR4_SMAP : 0;
    cr4 |= f->umip ? CR4_UMIP : 0;
    x86_write_cr4(cr4);
    x86_write_cr0((x86_read_cr0() & ~(uint64_t)(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE | CR0_WP | CR0_AM);
    f->xsave_size = 512;
    f->xcr0 = XCR0_FP_SSE;
    if (f->xsave)
        xsave_init();
    name_init();
}

const char *
hal_cpu_name(void)
{
    return name[0] != '\0' ? name : "x86-64";
}

unsigned
hal_cpu_id(void)
{
    return 0;
}

uint64_t
hal_cpu_random(void)
{
    static uint64_t state;
    uint64_t v;

    for (unsigned i = 0; x86_features.rdrand && i < RDRAND_TRIES; i++) {
        if (x86_rdrand(&v))
            return v;
    }
    /* SplitMix64 over what the time stamp counter collects: no secret, but different at each boot. */
    state += 0x9e3779b97f4a7c15ull ^ x86_rdtsc();
    v = (state ^ state >> 30) * 0xbf58476d1ce4e5b9ull;
    v = (v ^ v >> 27) * 0x94d049bb133111ebull;
    return v ^ v >> 31;
}

size_t
hal_ctx_stack_size(void)
{
    return CTX_STACK;
}

void
hal_ctx_init(struct hal_ctx *ctx, void *stack, size_t size, void (*entry)(void *arg), void *arg)
{
    *ctx = (struct hal_ctx){ .sp = x86_ctx_frame((uintptr_t)stack + size, entry, arg),
                             .stack_base = (uintptr_t)stack,
                             .stack_size = size };
}

void
hal_ctx_switch(struct hal_ctx *from, struct hal_ctx *to, bool from_dies unused_param)
{
    x86_switch(&from->sp, to->sp);
}

uintptr_t
x86_unwind(uintptr_t *rbp)
{
    const uintptr_t *frame = (const uintptr_t *)*rbp;

    if (*rbp == 0 || !x86_kernel_readable(*rbp) || !x86_kernel_readable(*rbp + 8) ||
        frame[1] < KERNEL_VMA)
        return 0;
    *rbp = frame[0] > *rbp ? frame[0] : 0; /* stacks grow down */
    return frame[1];
}

size_t
hal_backtrace(uintptr_t *pcs, size_t max)
{
    uintptr_t rbp = (uintptr_t)__builtin_frame_address(0), pc;
    size_t n = 0;

    while (n < max && (pc = x86_unwind(&rbp)) != 0)
        pcs[n++] = pc;
    return n;
}

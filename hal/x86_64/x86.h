/* The instructions that C has no words for, and the numbers of the architecture (Intel SDM volumes 2 and 3). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hal/attr.h>

enum msr {
    MSR_TSC_DEADLINE = 0x6e0,
    MSR_APIC_BASE = 0x1b,
    MSR_SYSENTER_CS = 0x174,
    MSR_EFER = 0xc0000080,
    MSR_STAR = 0xc0000081,
    MSR_LSTAR = 0xc0000082,
    MSR_CSTAR = 0xc0000083,
    MSR_SFMASK = 0xc0000084,
    MSR_FS_BASE = 0xc0000100,
    MSR_GS_BASE = 0xc0000101,
    MSR_KERNEL_GS_BASE = 0xc0000102,
};

#define EFER_SCE 0x001u
#define EFER_NXE 0x800u

#define CR0_MP 0x00000002u
#define CR0_EM 0x00000004u
#define CR0_TS 0x00000008u
#define CR0_NE 0x00000020u
#define CR0_WP 0x00010000u
#define CR0_AM 0x00040000u

#define CR4_MCE        0x000040u
#define CR4_PGE        0x000080u
#define CR4_OSFXSR     0x000200u
#define CR4_OSXMMEXCPT 0x000400u
#define CR4_UMIP       0x000800u
#define CR4_FSGSBASE   0x010000u
#define CR4_OSXSAVE    0x040000u
#define CR4_SMEP       0x100000u
#define CR4_SMAP       0x200000u

#define RFLAGS_CF 0x00001u
#define RFLAGS_1  0x00002u /* always set */
#define RFLAGS_TF 0x00100u
#define RFLAGS_IF 0x00200u
#define RFLAGS_DF 0x00400u
#define RFLAGS_NT 0x04000u
#define RFLAGS_RF 0x10000u
#define RFLAGS_AC 0x40000u

enum vector {
    VEC_DE = 0,
    VEC_DB = 1,
    VEC_NMI = 2,
    VEC_BP = 3,
    VEC_OF = 4,
    VEC_UD = 6,
    VEC_DF = 8,
    VEC_PF = 14,
    VEC_MF = 16,
    VEC_AC = 17,
    VEC_MC = 18,
    VEC_XM = 19,
    VEC_EXCEPTIONS = 32,
};

#define CPUID_MCE  (1u << 7) /* leaf 1, edx */
#define CPUID_APIC (1u << 9)

#define APIC_BASE_ENABLE 0x800u
#define APIC_BASE_X2APIC 0x400u

/* Error code of a page fault. */
#define PF_WRITE 0x02u
#define PF_FETCH 0x10u

struct cpuid {
    uint32_t a, b, c, d;
};

TRUSTED_BEGIN(context)
static inline struct cpuid
x86_cpuid(uint32_t leaf, uint32_t sub)
{
    struct cpuid r;

    __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(sub));
    return r;
}

static inline uint64_t
x86_rdmsr(uint32_t msr)
{
    uint32_t lo, hi;

    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return (uint64_t)hi << 32 | lo;
}

static inline void
x86_wrmsr(uint32_t msr, uint64_t v)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}

static inline uint64_t
x86_rdtsc(void)
{
    uint32_t lo, hi;

    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return (uint64_t)hi << 32 | lo;
}

static inline uint8_t
x86_in8(uint16_t port)
{
    uint8_t v;

    __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port) : "memory");
    return v;
}

static inline uint16_t
x86_in16(uint16_t port)
{
    uint16_t v;

    __asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port) : "memory");
    return v;
}

static inline uint32_t
x86_in32(uint16_t port)
{
    uint32_t v;

    __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port) : "memory");
    return v;
}

static inline void
x86_out8(uint16_t port, uint8_t v)
{
    __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void
x86_out16(uint16_t port, uint16_t v)
{
    __asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void
x86_out32(uint16_t port, uint32_t v)
{
    __asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline uint64_t
x86_flags(void)
{
    uint64_t f;

    __asm__ volatile("pushfq\n\tpopq %0" : "=r"(f) : : "memory");
    return f;
}

static inline void
x86_cli(void)
{
    __asm__ volatile("cli" : : : "memory");
}

static inline void
x86_sti(void)
{
    __asm__ volatile("sti" : : : "memory");
}

static inline void
x86_pause(void)
{
    __asm__ volatile("pause");
}

#define X86_CR(n)                                                                                  \
    static inline uint64_t x86_read_cr##n(void)                                                    \
    {                                                                                              \
        uint64_t v;                                                                                \
                                                                                                   \
        __asm__ volatile("movq %%cr" #n ", %0" : "=r"(v) : : "memory");                            \
        return v;                                                                                  \
    }                                                                                              \
                                                                                                   \
    static inline void x86_write_cr##n(uint64_t v)                                                 \
    {                                                                                              \
        __asm__ volatile("movq %0, %%cr" #n : : "r"(v) : "memory");                                \
    }
X86_CR(0)
X86_CR(2)
X86_CR(3)
X86_CR(4)
#undef X86_CR

static inline void
x86_write_dr6(uint64_t v)
{
    __asm__ volatile("movq %0, %%dr6" : : "r"(v));
}

static inline void
x86_write_xcr0(uint64_t v)
{
    __asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

static inline uint64_t
x86_rdfsbase(void)
{
    uint64_t v;

    __asm__ volatile("rdfsbase %0" : "=r"(v));
    return v;
}

static inline void
x86_wrfsbase(uint64_t v)
{
    __asm__ volatile("wrfsbase %0" : : "r"(v));
}

/* DS, ES and FS select nothing. */
static inline void
x86_clear_segments(void)
{
    __asm__ volatile("movl %0, %%ds\n\tmovl %0, %%es\n\tmovl %0, %%fs" : : "r"(0));
}

/* False: the generator has run dry. */
static inline bool
x86_rdrand(uint64_t *v)
{
    bool ok;

    __asm__ volatile("rdrand %0" : "=r"(*v), "=@ccc"(ok));
    return ok;
}

struct x86_table_ptr {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

static inline void
x86_lidt(const struct x86_table_ptr *ptr)
{
    __asm__ volatile("lidt %0" : : "m"(*ptr));
}

static inline void
x86_int3(void)
{
    __asm__ volatile("int3");
}

static inline void
x86_cli_hlt(void)
{
    __asm__ volatile("cli\n\thlt");
}

static inline void
x86_insw(uint16_t port, void *to, size_t count)
{
    __asm__ volatile("rep insw" : "+D"(to), "+c"(count) : "d"(port) : "memory");
}

static inline void
x86_outsw(uint16_t port, const void *from, size_t count)
{
    __asm__ volatile("rep outsw" : "+S"(from), "+c"(count) : "d"(port) : "memory");
}

static inline void
x86_invlpg(uintptr_t va)
{
    __asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

/* Wait for an interrupt with interrupts on; returns with them off.  `sti` lets none in before `hlt` has begun. */
static inline void
x86_sti_hlt_cli(void)
{
    __asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
}
TRUSTED_END

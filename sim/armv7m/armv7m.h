/* An interpreter of ARMv7-M in Thread mode, unprivileged: what a user program on a Cortex-M3 sees.
 *
 * Manual: ARMv7-M Architecture Reference Manual, DDI 0403E.  What the architecture leaves UNPREDICTABLE stops the program as what it
 * leaves UNDEFINED does.  Choices where it allows several: the exclusive monitor remembers address and size; an instruction whose IT
 * condition fails is a NOP whatever it is; a load of several words changes nothing if one of them faults, a store leaves those before it
 * written; WFE does not wait.
 *
 * A program's state is struct armv7m: plain data, a copy is a snapshot.  struct armv7m_memory is where it runs: the caller's memories,
 * an MPU, and caches that follow from them.  It may be shared by programs that take turns.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sim/armv7m/insn.h>

enum armv7m_stop_kind {
    ARMV7M_BUDGET,        /* the budget is used up */
    ARMV7M_SVC,           /* number: the immediate; the PC is behind the instruction */
    ARMV7M_WFI,           /* the PC is behind the instruction */
    ARMV7M_BKPT,          /* number: the immediate; here and below the PC is at the instruction */
    ARMV7M_UNDEFINED,     /* UsageFault, UNDEFINSTR */
    ARMV7M_NOCP,          /* UsageFault, NOCP: a coprocessor instruction */
    ARMV7M_UNPREDICTABLE, /* the architecture says nothing about it */
    ARMV7M_INVSTATE,      /* UsageFault, INVSTATE: EPSR.T is 0 */
    ARMV7M_UNALIGNED,     /* UsageFault, UNALIGNED */
    ARMV7M_DIVBYZERO,     /* UsageFault, DIVBYZERO */
    ARMV7M_MEMFAULT,      /* MemManage: the MPU forbids it; access, addr */
    ARMV7M_BUSFAULT,      /* BusFault: nothing is there, or it is read-only; access, addr */
};

enum armv7m_access { ARMV7M_READ, ARMV7M_WRITE, ARMV7M_FETCH };

/* Why the program stopped. */
struct armv7m_stop {
    enum armv7m_stop_kind kind;
    enum armv7m_access access;
    uint32_t addr; /* of the first byte that faults; UNALIGNED: of the access */
    uint32_t number;
};

#define ARMV7M_N UINT32_C(0x80000000)
#define ARMV7M_Z UINT32_C(0x40000000)
#define ARMV7M_C UINT32_C(0x20000000)
#define ARMV7M_V UINT32_C(0x10000000)
#define ARMV7M_Q UINT32_C(0x08000000)

#define ARMV7M_UNALIGN_TRP UINT32_C(8)  /* CCR */
#define ARMV7M_DIV_0_TRP   UINT32_C(16) /* CCR */

struct armv7m {
    uint32_t r[16]; /* r[15]: the address of the instruction to execute next; r[13] is a multiple of 4 */
    uint32_t apsr; /* N, Z, C, V, Q */
    uint32_t ccr;  /* UNALIGN_TRP and DIV_0_TRP count */
    uint8_t it;    /* EPSR.IT */
    uint8_t thumb; /* EPSR.T */
    uint8_t exclusive; /* size of the exclusive access, or 0: open; an exception clears it, so whoever delivers one must */
    uint8_t reserved;
    uint32_t exclusive_addr; /* ... for this address */
    uint64_t executed; /* instructions ever started, those of failed conditions and those that faulted among them */
};

/* xPSR as it lies in an exception frame (IPSR 0). */
uint32_t armv7m_xpsr(const struct armv7m *cpu);
void armv7m_set_xpsr(struct armv7m *cpu, uint32_t xpsr);

enum {
    ARMV7M_MPU_REGIONS = 8,
    ARMV7M_MEMORIES = 4,
    ARMV7M_PAGE = 256,   /* bytes: what the caches hold; memories are aligned to it */
    ARMV7M_GRANULE = 32, /* bytes: the finest border the MPU can draw */
    ARMV7M_PAGE_INSNS = ARMV7M_PAGE / 2,
    ARMV7M_CODE_PAGES = 256,
    ARMV7M_TLB = 64,
};

/* The MPU's registers, as a program would write them (DDI 0403E, B3.5).  With MPU_CTRL.ENABLE = 0 the default memory map holds. */
struct armv7m_mpu {
    uint32_t ctrl;
    struct armv7m_mpu_region {
        uint32_t rbar, rasr;
    } region[ARMV7M_MPU_REGIONS];
};

/* Flash or RAM. */
struct armv7m_bytes {
    uint32_t base, size;
    uint8_t *bytes;
    bool writable;
};

/* A page's rights and place: bit g of a mask is granule g. */
struct armv7m_tlb_entry {
    uint32_t page;     /* its address; odd: none */
    uint8_t rights[3]; /* by enum armv7m_access */
    uint8_t *bytes;
};

/* A page's instructions, decoded when they are first executed. */
struct armv7m_code_page {
    uint32_t page;            /* its address; odd: none */
    uint8_t raw[ARMV7M_PAGE]; /* what the page held then */
    struct armv7m_insn insns[ARMV7M_PAGE_INSNS];
};

struct armv7m_memory {
    unsigned count;
    struct armv7m_bytes bytes[ARMV7M_MEMORIES];
    struct armv7m_mpu mpu;
    struct armv7m_stop stop; /* details, while running */
    struct armv7m_tlb_entry tlb[ARMV7M_TLB];
    uint32_t live[ARMV7M_CODE_PAGES]; /* the page whose instructions are known to be those in memory; odd: none */
    uint8_t exec[ARMV7M_CODE_PAGES]; /* ... and its granules that may be executed */
    struct armv7m_code_page code[ARMV7M_CODE_PAGES];
};

/* No memories, MPU off. */
void armv7m_memory_init(struct armv7m_memory *mem);
/* Adds flash or RAM at an address; false if it is not aligned to ARMV7M_PAGE, wraps, overlaps another, or is one too many. */
__attribute__((warn_unused_result)) bool armv7m_memory_add(struct armv7m_memory *mem, uint32_t base,
                                                           uint32_t size, uint8_t *bytes,
                                                           bool writable);
/* Replaces the MPU's registers. */
void armv7m_memory_set_mpu(struct armv7m_memory *mem, const struct armv7m_mpu *mpu);
/* What the MPU (or the default map) says about an unprivileged access to one byte; whether memory is there is another question. */
bool armv7m_mpu_allows(const struct armv7m_mpu *mpu, uint32_t addr, enum armv7m_access access);

/* Executes at most `budget` instructions.  The bytes of the memories may be changed in any way between two calls. */
struct armv7m_stop armv7m_run(struct armv7m *cpu, struct armv7m_memory *mem, uint64_t budget);

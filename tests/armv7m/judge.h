/* What the judge (judge.c, on the host) and the test image (target.c, in QEMU) agree on: cases, results, addresses.
 *
 * A case is a few instructions with their registers, and a seed for the memory.  It begins in unprivileged Thread mode on the process
 * stack and ends with an exception.  Memory is a window, which the MPU lets the case read and write, with a slot for its code in the
 * middle, and a stack behind it; regions 3 and 4 are the case's own. */
#pragma once

#include <stdint.h>

enum {
    WINDOW = 0x20008000,
    WINDOW_SIZE = 1024,
    CODE = WINDOW + 512,
    CODE_SIZE = 64,
    STACK = WINDOW + WINDOW_SIZE,
    STACK_SIZE = 512,
    MEMORY_WORDS = (WINDOW_SIZE + STACK_SIZE) / 4,
    CODE_HALFWORDS = 12,
    FILLER = 0xdf01, /* SVC: what the slot holds beside the case */
    OWN_REGIONS = 2,
    OWN_FIRST = 3,
    BATCH = 64,
};

#define RASR_WINDOW UINT32_C(0x13000013) /* 1 KiB, read and write, not executable */
#define RASR_STACK  UINT32_C(0x13000011) /* 512 bytes */
#define RASR_CODE   UINT32_C(0x0200000b) /* 64 bytes, read-only without privilege, executable */

struct judge_case {
    uint32_t seed;      /* of the memory */
    uint32_t start;     /* the first instruction: CODE + start */
    uint32_t r[15];     /* r[13]: in the stack, with room below */
    uint32_t apsr, ccr; /* CCR: beside STKALIGN */
    uint32_t rbar[OWN_REGIONS], rasr[OWN_REGIONS];
    uint16_t code[CODE_HALFWORDS];
};

struct judge_result {
    uint32_t r[16], xpsr;
    uint32_t exception, cfsr, mmfar, bfar; /* the addresses where CFSR says they are valid, or 0 */
    uint32_t digest;
};

/* Memory before a case: window and stack are one array. */
static inline void
judge_fill(uint32_t *memory, const struct judge_case *c)
{
    uint32_t x = c->seed | 1;
    uint16_t *slot = (uint16_t *)(memory + (CODE - WINDOW) / 4);

    for (unsigned i = 0; i < MEMORY_WORDS; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        memory[i] = x;
    }
    for (unsigned i = 0; i < CODE_SIZE / 2; i++)
        slot[i] = FILLER;
    for (unsigned i = 0; i < CODE_HALFWORDS; i++)
        slot[c->start / 2 + i] = c->code[i];
}

static inline uint32_t
judge_digest(const uint32_t *memory)
{
    uint32_t h = 0;

    for (unsigned i = 0; i < MEMORY_WORDS; i++) {
        h = (h ^ memory[i]) * UINT32_C(0x9e3779b1);
        h ^= h >> 15;
    }
    return h;
}

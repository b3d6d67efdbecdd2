/* Any program, any MPU against the ARMv7-M interpreter: it stays in its memories, keeps its budget, never writes what the MPU forbids,
 * and does the same when it is interrupted in between. */
#include <stdlib.h>

#include <sim/armv7m/armv7m.h>

#include "fuzz.h"

enum { FLASH = 0, RAM = 0x20000000, SIZE = 1024, BUDGET = 300, REGIONS = 3 };

static uint8_t flash[SIZE], ram[SIZE], before[SIZE], after[SIZE];
static struct armv7m_memory mem;

static void
check(bool good)
{
    if (!good)
        abort();
}

/* A region that covers something, mostly. */
static struct armv7m_mpu_region
region(struct fuzz_input *in)
{
    uint32_t base = (uint32_t)fuzz_value(in, 2), rasr = (uint32_t)fuzz_value(in, 4);

    base = (base & 0x8000 ? RAM : FLASH) | (base & 0x3e0);
    return (struct armv7m_mpu_region){ base, (rasr & ~UINT32_C(0x30)) | 1 };
}

static struct armv7m_stop
run(struct armv7m *cpu, unsigned step)
{
    struct armv7m_stop stop = { 0 };

    memcpy(ram, before, sizeof ram);
    while (cpu->executed < BUDGET) {
        uint64_t left = BUDGET - cpu->executed, was = cpu->executed;

        if (left > step)
            left = step;
        stop = armv7m_run(cpu, &mem, left);
        check(cpu->executed - was <= left && (cpu->r[13] & 3) == 0);
        if (stop.kind != ARMV7M_BUDGET)
            break;
        check(cpu->executed - was == left);
    }
    return stop;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = { data, size };
    struct armv7m_mpu mpu = { .ctrl = fuzz_decision(&in) & 1 };
    struct armv7m first = { .thumb = 1 }, second;
    struct armv7m_stop a, b;
    unsigned step = 1 + fuzz_decision(&in) % 7;

    armv7m_memory_init(&mem);
    check(armv7m_memory_add(&mem, FLASH, SIZE, flash, false) &&
          armv7m_memory_add(&mem, RAM, SIZE, ram, true));
    mpu.region[0] = (struct armv7m_mpu_region){ FLASH, 6 << 24 | 9 << 1 | 1 };
    mpu.region[1] = (struct armv7m_mpu_region){ RAM, 3 << 24 | 9 << 1 | 1 };
    for (unsigned i = 0, n = fuzz_decision(&in) % (REGIONS + 1); i < n; i++)
        mpu.region[2 + i] = region(&in);
    armv7m_memory_set_mpu(&mem, &mpu);
    for (unsigned i = 0; i < 15; i++) {
        uint32_t v = fuzz_decision(&in);

        first.r[i] = v & 1 ? RAM + v * 4 : v & 2 ? FLASH + v * 4 : v << (v >> 3 & 15);
    }
    first.r[13] &= ~UINT32_C(3);
    first.ccr = fuzz_decision(&in) & 0x18;
    memset(flash, 0, sizeof flash);
    memset(before, 0x42, sizeof before);
    (void)fuzz_bytes(&in, flash, sizeof flash);
    (void)fuzz_bytes(&in, before, sizeof before);
    second = first;

    a = run(&first, BUDGET);
    memcpy(after, ram, sizeof ram);
    for (uint32_t i = 0; i < SIZE; i++)
        check(ram[i] == before[i] || armv7m_mpu_allows(&mpu, RAM + i, ARMV7M_WRITE));
    b = run(&second, step);
    check(memcmp(&a, &b, sizeof a) == 0 && memcmp(&first, &second, sizeof first) == 0 &&
          memcmp(ram, after, sizeof ram) == 0);
    return 0;
}

/* The Cortex-M core among its models against the ARMv7-M manual (DDI 0403E): exception entry and return, faults, what they leave. */
#include <devices/nvic_armv7m.h>
#include <sanitizer/asan_interface.h>
#include <sim/armv7m/core.h>

#include "harness.h"

enum {
    SCS = 0xe000e000u,
    MPU = 0xe000ed90u,
    SHCSR = SCS + 0xd24,
    CFSR = SCS + 0xd28,
    MMFAR = SCS + 0xd34,
    BFAR = SCS + 0xd38,

    CODE = ARMV7M_SRAM_BASE,
    STACK = ARMV7M_SRAM_BASE + 0x1000, /* the box ends here */
    FRAME = 32,
    SP = 13,
    PC = 15,
    T = 1 << 24,

    MOVS_R0_5 = 0x2005,
    LDR_R1_R2 = 0x6811,
    SVC = 0xdf00,
    BKPT = 0xbe00,
    UDF = 0xde00,
    B_SELF = 0xe7fe,
};

static const struct board_dev devs[] = {
    { "arm,armv7m-nvic", "nvic", BOARD_MMIO, SCS, 0x1000, BOARD_NO_IRQ, 0 },
    { "arm,armv7m-mpu", "mpu", BOARD_MMIO, MPU, 0x2c, BOARD_NO_IRQ, 0 },
    { "luminary,flash", "flash0", BOARD_MMIO, 0x400fd000, 0x1000, 29, 0 },
};

static struct armv7m_core core;
static uint32_t high[8], psp;
static unsigned exception;

static uint8_t *
at(uint32_t addr)
{
    size_t left;

    return armv7m_core_at(&core, addr, &left);
}

/* Region `n`: `log2` is of its size, `ap` 2 read-only, 3 read-write. */
static void
region(unsigned n, uint32_t base, unsigned log2, unsigned ap, bool xn)
{
    write32(MPU + 8, n);
    write32(MPU + 0xc, base);
    write32(MPU + 0x10, (uint32_t)xn << 28 | ap << 24 | 7u << 16 | (log2 - 1) << 1 | 1);
}

/* A program at CODE with its frame below `sp`; its box is [CODE + 0x800, STACK). */
static void
start(const uint16_t *insns, size_t n, uint32_t sp)
{
    static const struct model_class *const models[] = { &nvic_armv7m_class, &mpu_armv7m_class,
                                                        &flash_lm3s_class, NULL };
    struct sim_config config = default_config();
    uint32_t frame[8] = { 0, 1, 2, 3, 12, 14, CODE, T };

    start_with(&config, devs, 3, models);
    ck_assert(armv7m_core_init(&core, t.sim));
    write32(SHCSR, 7 << 16);
    region(0, CODE, 11, 2, false);
    region(1, CODE + 0x800, 11, 3, true);
    write32(MPU + 4, 5);
    memcpy(at(CODE), insns, n * sizeof *insns);
    psp = sp - FRAME;
    memcpy(at(psp), frame, sizeof frame);
    for (unsigned i = 0; i < 8; i++) {
        high[i] = 4 + i;
    }
    armv7m_core_return(&core, high, psp);
}

#define START(sp, ...)                                                                             \
    start((const uint16_t[]){ __VA_ARGS__ }, sizeof((uint16_t[]){ __VA_ARGS__ }) / 2, sp)

static uint32_t
word(uint32_t addr)
{
    uint32_t w;

    memcpy(&w, at(addr), 4);
    return w;
}

START_TEST(a_call)
{
    START(STACK, MOVS_R0_5, SVC);
    ck_assert_uint_eq(armv7m_core_run(&core, 10, &exception), 2);
    ck_assert_uint_eq(exception, NVIC_SVCALL);
    memset(high, 0, sizeof high);
    ck_assert_uint_eq(armv7m_core_enter(&core, exception, high, &psp), NVIC_SVCALL);
    ck_assert_uint_eq(psp, STACK - FRAME);
    ck_assert_uint_eq(word(psp), 5);       /* r0 */
    ck_assert_uint_eq(word(psp + 4), 1);   /* r1 */
    ck_assert_uint_eq(word(psp + 16), 12); /* r12 */
    ck_assert_uint_eq(word(psp + 20), 14); /* lr */
    ck_assert_uint_eq(word(psp + 24), CODE + 4);
    ck_assert_uint_eq(word(psp + 28) & T, T);
    for (unsigned i = 0; i < 8; i++) {
        ck_assert_uint_eq(high[i], 4 + i);
    }
    ck_assert_uint_eq(nvic_armv7m_active(core.nvic), 0);
    finish();
}
END_TEST

START_TEST(the_budget_is_exact)
{
    START(STACK, B_SELF);
    ck_assert_uint_eq(armv7m_core_run(&core, 1234, &exception), 1234);
    ck_assert_uint_eq(exception, 0);
    ck_assert_uint_eq(armv7m_core_enter(&core, NVIC_PENDSV, high, &psp), NVIC_PENDSV);
    ck_assert_uint_eq(word(psp + 24), CODE);
    finish();
}
END_TEST

/* B1.5.7: a frame at a multiple of 8, and bit 9 says that it was moved for that. */
START_TEST(stack_alignment)
{
    START(STACK, SVC, SVC);
    core.cpu.r[SP] = STACK - 4;
    (void)armv7m_core_run(&core, 10, &exception);
    ck_assert_uint_eq(armv7m_core_enter(&core, exception, high, &psp), NVIC_SVCALL);
    ck_assert_uint_eq(psp, STACK - 8 - FRAME);
    ck_assert_uint_eq(word(psp + 28) >> 9 & 1, 1);
    armv7m_core_return(&core, high, psp);
    ck_assert_uint_eq(core.cpu.r[SP], STACK - 4);
    ck_assert_uint_eq(core.cpu.r[PC], CODE + 2);
    finish();
}
END_TEST

START_TEST(faults_and_their_status)
{
    static const struct {
        uint16_t insn;
        uint32_t r2, exception, cfsr, mmfar, bfar;
    } cases[] = {
        { LDR_R1_R2, STACK, NVIC_MEMMANAGE, 0x82, STACK, 0 },
        { LDR_R1_R2, 0xe000ed90, NVIC_BUSFAULT, 0x8200, 0, 0xe000ed90 },
        { UDF, 0, NVIC_USAGEFAULT, 1 << 16, 0, 0 },
        { BKPT, 0, NVIC_HARDFAULT, 0, 0, 0 },
    };

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        START(STACK, cases[i].insn);
        core.cpu.r[2] = cases[i].r2;
        ck_assert_uint_eq(armv7m_core_run(&core, 10, &exception), 1);
        ck_assert_uint_eq(exception, cases[i].exception);
        ck_assert_uint_eq(read32(CFSR), cases[i].cfsr);
        ck_assert_uint_eq(read32(MMFAR), cases[i].mmfar);
        ck_assert_uint_eq(read32(BFAR), cases[i].bfar);
        ck_assert_uint_eq(armv7m_core_enter(&core, exception, high, &psp), exception);
        ck_assert_uint_eq(word(psp + 24), CODE); /* the instruction itself */
        finish();
    }
}
END_TEST

/* Nobody reads what is there: it may be memory that the kernel has poisoned. */
START_TEST(a_jump_to_data)
{
    START(STACK, SVC);
    core.cpu.r[PC] = CODE + 0x800;
    ASAN_POISON_MEMORY_REGION(at(CODE + 0x800), 0x800);
    (void)armv7m_core_run(&core, 10, &exception);
    ASAN_UNPOISON_MEMORY_REGION(at(CODE + 0x800), 0x800);
    ck_assert_uint_eq(exception, NVIC_MEMMANAGE);
    ck_assert_uint_eq(read32(CFSR), 1);
    finish();
}
END_TEST

START_TEST(no_room_for_the_frame)
{
    static const uint32_t pointers[] = {
        0, 8, CODE + 0x800, CODE + 0x800 + FRAME - 8, STACK + FRAME, 0xfffffff8
    };

    for (unsigned i = 0; i < sizeof pointers / sizeof pointers[0]; i++) {
        START(STACK, SVC);
        core.cpu.r[SP] = pointers[i];
        (void)armv7m_core_run(&core, 10, &exception);
        ck_assert_uint_eq(exception, NVIC_SVCALL);
        ck_assert_uint_eq(armv7m_core_enter(&core, exception, high, &psp), NVIC_MEMMANAGE);
        ck_assert_uint_eq(read32(CFSR), 0x10); /* MSTKERR, without an address */
        ck_assert_uint_eq(psp, pointers[i] - FRAME);
        finish();
    }
}
END_TEST

START_TEST(a_frame_that_cannot_be_read)
{
    START(STACK, SVC);
    armv7m_core_return(&core, high, STACK);
    ck_assert_uint_eq(armv7m_core_run(&core, 10, &exception), 0);
    ck_assert_uint_eq(exception, NVIC_MEMMANAGE);
    ck_assert_uint_eq(read32(CFSR), 8);
    ck_assert_uint_eq(armv7m_core_enter(&core, exception, high, &psp), NVIC_MEMMANAGE);
    ck_assert_uint_eq(psp, STACK);
    finish();
}
END_TEST

/* A handler that is switched off: HardFault. */
START_TEST(faults_escalate)
{
    START(STACK, UDF);
    write32(SHCSR, 0);
    (void)armv7m_core_run(&core, 10, &exception);
    ck_assert_uint_eq(exception, NVIC_HARDFAULT);
    ck_assert_uint_eq(read32(CFSR), 1 << 16);
    finish();
}
END_TEST

START_TEST(new_regions_count_at_the_next_return)
{
    START(STACK, LDR_R1_R2, SVC);
    region(2, 0x20010000, 12, 3, true);
    armv7m_core_return(&core, high, psp);
    core.cpu.r[2] = 0x20010000;
    ck_assert_uint_eq(armv7m_core_run(&core, 10, &exception), 2);
    ck_assert_uint_eq(exception, NVIC_SVCALL);
    finish();
}
END_TEST

START_TEST(the_flash)
{
    static const uint16_t insns[] = { MOVS_R0_5, SVC };
    size_t left;
    uint32_t addr;

    START(STACK, SVC);
    ck_assert(armv7m_core_program(&core, 0x400, insns, sizeof insns));
    ck_assert(!armv7m_core_program(&core, (256 << 10) - 2, insns, sizeof insns));
    region(2, 0, 11, 2, false);
    armv7m_core_return(&core, high, psp);
    core.cpu.r[PC] = 0x400;
    ck_assert_uint_eq(armv7m_core_run(&core, 10, &exception), 2);
    ck_assert_uint_eq(exception, NVIC_SVCALL);
    ck_assert_ptr_nonnull(armv7m_core_at(&core, 0x3ffff, &left));
    ck_assert_uint_eq(left, 1);
    ck_assert_ptr_null(armv7m_core_at(&core, 0x40000, &left));
    ck_assert(armv7m_core_address(&core, at(0x20000010), &addr) && addr == 0x20000010);
    ck_assert(!armv7m_core_address(&core, &left, &addr));
    finish();
}
END_TEST

RUN_TESTS("core_armv7m", a_call, the_budget_is_exact, stack_alignment, faults_and_their_status,
          a_jump_to_data, no_room_for_the_frame, a_frame_that_cannot_be_read, faults_escalate,
          new_regions_count_at_the_next_return, the_flash)

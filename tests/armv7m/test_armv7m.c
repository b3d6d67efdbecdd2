/* The ARMv7-M interpreter by itself: how a program stops, what the MPU lets it do, how long it runs.  What each instruction computes is
 * for the judge. */
#include <check.h>
#include <string.h>

#include <sim/armv7m/armv7m.h>
#include <tests/suite.h>

enum { FLASH = 0x1000, RAM = 0x20000000, SIZE = 1024, ENOUGH = 100 };
enum { R0, R1, R2, R3, R4, R5, SP = 13, LR = 14, PC = 15 };

#define RASR(size_log2, ap) ((uint32_t)(ap) << 24 | ((size_log2) - 1u) << 1 | 1u)
#define RASR_XN             (UINT32_C(1) << 28)
#define READ_WRITE          3
#define READ_ONLY           6
#define NOT_AT_ALL          1

static struct armv7m_memory memory, *const mem = &memory;
static struct armv7m cpu;
static uint16_t flash[SIZE / 2];
static uint8_t ram[SIZE];

static void
set_up(void)
{
    armv7m_memory_init(mem);
    for (unsigned i = 0; i < SIZE / 2; i++)
        flash[i] = 0xbf00; /* nop */
    memset(ram, 0, sizeof ram);
    ck_assert(armv7m_memory_add(mem, FLASH, SIZE, (uint8_t *)flash, false));
    ck_assert(armv7m_memory_add(mem, RAM, SIZE, ram, true));
    memset(&cpu, 0, sizeof cpu);
    cpu.thumb = 1;
    cpu.r[PC] = FLASH;
    cpu.r[SP] = RAM + SIZE;
}

/* Runs these halfwords from the beginning of the flash. */
#define RUN(...)                                                                                   \
    ((void)memcpy(flash, (uint16_t[]){ __VA_ARGS__ }, sizeof((uint16_t[]){ __VA_ARGS__ })),        \
     armv7m_run(&cpu, mem, ENOUGH))

static void
expect_at(struct armv7m_stop stop, enum armv7m_stop_kind kind, uint32_t pc)
{
    ck_assert_int_eq(stop.kind, kind);
    ck_assert_uint_eq(cpu.r[PC], pc);
}

static void
expect_access(struct armv7m_stop stop, enum armv7m_stop_kind kind, enum armv7m_access access,
              uint32_t addr)
{
    ck_assert_int_eq(stop.kind, kind);
    ck_assert_int_eq(stop.access, access);
    ck_assert_uint_eq(stop.addr, addr);
}

START_TEST(calls_and_breakpoints)
{
    struct armv7m_stop stop;

    set_up();
    stop = RUN(0x2007, 0xdf2a); /* movs r0, #7; svc 42 */
    expect_at(stop, ARMV7M_SVC, FLASH + 4);
    ck_assert_uint_eq(stop.number, 42);
    ck_assert_uint_eq(cpu.r[R0], 7);
    set_up();
    stop = RUN(0xbe2a); /* bkpt 42: the PC stays */
    expect_at(stop, ARMV7M_BKPT, FLASH);
    ck_assert_uint_eq(stop.number, 42);
    set_up();
    expect_at(RUN(0xbf30), ARMV7M_WFI, FLASH + 2);
}
END_TEST

START_TEST(usage_faults)
{
    set_up();
    expect_at(RUN(0xde00), ARMV7M_UNDEFINED, FLASH);           /* udf */
    expect_at(RUN(0xf7f0, 0xa000), ARMV7M_UNDEFINED, FLASH);   /* udf.w */
    expect_at(RUN(0xee01, 0x0a10), ARMV7M_NOCP, FLASH);        /* vmov s2, r0: there is no FPU */
    ck_assert_int_eq(RUN(0xfbb0, 0xf1f2).kind, ARMV7M_BUDGET); /* udiv r1, r0, r2 = 0: no trap */
    set_up();
    cpu.ccr = ARMV7M_DIV_0_TRP;
    cpu.r[R1] = 5;
    expect_at(RUN(0xfbb0, 0xf1f2), ARMV7M_DIVBYZERO, FLASH);
    ck_assert_uint_eq(cpu.r[R1], 5);
    set_up();
    cpu.ccr = ARMV7M_UNALIGN_TRP;
    cpu.r[R0] = RAM + 1;
    expect_at(RUN(0x6801), ARMV7M_UNALIGNED, FLASH); /* ldr r1, [r0] */
    set_up();
    cpu.r[R0] = RAM + 2;
    expect_at(RUN(0xe890, 0x0006), ARMV7M_UNALIGNED, FLASH); /* ldm r0, {r1, r2}: never unaligned */
    set_up();
    cpu.r[R0] = FLASH + 8; /* without the Thumb bit */
    expect_at(RUN(0x4700), ARMV7M_INVSTATE, FLASH + 8);
}
END_TEST

START_TEST(unpredictable_stops)
{
    set_up();
    expect_at(RUN(0xbf1c, 0xe7fd), ARMV7M_UNPREDICTABLE,
              FLASH + 2); /* a branch not the last of an IT block */
    cpu.it = 0;
    cpu.r[PC] = FLASH;
    expect_at(RUN(0xbf1c, 0xbf1c), ARMV7M_UNPREDICTABLE, FLASH + 2); /* IT in an IT block */
    cpu.it = 0;
    cpu.r[PC] = FLASH;
    expect_at(RUN(0xe8b0, 0x0003), ARMV7M_UNPREDICTABLE, FLASH); /* ldm r0!, {r0, r1} */
}
END_TEST

START_TEST(bus_faults)
{
    struct armv7m_stop stop;

    set_up();
    cpu.r[R0] = RAM + SIZE;
    stop = RUN(0x6801); /* ldr r1, [r0] */
    expect_access(stop, ARMV7M_BUSFAULT, ARMV7M_READ, RAM + SIZE);
    set_up();
    cpu.r[R0] = FLASH;
    stop = RUN(0x6001); /* str r1, [r0]: flash */
    expect_access(stop, ARMV7M_BUSFAULT, ARMV7M_WRITE, FLASH);
    set_up();
    cpu.r[PC] = FLASH + SIZE - 2;
    flash[SIZE / 2 - 1] = 0xf000; /* the first half of something */
    stop = armv7m_run(&cpu, mem, ENOUGH);
    expect_access(stop, ARMV7M_BUSFAULT, ARMV7M_FETCH, FLASH + SIZE);
    ck_assert_uint_eq(cpu.r[PC], FLASH + SIZE - 2);
    set_up();
    cpu.r[R0] = 0x40000001;
    stop = RUN(0x4700); /* a device: nothing there is executed even without an MPU */
    expect_access(stop, ARMV7M_MEMFAULT, ARMV7M_FETCH, 0x40000000);
}
END_TEST

/* The process's box: its text, and the lower half of 256 bytes of data. */
static void
box(void)
{
    struct armv7m_mpu mpu = { .ctrl = 1,
                              .region = { { FLASH, RASR(10, READ_ONLY) },
                                          { RAM, RASR(8, READ_WRITE) | RASR_XN | 0xf0 << 8 } } };

    set_up();
    armv7m_memory_set_mpu(mem, &mpu);
}

START_TEST(the_box_holds)
{
    struct armv7m_stop stop;

    box();
    cpu.r[R0] = RAM + 124;
    stop = RUN(0x6001, 0x6841); /* str r1, [r0]; ldr r1, [r0, #4] */
    expect_access(stop, ARMV7M_MEMFAULT, ARMV7M_READ, RAM + 128);
    ck_assert_uint_eq(cpu.r[PC], FLASH + 2);
    box();
    cpu.r[R0] = FLASH + 16;
    stop = RUN(0x7001); /* strb r1, [r0] */
    expect_access(stop, ARMV7M_MEMFAULT, ARMV7M_WRITE, FLASH + 16);
    box();
    cpu.r[R0] = RAM + 1;
    stop = RUN(0x4700); /* bx r0: data are not executed */
    expect_access(stop, ARMV7M_MEMFAULT, ARMV7M_FETCH, RAM);
    box();
    cpu.r[R0] = RAM + 126;
    cpu.r[R1] = 0x11223344;
    stop = RUN(0x6001); /* unaligned, over the border: byte by byte */
    expect_access(stop, ARMV7M_MEMFAULT, ARMV7M_WRITE, RAM + 128);
    ck_assert_uint_eq(ram[126], 0x44);
    ck_assert_uint_eq(ram[128], 0);
    box();
    cpu.r[SP] = RAM + 8;
    stop = RUN(0xb40f); /* push {r0-r3}: the stack overflows */
    expect_access(stop, ARMV7M_MEMFAULT, ARMV7M_WRITE, RAM - 8);
    ck_assert_uint_eq(cpu.r[SP], RAM + 8);
}
END_TEST

START_TEST(the_highest_region_decides)
{
    struct armv7m_mpu mpu = { .ctrl = 1,
                              .region = { { FLASH, RASR(10, READ_ONLY) },
                                          { RAM, RASR(10, READ_WRITE) },
                                          { RAM + 32, RASR(5, NOT_AT_ALL) },
                                          { RAM + 96, RASR(6, NOT_AT_ALL) } } };

    set_up();
    armv7m_memory_set_mpu(mem, &mpu);
    for (uint32_t i = 0; i < SIZE; i++) {
        bool hole = i >= 32 && i < 64; /* region 3 is not aligned to its size: it counts for nothing */

        ck_assert_int_eq(armv7m_mpu_allows(&mpu, RAM + i, ARMV7M_READ), !hole);
        ck_assert_int_eq(armv7m_mpu_allows(&mpu, RAM + i, ARMV7M_WRITE), !hole);
    }
    ck_assert(!armv7m_mpu_allows(&mpu, RAM + SIZE, ARMV7M_READ));
    ck_assert(!armv7m_mpu_allows(&mpu, UINT32_MAX, ARMV7M_READ));
    /* Regions change between two runs: nothing is remembered. */
    cpu.r[R0] = RAM + 64;
    ck_assert_int_eq(RUN(0x6801).kind, ARMV7M_BUDGET);
    mpu.region[1].rasr = 0;
    armv7m_memory_set_mpu(mem, &mpu);
    cpu.r[PC] = FLASH;
    expect_access(RUN(0x6801), ARMV7M_MEMFAULT, ARMV7M_READ, RAM + 64);
}
END_TEST

START_TEST(the_budget_is_exact)
{
    set_up();
    memcpy(flash, (uint16_t[]){ 0x3001, 0xe7fd }, 4); /* 1: adds r0, #1; b 1b */
    for (unsigned i = 1; i <= 20; i++) {
        ck_assert_int_eq(armv7m_run(&cpu, mem, i).kind, ARMV7M_BUDGET);
        ck_assert_uint_eq(cpu.executed, i * (i + 1) / 2);
        ck_assert_uint_eq(cpu.r[R0], (cpu.executed + 1) / 2);
    }
    ck_assert_int_eq(armv7m_run(&cpu, mem, 0).kind, ARMV7M_BUDGET);
    ck_assert_uint_eq(cpu.executed, 210);
}
END_TEST

/* A program interrupted after any number of instructions, even in an IT block, goes on as if nothing had been. */
START_TEST(interrupted_anywhere)
{
    static const uint16_t program[] = { 0x2003, 0x2800, 0xbf1f, 0x3801,
                                        0x3102, /* movs, cmp, ittt ne: sub, add, */
                                        0x4411, 0xe7f8, 0x3111, 0xdf00 };
    struct armv7m whole;

    set_up();
    memcpy(flash, program, sizeof program);
    (void)armv7m_run(&cpu, mem, 50); /* a loop: it does not end by itself */
    whole = cpu;
    for (unsigned step = 1; step < 50; step++) {
        uint32_t xpsr;

        set_up();
        memcpy(flash, program, sizeof program);
        while (cpu.executed < 50) {
            unsigned n = 50 - cpu.executed < step ? (unsigned)(50 - cpu.executed) : step;

            (void)armv7m_run(&cpu, mem, n);
            xpsr = armv7m_xpsr(&cpu);
            armv7m_set_xpsr(&cpu, 0);
            armv7m_set_xpsr(&cpu, xpsr);
        }
        ck_assert_mem_eq(&cpu, &whole, sizeof cpu);
    }
}
END_TEST

START_TEST(code_that_is_written)
{
    uint16_t program[] = { 0x8001, 0xbf00, 0x4710, 0xdf00 }; /* strh r1, [r0]; nop; bx r2 */

    set_up();
    memcpy(ram, program, sizeof program);
    cpu.r[PC] = RAM;
    cpu.r[R0] = RAM + 2;
    cpu.r[R1] = 0xdf07;
    ck_assert_int_eq(armv7m_run(&cpu, mem, ENOUGH).number, 7); /* it writes svc 7 before itself */
    cpu.r[PC] = RAM + 2;
    program[1] = 0xdf08;
    memcpy(ram, program, sizeof program); /* and so does the world between two runs */
    ck_assert_int_eq(armv7m_run(&cpu, mem, ENOUGH).number, 8);
}
END_TEST

START_TEST(memories_do_not_overlap)
{
    static uint8_t bytes[ARMV7M_PAGE * 4];

    set_up();
    ck_assert(!armv7m_memory_add(mem, RAM, SIZE, bytes, true));
    ck_assert(!armv7m_memory_add(mem, RAM - ARMV7M_PAGE, 2 * ARMV7M_PAGE, bytes, true));
    ck_assert(!armv7m_memory_add(mem, RAM + SIZE + 4, ARMV7M_PAGE, bytes, true));
    ck_assert(!armv7m_memory_add(mem, 0, 0, bytes, true));
    ck_assert(!armv7m_memory_add(mem, -(uint32_t)ARMV7M_PAGE, 2 * ARMV7M_PAGE, bytes, true));
    ck_assert(armv7m_memory_add(mem, -(uint32_t)ARMV7M_PAGE, ARMV7M_PAGE, bytes, true));
    ck_assert(armv7m_memory_add(mem, RAM + SIZE, ARMV7M_PAGE, bytes, true));
    ck_assert(!armv7m_memory_add(mem, 0x30000000, ARMV7M_PAGE, bytes, true)); /* one too many */
}
END_TEST

int
main(void)
{
    const TTest *const tests[] = { calls_and_breakpoints, usage_faults,
                                   unpredictable_stops,   bus_faults,
                                   the_box_holds,         the_highest_region_decides,
                                   the_budget_is_exact,   interrupted_anywhere,
                                   code_that_is_written,  memories_do_not_overlap };
    Suite *suite = suite_create("armv7m");
    TCase *tcase = tcase_create("armv7m");

    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}

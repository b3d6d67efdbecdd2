/* The image that runs the judge's cases on a Cortex-M3 (qemu-system-arm -M lm3s6965evb -semihosting -kernel).
 *
 * Reads the file `cases` in the current directory, batch by batch, and writes `results`.  The supervisor is privileged, on the main
 * stack; SVC from there starts a case, any exception from the process stack ends it. */
#include "judge.h"

enum {
    SYS_OPEN = 1,
    SYS_WRITE = 5,
    SYS_READ = 6,
    SYS_WRITE0 = 4,
    SYS_EXIT = 0x18,
    EXIT_OK = 0x20026,
    EXIT_FAILED = 0x20023
};
enum { OPEN_READ = 1, OPEN_WRITE = 5 };

#define REG(addr) (*(volatile uint32_t *)(addr))
#define CCR       REG(0xe000ed14)
#define SHCSR     REG(0xe000ed24)
#define CFSR      REG(0xe000ed28)
#define HFSR      REG(0xe000ed2c)
#define MMFAR     REG(0xe000ed34)
#define BFAR      REG(0xe000ed38)
#define MPU_CTRL  REG(0xe000ed94)
#define MPU_RNR   REG(0xe000ed98)
#define MPU_RBAR  REG(0xe000ed9c)
#define MPU_RASR  REG(0xe000eda0)

#define CFSR_MMARVALID UINT32_C(0x80)
#define CFSR_BFARVALID UINT32_C(0x8000)
#define XPSR_T         UINT32_C(0x01000000)
#define XPSR_ALIGNED   UINT32_C(0x200)
#define CCR_STKALIGN   UINT32_C(0x200)

void reset(void);
void supervisor(void);
int main(void);

/* What passes between main() and supervisor(): r4 to r11 both ways, PSP both ways, the exception's number. */
struct {
    uint32_t high[8], psp, exception;
} exchange;

/* Called from main() by SVC: becomes the case.  Called from the case by whatever ended it: becomes main() again. */
__attribute__((naked)) void
supervisor(void)
{
    __asm__("   movw r0, #:lower16:exchange\n"
            "   movt r0, #:upper16:exchange\n"
            "   tst lr, #4\n"
            "   bne 1f\n"
            "   mrs r1, ipsr\n"
            "   cmp r1, #11\n"
            "   bne broken\n"
            "   push {r4-r11}\n"
            "   ldr r1, [r0, #32]\n"
            "   msr psp, r1\n"
            "   mov r1, #1\n"
            "   msr control, r1\n"
            "   ldmia r0, {r4-r11}\n"
            "   mvn lr, #2\n"
            "   bx lr\n"
            "1: stmia r0, {r4-r11}\n"
            "   mrs r1, psp\n"
            "   str r1, [r0, #32]\n"
            "   mrs r1, ipsr\n"
            "   str r1, [r0, #36]\n"
            "   mov r1, #0\n"
            "   msr control, r1\n"
            "   pop {r4-r11}\n"
            "   mvn lr, #6\n"
            "   bx lr\n");
}

extern uint32_t stack_top[];

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
    stack_top,
    (const void *)reset,
    (const void *)supervisor,
    (const void *)supervisor,
    (const void *)supervisor,
    (const void *)supervisor,
    (const void *)supervisor,
    0,
    0,
    0,
    0,
    (const void *)supervisor,
    (const void *)supervisor,
    0,
    (const void *)supervisor,
    (const void *)supervisor,
};

static uint32_t
semihosting(uint32_t number, const void *block)
{
    register uint32_t r0 __asm__("r0") = number;
    register const void *r1 __asm__("r1") = block;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static uint32_t
open_file(const char *name, uint32_t length, uint32_t mode)
{
    const uint32_t block[] = { (uint32_t)name, mode, length };

    return semihosting(SYS_OPEN, block);
}

/* How many bytes were not transferred. */
static uint32_t
transfer(uint32_t number, uint32_t handle, void *buf, uint32_t size)
{
    const uint32_t block[] = { handle, (uint32_t)buf, size };

    return semihosting(number, block);
}

__attribute__((noreturn)) static void
finish(uint32_t reason)
{
    for (;;)
        semihosting(SYS_EXIT, (const void *)reason);
}

/* An exception in the supervisor itself. */
__attribute__((used)) static void
broken(void)
{
    semihosting(SYS_WRITE0, "the test image itself faulted\n");
    finish(EXIT_FAILED);
}

static void
mpu_region(unsigned number, uint32_t rbar, uint32_t rasr)
{
    MPU_RNR = number;
    MPU_RBAR = rbar;
    MPU_RASR = rasr;
}

/* The case's own regions.  They hold for the supervisor too, so they are off while it looks at memory. */
static void
own_regions(const struct judge_case *c, int on)
{
    for (unsigned i = 0; i < OWN_REGIONS; i++) {
        if (c->rasr[i] != 0)
            mpu_region(OWN_FIRST + i, c->rbar[i], on ? c->rasr[i] : 0);
    }
}

static void
prepare(const struct judge_case *c)
{
    uint32_t *frame = (uint32_t *)(c->r[13] - 32);

    judge_fill((uint32_t *)WINDOW, c);
    for (unsigned i = 0; i < 4; i++)
        frame[i] = c->r[i];
    frame[4] = c->r[12];
    frame[5] = c->r[14];
    frame[6] = CODE + c->start;
    frame[7] = c->apsr | XPSR_T;
    for (unsigned i = 0; i < 8; i++)
        exchange.high[i] = c->r[4 + i];
    exchange.psp = (uint32_t)frame;
}

static void
collect(struct judge_result *result)
{
    const uint32_t *frame = (const uint32_t *)exchange.psp;

    for (unsigned i = 0; i < 4; i++)
        result->r[i] = frame[i];
    for (unsigned i = 0; i < 8; i++)
        result->r[4 + i] = exchange.high[i];
    result->r[12] = frame[4];
    result->r[13] = exchange.psp + 32 + (frame[7] & XPSR_ALIGNED ? 4 : 0);
    result->r[14] = frame[5];
    result->r[15] = frame[6];
    result->xpsr = frame[7];
    result->exception = exchange.exception;
    result->cfsr = CFSR;
    result->mmfar = result->cfsr & CFSR_MMARVALID ? MMFAR : 0;
    result->bfar = result->cfsr & CFSR_BFARVALID ? BFAR : 0;
    CFSR = result->cfsr;
    HFSR = HFSR;
    result->digest = judge_digest((const uint32_t *)WINDOW);
}

static void
run(const struct judge_case *c, struct judge_result *result)
{
    static uint32_t ccr;

    if (c->ccr != ccr) {
        ccr = c->ccr;
        CCR = CCR_STKALIGN | ccr;
    }
    prepare(c);
    own_regions(c, 1);
    __asm__ volatile("svc 0" ::: "r0", "r1", "r2", "r3", "r12", "lr", "memory", "cc");
    own_regions(c, 0);
    collect(result);
}

int
main(void)
{
    static struct judge_case cases[BATCH];
    static struct judge_result results[BATCH];
    uint32_t in = open_file("cases", 5, OPEN_READ), out = open_file("results", 7, OPEN_WRITE);

    if (in == UINT32_MAX || out == UINT32_MAX)
        finish(EXIT_FAILED);
    SHCSR = 7 << 16; /* MemManage, BusFault and UsageFault are exceptions of their own */
    CCR = CCR_STKALIGN;
    mpu_region(0, WINDOW, RASR_WINDOW);
    mpu_region(1, STACK, RASR_STACK);
    mpu_region(2, CODE, RASR_CODE);
    MPU_CTRL = 5;
    for (;;) {
        uint32_t n = (sizeof cases - transfer(SYS_READ, in, cases, sizeof cases)) / sizeof cases[0];

        for (uint32_t i = 0; i < n; i++)
            run(&cases[i], &results[i]);
        if (transfer(SYS_WRITE, out, results, n * sizeof results[0]) != 0)
            finish(EXIT_FAILED);
        if (n < BATCH)
            finish(EXIT_OK);
    }
}

void
reset(void)
{
    finish(main() == 0 ? EXIT_OK : EXIT_FAILED);
}

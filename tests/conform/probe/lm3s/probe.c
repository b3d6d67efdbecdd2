/* The bare program around a probe of the LM3S6965: vectors, log, time, interrupts.  See probe.h. */
#include "probe.h"

enum {
    SYS_WRITE0 = 4,
    SYS_EXIT = 0x18,
    EXIT_GOOD = 0x20026,
    EXIT_FAILED = 0x20023,
    LINE_MAX = 100,
    POLLS_MAX = 100000,
    IRQ_WAIT_US = 100000,
    NS_PER_TICK = 20, /* 50 MHz */
    TICKS = 1 << 24,
    VECTORS = 16 + 44,
};

#define SYSTICK_CSR (*(volatile uint32_t *)0xe000e010)
#define SYSTICK_RVR (*(volatile uint32_t *)0xe000e014)
#define SYSTICK_CVR (*(volatile uint32_t *)0xe000e018)

void reset(void);
void handler(void);
extern uint32_t stack_top[], bss_start[], bss_end[];

static char line[LINE_MAX];
static size_t line_len;
static uint64_t ticks; /* up to `last` */
static uint32_t last;
static bool clock_runs;
static volatile unsigned taken;

/* Every exception ends here; priorities do not matter, as they come one at a time. */
#define H4  handler, handler, handler, handler
#define H16 H4, H4, H4, H4
__attribute__((section(".vectors"), used)) static void (*const vectors[VECTORS])(void) = {
    (void (*)(void))(uintptr_t)stack_top, reset, handler, handler, H4, H4, H4, H16, H16, H4, H4, H4,
};

static uint32_t
semihosting(uint32_t number, const void *block)
{
    register uint32_t r0 __asm__("r0") = number;
    register const void *r1 __asm__("r1") = block;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static _Noreturn void
leave(uint32_t reason)
{
    for (;;) {
        semihosting(SYS_EXIT, (const void *)reason);
    }
}

/* --- the log --- */

static void
put(char c)
{
    if (line_len < LINE_MAX - 2) {
        line[line_len++] = c;
    }
}

static void
put_text(const char *s)
{
    for (; *s; s++) {
        put(*s);
    }
}

static void
put_hex(uint64_t v)
{
    unsigned shift = 60;

    while (shift > 0 && !(v >> shift & 15)) {
        shift -= 4;
    }
    for (;; shift -= 4) {
        put("0123456789abcdef"[v >> shift & 15]);
        if (shift == 0) {
            return;
        }
    }
}

static void
put_line(void)
{
    line[line_len] = '\n';
    line[line_len + 1] = '\0';
    semihosting(SYS_WRITE0, line);
    line_len = 0;
}

void
scenario(const char *name)
{
    put_text("# ");
    put_text(name);
    put_line();
}

void
fail(const char *text)
{
    scenario(text);
    leave(EXIT_FAILED);
}

/* --- time --- */

static uint64_t
now_ns(void)
{
    uint32_t count = SYSTICK_CVR; /* down; read often enough that it wraps at most once in between */

    ticks += (last - count) & (TICKS - 1);
    last = count;
    return ticks * NS_PER_TICK;
}

static void
put_time(uint64_t at_ns)
{
    if (clock_runs) {
        put(' ');
        put_hex(at_ns);
    }
}

void
clock_stop(void)
{
    clock_runs = false;
    SYSTICK_CSR = 0;
    SYSTICK_RVR = 0;
    SYSTICK_CVR = 0;
}

void
delay_us(uint32_t us)
{
    uint64_t end = now_ns() + (uint64_t)us * 1000;

    while (now_ns() < end) {
    }
}

/* --- accesses --- */

static void
put_access(uint32_t addr, unsigned width, char what, uint32_t value, uint64_t at_ns)
{
    put_text("M ");
    put_hex(addr);
    put(' ');
    put_hex(width);
    put(' ');
    put(what);
    put(' ');
    put_hex(value);
    put_time(at_ns);
    put_line();
}

uint8_t
load8(uint32_t addr)
{
    uint64_t at = now_ns();
    uint8_t v = *(volatile uint8_t *)addr;

    put_access(addr, 1, 'R', v, at);
    return v;
}

uint32_t
load32(uint32_t addr)
{
    uint64_t at = now_ns();
    uint32_t v = *(volatile uint32_t *)addr;

    put_access(addr, 4, 'R', v, at);
    return v;
}

void
store8(uint32_t addr, uint8_t value)
{
    uint64_t at = now_ns();

    *(volatile uint8_t *)addr = value;
    put_access(addr, 1, 'W', value, at);
}

void
store32(uint32_t addr, uint32_t value)
{
    uint64_t at = now_ns();

    *(volatile uint32_t *)addr = value;
    put_access(addr, 4, 'W', value, at);
}

uint32_t
poll32(uint32_t addr, uint32_t mask, uint32_t want)
{
    for (unsigned i = 0; i < POLLS_MAX; i++) {
        uint32_t v = load32(addr);

        if ((v & mask) == want) {
            return v;
        }
    }
    fail("polled in vain");
}

/* --- interrupts --- */

void
handler(void)
{
    unsigned number;

    __asm__ volatile("cpsid i\n\tmrs %0, ipsr" : "=r"(number) : : "memory"); /* one at a time */
    put_text("V ");
    put_hex(number);
    put_time(now_ns());
    put_line();
    if (number >= 2 && number <= 6) {
        fail("a fault");
    }
    taken = number;
}

/* Open the door for what is pending. */
static unsigned
let_in(void)
{
    taken = 0;
    __asm__ volatile("cpsie i\n\tisb\n\tnop\n\tcpsid i" : : : "memory");
    return taken;
}

unsigned
irq_poll(void)
{
    unsigned number = let_in();

    if (!number) {
        put_text("N");
        put_time(now_ns());
        put_line();
    }
    return number;
}

unsigned
irq_wait(void)
{
    for (unsigned i = 0; i < IRQ_WAIT_US; i++) {
        unsigned number = let_in();

        if (number) {
            return number;
        }
        if (clock_runs) {
            delay_us(1);
        }
    }
    fail("no interrupt");
}

void
irq_enable(unsigned irq)
{
    store32(0xe000e100 + irq / 32 * 4, 1u << irq % 32);
}

/* --- start --- */

/* 50 MHz from the PLL, as the data sheet has it (5.2.4). */
static void
clock_start(void)
{
    enum { RCC = 0x400fe060, RIS = 0x400fe050 };
    uint32_t rcc = 0x078e3ad1;

    scenario("the clock: 50 MHz from the PLL");
    rcc = (rcc & ~0x3f1u) | 0x380; /* main oscillator, 8 MHz crystal */
    store32(RCC, rcc);
    rcc = (rcc & ~0x07802000u) | 3u << 23 | 1u << 22;
    store32(RCC, rcc);
    poll32(RIS, 0x40, 0x40);
    store32(RCC, rcc & ~0x800u);
    store32(0x400fe100, 0x00010008); /* ADC, watchdog */
    store32(0x400fe104, 0x000f0017); /* timers, SSI, UARTs */
    store32(0x400fe108, 0x5000007f); /* Ethernet, GPIO */
}

__attribute__((noreturn)) void
reset(void)
{
    __asm__ volatile("cpsid i");
    for (uint32_t *p = bss_start; p < bss_end; p++) {
        *p = 0;
    }
    clock_start();
    SYSTICK_RVR = TICKS - 1;
    SYSTICK_CVR = 0;
    SYSTICK_CSR = 5;
    clock_runs = true;
    probe();
    scenario("end");
    leave(EXIT_GOOD);
}

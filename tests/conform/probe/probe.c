/* The ground of every probe: log, accesses, interrupts.  See probe.h. */
#include "probe.h"

#define LAPIC_SVR   0xfee000f0u
#define LAPIC_LINT0 0xfee00350u
#define LAPIC_EOI   0xfee000b0u
#define LAPIC_TIMER 0xfee00320u
#define LAPIC_ICR   0xfee00380u
#define LAPIC_DCR   0xfee003e0u

enum {
    DEBUG_PORT = 0xe9,
    EXIT_PORT = 0xf4,
    EXIT_GOOD = 0x10, /* QEMU ends with 0x21 */
    EXIT_BAD = 0x11,
    POLLS_MAX = 2000,
    POLL_US = 50,
    IRQ_WAIT_US = 3000000,
    SLEEP_VECTOR = 0xf0,
    SLEEP_MAX_US = 2000000,
};

struct gate {
    uint16_t low, selector, type, high;
};

static struct gate idt[256];
static unsigned taken; /* the vector, while we wait */
extern const char interrupt_stubs[];

/* --- bare machine --- */

#define PORT(width_, type_, suffix_)                                                               \
    static inline type_ raw_in##width_(uint16_t port)                                              \
    {                                                                                              \
        type_ v;                                                                                   \
                                                                                                   \
        __asm__ volatile("in" suffix_ " %1, %0" : "=a"(v) : "Nd"(port) : "memory");                \
        return v;                                                                                  \
    }                                                                                              \
    static inline void raw_out##width_(uint16_t port, type_ v)                                     \
    {                                                                                              \
        __asm__ volatile("out" suffix_ " %0, %1" : : "a"(v), "Nd"(port) : "memory");               \
    }

PORT(8, uint8_t, "b")
PORT(16, uint16_t, "w")
PORT(32, uint32_t, "l")

/* The time stamp counter: nanoseconds since power-on under QEMU's -icount. */
static uint64_t
now_ns(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* --- log --- */

static void
put(char c)
{
    raw_out8(DEBUG_PORT, (uint8_t)c);
}

static void
put_text(const char *s)
{
    while (*s) {
        put(*s++);
    }
}

static void
put_hex(uint64_t v)
{
    int shift = 60;

    while (shift > 0 && !(v >> shift & 15)) {
        shift -= 4;
    }
    for (; shift >= 0; shift -= 4) {
        put("0123456789abcdef"[v >> shift & 15]);
    }
}

static void
put_access(char space, uint32_t addr, unsigned width, char what, uint32_t value, uint64_t at)
{
    put(space);
    put(' ');
    put_hex(addr);
    put(' ');
    put((char)('0' + width));
    put(' ');
    put(what);
    put(' ');
    put_hex(value);
    put(' ');
    put_hex(at);
    put('\n');
}

void
scenario(const char *name)
{
    put_text("# ");
    put_text(name);
    put('\n');
}

static _Noreturn void
leave(uint8_t code)
{
    for (;;) {
        raw_out8(EXIT_PORT, code);
    }
}

void
fail(const char *text)
{
    put_text("# FAILED: ");
    put_text(text);
    put('\n');
    leave(EXIT_BAD);
}

/* --- accesses --- */

#define LOGGED(width_, bytes_, type_)                                                              \
    type_ in##width_(uint16_t port)                                                                \
    {                                                                                              \
        uint64_t at = now_ns();                                                                    \
        type_ v = raw_in##width_(port);                                                            \
                                                                                                   \
        put_access('P', port, bytes_, 'R', v, at);                                                 \
        return v;                                                                                  \
    }                                                                                              \
    void out##width_(uint16_t port, type_ v)                                                       \
    {                                                                                              \
        uint64_t at = now_ns();                                                                    \
                                                                                                   \
        raw_out##width_(port, v);                                                                  \
        put_access('P', port, bytes_, 'W', v, at);                                                 \
    }

LOGGED(8, 1, uint8_t)
LOGGED(16, 2, uint16_t)
LOGGED(32, 4, uint32_t)

uint32_t
load32(uint32_t addr)
{
    uint64_t at = now_ns();
    uint32_t v = *(volatile uint32_t *)addr;

    put_access('M', addr, 4, 'R', v, at);
    return v;
}

void
store32(uint32_t addr, uint32_t v)
{
    uint64_t at = now_ns();

    *(volatile uint32_t *)addr = v;
    put_access('M', addr, 4, 'W', v, at);
}

/* With interrupts off and nothing else to wake it up, by a timer interrupt that the trace does not see. */
static void
sleep_us(uint32_t us)
{
    *(volatile uint32_t *)LAPIC_SVR = 0x1ff;
    *(volatile uint32_t *)LAPIC_DCR = 0x0b;
    *(volatile uint32_t *)LAPIC_TIMER = SLEEP_VECTOR;
    *(volatile uint32_t *)LAPIC_ICR = us * 1000; /* the bus clock: 1 GHz */
    for (taken = 0; *(volatile unsigned *)&taken != SLEEP_VECTOR;) {
        __asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
    }
}

void
wait_us(uint32_t us)
{
    for (; us > SLEEP_MAX_US; us -= SLEEP_MAX_US) {
        sleep_us(SLEEP_MAX_US);
    }
    sleep_us(us);
}

void
delay_us(uint32_t us)
{
    uint64_t end = now_ns() + (uint64_t)us * 1000;

    while (now_ns() < end) {
        __asm__ volatile("pause");
    }
}

uint8_t
poll8(uint16_t port, uint8_t mask, uint8_t want)
{
    for (unsigned i = 0; i < POLLS_MAX; i++) {
        uint8_t v = in8(port);

        if ((v & mask) == want) {
            return v;
        }
        delay_us(POLL_US);
    }
    fail("polled in vain");
}

/* --- memory --- */

void
memory_out(const void *p, size_t len)
{
    const uint8_t *bytes = p;

    for (size_t i = 0; i < len; i++) {
        if (i % 64 == 0) {
            put_text(i ? "\nD " : "D ");
            put_hex(address(bytes + i));
            put(' ');
        }
        put("0123456789abcdef"[bytes[i] >> 4]);
        put("0123456789abcdef"[bytes[i] & 15]);
    }
    put('\n');
}

void
memory_fill(void *p, uint8_t byte, size_t len)
{
    volatile uint8_t *to = p;

    for (size_t i = 0; i < len; i++) {
        to[i] = byte;
    }
    put_text("F ");
    put_hex(address(p));
    put(' ');
    put_hex(len);
    put(' ');
    put_hex(byte);
    put('\n');
}

void
memory_in(const void *p, size_t len)
{
    const uint8_t *bytes = p;
    uint32_t sum = 0x811c9dc5; /* FNV-1a */

    for (size_t i = 0; i < len; i++) {
        sum = (sum ^ bytes[i]) * 0x01000193;
    }
    put_text("E ");
    put_hex(address(p));
    put(' ');
    put_hex(len);
    put(' ');
    put_hex(sum);
    put('\n');
}

/* --- interrupts --- */

void probe_interrupt(unsigned vector);
void probe_main(void);

void
probe_interrupt(unsigned vector)
{
    if (vector == SLEEP_VECTOR) {
        *(volatile uint32_t *)LAPIC_EOI = 0;
        taken = vector;
        return;
    }
    put_text("V ");
    put_hex(vector);
    put(' ');
    put_hex(now_ns());
    put('\n');
    if (vector < 0x20) {
        fail("an exception");
    }
    taken = vector;
}

static void
load_idt(void)
{
    struct {
        uint16_t limit;
        uint32_t base;
    } __attribute__((packed)) pointer = { sizeof idt - 1, address(idt) };

    for (unsigned i = 0; i < 256; i++) {
        uint32_t stub = address(interrupt_stubs) + 16 * i;

        idt[i] = (struct gate){ (uint16_t)stub, 8, 0x8e00, (uint16_t)(stub >> 16) };
    }
    __asm__ volatile("lidt %0" : : "m"(pointer) : "memory");
}

/* Open the door for one instruction: sti shields the nop, what is pending comes after it and returns with interrupts off. */
static unsigned
let_in(void)
{
    taken = 0;
    __asm__ volatile("sti\n\tnop\n\tcli" : : : "memory");
    return *(volatile unsigned *)&taken;
}

unsigned
irq_poll(void)
{
    unsigned vector = let_in();

    if (!vector) {
        put_text("N ");
        put_hex(now_ns());
        put('\n');
    }
    return vector;
}

unsigned
irq_wait(void)
{
    uint64_t end = now_ns() + (uint64_t)IRQ_WAIT_US * 1000;

    while (now_ns() < end) {
        unsigned vector = let_in();

        if (vector) {
            return vector;
        }
        delay_us(1);
    }
    fail("no interrupt");
}

void
pic_init(void)
{
    out8(0x20, 0x11);
    out8(0x21, PIC_VECTOR);
    out8(0x21, 0x04);
    out8(0x21, 0x01);
    out8(0xa0, 0x11);
    out8(0xa1, PIC_VECTOR + 8);
    out8(0xa1, 0x02);
    out8(0xa1, 0x01);
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
    /* They reach the CPU through LINT0 of its local APIC, as ExtINT. */
    store32(LAPIC_SVR, 0x1ff);
    store32(LAPIC_LINT0, 0x700);
}

void
pic_unmask(unsigned irq)
{
    uint16_t port = irq < 8 ? 0x21 : 0xa1;

    out8(port, (uint8_t)(in8(port) & ~(1u << irq % 8)));
    if (irq >= 8) {
        out8(0x21, (uint8_t)(in8(0x21) & ~4u));
    }
}

void
pic_eoi(unsigned vector)
{
    if (vector >= PIC_VECTOR + 8) {
        out8(0xa0, 0x20);
    }
    out8(0x20, 0x20);
}

void
probe_main(void)
{
    load_idt();
    probe();
    scenario("end");
    leave(EXIT_GOOD);
}

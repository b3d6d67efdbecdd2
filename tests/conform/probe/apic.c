/* Probe of the local APIC (Intel SDM volume 3A, "Advanced Programmable Interrupt Controller", xAPIC mode) and of the I/O APIC (Intel
 * 82093AA, 290566-001).  Illegal vectors are left out: QEMU delivers them. */
#include "probe.h"

#define LAPIC  0xfee00000u
#define IOAPIC 0xfec00000u

enum {
    ID = 0x20,
    VERSION = 0x30,
    TPR = 0x80,
    PPR = 0xa0,
    EOI = 0xb0,
    LDR = 0xd0,
    DFR = 0xe0,
    SVR = 0xf0,
    ISR = 0x100,
    TMR = 0x180,
    IRR = 0x200,
    ESR = 0x280,
    ICR_LOW = 0x300,
    ICR_HIGH = 0x310,
    LVT_TIMER = 0x320,
    LVT_THERMAL = 0x330,
    LVT_PERF = 0x340,
    LVT_LINT0 = 0x350,
    LVT_LINT1 = 0x360,
    LVT_ERROR = 0x370,
    TIMER_ICR = 0x380,
    TIMER_CCR = 0x390,
    TIMER_DCR = 0x3e0,
};

static uint32_t
get(unsigned reg)
{
    return load32(LAPIC + reg);
}

static void
set(unsigned reg, uint32_t v)
{
    store32(LAPIC + reg, v);
}

static uint32_t
io_get(unsigned reg)
{
    store32(IOAPIC, reg);
    return load32(IOAPIC + 0x10);
}

static void
io_set(unsigned reg, uint32_t v)
{
    store32(IOAPIC, reg);
    store32(IOAPIC + 0x10, v);
}

static void
bitmaps(void)
{
    for (unsigned i = 0; i < 0x80; i += 0x10) {
        get(ISR + i);
        get(IRR + i);
    }
    get(PPR);
}

static void
registers(void)
{
    static const uint16_t all[] = { ID,        VERSION,   TPR,        PPR,       LDR,
                                    DFR,       SVR,       ICR_LOW,    ICR_HIGH,  LVT_TIMER,
                                    LVT_PERF,  LVT_LINT0, LVT_LINT1,  LVT_ERROR, TIMER_ICR,
                                    TIMER_CCR, TIMER_DCR, LVT_THERMAL };

    scenario("local APIC: registers after reset");
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        get(all[i]);
    }
    bitmaps();
    scenario("local APIC: disabled, the local vector table stays masked");
    set(LVT_TIMER, 0x00031);
    get(LVT_TIMER);
    scenario("local APIC: enabled, registers keep what is written");
    set(SVR, 0x1ff);
    get(SVR);
    set(TPR, 0x50);
    get(TPR);
    get(PPR);
    set(TPR, 0x00);
    get(PPR);
    set(LDR, 0x02000000);
    get(LDR);
    set(DFR, 0x0fffffff);
    get(DFR);
    set(DFR, 0xffffffff);
    get(DFR);
    for (unsigned reg = LVT_TIMER; reg <= LVT_ERROR; reg += 0x10) {
        set(reg, 0x10040 + reg / 16 - 0x32);
        get(reg);
    }
    for (unsigned i = 0; i < 8; i++) {
        set(TIMER_DCR, (i & 3) | (i & 4) << 1);
        get(TIMER_DCR);
    }
    scenario("local APIC: software-disabling masks the local vector table");
    set(LVT_ERROR, 0x00fe);
    get(LVT_ERROR);
    set(SVR, 0x0ff);
    get(LVT_ERROR);
    set(SVR, 0x1ff);
    get(LVT_ERROR);
}

static void
timer(void)
{
    scenario("local APIC: timer, one-shot");
    set(TIMER_DCR, 0x0b); /* by 1 */
    set(LVT_TIMER, 0x10040);
    set(TIMER_ICR, 50000000);
    for (unsigned i = 0; i < 4; i++) {
        delay_us(5000);
        get(TIMER_CCR);
    }
    delay_us(40000);
    get(TIMER_CCR);
    get(IRR + 0x20);
    scenario("local APIC: timer, divided");
    set(TIMER_DCR, 0x03); /* by 16 */
    set(TIMER_ICR, 1000000);
    delay_us(5000);
    get(TIMER_CCR);
    set(TIMER_ICR, 0);
    get(TIMER_CCR);
    scenario("local APIC: timer interrupt, one-shot");
    set(LVT_TIMER, 0x40);
    set(TIMER_ICR, 10000);
    irq_wait();
    bitmaps();
    set(EOI, 0);
    bitmaps();
    get(TIMER_CCR);
    scenario("local APIC: timer interrupts, periodic");
    set(LVT_TIMER, 0x20041);
    set(TIMER_ICR, 20000);
    for (unsigned i = 0; i < 6; i++) {
        irq_wait();
        set(EOI, 0);
        get(TIMER_CCR);
        irq_poll();
    }
    set(LVT_TIMER, 0x30041 & ~0x20000u);
    set(TIMER_ICR, 0);
}

static void
priorities(void)
{
    scenario("local APIC: an interrupt to itself, held back by the task priority");
    set(TPR, 0x60);
    set(ICR_HIGH, 0);
    set(ICR_LOW, 0x00040055); /* to self, fixed */
    get(ICR_LOW);
    bitmaps();
    irq_poll();
    set(TPR, 0x40);
    irq_poll();
    bitmaps();
    scenario("local APIC: the more urgent interrupts, the less urgent waits for the end");
    set(ICR_LOW, 0x00040045);
    irq_poll();
    set(TPR, 0);
    irq_poll();
    set(ICR_LOW, 0x00000075); /* by its ID, 0 */
    irq_poll();
    bitmaps();
    set(EOI, 0);
    irq_poll();
    set(EOI, 0);
    irq_poll();
    set(EOI, 0);
    bitmaps();
    scenario("local APIC: no errors so far");
    set(ESR, 0);
    get(ESR);
}

static void
io_registers(void)
{
    scenario("I/O APIC: registers after reset");
    for (unsigned reg = 0; reg < 0x40; reg++) {
        if (reg < 3 || reg >= 0x10) {
            io_get(reg);
        }
    }
    load32(IOAPIC);
    scenario("I/O APIC: registers keep what is written");
    io_set(0x00, 0x03000000);
    io_get(0x00);
    io_get(0x02);
    io_set(0x00, 0x00000000);
    for (unsigned reg = 0x10; reg < 0x40; reg += 2) {
        io_set(reg, 0x1a000u | 0x900 | (reg & 0xff));
        io_get(reg);
        io_set(reg + 1, 0xa5000000);
        io_get(reg + 1);
        io_set(reg, 0x10000);
        io_set(reg + 1, 0);
    }
}

static void
transmitter(bool on)
{
    if (on) {
        out8(0x3f9, 0x02);
    } else {
        in8(0x3fa);
        out8(0x3f9, 0x00);
    }
}

static void
routing(void)
{
    out8(0x3fc, 0x08);
    scenario("I/O APIC: an edge becomes one interrupt");
    io_set(0x10 + 8, 0x0054);
    transmitter(true);
    io_get(0x10 + 8);
    irq_poll();
    irq_poll();
    set(EOI, 0);
    irq_poll();
    transmitter(false);
    transmitter(true);
    irq_poll();
    set(EOI, 0);
    transmitter(false);
    scenario("I/O APIC: a level comes again until it falls");
    io_set(0x10 + 8, 0x8054);
    transmitter(true);
    io_get(0x10 + 8);
    irq_poll();
    get(TMR + 0x20);
    io_get(0x10 + 8);
    set(EOI, 0);
    io_get(0x10 + 8);
    irq_poll();
    transmitter(false);
    io_get(0x10 + 8);
    set(EOI, 0);
    io_get(0x10 + 8);
    irq_poll();
    scenario("I/O APIC: a level on a masked input comes when it is unmasked");
    io_set(0x10 + 8, 0x18054);
    transmitter(true);
    irq_poll();
    io_set(0x10 + 8, 0x8054);
    irq_poll();
    transmitter(false);
    set(EOI, 0);
    irq_poll();
    io_set(0x10 + 8, 0x10000);
    scenario("I/O APIC: logical destination");
    io_set(0x10 + 9, 0x02000000);
    io_set(0x10 + 8, 0x0856);
    transmitter(true);
    irq_poll();
    set(EOI, 0);
    transmitter(false);
    io_set(0x10 + 9, 0x04000000); /* nobody */
    transmitter(true);
    irq_poll();
    transmitter(false);
    io_set(0x10 + 8, 0x10000);
    scenario("I/O APIC: the timer is input 2");
    io_set(0x10 + 4, 0x0052);
    out8(0x43, 0x34);
    out8(0x40, 0x00);
    out8(0x40, 0x10);
    for (unsigned i = 0; i < 4; i++) {
        irq_wait();
        set(EOI, 0);
        irq_poll();
    }
    io_set(0x10 + 4, 0x10000);
}

void
probe(void)
{
    registers();
    timer();
    priorities();
    io_registers();
    routing();
}

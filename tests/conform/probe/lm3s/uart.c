/* Probe of the PL011 at 0x4000c000 (LM3S6965 data sheet, chapter 12). */
#include "probe.h"

enum {
    BASE = 0x4000c000,
    DR = BASE,
    RSR = BASE + 0x04,
    FR = BASE + 0x18,
    ILPR = BASE + 0x20,
    IBRD = BASE + 0x24,
    FBRD = BASE + 0x28,
    LCRH = BASE + 0x2c,
    CTL = BASE + 0x30,
    IFLS = BASE + 0x34,
    IM = BASE + 0x38,
    RIS = BASE + 0x3c,
    MIS = BASE + 0x40,
    ICR = BASE + 0x44,
    IRQ = 5,
    RX = 0x10,
    TX = 0x20,
    RT = 0x40,
};

static void
everything(void)
{
    for (uint32_t r = IBRD; r <= MIS; r += 4) {
        load32(r);
    }
    load32(RSR);
    load32(FR);
    load32(ILPR);
}

static void
fill(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        store32(DR, 0x30 + i);
        poll32(FR, 0x88, 0x80);
    }
}

void
probe(void)
{
    static const uint32_t patterns[] = { 0, ~0u, 0x55555555, 0xaaaaaaaa, 0 };

    scenario("registers after reset");
    everything();
    for (uint32_t r = BASE + 0xfd0; r < BASE + 0x1000; r += 4) {
        load32(r);
    }
    scenario("registers keep what is written");
    store32(CTL, 0);
    for (unsigned i = 0; i < 5; i++) {
        store32(IBRD, patterns[i] & 0xffff);
        store32(FBRD, patterns[i] & 0x3f);
        store32(LCRH, patterns[i] & 0xfe);
        store32(IFLS, patterns[i] & 0x1b);
        store32(IM, patterns[i] & 0x7f0);
        everything();
    }
    scenario("sending, the transmit interrupt");
    store32(IBRD, 27);
    store32(FBRD, 8);
    store32(LCRH, 0x60);
    store32(IFLS, 0x12);
    store32(CTL, 0x301);
    store32(IM, 0);
    store32(ICR, 0x7f0);
    load32(FR);
    load32(RIS);
    irq_enable(IRQ);
    store32(IM, TX);
    irq_poll();
    store32(DR, 'a');
    poll32(FR, 0x88, 0x80);
    load32(FR);
    irq_wait();
    load32(RIS);
    load32(MIS);
    store32(ICR, TX);
    load32(RIS);
    irq_poll();
    irq_poll();
    scenario("sending with FIFOs");
    store32(LCRH, 0x70);
    fill(20);
    load32(FR);
    store32(IM, 0);
    load32(MIS);
    scenario("nothing received");
    load32(RSR);
    load32(FR);
}

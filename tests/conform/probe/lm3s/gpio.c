/* Probe of the PL061 ports (LM3S6965 data sheet, chapter 8): port F as outputs and inputs, port C with its JTAG pins. */
#include "probe.h"

enum {
    F = 0x40025000,
    C = 0x40006000,
    G = 0x40026000,
    ALL = 0x3fc,
    DIR = 0x400,
    IS = 0x404,
    IBE = 0x408,
    IEV = 0x40c,
    IM = 0x410,
    RIS = 0x414,
    MIS = 0x418,
    ICR = 0x41c,
    AFSEL = 0x420,
    DR2R = 0x500,
    PUR = 0x510,
    PDR = 0x514,
    DEN = 0x51c,
    LOCK = 0x520,
    CR = 0x524,
    IRQ_G = 31,
};

static void
everything(uint32_t port)
{
    for (uint32_t r = DIR; r <= AFSEL; r += 4) {
        if (r != ICR) {
            load32(port + r);
        }
    }
    for (uint32_t r = DR2R; r <= CR; r += 4) {
        load32(port + r);
    }
    load32(port + ALL);
}

static void
kept(void)
{
    static const uint32_t patterns[] = { 0xff, 0x55, 0xaa, 0 };

    scenario("registers after reset");
    everything(G);
    everything(C);
    for (uint32_t r = 0xfd0; r < 0x1000; r += 4) {
        load32(G + r);
    }
    scenario("registers keep what is written");
    for (unsigned i = 0; i < 4; i++) {
        for (uint32_t r = IS; r <= IM; r += 4) {
            store32(G + r, patterns[i]);
            load32(G + r);
        }
        store32(G + IS, 0); /* no level interrupts from outputs */
        store32(G + IM, 0);
        store32(G + AFSEL, patterns[i]);
        store32(G + DIR, patterns[i]);
        store32(G + DEN, patterns[i]);
        load32(G + AFSEL);
        load32(G + DIR);
        load32(G + DEN);
    }
}

static void
outputs(void)
{
    scenario("outputs, by address bits");
    store32(G + ICR, 0xff);
    store32(G + DEN, 0xff);
    store32(G + DIR, 0xff);
    store32(G + ALL, 0xa5);
    load32(G + ALL);
    store32(G + 4 * 0x0f, 0xff);
    load32(G + ALL);
    load32(G + 4 * 0xf0);
    store32(G, 0xff);
    load32(G);
    store32(G + ALL, 0);
    load32(G + ALL);
    scenario("inputs do not take what is written");
    store32(G + DIR, 0x0f);
    store32(G + ALL, 0x5a);
    load32(G + ALL);
    store32(G + DIR, 0xff);
    load32(G + ALL);
    store32(G + ALL, 0);
}

static void
levels(void)
{
    scenario("levels on inputs");
    store32(G + DIR, 0);
    irq_enable(IRQ_G);
    store32(G + IM, 0);
    store32(G + ICR, 0xff);
    store32(0xe000e280, 1u << IRQ_G);
    irq_poll();
    store32(G + IEV, 0xff);
    store32(G + IS, 0x03);
    load32(G + RIS);
    store32(G + IEV, 0xfe);
    load32(G + RIS);
    load32(G + MIS);
    irq_poll();
    store32(G + IM, 0x01);
    load32(G + MIS);
    irq_wait();
    store32(G + ICR, 0x01);
    load32(G + RIS);
    irq_wait();
    store32(G + IEV, 0xff);
    load32(G + RIS);
    store32(G + ICR, 0x01);
    load32(G + RIS);
    irq_poll();
    irq_poll();
    store32(G + IM, 0);
}

static void
commit_and_keys(void)
{
    scenario("commit control");
    store32(C + AFSEL, 0xf0);
    load32(C + AFSEL);
    store32(C + CR, 0xff);
    load32(C + CR);
    store32(C + LOCK, 0x1acce551);
    load32(C + LOCK);
    store32(C + CR, 0xff);
    load32(C + CR);
    store32(C + AFSEL, 0);
    load32(C + AFSEL);
    store32(C + LOCK, 0);
    load32(C + LOCK);
    scenario("keys that nobody presses");
    store32(F + DEN, 0x02);
    store32(F + PUR, 0x02);
    load32(F + ALL);
    store32(F + ICR, 0xff);
    load32(F + RIS);
}

void
probe(void)
{
    kept();
    outputs();
    levels();
    commit_and_keys();
}

/* Probe of the general-purpose timers (LM3S6965 data sheet, chapter 9). */
#include "probe.h"

enum {
    T = 0x40030000,
    CFG = T,
    TAMR = T + 0x04,
    TBMR = T + 0x08,
    CTL = T + 0x0c,
    IMR = T + 0x18,
    RIS = T + 0x1c,
    MIS = T + 0x20,
    ICR = T + 0x24,
    TAILR = T + 0x28,
    TBILR = T + 0x2c,
    TAMATCHR = T + 0x30,
    TAPR = T + 0x38,
    TBPMR = T + 0x44,
    IRQ_A = 19,

    US = 50,
};

static void
everything(void)
{
    for (uint32_t r = CFG; r <= CTL; r += 4) {
        load32(r);
    }
    for (uint32_t r = IMR; r <= MIS; r += 4) {
        load32(r);
    }
    for (uint32_t r = TAILR; r <= TBPMR; r += 4) {
        load32(r);
    }
}

void
probe(void)
{
    scenario("registers after reset");
    everything();
    scenario("registers keep what is written");
    store32(TAMR, 2);
    store32(TBMR, 1);
    store32(IMR, 0x70f);
    store32(TAILR, 0x12345678);
    store32(TAMATCHR, 0x9abcdef0);
    store32(TAPR, 0x5a);
    everything();
    store32(IMR, 0);
    store32(TAPR, 0);
    scenario("one shot");
    store32(CFG, 0);
    store32(TAMR, 1);
    store32(TAILR, 500 * US);
    store32(IMR, 1);
    irq_enable(IRQ_A);
    store32(CTL, 1);
    load32(CTL);
    delay_us(300);
    load32(RIS);
    irq_poll();
    irq_wait();
    load32(MIS);
    load32(CTL);
    store32(ICR, 1);
    load32(RIS);
    irq_poll();
    irq_poll();
    delay_us(1000);
    irq_poll();
    scenario("periodic");
    store32(TAMR, 2);
    store32(TAILR, 400 * US);
    store32(CTL, 1);
    for (unsigned i = 0; i < 5; i++) {
        irq_wait();
        load32(RIS);
        store32(ICR, 1);
        irq_poll();
        irq_poll();
        delay_us(100);
        load32(RIS);
        load32(CTL);
    }
    scenario("stopped");
    store32(CTL, 0);
    delay_us(1000);
    load32(RIS);
    irq_poll();
}

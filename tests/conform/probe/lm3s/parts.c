/* Probe of the smaller parts of the LM3S6965: watchdog (data sheet, chapter 10), ADC (11), Ethernet (15). */
#include "probe.h"

enum {
    WDT = 0x40000000,
    LOAD = WDT,
    VALUE = WDT + 4,
    CTL = WDT + 8,
    ICR = WDT + 0xc,
    RIS = WDT + 0x10,
    MIS = WDT + 0x14,
    TEST = WDT + 0x418,
    LOCK = WDT + 0xc00,
    ADC = 0x40038000,
    ACTSS = ADC,
    ADC_IM = ADC + 8,
    SSPRI = ADC + 0x20,
    MUX0 = ADC + 0x40,
    CTL0 = ADC + 0x44,
    FIFO0 = ADC + 0x48,
    FSTAT0 = ADC + 0x4c,
    USTAT = ADC + 0x18,
    ETH = 0x40048000,
    IA0 = ETH + 0x14,
    IA1 = ETH + 0x18,
    MCTL = ETH + 0x20,
    MDV = ETH + 0x24,
    MTXD = ETH + 0x2c,
    US = 50,
};

static void
watchdog(void)
{
    scenario("watchdog: registers after reset");
    for (uint32_t r = WDT; r <= MIS; r += 4) {
        if (r != ICR) {
            load32(r);
        }
    }
    load32(TEST);
    load32(LOCK);
    for (uint32_t r = WDT + 0xfd0; r < WDT + 0x1000; r += 4) {
        load32(r);
    }
    scenario("watchdog: interrupt");
    irq_enable(18);
    store32(LOAD, 500 * US);
    load32(LOAD);
    store32(CTL, 1);
    load32(CTL);
    delay_us(300);
    load32(RIS);
    irq_poll();
    irq_wait();
    load32(RIS);
    load32(MIS);
    store32(ICR, 1);
    load32(RIS);
    irq_poll();
    irq_poll();
    delay_us(300);
    load32(RIS);
    irq_wait();
    scenario("watchdog: lock");
    store32(ICR, 1);
    store32(LOCK, 0);
    load32(LOCK);
    store32(LOCK, 0x1acce551);
    load32(LOCK);
}

static void
adc(void)
{
    scenario("ADC: registers after reset");
    for (uint32_t r = ADC; r <= ADC + 0x20; r += 4) {
        if (r != ADC + 0x1c) {
            load32(r);
        }
    }
    load32(ADC + 0x30);
    for (uint32_t n = 0; n < 4; n++) {
        load32(ADC + 0x40 + 0x20 * n);
        load32(ADC + 0x44 + 0x20 * n);
        load32(ADC + 0x4c + 0x20 * n);
    }
    scenario("ADC: what is kept");
    store32(CTL0, 0x66666666);
    load32(CTL0);
    store32(MUX0, 0x32103210);
    load32(MUX0);
    store32(ACTSS, 0xf);
    load32(ACTSS);
    store32(ADC_IM, 0xf);
    load32(ADC_IM);
    store32(SSPRI, 0x0123);
    load32(SSPRI);
    store32(ADC_IM, 0);
    store32(ACTSS, 0);
    load32(FSTAT0);
    load32(FIFO0); /* empty */
    load32(FSTAT0);
    load32(USTAT);
    store32(USTAT, 1);
    load32(USTAT);
}

static void
ethernet(void)
{
    scenario("Ethernet: registers after reset");
    for (uint32_t r = ETH; r <= ETH + 0x38; r += 4) {
        if (r != ETH + 0x10 && r != ETH + 0x28) {
            load32(r);
        }
    }
    scenario("Ethernet: address and masks");
    store32(IA0, 0x12345678);
    load32(IA0);
    store32(IA1, 0x9abc);
    load32(IA1);
    store32(ETH + 4, 0x55);
    load32(ETH + 4);
    store32(ETH + 8, 0x05);
    load32(ETH + 8);
    store32(MDV, 9);
    load32(MDV);
    store32(MTXD, 0x1234);
    load32(MTXD);
}

void
probe(void)
{
    watchdog();
    adc();
    ethernet();
}

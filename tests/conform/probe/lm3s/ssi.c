/* Probe of the PL022 (LM3S6965 data sheet, chapter 13), in loopback. */
#include "spi.h"

void
probe(void)
{
    scenario("registers after reset");
    for (uint32_t r = CR0; r <= MIS; r += 4) {
        load32(r);
    }
    for (uint32_t r = SSI + 0xfd0; r < SSI + 0x1000; r += 4) {
        load32(r);
    }
    scenario("registers keep what is written");
    store32(CR0, 0xffcf);
    load32(CR0);
    store32(CPSR, 0xff);
    load32(CPSR);
    store32(IM, 0xf);
    load32(IM);
    store32(IM, 0);
    scenario("loopback");
    store32(CR0, 7);
    store32(CPSR, 2);
    store32(CR1, 1);
    load32(SR);
    store32(CR1, 3);
    load32(CR1);
    spi(0xa5);
    load32(SR);
    spi(0x5a);
    scenario("words of 4 to 16 bits");
    for (uint32_t bits = 3; bits < 16; bits++) {
        store32(CR1, 1);
        store32(CR0, bits);
        store32(CR1, 3);
        store32(DR, 0xffff);
        poll32(SR, RNE, RNE);
        load32(DR);
    }
    scenario("levels");
    store32(CR1, 1);
    store32(CR0, 7);
    store32(CR1, 3);
    irq_enable(7);
    for (unsigned i = 0; i < 8; i++) {
        store32(DR, i);
        delay_us(2);
        poll32(SR, BSY, 0);
        load32(SR);
        load32(RIS);
    }
    store32(IM, 4);
    load32(MIS);
    irq_wait();
    for (unsigned i = 0; i < 8; i++) {
        load32(DR);
        load32(RIS);
        load32(SR);
    }
    irq_poll();
    irq_poll();
    scenario("the transmit interrupt");
    store32(IM, 8);
    load32(MIS);
    irq_wait();
    store32(IM, 0);
    irq_poll();
    irq_poll();
}

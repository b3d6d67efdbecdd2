/* Probe of system control (LM3S6965 data sheet, chapter 5). */
#include "probe.h"

enum {
    S = 0x400fe000,
    DC0 = S + 0x08,
    IMC = S + 0x54,
    RIS = S + 0x50,
    MISC = S + 0x58,
    RESC = S + 0x5c,
    RCC = S + 0x60,
    RCC2 = S + 0x70
};

void
probe(void)
{
    static const uint16_t identification[] = { 0x00, 0x04, 0x08, 0x10, 0x14, 0x18, 0x1c };
    static const uint16_t after_reset[] = { 0x30, 0x34, 0x40, 0x44,  0x48,  0x54, 0x5c,
                                            0x60, 0x64, 0x70, 0x144, 0x150, 0x160 };
    static const struct {
        uint16_t at;
        uint32_t mask;
    } kept[] = { { 0x40, 0 },           { 0x54, 0x7f },        { 0x110, 0x00110f48 },
                 { 0x114, 0x030f5317 }, { 0x118, 0x5000007f }, { 0x120, 0x00110f48 },
                 { 0x124, 0x030f5317 }, { 0x128, 0x5000007f }, { 0x104, 0x030f5317 },
                 { 0x108, 0x5000007f } };

    scenario("identification");
    for (unsigned i = 0; i < sizeof identification / sizeof identification[0]; i++) {
        load32(S + identification[i]);
    }
    scenario("registers after reset");
    for (unsigned i = 0; i < sizeof after_reset / sizeof after_reset[0]; i++) {
        load32(S + after_reset[i]);
    }
    scenario("clock gates and masks keep what is written");
    for (unsigned i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        static const uint32_t patterns[] = { ~0u, 0x55555555, 0xaaaaaaaa, 0 };

        for (unsigned k = 0; k < 4; k++) {
            store32(S + kept[i].at, patterns[k] & kept[i].mask);
            load32(S + kept[i].at);
        }
    }
    scenario("the PLL's lock, again");
    load32(RIS);
    store32(MISC, 0x40);
    load32(RIS);
    load32(MISC);
    store32(IMC, 0x40);
    store32(RCC, load32(RCC) | 0x2800);
    store32(RCC, load32(RCC) & ~0x2000u);
    poll32(RIS, 0x40, 0x40);
    load32(MISC);
    irq_enable(28);
    irq_wait();
    store32(MISC, 0x40);
    load32(MISC);
    irq_poll();
    irq_poll();
    scenario("reset cause");
    store32(RESC, 0);
    load32(RESC);
}

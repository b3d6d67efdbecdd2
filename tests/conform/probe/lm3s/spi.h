/* The SPI bus of the LM3S6965 evaluation board, for probes: pins, rate, bytes. */
#pragma once

#include "probe.h"

enum {
    SSI = 0x40008000,
    CR0 = SSI,
    CR1 = SSI + 0x04,
    DR = SSI + 0x08,
    SR = SSI + 0x0c,
    CPSR = SSI + 0x10,
    IM = SSI + 0x14,
    RIS = SSI + 0x18,
    MIS = SSI + 0x1c,
    ICR = SSI + 0x20,
    TFE = 1,
    TNF = 2,
    RNE = 4,
    RFF = 8,
    BSY = 16,
};

static inline void
pins(void)
{
    store32(0x4000451c, 0x3c); /* port A: clock, in and out; the display's select is an output, high */
    store32(0x40004420, 0x34);
    store32(0x40004400, 0x08);
    store32(0x400043fc, 0x08);
    store32(0x4000751c, 0x01); /* D0: the card's select, high */
    store32(0x40007400, 0x01);
    store32(0x400073fc, 0x01);
}

static inline uint8_t
spi(uint8_t out)
{
    store32(DR, out);
    poll32(SR, RNE, RNE);
    return (uint8_t)load32(DR);
}

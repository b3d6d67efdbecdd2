/* What the two ATA probes share: the primary channel's registers, commands. */
#pragma once

#include "probe.h"

enum { CHANNEL = 0x1f0, CONTROL = 0x3f6, BUS_MASTER = 0xc000 };

/* As firmware would: both channels decoded, bus master registers at BUS_MASTER. */
static inline void
ide_enable(void)
{
    out32(0xcf8, 0x80000920);
    out32(0xcfc, BUS_MASTER | 1);
    out32(0xcf8, 0x80000940);
    out32(0xcfc, 0x80008000);
    out32(0xcf8, 0x80000904);
    out16(0xcfc, 0x0005);
}

static inline void
drive(uint8_t device)
{
    out8(CHANNEL + 6, device);
}

static inline void
lba28(unsigned unit, uint32_t lba, uint8_t count)
{
    drive((uint8_t)(0xe0 | unit << 4 | (lba >> 24 & 15)));
    out8(CHANNEL + 2, count);
    out8(CHANNEL + 3, (uint8_t)lba);
    out8(CHANNEL + 4, (uint8_t)(lba >> 8));
    out8(CHANNEL + 5, (uint8_t)(lba >> 16));
}

static inline void
lba48(unsigned unit, uint32_t lba, uint16_t count)
{
    drive((uint8_t)(0xe0 | unit << 4));
    out8(CHANNEL + 2, (uint8_t)(count >> 8));
    out8(CHANNEL + 3, (uint8_t)(lba >> 24));
    out8(CHANNEL + 4, 0);
    out8(CHANNEL + 5, 0);
    out8(CHANNEL + 2, (uint8_t)count);
    out8(CHANNEL + 3, (uint8_t)lba);
    out8(CHANNEL + 4, (uint8_t)(lba >> 8));
    out8(CHANNEL + 5, (uint8_t)(lba >> 16));
}

static inline void
command(uint8_t c)
{
    out8(CHANNEL + 7, c);
}

static inline void
wait_drq(void)
{
    poll8(CONTROL, 0x88, 0x08);
}

static inline void
wait_idle(void)
{
    poll8(CONTROL, 0x88, 0x00);
}

/* The end of a command: all registers, with what a 48-bit command leaves in their upper halves. */
static inline void
finish(void)
{
    wait_idle();
    for (unsigned reg = 1; reg < 8; reg++) {
        in8((uint16_t)(CHANNEL + reg));
    }
    out8(CONTROL, 0x80);
    for (unsigned reg = 2; reg < 6; reg++) {
        in8((uint16_t)(CHANNEL + reg));
    }
    out8(CONTROL, 0x00);
}

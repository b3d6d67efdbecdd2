/* Probe of ATA drives by programmed I/O (T13/1410D revision 3b, ATA/ATAPI-6) behind the PIIX3: identification, reading and writing in
 * all ways of addressing, errors, resets, a missing drive.  How much data moves before an address beyond the end is refused, the manual
 * leaves open ("indeterminate"); such commands are probed one sector at a time here, and as DMA in dma.c.  Drives of 4 MiB and 1 MiB on the primary channel, none on the secondary. */
#include "ata.h"

static void
signature(void)
{
    for (unsigned reg = 1; reg < 8; reg++) {
        in8((uint16_t)(CHANNEL + reg));
    }
    in8(CONTROL);
}

static void
read_block(unsigned sectors)
{
    wait_drq();
    for (unsigned i = 0; i < 256 * sectors; i++) {
        in16(CHANNEL);
    }
}

static void
write_block(unsigned sectors, uint16_t seed)
{
    wait_drq();
    for (unsigned i = 0; i < 256 * sectors; i++) {
        out16(CHANNEL, (uint16_t)(seed + i * 3));
    }
}

static void
resets(void)
{
    scenario("registers after power-on");
    signature();
    out8(CHANNEL + 6, 0xb0);
    signature();
    out8(CHANNEL + 6, 0xa0);
    scenario("task file keeps what is written");
    for (unsigned reg = 2; reg < 6; reg++) {
        out8((uint16_t)(CHANNEL + reg), (uint8_t)(0x11 * reg));
    }
    out8(CHANNEL + 6, 0xef);
    signature();
    scenario("software reset");
    out8(CONTROL, 0x04);
    delay_us(20);
    out8(CONTROL, 0x00);
    poll8(CONTROL, 0x80, 0x00);
    signature();
    scenario("execute device diagnostic");
    out8(CHANNEL + 7, 0x90);
    poll8(CONTROL, 0x80, 0x00);
    signature();
}

static void
identify(void)
{
    scenario("identify device, drive 0");
    drive(0xa0);
    command(0xec);
    read_block(1);
    finish();
    scenario("identify device, drive 1");
    drive(0xb0);
    command(0xec);
    read_block(1);
    finish();
    drive(0xe0);
}

static void
reads(void)
{
    scenario("read sectors, LBA28");
    lba28(0, 7, 2);
    command(0x20);
    read_block(1);
    read_block(1);
    finish();
    scenario("read sectors, CHS");
    drive(0xa1);
    out8(CHANNEL + 2, 1);
    out8(CHANNEL + 3, 2);
    out8(CHANNEL + 4, 1);
    out8(CHANNEL + 5, 0);
    command(0x20);
    read_block(1);
    finish();
    scenario("read sectors ext, LBA48");
    lba48(0, 0x1234, 1);
    command(0x24);
    read_block(1);
    finish();
    scenario("set multiple, read multiple: three sectors in blocks of two");
    lba28(0, 0, 2);
    command(0xc6);
    finish();
    lba28(0, 100, 3);
    command(0xc4);
    read_block(2);
    read_block(1);
    finish();
    scenario("the last sector, drive 1");
    lba28(1, 2047, 1);
    command(0x20);
    read_block(1);
    finish();
}

static void
writes(void)
{
    scenario("write sectors, LBA28, then read back");
    lba28(0, 20, 2);
    command(0x30);
    write_block(1, 0x1111);
    write_block(1, 0x2222);
    wait_idle();
    finish();
    lba28(0, 19, 3);
    command(0x20);
    read_block(1);
    read_block(1);
    read_block(1);
    finish();
    scenario("write sectors ext, LBA48, then read back");
    lba48(0, 0x1000, 1);
    command(0x34);
    write_block(1, 0x3333);
    wait_idle();
    finish();
    lba48(0, 0x1000, 1);
    command(0x24);
    read_block(1);
    finish();
    scenario("write multiple, flush cache");
    lba28(0, 40, 3);
    command(0xc5);
    write_block(2, 0x4444);
    write_block(1, 0x5555);
    wait_idle();
    finish();
    command(0xe7);
    finish();
    command(0xea);
    finish();
}

static void
errors(void)
{
    scenario("error: a sector after the last");
    lba28(0, 8192, 1);
    command(0x20);
    finish();
    scenario("error: far out, LBA48");
    lba48(0, 0xffffff00u, 1);
    command(0x24);
    finish();
    scenario("error: a command that does not exist");
    drive(0xe0);
    command(0xff);
    finish();
    command(0x00);
    finish();
    scenario("error: set multiple to seven sectors");
    lba28(0, 0, 7);
    command(0xc6);
    finish();
    scenario("error: an unknown feature");
    out8(CHANNEL + 1, 0x77);
    command(0xef);
    finish();
    scenario("a good command clears the error");
    lba28(0, 0, 1);
    command(0x40);
    finish();
}

static void
others(void)
{
    scenario("read native max address, check power, set features, seek, recalibrate, idle");
    lba28(0, 0, 0); /* twice: what was there before shows in the upper halves */
    lba28(0, 0, 0);
    command(0xf8);
    finish();
    lba48(0, 0, 0);
    command(0x27);
    finish();
    lba28(0, 0, 0);
    command(0xe5);
    finish();
    out8(CHANNEL + 1, 0x03);
    out8(CHANNEL + 2, 0x0c);
    command(0xef);
    finish();
    out8(CHANNEL + 1, 0x82);
    command(0xef);
    finish();
    out8(CHANNEL + 1, 0x02);
    command(0xef);
    finish();
    lba28(0, 50, 1);
    command(0x70);
    finish();
    command(0x10);
    finish();
    command(0xe1);
    finish();
}

static void
interrupts(void)
{
    scenario("interrupt of a read: one for each block, taken away by the status register");
    pic_init();
    pic_unmask(14);
    lba28(0, 60, 2);
    command(0x20);
    for (unsigned n = 0; n < 2; n++) {
        pic_eoi(irq_wait());
        in8(CONTROL);
        irq_poll();
        in8(CHANNEL + 7);
        for (unsigned i = 0; i < 256; i++) {
            in16(CHANNEL);
        }
    }
    irq_poll();
    in8(CHANNEL + 7);
    scenario("interrupt of a write: none before the first block, one after each");
    lba28(0, 70, 2);
    command(0x30);
    wait_drq();
    irq_poll();
    for (unsigned n = 0; n < 2; n++) {
        for (unsigned i = 0; i < 256; i++) {
            out16(CHANNEL, (uint16_t)(i ^ n << 8));
        }
        pic_eoi(irq_wait());
        in8(CHANNEL + 7);
    }
    irq_poll();
    scenario("interrupt of an error; nIEN holds it back");
    command(0xff);
    pic_eoi(irq_wait());
    finish();
    out8(CONTROL, 0x02);
    command(0xe7);
    poll8(CONTROL, 0x80, 0x00);
    irq_poll();
    in8(CHANNEL + 7);
    irq_poll();
}

static void
missing(void)
{
    scenario("a channel without drives");
    for (uint16_t reg = 1; reg < 8; reg++) {
        in8((uint16_t)(0x170 + reg));
    }
    in8(0x376);
    out8(0x176, 0xa0);
    out8(0x172, 0x55);
    out8(0x173, 0xaa);
    in8(0x172);
    in8(0x173);
    in8(0x177);
    out8(0x176, 0xb0);
    in8(0x177);
}

void
probe(void)
{
    ide_enable();
    resets();
    identify();
    reads();
    writes();
    errors();
    others();
    missing();
    interrupts();
}

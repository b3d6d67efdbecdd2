/* The 8259A pair of the PC (Intel 8259A datasheet, order number 231468; cascade on the master's IR2).
 *
 * Left out: rotating priorities, special mask mode, polling.
 */
#include "pc.h"

enum { CMD = 0, DATA = 1 };

#define ICW1_INIT  0x11u /* edge triggered, cascade, ICW4 follows */
#define ICW4_8086  0x01u
#define OCW2_EOI   0x20u
#define OCW3_ISR   0x0bu /* next read of CMD gives the in-service register */
#define CASCADE_IR 2u

static struct {
    struct io io[2];
    uint8_t mask[2];
} pic;

static void
write_mask(unsigned chip)
{
    io_write8(&pic.io[chip], DATA, pic.mask[chip]);
}

void
pic_8259_init(const struct io *master, const struct io *slave)
{
    pic.io[0] = *master;
    pic.io[1] = *slave;
    for (unsigned chip = 0; chip < 2; chip++) {
        const struct io *io = &pic.io[chip];

        io_write8(io, CMD, ICW1_INIT);
        io_write8(io, DATA, (uint8_t)(PIC_VECTOR_BASE + 8 * chip));
        io_write8(io, DATA, chip == 0 ? 1u << CASCADE_IR : CASCADE_IR);
        io_write8(io, DATA, ICW4_8086);
        pic.mask[chip] = chip == 0 ? (uint8_t)~(1u << CASCADE_IR) : 0xff;
        write_mask(chip);
    }
}

void
pic_8259_mask(unsigned line, bool masked)
{
    unsigned chip = line / 8;
    uint8_t bit = (uint8_t)(1u << line % 8);
    uint8_t mask = masked ? pic.mask[chip] | bit : pic.mask[chip] & (uint8_t)~bit;

    if (mask == pic.mask[chip])
        return;
    pic.mask[chip] = mask;
    write_mask(chip);
}

bool
pic_8259_begin(unsigned line)
{
    if (line % 8 != 7)
        return true;

    /* A request that went away before the acknowledge shows up as IR7 without an in-service bit. */
    unsigned chip = line / 8;

    io_write8(&pic.io[chip], CMD, OCW3_ISR);
    if (io_read8(&pic.io[chip], CMD) & 0x80)
        return true;
    if (chip == 1)
        io_write8(&pic.io[0], CMD, OCW2_EOI); /* the master did see the cascade */
    return false;
}

void
pic_8259_end(unsigned line)
{
    if (line >= 8)
        io_write8(&pic.io[1], CMD, OCW2_EOI);
    io_write8(&pic.io[0], CMD, OCW2_EOI);
}

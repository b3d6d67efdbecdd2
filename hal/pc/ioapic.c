/* The I/O APIC (Intel 82093AA data sheet, order number 290566): fixed delivery to one local APIC.
 *
 * Left out: lowest priority delivery, SMI, NMI and ExtINT. */
#include "apic.h"

enum { IOREGSEL = 0x00, IOWIN = 0x10 };
enum { IOAPICVER = 0x01, IOREDTBL = 0x10 };

#define VER_MAX_SHIFT 16
#define RTE_LOW       0x00002000u
#define RTE_LEVEL     0x00008000u
#define RTE_MASKED    0x00010000u
#define RTE_DEST      24

static struct {
    struct io io;
    unsigned pins;
} ioapic;

static uint32_t
read_reg(uint32_t reg)
{
    io_write32(&ioapic.io, IOREGSEL, reg);
    return io_read32(&ioapic.io, IOWIN);
}

static void
write_reg(uint32_t reg, uint32_t v)
{
    io_write32(&ioapic.io, IOREGSEL, reg);
    io_write32(&ioapic.io, IOWIN, v);
}

unsigned
ioapic_init(const struct io *io)
{
    ioapic.io = *io;
    ioapic.pins = (read_reg(IOAPICVER) >> VER_MAX_SHIFT & 0xff) + 1;
    for (unsigned pin = 0; pin < ioapic.pins; pin++)
        write_reg(IOREDTBL + 2 * pin, RTE_MASKED);
    return ioapic.pins;
}

void
ioapic_set(unsigned pin, const struct ioapic_route *route)
{
    uint32_t low = route->vector;

    if (pin >= ioapic.pins)
        return;
    low |= route->low ? RTE_LOW : 0;
    low |= route->level ? RTE_LEVEL : 0;
    /* Masked while the two halves do not belong together. */
    write_reg(IOREDTBL + 2 * pin, low | RTE_MASKED);
    write_reg(IOREDTBL + 2 * pin + 1, (uint32_t)route->dest << RTE_DEST);
    if (!route->masked)
        write_reg(IOREDTBL + 2 * pin, low);
}

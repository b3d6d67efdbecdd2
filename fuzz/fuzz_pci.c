/* Enumeration of a PCI bus whose configuration space answers anything, and the drivers that then attach to what they believe in. */
#include <kernel/core/blk.h>
#include <kernel/core/device.h>
#include <kernel/mm/kmem.h>

#include <hal/board.h>

#include <stdlib.h>

#include "hostile.h"

enum { ADDRESS = 0, DATA = 4, IDE = 1 << 3 | 1 };

static const struct board_dev devs[] = {
    { "intel,i440fx", "pci0", BOARD_PORT, 0xcf8, 8, BOARD_NO_IRQ, 0 },
    { 0 },
};
static const struct board board = { .name = "fuzz", .devs = devs };
static uint32_t address;

/* Configuration space: a host bridge, and an IDE controller in slot 1, function 1.  Elsewhere: a bus that nobody drives. */
static uint64_t
bridge(const struct io *io, uint32_t off, unsigned width unused_param)
{
    uint32_t reg = address & 0xfc, fn = address >> 8 & 0xffff;

    if (io->base != 0xcf8)
        return ~0ull;
    if (off < DATA)
        return address;
    if (fn != 0 && fn != IDE)
        return ~0ull;
    switch (reg) {
    case 0x00:
        return fn == 0 ? 0x12378086 : 0x70108086;
    case 0x08:
        return fn == 0 ? 0x06000002 : 0x01018000;
    case 0x0c:
        return fn == 0 ? 0x00800000 : 0;
    case 0x20:
        return fn == IDE ? 0xc001 : 0;
    default:
        return 0;
    }
}

static void
written(const struct io *io, uint32_t off, unsigned width unused_param, uint64_t v)
{
    if (io->base == 0xcf8 && off == ADDRESS)
        address = (uint32_t)v;
}

static void
read_once(struct blkdev *dev, void *arg unused_param)
{
    struct span buf = span_of(kmem_alloc(SECTOR_SIZE), SECTOR_SIZE);

    if (buf.ptr != NULL && blk_read(dev, 0, buf) > 0)
        abort();
    kmem_free(buf.ptr);
}

static void
use(void)
{
    device_attach_all(&board);
    blk_for_each(read_once, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    address = 0;
    hostile = (struct hostile){ .plausible = bridge, .written = written, .irq = { 14, 15 } };
    hostile_run(data, size, use);
    return 0;
}

/* The ATA driver against a controller and drives that answer anything. */
#include <kernel/core/blk.h>
#include <kernel/core/device.h>
#include <kernel/mm/kmem.h>

#include <hal/board.h>

#include <stdlib.h>

#include <tests/unit/fake_hal.h>

#include "hostile.h"

enum { SLOW_NS = 20000 };
enum { REQUESTS = 6, SECTORS = 16, STATUS = 7, COMMAND = 7, IDENTIFY = 0xec, GRANTS_MAX = 8 };
enum { READY = 0x50, READY_DATA = 0x58, BM_STATUS = 2, BM_INTERRUPT = 4 };

static const struct board_dev devs[] = {
    { "intel,i440fx", "pci0", BOARD_PORT, 0xcf8, 8, BOARD_NO_IRQ, 0 },
    { 0 },
};
static const struct board board = { .name = "fuzz", .devs = devs };
static uint64_t config_address;
static uint8_t last_command;
static uint64_t data_words;

static bool
transfers_data(void)
{
    return last_command == IDENTIFY || last_command == 0x20 || last_command == 0x24 ||
           last_command == 0x30 || last_command == 0x34 || last_command == 0xc4 ||
           last_command == 0xc5 || last_command == 0x29 || last_command == 0x39;
}

static uint64_t
identify_word(uint64_t i)
{
    switch (i) {
    case 47:
        return 0x8010;
    case 49:
        return 0x0300;
    case 53:
        return 7;
    case 60:
    case 100:
        return 1000;
    case 63:
        return 7;
    case 82:
    case 83:
        return 0x7400;
    case 86:
        return 0x3400;
    case 88:
        return 0x3f;
    default:
        return 0;
    }
}

/* A drive that is always ready. */
static uint64_t
drive(const struct io *io, uint32_t off, unsigned width)
{
    if (io->base == 0xcf8)
        return off == 0 ? config_address : ~0ull;
    if (io->base == 0xc000)
        return off % 8 == BM_STATUS ? BM_INTERRUPT : 0;
    if (io->size == 1 || off == STATUS || io->base == 0x3f4 || io->base == 0x374)
        return transfers_data() ? READY_DATA : READY;
    if (width == 2) {
        uint64_t i = data_words++ % 256;

        if (i == 255)
            fake_irq(14);
        return last_command == IDENTIFY ? identify_word(i) : 0x5aa5;
    }
    return off == 2 || off == 3;
}

static void
command(const struct io *io, uint32_t off, unsigned width, uint64_t v)
{
    if (width == 2 && ++data_words % 256 == 0)
        fake_irq(14);
    if (io->base == 0xcf8 && off == 0)
        config_address = v;
    if (off != COMMAND || io->size != 8 || io->base == 0xcf8)
        return;
    last_command = (uint8_t)v;
    data_words = 0;
    fake_irq(io->base == 0x1f0 ? 14 : 15);
}

static void
request(struct blkdev *dev, void *arg unused_param)
{
    struct span buf = span_of(kmem_alloc(SECTORS * SECTOR_SIZE), SECTORS * SECTOR_SIZE);
    int rc = 0;

    if (buf.ptr == NULL)
        return;
    for (unsigned i = 0; i < REQUESTS && rc <= 0; i++) {
        uint8_t d = fuzz_decision(&hostile.in);
        uint64_t sector = fuzz_value(&hostile.in, d & 0x80 ? 6 : 1);

        buf.len = (1 + d % SECTORS) * SECTOR_SIZE;
        switch (d >> 4 & 3) {
        case 0:
        case 1:
            rc = blk_read(dev, sector, buf);
            break;
        case 2:
            rc = blk_write(dev, sector, span_const(buf));
            break;
        default:
            rc = blk_flush(dev);
            break;
        }
    }
    if (rc > 0)
        abort();
    kmem_free(buf.ptr);
}

static void
use(void)
{
    struct device ide = {
        .name = "pci00:01.1",
        .pci_class = 0x010180,
        .io = { { 0x1f0, 8, IO_PORT },
                { 0x3f4, 4, IO_PORT },
                { 0x170, 8, IO_PORT },
                { 0x374, 4, IO_PORT },
                { 0xc000, 16, IO_PORT } },
        .irq = 14,
        .irq2 = 15,
    };

    struct fuzz_input in = hostile.in;

    hostile.in.left = 0; /* the bus is in order, and there is nothing else on it */
    device_attach_all(&board);
    hostile.in = in;
    if (device_add(&ide) != 0)
        abort();
    blk_for_each(request, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    config_address = 0;
    last_command = 0;
    data_words = 0;
    fake_dma_grants = 0;
    hostile = (struct hostile){
        .plausible = drive, .written = command, .irq = { 14, 15 }, .access_ns = SLOW_NS
    };
    hostile_run(data, size, use);
    if (fake_dma_grants > GRANTS_MAX)
        abort(); /* a grant is leaked for each request */
    return 0;
}

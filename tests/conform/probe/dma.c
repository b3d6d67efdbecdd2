/* Probe of bus master transfers of the PIIX3 (Intel 290550, sections 2.8 and 3.4) with an ATA drive of 4 MiB. */
#include "ata.h"

enum {
    COMMAND = BUS_MASTER,
    STATUS = BUS_MASTER + 2,
    TABLE = BUS_MASTER + 4,
    DESCRIPTORS = 4,
    BUFFER = 128 * 1024
};

static struct {
    uint32_t addr, count;
} table[DESCRIPTORS] __attribute__((aligned(64)));
static uint8_t buffer[BUFFER] __attribute__((aligned(65536)));

static void
clear(size_t len)
{
    memory_fill(buffer, 0xee, len);
}

static void
describe(unsigned n, uint32_t offset, uint32_t bytes, bool last)
{
    table[n].addr = address(buffer) + offset;
    table[n].count = (bytes & 0xffff) | (last ? 0x80000000u : 0);
}

/* Table to the device; old status bits away. */
static void
prepare(bool to_memory)
{
    memory_out(table, sizeof table);
    out32(TABLE, address(table));
    in32(TABLE);
    out8(COMMAND, to_memory ? 0x08 : 0x00);
    out8(STATUS, 0x66);
    in8(STATUS);
    in8(COMMAND);
}

static void
start(void)
{
    out8(COMMAND, (uint8_t)(in8(COMMAND) | 0x01));
}

static void
stop(void)
{
    poll8(STATUS, 0x05, 0x04);
    out8(COMMAND, 0x00);
    in8(COMMAND);
    finish();
    in8(STATUS);
    out8(STATUS, 0x66);
    in8(STATUS);
}

static void
reads(void)
{
    scenario("read DMA: one sector, one descriptor");
    clear(1024);
    describe(0, 0, 512, true);
    prepare(true);
    lba28(0, 33, 1);
    command(0xc8);
    start();
    stop();
    memory_in(buffer, 1024);
    scenario("read DMA: eight sectors over three descriptors of odd sizes");
    clear(8192);
    describe(0, 100, 700, false);
    describe(1, 2000, 1500, false);
    describe(2, 4000, 4096 - 2200, true);
    prepare(true);
    lba28(0, 64, 8);
    command(0xc8);
    start();
    stop();
    memory_in(buffer, 8192);
    scenario("read DMA ext: 128 sectors, a descriptor of 64 KiB");
    clear(BUFFER);
    describe(0, 0, 0x10000, true);
    prepare(true);
    lba48(0, 0x800, 128);
    command(0x25);
    start();
    stop();
    memory_in(buffer, BUFFER);
    scenario("read DMA: a table longer than the transfer leaves the bus master active");
    clear(2048);
    describe(0, 0, 1024, true);
    prepare(true);
    lba28(0, 5, 1);
    command(0xc8);
    start();
    poll8(STATUS, 0x04, 0x04);
    in8(STATUS);
    out8(COMMAND, 0x00);
    in8(STATUS);
    finish();
    memory_in(buffer, 2048);
}

static void
writes(void)
{
    scenario("write DMA: four sectors over two descriptors, then read back");
    for (size_t i = 0; i < 2048; i++) {
        buffer[i] = (uint8_t)(i * 7 + i / 512);
    }
    memory_out(buffer, 2048);
    describe(0, 0, 600, false);
    describe(1, 600, 2048 - 600, true);
    prepare(false);
    lba28(0, 200, 4);
    command(0xca);
    start();
    stop();
    clear(2048);
    describe(0, 0, 2048, true);
    prepare(true);
    lba28(0, 200, 4);
    command(0xc8);
    start();
    stop();
    memory_in(buffer, 2048);
    scenario("write DMA ext");
    memory_out(buffer, 512);
    describe(0, 0, 512, true);
    prepare(false);
    lba48(0, 0x900, 1);
    command(0x35);
    start();
    stop();
}

static void
refused(uint8_t what, uint32_t lba, uint8_t count)
{
    clear(2048);
    describe(0, 0, 2048, true);
    prepare(what == 0xc8);
    lba28(0, lba, count);
    command(what);
    start();
    poll8(STATUS, 0x04, 0x04);
    in8(STATUS);
    out8(COMMAND, 0x00);
    finish();
    in8(STATUS);
    out8(STATUS, 0x66);
    memory_in(buffer, 2048);
}

static void
errors(void)
{
    scenario("read DMA after the last sector: an error, nothing moves");
    refused(0xc8, 8192, 1);
    scenario("read DMA of a range that goes over the end");
    refused(0xc8, 8190, 4);
    scenario("write DMA after the last sector");
    refused(0xca, 8192, 1);
}

static void
interrupts(void)
{
    scenario("interrupt at the end of a transfer");
    pic_init();
    pic_unmask(14);
    clear(4096);
    describe(0, 0, 4096, true);
    prepare(true);
    lba28(0, 300, 8);
    command(0xc8);
    start();
    pic_eoi(irq_wait());
    in8(STATUS);
    in8(CHANNEL + 7);
    out8(COMMAND, 0x00);
    out8(STATUS, 0x66);
    in8(STATUS);
    irq_poll();
    memory_in(buffer, 4096);
}

void
probe(void)
{
    ide_enable();
    lba28(0, 0, 0x22);
    out8(CHANNEL + 1, 0x03);
    command(0xef); /* multiword DMA mode 2 */
    finish();
    reads();
    writes();
    errors();
    interrupts();
}

/* Devices that answer anything at all: every register read is random, interrupts come when they like.  The drivers may give up on
 * such a device; they may not crash, hang, leak a DMA grant or harm the kernel. */
#include <kernel/abi/errno.h>
#include <kernel/core/blk.h>
#include <kernel/core/device.h>
#include <kernel/core/uart.h>
#include <kernel/core/wait.h>
#include <kernel/mm/kmem.h>
#include <kernel/sched/thread.h>

#include <hal/board.h>
#include <hal/time.h>
#include <tests/suite.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <tests/unit/fake_hal.h>

enum { REQUESTS = 20 };

static uint32_t seed;
static unsigned mode;
static uint64_t accesses, config_address, data_words;
static uint8_t last_command;
static unsigned requests;

static uint32_t
rnd(void)
{
    seed = seed * 1664525 + 1013904223;
    return seed >> 8;
}

/* Pure noise rarely gets far, so most of the time something like a drive answers. */
static uint64_t
drive_read(const struct io *io, uint32_t off, unsigned width)
{
    bool data = last_command == 0xec || last_command == 0x20 || last_command == 0x24 ||
                last_command == 0x30;

    if (io->size == 1)
        return data && last_command == 0x30 ? 0x58 : 0x50;
    if (off == 7)
        return data ? 0x58 : 0x50;
    if (width == 2) {
        uint64_t i = data_words++;

        if (i % 256 == 255)
            fake_irq(14);
        return last_command != 0xec  ? rnd()
               : i == 49             ? 0x0300
               : i == 60 || i == 100 ? 1000
               : i == 63             ? 7
               : i == 83             ? 0x7400
                                     : 0;
    }
    return off == 2 || off == 3;
}

static uint64_t
noisy_read(const struct io *io, uint32_t off, unsigned width)
{
    if (++accesses > 50000000) /* a driver that never stops asking */
        abort();
    fake_consume(500);
    if (io->base == 0xcf8 && off == 0) /* the address register keeps its value: there is a host bridge */
        return config_address;
    if (mode != 3 && rnd() % 256 == 0)
        fake_irq(rnd() % 2 == 0 ? 14 : 4);
    if (mode == 0 || (mode != 3 && rnd() % (mode == 1 ? 32 : 200) == 0))
        return (uint64_t)rnd() << 16 ^ rnd();
    if (io->base == 0xcf8) /* PCI configuration */
        return rnd() % 4 == 0 ? rnd() : 0x01018086u;
    if (io->base < 0x3f8 && (io->size == 8 || io->size == 1))
        return drive_read(io, off, width);
    if (io->base == 0xc000 && off == 2) /* bus master status */
        return mode == 3 || rnd() % 8 != 0 ? 4 : rnd();
    return rnd() % 2 == 0 ? 0 : (uint64_t)rnd() << 8 ^ rnd();
}

static void
noisy_write(const struct io *io, uint32_t off, unsigned width, uint64_t v)
{
    fake_consume(500);
    if (io->base == 0xcf8 && off == 0)
        config_address = v;
    if (io->base == 0x1f0 && off == 7) {
        last_command = (uint8_t)v;
        data_words = 0;
    }
    if (io->base == 0x1f0 && width == 2 && ++data_words % 256 != 0)
        return;
    if (mode == 3 ? off == 7 || width == 2 : rnd() % 16 != 0)
        fake_irq(14);
}

static void
request(struct blkdev *dev, void *arg unused_param)
{
    struct span buf = span_of(kmem_alloc(16 * SECTOR_SIZE), 16 * SECTOR_SIZE);
    int rc = 0;

    if (buf.ptr == NULL)
        return;
    for (unsigned i = 0; i < REQUESTS; i++) {
        requests++;
        switch (rnd() % 3) {
        case 0:
            rc |= blk_read(dev, rnd() % 1000, buf);
            break;
        case 1:
            rc |= blk_write(dev, rnd() % 1000, span_const(buf));
            break;
        default:
            rc |= blk_flush(dev);
            break;
        }
    }
    ck_assert_int_le(rc, 0);
    kmem_free(buf.ptr);
}

static const struct board_dev devs[] = {
    { "ns16550a", "uart0", BOARD_PORT, 0x3f8, 8, 4, 1843200 },
    { "intel,i440fx", "pci0", BOARD_PORT, 0xcf8, 8, BOARD_NO_IRQ, 0 },
    { 0 },
};
static const struct board board = { .name = "noise", .devs = devs };
static bool finished;

static void
noise_thread(void *arg unused_param)
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

    device_attach_all(&board);
    ck_assert_int_eq(device_add(&ide), 0);
    blk_for_each(request, NULL);

    struct uart *u = uart_find("uart0");

    for (unsigned i = 0; i < 100 && u != NULL; i++) {
        (void)uart_write(u, cspan_of("noise", 5));
        fake_irq(4);
    }
    finished = true;
}

START_TEST(noise)
{
    static struct thread t;

    fake_boot(8 << 20);
    seed = (uint32_t)_i;
    mode = (unsigned)_i % 4;
    fake_io_read = noisy_read;
    fake_io_write = noisy_write;
    ck_assert_int_eq(thread_create(&t, "noise", noise_thread, NULL), 0);
    thread_start(&t);
    fake_run();
    ck_assert(finished);
    if (mode == 3) /* no noise: a drive that was found */
        ck_assert_uint_ge(requests, REQUESTS);
    ck_assert_uint_le(
        fake_dma_grants,
        64); /* one per channel for its descriptors; random PCI scans find many controllers */
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("random_registers");
    TCase *tc = tcase_create("noise");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, noise, 0, 100);
    suite_add_tcase(s, tc);
    return run_suite(s);
}

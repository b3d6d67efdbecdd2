/* Bus master IDE (manual: 82371SB, sections 2.8 and 3.4): descriptor tables, status bits, errors.
 */
#include <tests/suite.h>

#include "ide_task.h"

#define DEV "pci00:01.1"

enum { TABLE = 0x1000, BM = 0xc040 };

static uint8_t *
ram(uint32_t addr)
{
    return (uint8_t *)sim_ram_base(bench.sim) + addr;
}

static void
grant(uint32_t addr, uint32_t len, unsigned dir)
{
    ck_assert_int_eq(sim_dma_grant(bench.sim, DEV, addr, len, dir), 0);
}

static void
prd(unsigned i, uint32_t addr, uint32_t bytes, bool last)
{
    uint32_t entry[2] = { addr, (bytes & 0xffff) | (last ? 0x80000000u : 0) };

    for (unsigned b = 0; b < 8; b++) {
        ram(TABLE + 8 * i)[b] = (uint8_t)(entry[b / 4] >> (b % 4 * 8));
    }
}

static void
start_dma(void)
{
    start_disks();
    outw(cfg(1, 1, 0x04), 0x0005); /* I/O and bus mastering */
    grant(TABLE, 0x1000, SIM_DMA_TO_DEVICE);
}

/* Program the bus master; `dir` 08h: to memory. */
static void
arm(uint8_t dir)
{
    outl(BM + 4, TABLE);
    outb(BM, dir);
    outb(BM + 2, 0x66); /* clear interrupt and error */
    ck_assert_uint_eq(inb(BM + 2) & 0x07, 0);
}

static void
go(uint8_t cmd, uint8_t dir)
{
    outb(0x1f7, cmd);
    outb(BM, dir | 0x01);
    ck_assert_uint_eq(inb(BM + 2) & 0x07, 0x01);
}

/* Let time pass until the interrupt or, without one, 100 ms. */
static bool
wait_irq(void)
{
    for (unsigned i = 0; i < 1000 && !irq(14); i++) {
        pass_ns(100000);
    }
    return irq(14);
}

static void
finish_ok(void)
{
    ck_assert(wait_irq());
    ck_assert_uint_eq(inb(BM + 2) & 0x07, 0x04); /* interrupt, not active, no error */
    outb(BM, 0);
    ck_assert_uint_eq(inb(0x1f7), 0x50);
    outb(BM + 2, 0x04);
    ck_assert_uint_eq(inb(BM + 2) & 0x07, 0x00);
    ck_assert(!irq(14));
}

START_TEST(read_scattered)
{
    start_dma();
    grant(0x20000, 0x10000, SIM_DMA_FROM_DEVICE);
    prd(0, 0x20100, 512 + 2, false);
    prd(1, 0x22002, 510, false);
    prd(2, 0x28000, 6 * 512, true);
    arm(0x08);
    task28(0xe0, 64, 8);
    go(0xc8, 0x08);
    ck_assert_uint_eq(inb(0x3f6) & 0x80, 0x80);
    finish_ok();
    ck_assert_mem_eq(ram(0x20100), disk0 + 64 * 512, 514);
    ck_assert_uint_eq(ram(0x20100)[514], 0);
    ck_assert_mem_eq(ram(0x22002), disk0 + 65 * 512 + 2, 510);
    ck_assert_mem_eq(ram(0x28000), disk0 + 66 * 512, 6 * 512);
    bench_stop(0);
}
END_TEST

START_TEST(write_scattered)
{
    start_dma();
    grant(0x30000, 0x1000, SIM_DMA_TO_DEVICE);
    for (unsigned i = 0; i < 0x1000; i++) {
        ram(0x30000)[i] = (uint8_t)(i * 13 + i / 256);
    }
    prd(0, 0x30000, 700, false);
    prd(1, 0x30800, 324, true);
    arm(0x00);
    task28(0xe0, 30, 2);
    go(0xca, 0x00);
    finish_ok();
    ck_assert_mem_eq(disk0 + 30 * 512, ram(0x30000), 700);
    ck_assert_mem_eq(disk0 + 30 * 512 + 700, ram(0x30800), 324);
    bench_stop(0);
}
END_TEST

START_TEST(whole_64k_region_and_ext)
{
    start_dma();
    grant(0x40000, 0x20000, SIM_DMA_FROM_DEVICE | SIM_DMA_TO_DEVICE);
    prd(0, 0x40000, 0, false); /* 0: 64 KiB */
    prd(1, 0x50000, 0, true);
    arm(0x08);
    task48(0x40, DISK_SECTORS - 256, 256);
    go(0x25, 0x08);
    finish_ok();
    ck_assert_mem_eq(ram(0x40000), disk0 + (DISK_SECTORS - 256) * 512, 0x20000);
    arm(0x00);
    task48(0x40, 0, 256);
    go(0x35, 0x00);
    finish_ok();
    ck_assert_mem_eq(disk0, disk0 + (DISK_SECTORS - 256) * 512, 0x20000);
    bench_stop(0);
}
END_TEST

START_TEST(start_before_the_command)
{
    start_dma();
    grant(0x20000, 512, SIM_DMA_FROM_DEVICE);
    prd(0, 0x20000, 512, true);
    arm(0x08);
    task28(0xe0, 1, 1);
    outb(BM, 0x09);
    pass_ns(1000000);
    ck_assert_uint_eq(inb(BM + 2) & 0x07, 0x01);
    outb(0x1f7, 0xc8);
    finish_ok();
    ck_assert_mem_eq(ram(0x20000), disk0 + 512, 512);
    bench_stop(0);
}
END_TEST

START_TEST(the_drive_waits_for_the_bus_master)
{
    start_dma();
    grant(0x20000, 512, SIM_DMA_FROM_DEVICE);
    prd(0, 0x20000, 512, true);
    arm(0x08);
    task28(0xe0, 1, 1);
    outb(0x1f7, 0xc8);
    pass_ns(50000000);
    ck_assert(!irq(14));
    ck_assert_uint_eq(inb(0x3f6) & 0x80, 0x80);
    outb(BM, 0x09);
    finish_ok();
    bench_stop(0);
}
END_TEST

START_TEST(longer_table_stays_active)
{
    start_dma();
    grant(0x20000, 0x1000, SIM_DMA_FROM_DEVICE);
    prd(0, 0x20000, 1024, true);
    arm(0x08);
    task28(0xe0, 1, 1);
    go(0xc8, 0x08);
    ck_assert(wait_irq());
    ck_assert_uint_eq(inb(BM + 2) & 0x07, 0x05); /* interrupt and active: the table was longer */
    outb(BM, 0x08);
    ck_assert_uint_eq(inb(BM + 2) & 0x07, 0x04);
    ck_assert_uint_eq(inb(0x1f7), 0x50);
    ck_assert_mem_eq(ram(0x20000), disk0 + 512, 512);
    bench_stop(0);
}
END_TEST

START_TEST(shorter_table_leaves_the_drive_waiting)
{
    start_dma();
    grant(0x20000, 0x1000, SIM_DMA_FROM_DEVICE);
    prd(0, 0x20000, 512, true);
    arm(0x08);
    task28(0xe0, 1, 2);
    go(0xc8, 0x08);
    ck_assert(!wait_irq());
    ck_assert_uint_eq(inb(BM + 2) & 0x07, 0x00); /* neither interrupt nor active */
    ck_assert_uint_eq(inb(0x3f6) & 0x80, 0x80);
    outb(BM, 0x00);
    outb(0x3f6, 0x04); /* only a reset helps */
    pass_ns(5000);
    outb(0x3f6, 0x00);
    pass_ns(2000000);
    ck_assert_uint_eq(inb(0x1f7), 0x50);
    bench_stop(0);
}
END_TEST

START_TEST(stop_and_start_again)
{
    start_dma();
    grant(0x20000, 0x10000, SIM_DMA_FROM_DEVICE);
    prd(0, 0x20000, 64 * 512, true);
    arm(0x08);
    task28(0xe0, 0, 64);
    go(0xc8, 0x08);
    pass_ns(50000); /* a part of it */
    outb(BM, 0x08);
    ck_assert_uint_eq(inb(BM + 2) & 0x07, 0x00);
    ck_assert(!wait_irq());
    ck_assert_mem_ne(ram(0x20000 + 63 * 512), disk0 + 63 * 512, 512);
    outb(BM, 0x09); /* the table begins anew, the drive goes on where it was */
    ck_assert(wait_irq());
    ck_assert_uint_eq(inb(BM + 2) & 0x07, 0x05);
    ck_assert_mem_ne(ram(0x20000), disk0, 512);
    bench_stop(0);
}
END_TEST

START_TEST(memory_outside_the_grants)
{
    start_dma();
    grant(0x20000, 512, SIM_DMA_FROM_DEVICE);
    prd(0, 0x20000, 512, false);
    prd(1, 0x21000, 512, true); /* not granted */
    arm(0x08);
    task28(0xe0, 1, 2);
    go(0xc8, 0x08);
    ck_assert(!wait_irq());
    ck_assert_uint_eq(inb(BM + 2) & 0x07, 0x02); /* error, stopped, no interrupt */
    ck_assert_int_eq(bench.last.kind, SIM_V_DMA);
    ck_assert_uint_eq(bench.last.addr, 0x21000);
    ck_assert_uint_eq(ram(0x21000)[0], 0);
    ck_assert_mem_eq(ram(0x20000), disk0 + 512, 512);
    ck_assert_uint_eq(inw(cfg(1, 1, 0x06)) & 0x2000, 0x2000); /* received master abort */
    outw(cfg(1, 1, 0x06), 0x2000);
    ck_assert_uint_eq(inw(cfg(1, 1, 0x06)), 0x0280);
    outb(BM, 0);
    outb(BM + 2, 0x02);
    ck_assert_uint_eq(inb(BM + 2) & 0x07, 0x00);
    bench_stop(1);
}
END_TEST

START_TEST(table_outside_the_grants)
{
    start_dma();
    ck_assert_int_eq(sim_dma_revoke(bench.sim, DEV, TABLE, 0x1000), 0);
    arm(0x08);
    task28(0xe0, 1, 1);
    go(0xc8, 0x08);
    ck_assert(!wait_irq());
    ck_assert_uint_eq(inb(BM + 2) & 0x07, 0x02);
    bench_stop(1);
}
END_TEST

START_TEST(wrong_grant_direction)
{
    start_dma();
    grant(0x20000, 512, SIM_DMA_TO_DEVICE);
    prd(0, 0x20000, 512, true);
    arm(0x08);
    task28(0xe0, 1, 1);
    go(0xc8, 0x08);
    ck_assert(!wait_irq());
    ck_assert_uint_eq(inb(BM + 2) & 0x07, 0x02);
    bench_stop(1);
}
END_TEST

START_TEST(direction_mismatch)
{
    start_dma();
    grant(0x20000, 512, SIM_DMA_FROM_DEVICE | SIM_DMA_TO_DEVICE);
    prd(0, 0x20000, 512, true);
    arm(0x00); /* from memory */
    task28(0xe0, 1, 1);
    go(0xc8, 0x00); /* but a read */
    ck_assert(!wait_irq());
    ck_assert_uint_eq(inb(BM + 2) & 0x07, 0x01);
    ck_assert_uint_eq(ram(0x20000)[1], 0);
    ck_assert_int_eq(bench.last.kind, SIM_V_STATE);
    outb(BM, 0x00);
    outb(BM, 0x08); /* put it right: the drive still waits */
    outb(BM, 0x09);
    ck_assert(wait_irq());
    ck_assert_mem_eq(ram(0x20000), disk0 + 512, 512);
    bench_stop(1);
}
END_TEST

START_TEST(bus_mastering_off)
{
    start_dma();
    outw(cfg(1, 1, 0x04), 0x0001);
    grant(0x20000, 512, SIM_DMA_FROM_DEVICE);
    prd(0, 0x20000, 512, true);
    arm(0x08);
    task28(0xe0, 1, 1);
    go(0xc8, 0x08);
    ck_assert(!wait_irq());
    ck_assert_uint_eq(ram(0x20000)[1], 0);
    bench_stop(1);
}
END_TEST

START_TEST(bad_programs_are_reported)
{
    start_dma();
    grant(0x20000, 0x20000, SIM_DMA_FROM_DEVICE);
    outb(BM + 2, 0x06);
    outb(BM, 0x09); /* without a table */
    ck_assert_uint_eq(sim_violations(bench.sim), 1);
    outl(BM + 4, TABLE); /* while it is active */
    ck_assert_uint_eq(sim_violations(bench.sim), 2);
    outb(BM, 0x01); /* another direction while it is active */
    ck_assert_uint_eq(sim_violations(bench.sim), 3);
    ck_assert_uint_eq(inb(BM), 0x09);
    outb(BM, 0x00);
    outl(BM + 4, TABLE | 2); /* not on four bytes */
    ck_assert_int_eq(bench.last.kind, SIM_V_RESERVED);
    ck_assert_uint_eq(inl(BM + 4), TABLE);
    outb(BM, 0x80); /* reserved */
    ck_assert_int_eq(bench.last.kind, SIM_V_RESERVED);
    prd(0, 0x2ff00, 512, true); /* across 64 KiB */
    arm(0x08);
    task28(0xe0, 1, 1);
    go(0xc8, 0x08);
    ck_assert(wait_irq());
    ck_assert_uint_eq(sim_violations(bench.sim), 6);
    outb(BM, 0x00);
    inb(0x1f7);
    outb(BM, 0x09); /* with the interrupt bit of the transfer before */
    ck_assert_uint_eq(sim_violations(bench.sim), 7);
    outb(BM, 0x00);
    prd(0, 0x20001, 512, true); /* odd address */
    arm(0x08);
    task28(0xe0, 1, 1);
    go(0xc8, 0x08);
    ck_assert(wait_irq());
    bench_stop(8);
}
END_TEST

START_TEST(ultra_dma_is_not_for_this_controller)
{
    start_dma();
    grant(0x20000, 512, SIM_DMA_FROM_DEVICE);
    prd(0, 0x20000, 512, true);
    outb(0x1f6, 0xe0);
    outb(0x1f1, 0x03);
    outb(0x1f2, 0x45);
    ck_assert_uint_eq(command(0xef), 0x50);
    arm(0x08);
    task28(0xe0, 1, 1);
    go(0xc8, 0x08);
    ck_assert(!wait_irq());
    bench_stop(1);
}
END_TEST

START_TEST(drive_error_ends_with_an_interrupt)
{
    const struct ata_faults faults = { .bad = true, .bad_lba = 20, .bad_count = 1 };

    start_dma();
    grant(0x20000, 0x8000, SIM_DMA_FROM_DEVICE);
    prd(0, 0x20000, 0x8000, true);
    ck_assert_int_eq(ide_piix3_set_faults(ide_model(), 0, 0, &faults), 0);
    arm(0x08);
    task28(0xe0, 0, 64);
    go(0xc8, 0x08);
    ck_assert(wait_irq());
    ck_assert_uint_eq(inb(BM + 2) & 0x07, 0x05); /* the table is not used up */
    outb(BM, 0x08);
    expect_error(inb(0x1f7), 0x40); /* UNC */
    ck_assert_uint_eq(address28(), 20);
    ck_assert_mem_eq(ram(0x20000), disk0, 16 * 512);
    bench_stop(0);
}
END_TEST

START_TEST(nien_hides_it_from_the_bus_master)
{
    start_dma();
    grant(0x20000, 512, SIM_DMA_FROM_DEVICE);
    prd(0, 0x20000, 512, true);
    outb(0x3f6, 0x02);
    arm(0x08);
    task28(0xe0, 1, 1);
    go(0xc8, 0x08);
    ck_assert(!wait_irq());
    ck_assert_uint_eq(inb(BM + 2) & 0x07, 0x00);
    ck_assert_uint_eq(inb(0x1f7), 0x50);
    bench_stop(0);
}
END_TEST

START_TEST(interrupt_bit_needs_an_edge)
{
    start_dma();
    outb(0x1f6, 0xe0);
    outb(0x1f7, 0x10);
    wait_idle();
    ck_assert_uint_eq(inb(BM + 2), 0x04); /* any interrupt of the drive */
    outb(BM + 2, 0x04);
    ck_assert_uint_eq(inb(BM + 2), 0x00); /* the line is still up */
    ck_assert(irq(14));
    ck_assert_uint_eq(inw(BM + 2), 0x0000); /* wider accesses are fine */
    ck_assert_uint_eq(inl(BM), 0x00000000);
    bench_stop(0);
}
END_TEST

/* A run from the middle of a transfer is the same after a restore. */
START_TEST(snapshot_in_a_transfer)
{
    size_t size;
    uint8_t *state;
    uint64_t hash;

    start_dma();
    grant(0x20000, 0x10000, SIM_DMA_FROM_DEVICE);
    prd(0, 0x20000, 64 * 512, true);
    arm(0x08);
    task28(0xe0, 0, 64);
    go(0xc8, 0x08);
    pass_ns(50000);
    size = sim_state_size(bench.sim);
    state = malloc(size);
    ck_assert_ptr_nonnull(state);
    sim_state_save(bench.sim, state);
    ck_assert(wait_irq());
    hash = sim_state_hash(bench.sim);
    ck_assert_int_eq(sim_state_restore(bench.sim, state, size), 0);
    ck_assert(!irq(14));
    memset(ram(0x20000 + 32 * 512), 0, 32 * 512);
    ck_assert(wait_irq());
    ck_assert_uint_eq(sim_state_hash(bench.sim), hash);
    ck_assert_mem_eq(ram(0x20000 + 48 * 512), disk0 + 48 * 512, 16 * 512);
    free(state);
    bench_stop(0);
}
END_TEST

START_TEST(table_across_64k)
{
    start_dma();
    grant(0x10000 - 8, 16, SIM_DMA_TO_DEVICE);
    grant(0x20000, 512, SIM_DMA_FROM_DEVICE);
    prd(0, 0x20000, 256, false);
    prd(1, 0x20100, 256, true);
    memcpy(ram(0x10000 - 8), ram(TABLE), 16);
    arm(0x08);
    outl(BM + 4, 0x10000 - 8);
    task28(0xe0, 1, 1);
    go(0xc8, 0x08);
    ck_assert(wait_irq());
    ck_assert_int_eq(bench.last.kind, SIM_V_STATE);
    ck_assert_mem_eq(ram(0x20000), disk0 + 512, 512);
    bench_stop(1);
}
END_TEST

START_TEST(secondary_channel)
{
    const struct sim_image image = { .slot = "ide1.0", .mem = disk1, .size = sizeof disk1 };

    fill_disk(disk1, 300, 99);
    bench_start(&image, 1);
    outw(cfg(1, 1, 0x04), 0x0005);
    grant(TABLE, 0x1000, SIM_DMA_TO_DEVICE);
    grant(0x20000, 512, SIM_DMA_FROM_DEVICE);
    prd(0, 0x20000, 512, true);
    outl(BM + 12, TABLE);
    outb(BM + 8, 0x08);
    outb(BM + 10, 0x06);
    outb(0x176, 0xe0);
    outb(0x172, 1);
    outb(0x173, 9);
    outb(0x174, 0);
    outb(0x175, 0);
    outb(0x177, 0xc8);
    outb(BM + 8, 0x09);
    pass_ns(1000000);
    ck_assert(irq(15));
    ck_assert(!irq(14));
    ck_assert_uint_eq(inb(BM + 10), 0x04);
    ck_assert_uint_eq(inb(BM + 2), 0x00);
    ck_assert_uint_eq(inb(0x177), 0x50);
    ck_assert_mem_eq(ram(0x20000), disk1 + 9 * 512, 512);
    bench_stop(0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("ide_dma");
    TCase *tc = tcase_create("dma");

    tcase_add_test(tc, read_scattered);
    tcase_add_test(tc, write_scattered);
    tcase_add_test(tc, whole_64k_region_and_ext);
    tcase_add_test(tc, start_before_the_command);
    tcase_add_test(tc, the_drive_waits_for_the_bus_master);
    tcase_add_test(tc, longer_table_stays_active);
    tcase_add_test(tc, shorter_table_leaves_the_drive_waiting);
    tcase_add_test(tc, stop_and_start_again);
    tcase_add_test(tc, memory_outside_the_grants);
    tcase_add_test(tc, table_outside_the_grants);
    tcase_add_test(tc, wrong_grant_direction);
    tcase_add_test(tc, direction_mismatch);
    tcase_add_test(tc, bus_mastering_off);
    tcase_add_test(tc, bad_programs_are_reported);
    tcase_add_test(tc, ultra_dma_is_not_for_this_controller);
    tcase_add_test(tc, drive_error_ends_with_an_interrupt);
    tcase_add_test(tc, nien_hides_it_from_the_bus_master);
    tcase_add_test(tc, interrupt_bit_needs_an_edge);
    tcase_add_test(tc, snapshot_in_a_transfer);
    tcase_add_test(tc, table_across_64k);
    tcase_add_test(tc, secondary_channel);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}

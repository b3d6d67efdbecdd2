/* The ATA drive's commands, resets, errors and rules, through the controller's ports (manual:
 * ATA/ATAPI-6). */
#include <tests/suite.h>

#include "ide_task.h"

static void
soft_reset(void)
{
    outb(0x3f6, 0x04);
    pass_ns(5000);
    outb(0x3f6, 0x00);
    pass_ns(2000000);
}

static uint8_t
set_features(uint8_t sub, uint8_t count)
{
    outb(0x1f1, sub);
    outb(0x1f2, count);
    return command(0xef);
}

static uint16_t
identify_word(unsigned n)
{
    uint16_t w[256];

    ck_assert_uint_eq(command(0xec), 0x58);
    pio_in(w, 512);
    return w[n];
}

/* --- resets --- */

START_TEST(software_reset)
{
    start_disks();
    task28(0xf0, 5, 1);
    outb(0x1f7, 0x20);
    pass_ns(3000);
    outb(0x3f6, 0x04);
    ck_assert_uint_eq(inb(0x3f6) & 0x80, 0x80);
    pass_ns(100000000);
    ck_assert_uint_eq(inb(0x3f6) & 0x80, 0x80); /* as long as SRST is set */
    outb(0x3f6, 0x00);
    ck_assert_uint_eq(inb(0x3f6) & 0x80, 0x80);
    pass_ns(2000000);
    ck_assert_uint_eq(inb(0x1f7), 0x50);
    ck_assert_uint_eq(inb(0x1f1), 0x01);
    ck_assert_uint_eq(inb(0x1f2), 0x01);
    ck_assert_uint_eq(inb(0x1f3), 0x01);
    ck_assert_uint_eq(inb(0x1f4), 0x00);
    ck_assert_uint_eq(inb(0x1f5), 0x00);
    ck_assert_uint_eq(inb(0x1f6), 0xa0); /* drive 0 again */
    ck_assert(!irq(14));                 /* a reset does not interrupt */
    bench_stop(0);
}
END_TEST

START_TEST(short_reset_is_reported)
{
    start_disks();
    outb(0x3f6, 0x04);
    pass_ns(4999);
    outb(0x3f6, 0x00);
    bench_stop(1);
}
END_TEST

START_TEST(settings_across_a_reset)
{
    start_disks();
    outb(0x1f6, 0xe0);
    outb(0x1f2, 4);
    ck_assert_uint_eq(command(0xc6), 0x50);
    ck_assert_uint_eq(set_features(0x82, 0), 0x50);
    ck_assert_uint_eq(identify_word(85) & 0x20, 0x00);
    soft_reset();
    ck_assert_uint_eq(identify_word(59), 0x0000);
    ck_assert_uint_eq(identify_word(85) & 0x20, 0x20);
    ck_assert_uint_eq(set_features(0x66, 0), 0x50); /* keep settings */
    outb(0x1f2, 4);
    ck_assert_uint_eq(command(0xc6), 0x50);
    soft_reset();
    ck_assert_uint_eq(identify_word(59), 0x0104);
    ck_assert_uint_eq(identify_word(63), 0x0407);
    bench_stop(0);
}
END_TEST

START_TEST(diagnostic)
{
    start_disks();
    outb(0x1f6, 0xb0);
    outb(0x1f2, 0x77);
    outb(0x1f7, 0x90);
    ck_assert_uint_eq(inb(0x3f6) & 0x80, 0x80);
    wait_idle();
    ck_assert(irq(14));
    ck_assert_uint_eq(inb(0x1f7), 0x50);
    ck_assert_uint_eq(inb(0x1f1), 0x01);
    ck_assert_uint_eq(inb(0x1f2), 0x01);
    ck_assert_uint_eq(inb(0x1f6), 0xa0);
    outb(0x1f6, 0xb0);
    ck_assert(!irq(14));
    ck_assert_uint_eq(inb(0x1f1), 0x01);
    bench_stop(0);
}
END_TEST

/* --- commands without data --- */

START_TEST(unsupported_commands_abort)
{
    static const uint8_t cmds[] = { 0x00, 0x03, 0x08, 0x0b, 0x22, 0x26, 0x2a, 0x37,
                                    0x3c, 0x50, 0x87, 0xa0, 0xa1, 0xb0, 0xc7, 0xcc,
                                    0xda, 0xe4, 0xe8, 0xed, 0xf1, 0xf6, 0xf9, 0xff };

    start_disks();
    for (unsigned i = 0; i < sizeof cmds; i++) {
        outb(0x1f7, cmds[i]);
        wait_idle();
        ck_assert(irq(14));
        expect_error(inb(0x1f7), 0x04);
        ck_assert(!irq(14));
    }
    ck_assert_uint_eq(command(0xe5), 0x50); /* the next one clears the error */
    ck_assert_uint_eq(inb(0x1f1), 0x00);
    bench_stop(0);
}
END_TEST

START_TEST(features)
{
    start_disks();
    ck_assert_uint_eq(identify_word(85) & 0x60, 0x60);
    ck_assert_uint_eq(set_features(0x55, 0), 0x50);
    ck_assert_uint_eq(identify_word(85) & 0x60, 0x20);
    ck_assert_uint_eq(set_features(0xaa, 0), 0x50);
    ck_assert_uint_eq(identify_word(85) & 0x60, 0x60);
    ck_assert_uint_eq(set_features(0x03, 0x20), 0x50); /* multiword DMA 0 */
    ck_assert_uint_eq(identify_word(63), 0x0107);
    ck_assert_uint_eq(set_features(0x03, 0x42), 0x50); /* Ultra DMA 2 instead */
    ck_assert_uint_eq(identify_word(63), 0x0007);
    ck_assert_uint_eq(identify_word(88), 0x043f);
    ck_assert_uint_eq(set_features(0x03, 0x0c), 0x50); /* PIO 4 */
    expect_error(set_features(0x03, 0x23), 0x04);
    expect_error(set_features(0x03, 0x46), 0x04);
    expect_error(set_features(0x05, 0x80), 0x04); /* no advanced power management */
    expect_error(set_features(0x77, 0), 0x04);
    bench_stop(0);
}
END_TEST

START_TEST(power_modes)
{
    static const struct {
        uint8_t cmd, count;
    } modes[] = { { 0xe0, 0x00 }, { 0xe1, 0x80 }, { 0xe2, 0x00 }, { 0xe3, 0x80 },
                  { 0x94, 0x00 }, { 0x95, 0x80 }, { 0x96, 0x00 }, { 0x97, 0x80 } };

    start_disks();
    ck_assert_uint_eq(command(0xe5), 0x50);
    ck_assert_uint_eq(inb(0x1f2), 0xff);
    for (unsigned i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        ck_assert_uint_eq(command(modes[i].cmd), 0x50);
        ck_assert_uint_eq(command(i & 1 ? 0x98 : 0xe5), 0x50);
        ck_assert_uint_eq(inb(0x1f2), modes[i].count);
    }
    task28(0xe0, 0, 1);
    ck_assert_uint_eq(command(0x40), 0x50); /* the medium wakes it */
    ck_assert_uint_eq(command(0xe5), 0x50);
    ck_assert_uint_eq(inb(0x1f2), 0xff);
    ck_assert_uint_eq(command(0xe6), 0x50); /* SLEEP */
    outb(0x1f7, 0xe5);
    pass_ns(1000000);
    ck_assert(!irq(14));
    soft_reset();
    ck_assert_uint_eq(command(0xe5), 0x50);
    ck_assert_uint_eq(inb(0x1f2), 0x00);
    bench_stop(1); /* the command to a sleeping drive */
}
END_TEST

START_TEST(native_max)
{
    start_disks();
    outb(0x1f6, 0xe0);
    ck_assert_uint_eq(command(0xf8), 0x50);
    ck_assert_uint_eq(address28(), DISK_SECTORS - 1);
    ck_assert_uint_eq(command(0x27), 0x50);
    ck_assert_uint_eq(inb(0x1f3) | inb(0x1f4) << 8 | inb(0x1f5) << 16, DISK_SECTORS - 1);
    outb(0x3f6, 0x80);
    ck_assert_uint_eq(inb(0x1f3) | inb(0x1f4) | inb(0x1f5), 0);
    bench_stop(0);
}
END_TEST

START_TEST(flush_and_write_cache)
{
    uint8_t data[512] = { 1 };
    struct sim_image *image;

    start_disks();
    image = sim_image_find(bench.sim, "ide0.0");
    outb(0x1f6, 0xe0);
    ck_assert_uint_eq(command(0xe7), 0x50);
    ck_assert_uint_eq(image->flushes, 1);
    ck_assert_uint_eq(command(0xea), 0x50);
    ck_assert_uint_eq(image->flushes, 2);
    task28(0xe0, 1, 1);
    outb(0x1f7, 0x30);
    wait_idle();
    pio_out(data, 512);
    wait_idle();
    ck_assert_uint_eq(image->writes, 1);
    ck_assert_uint_eq(image->flushes, 2); /* cached */
    inb(0x1f7);
    ck_assert_uint_eq(set_features(0x82, 0), 0x50);
    ck_assert_uint_eq(image->flushes, 3);
    task28(0xe0, 1, 1);
    outb(0x1f7, 0x30);
    wait_idle();
    pio_out(data, 512);
    wait_idle();
    ck_assert_uint_eq(image->flushes, 4); /* through */
    ck_assert_uint_eq(sim_image_find(bench.sim, "ide0.1")->flushes, 0);
    bench_stop(0);
}
END_TEST

START_TEST(verify)
{
    start_disks();
    task28(0xe0, 0, 0);
    outb(0x1f7, 0x40);
    pass_ns(1000 + 20000 + 255000);
    ck_assert(!irq(14));
    pass_ns(1000);
    ck_assert(irq(14));
    ck_assert_uint_eq(inb(0x1f7), 0x50);
    task48(0x40, 0, DISK_SECTORS);
    ck_assert_uint_eq(command(0x42), 0x50);
    bench_stop(0);
}
END_TEST

/* --- faults --- */

START_TEST(nth_read_fails)
{
    const struct ata_faults faults = { .fail_read_at = 2, .fail_sector = 1 };
    uint8_t buf[512];
    struct ide_counts seen;

    start_disks();
    ck_assert_int_eq(ide_piix3_set_faults(ide_model(), 0, 0, &faults), 0);
    ck_assert_int_eq(ide_piix3_set_faults(ide_model(), 1, 0, &faults), -ENODEV);
    task28(0xe0, 50, 1);
    ck_assert_uint_eq(command(0x20), 0x58);
    pio_in(buf, 512);
    task28(0xe0, 50, 3);
    ck_assert_uint_eq(command(0x20), 0x58);
    pio_in(buf, 512);
    wait_idle();
    expect_error(inb(0x1f7), 0x40);
    ck_assert_uint_eq(address28(), 51);
    ck_assert_uint_eq(inb(0x1f2), 2);
    task28(0xe0, 51, 1); /* the next try goes well */
    ck_assert_uint_eq(command(0x20), 0x58);
    pio_in(buf, 512);
    ck_assert_int_eq(ide_piix3_counts(ide_model(), 0, 0, &seen), 0);
    ck_assert_uint_eq(seen.reads, 3);
    bench_stop(0);
}
END_TEST

START_TEST(nth_write_and_flush_fail)
{
    const struct ata_faults faults = {
        .fail_write_at = 1, .fail_flush_at = 2, .error = 0x84, .device_fault = true
    };
    uint8_t data[512] = { 0 };

    start_disks();
    ck_assert_int_eq(ide_piix3_set_faults(ide_model(), 0, 0, &faults), 0);
    task28(0xe0, 3, 1);
    outb(0x1f7, 0x30);
    wait_idle();
    pio_out(data, 512);
    wait_idle();
    ck_assert(irq(14));
    ck_assert_uint_eq(inb(0x1f7) & 0x21, 0x21); /* DF and ERR */
    ck_assert_uint_eq(inb(0x1f1), 0x84);
    ck_assert_uint_eq(disk0[3 * 512 + 1], (uint8_t)(1 + 3 * 7 + 3)); /* nothing written */
    ck_assert_uint_eq(command(0xe7), 0x50);
    ck_assert_uint_eq(command(0xe7) & 0x21, 0x21);
    bench_stop(0);
}
END_TEST

START_TEST(bad_sector_until_rewritten)
{
    const struct ata_faults faults = { .bad = true, .bad_lba = 8, .bad_count = 1 };
    uint8_t data[512] = { 7 };

    start_disks();
    ck_assert_int_eq(ide_piix3_set_faults(ide_model(), 0, 0, &faults), 0);
    task28(0xe0, 6, 4);
    expect_error(command(0x40), 0x40);
    ck_assert_uint_eq(address28(), 8);
    task28(0xe0, 8, 1);
    expect_error(command(0x20), 0x40);
    task28(0xe0, 8, 1);
    outb(0x1f7, 0x30);
    wait_idle();
    pio_out(data, 512);
    ck_assert_uint_eq(wait_idle(), 0x50);
    task28(0xe0, 8, 1);
    ck_assert_uint_eq(command(0x40), 0x50);
    bench_stop(0);
}
END_TEST

START_TEST(stalled_drive)
{
    const struct ata_faults faults = { .stall_at = 1 };

    start_disks();
    ck_assert_int_eq(ide_piix3_set_faults(ide_model(), 0, 0, &faults), 0);
    outb(0x1f7, 0xe7);
    pass_ns(UINT64_C(60000000000));
    ck_assert_uint_eq(inb(0x3f6) & 0x80, 0x80);
    ck_assert(!irq(14));
    soft_reset();
    ck_assert_uint_eq(command(0xe7), 0x50);
    bench_stop(0);
}
END_TEST

/* --- rules --- */

START_TEST(task_file_while_busy)
{
    start_disks();
    task28(0xe0, 5, 1);
    outb(0x1f7, 0x20);
    outb(0x1f3, 77); /* BSY */
    ck_assert_uint_eq(sim_violations(bench.sim), 1);
    ck_assert_str_eq(bench.last.reg, "PRI_LBA_LOW");
    outb(0x1f7, 0x20);
    ck_assert_uint_eq(sim_violations(bench.sim), 2);
    wait_idle();
    outb(0x1f6, 0xf0); /* DRQ */
    ck_assert_uint_eq(sim_violations(bench.sim), 3);
    ck_assert_uint_eq(inb(0x1f6), 0xe0);
    ck_assert_uint_eq(inw(0x1f0), (uint16_t)(disk0[5 * 512] | disk0[5 * 512 + 1] << 8)); /* unharmed */
    bench_stop(3);
}
END_TEST

START_TEST(data_without_drq)
{
    start_disks();
    ck_assert_uint_eq(inw(0x1f0), 0);
    outw(0x1f0, 1);
    ck_assert_uint_eq(sim_violations(bench.sim), 2);
    task28(0xe0, 5, 1);
    outb(0x1f7, 0x30);
    wait_idle();
    inw(0x1f0); /* the drive wants data, not gives it */
    ck_assert_uint_eq(sim_violations(bench.sim), 3);
    inb(0x1f0); /* 16 bits only */
    ck_assert_int_eq(bench.last.kind, SIM_V_WIDTH);
    bench_stop(4);
}
END_TEST

START_TEST(control_register)
{
    start_disks();
    outb(0x3f6, 0x08);
    ck_assert_uint_eq(sim_violations(bench.sim), 1);
    ck_assert_uint_eq(inb(0x3f7), 0xff); /* not ours */
    bench_stop(2);
}
END_TEST

/* Whatever a driver does, the machine stands, and a reset brings the drive back. */
START_TEST(random_accesses)
{
    static const uint16_t ports[] = { 0x1f0,  0x1f1,  0x1f2,  0x1f3,  0x1f4, 0x1f5,  0x1f6,
                                      0x1f7,  0x1f7,  0x3f6,  0x177,  0x176, 0xc040, 0xc042,
                                      0xc044, 0xc048, 0xc04a, 0xc04c, 0xcf8, 0xcfc };
    static const uint8_t favourites[] = { 0x20, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35, 0x39,
                                          0x40, 0xc4, 0xc5, 0xc6, 0xc8, 0xca, 0x90, 0x91,
                                          0xe7, 0xea, 0xec, 0xef, 0x01, 0x09, 0x00, 0xe0 };
    uint64_t x = 0x9e3779b97f4a7c15u + (uint64_t)_i;
    uint8_t *mem;

    start_disks();
    mem = sim_ram_base(bench.sim);
    ck_assert_int_eq(sim_dma_grant(bench.sim, "ide0", 0, 0x80000, 3), 0);
    for (unsigned n = 0; n < 60000; n++) {
        unsigned pick, width;

        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        pick = (unsigned)(x >> 32);
        width = pick & 0x70 ? ports[pick % 20] == 0x1f0    ? 2
                              : ports[pick % 20] >= 0xc044 ? 4
                                                           : 1
                            : 1u << (pick >> 7 & 3);
        if (n % 50 == 0) {
            outw(cfg(1, 1, 0x04), 5);
            outl(cfg(1, 1, 0x20), 0xc040);
            outl(cfg(1, 1, 0x40), 0x80008000);
        }
        if (pick >> 10 & 1) {
            sim_bus_write(bench.sim, SIM_PORT, ports[pick % 20], width,
                          pick & 0x800 ? favourites[(x >> 8) % 24] : x);
        } else if (pick >> 11 & 1) {
            sim_bus_read(bench.sim, SIM_PORT, ports[pick % 20], width);
        } else {
            pass_ns(x % 40000);
            memcpy(mem + (x >> 8) % 0x70000, &x, sizeof x);
        }
    }
    ck_assert_int_eq(sim_ended(bench.sim, NULL), SIM_RUNNING);
    outw(cfg(1, 1, 0x04), 5);
    outl(cfg(1, 1, 0x40), 0x80008000);
    soft_reset();
    if (wait_idle() == 0x50) {
        outb(0x1f6, 0xe0);
        ck_assert_uint_eq(identify_word(60), DISK_SECTORS);
    } else {
        ck_abort_msg("the drive does not come back: status %02x", inb(0x3f6));
    }
    bench_stop((unsigned)sim_violations(bench.sim));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("ata_commands");
    TCase *tc = tcase_create("commands");

    tcase_add_test(tc, software_reset);
    tcase_add_test(tc, short_reset_is_reported);
    tcase_add_test(tc, settings_across_a_reset);
    tcase_add_test(tc, diagnostic);
    tcase_add_test(tc, unsupported_commands_abort);
    tcase_add_test(tc, features);
    tcase_add_test(tc, power_modes);
    tcase_add_test(tc, native_max);
    tcase_add_test(tc, flush_and_write_cache);
    tcase_add_test(tc, verify);
    tcase_add_test(tc, nth_read_fails);
    tcase_add_test(tc, nth_write_and_flush_fail);
    tcase_add_test(tc, bad_sector_until_rewritten);
    tcase_add_test(tc, stalled_drive);
    tcase_add_test(tc, task_file_while_busy);
    tcase_add_test(tc, data_without_drq);
    tcase_add_test(tc, control_register);
    tcase_add_loop_test(tc, random_accesses, 0, 20);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}

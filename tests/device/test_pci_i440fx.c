/* The 440FX host bridge and PCI configuration mechanism 1 (manuals: 82441FX, 82371SB). */
#include <tests/suite.h>

#include "ide_bench.h"

static void
start(void)
{
    bench_start_on(&bench_cold_board, NULL, 0);
}

START_TEST(enumerate_bus)
{
    unsigned found = 0;

    start();
    for (unsigned dev = 0; dev < 32; dev++) {
        for (unsigned fn = 0; fn < 8; fn++) {
            uint32_t id = inl(cfg(dev, fn, 0));

            if (id != 0xffffffff) {
                found++;
                ck_assert_uint_eq(id, dev == 0 ? 0x12378086 : fn == 0 ? 0x70008086 : 0x70108086);
                ck_assert(dev == 0 ? fn == 0 : dev == 1 && fn <= 1);
            }
        }
    }
    ck_assert_uint_eq(found, 3);
    outl(0xcf8, 0x80010000); /* bus 1 */
    ck_assert_uint_eq(inl(0xcfc), 0xffffffff);
    outl(0xcfc, 0); /* goes nowhere */
    bench_stop(0);
}
END_TEST

/* Registers of the ISA bridge that a trace under QEMU showed to be missing (PIIX3, sections 2.2.14 to 2.2.24). */
START_TEST(isa_registers)
{
    start();
    ck_assert_uint_eq(inl(cfg(1, 0, 0x74)), 0x0c0c0000); /* MBDMA */
    ck_assert_uint_eq(inl(cfg(1, 0, 0x78)), 0x00000002); /* PCSC */
    ck_assert_uint_eq(inl(cfg(1, 0, 0xa0)), 0x00000008); /* SMICNTL, SMIEN */
    ck_assert_uint_eq(inl(cfg(1, 0, 0xa8)), 0x0000000f); /* FTMR, SMIREQ */
    outb(cfg(1, 0, 0x76), 0x04);
    ck_assert_uint_eq(inb(cfg(1, 0, 0x76)), 0x04);
    outl(cfg(1, 0, 0xa4), 0x12345678); /* SEE */
    ck_assert_uint_eq(inl(cfg(1, 0, 0xa4)), 0x12345678);
    bench_stop(0);
}
END_TEST

START_TEST(headers)
{
    start();
    ck_assert_uint_eq(inl(cfg(0, 0, 0x08)) >> 8, 0x060000); /* host bridge */
    ck_assert_uint_eq(inb(cfg(0, 0, 0x08)), 0x02);
    ck_assert_uint_eq(inw(cfg(0, 0, 0x04)), 0x0006);
    ck_assert_uint_eq(inw(cfg(0, 0, 0x06)), 0x0280);
    ck_assert_uint_eq(inb(cfg(0, 0, 0x0e)), 0x00);
    ck_assert_uint_eq(inl(cfg(1, 0, 0x08)) >> 8, 0x060100); /* ISA bridge */
    ck_assert_uint_eq(inb(cfg(1, 0, 0x0e)), 0x80);          /* has more functions */
    ck_assert_uint_eq(inw(cfg(1, 0, 0x04)), 0x0007);
    ck_assert_uint_eq(inw(cfg(1, 0, 0x06)), 0x0200);
    ck_assert_uint_eq(inb(cfg(1, 0, 0x60)), 0x80);
    ck_assert_uint_eq(inl(cfg(1, 1, 0x08)) >> 8, 0x010180); /* IDE, bus master, compatibility mode */
    ck_assert_uint_eq(inb(cfg(1, 1, 0x0e)), 0x00);
    ck_assert_uint_eq(inw(cfg(1, 1, 0x04)), 0x0000);
    ck_assert_uint_eq(inw(cfg(1, 1, 0x06)), 0x0280);
    ck_assert_uint_eq(inl(cfg(1, 1, 0x20)), 0x00000001);
    ck_assert_uint_eq(inl(cfg(1, 1, 0x40)), 0x00000000);
    ck_assert_uint_eq(inb(cfg(1, 1, 0x3d)), 0x00);
    for (unsigned reg = 0x10; reg < 0x20; reg += 4) {
        outl(cfg(1, 1, reg), 0xffffffff); /* no other base address registers */
        ck_assert_uint_eq(inl(cfg(1, 1, reg)), 0);
    }
    bench_stop(0);
}
END_TEST

START_TEST(read_only_and_writable_bits)
{
    start();
    outl(cfg(1, 1, 0x00), 0); /* identification cannot be written */
    outl(cfg(1, 1, 0x08), 0);
    ck_assert_uint_eq(inl(cfg(1, 1, 0x00)), 0x70108086);
    ck_assert_uint_eq(inl(cfg(1, 1, 0x08)), 0x01018000);
    outw(cfg(1, 1, 0x04), 0xffff);
    ck_assert_uint_eq(inw(cfg(1, 1, 0x04)), 0x0005);
    outb(cfg(1, 1, 0x0d), 0xff);
    ck_assert_uint_eq(inb(cfg(1, 1, 0x0d)), 0xf0);
    outb(cfg(1, 1, 0x3c), 0x0e);
    ck_assert_uint_eq(inb(cfg(1, 1, 0x3c)), 0x0e);
    outw(cfg(1, 1, 0x06), 0xffff); /* write 1 to clear what is not set */
    ck_assert_uint_eq(inw(cfg(1, 1, 0x06)), 0x0280);
    outb(cfg(1, 1, 0x41), 0x80); /* a byte of IDETIM leaves the other alone */
    outb(cfg(1, 1, 0x40), 0x77);
    ck_assert_uint_eq(inw(cfg(1, 1, 0x40)), 0x8077);
    outw(cfg(0, 0, 0x04), 0xffff);
    ck_assert_uint_eq(inw(cfg(0, 0, 0x04)), 0x0146);
    ck_assert_uint_eq(inb(cfg(0, 0, 0x72)), 0x02); /* SMRAM and the like keep what is written */
    outb(cfg(0, 0, 0x59), 0x30);
    ck_assert_uint_eq(inb(cfg(0, 0, 0x59)), 0x30);
    ck_assert_uint_eq(inb(cfg(1, 0, 0x4c)), 0x4d);
    outb(cfg(1, 0, 0x63), 0x0b);
    ck_assert_uint_eq(inl(cfg(1, 0, 0x60)), 0x0b808080);
    bench_stop(0);
}
END_TEST

START_TEST(bar_sizing_and_decode)
{
    start();
    outl(cfg(1, 1, 0x20), 0xffffffff);
    ck_assert_uint_eq(inl(cfg(1, 1, 0x20)), 0x0000fff1); /* I/O, 16 bytes */
    outl(cfg(1, 1, 0x20), 0x0000d000);
    ck_assert_uint_eq(inl(cfg(1, 1, 0x20)), 0x0000d001);
    ck_assert_uint_eq(inb(0xd002), 0xff); /* I/O space is off */
    ck_assert_uint_eq(sim_unclaimed(bench.sim), 1);
    outw(cfg(1, 1, 0x04), 0x0001);
    ck_assert_uint_eq(inb(0xd002), 0x00);
    outb(0xd002, 0x60);
    ck_assert_uint_eq(inb(0xd002), 0x60);
    outl(cfg(1, 1, 0x20), 0x0000e000); /* it moves with its contents */
    ck_assert_uint_eq(inb(0xd002), 0xff);
    ck_assert_uint_eq(inb(0xe002), 0x60);
    ck_assert_uint_eq(inb(0x1f7), 0xff); /* not decoded yet */
    outw(cfg(1, 1, 0x40), 0x8000);
    ck_assert_uint_eq(inb(0x1f7), 0x00);
    ck_assert_uint_eq(inb(0x3f6), 0x00);
    ck_assert_uint_eq(inb(0x177), 0xff);
    outw(cfg(1, 1, 0x42), 0x8000);
    ck_assert_uint_eq(inb(0x177), 0x00);
    ck_assert_uint_eq(inb(0x376), 0x00);
    outw(cfg(1, 1, 0x04), 0x0000);
    ck_assert_uint_eq(inb(0x1f7), 0xff);
    bench_stop(5); /* every access to nothing */
}
END_TEST

START_TEST(firmware_state)
{
    bench_start(NULL, 0);
    ck_assert_uint_eq(inw(cfg(1, 1, 0x04)), 0x0001);
    ck_assert_uint_eq(inl(cfg(1, 1, 0x20)), 0x0000c041);
    ck_assert_uint_eq(inl(cfg(1, 1, 0x40)), 0x80008000);
    ck_assert_uint_eq(inb(0x1f7), 0x00);
    ck_assert_uint_eq(inb(0xc042), 0x00);
    outw(cfg(1, 1, 0x04), 0x0000);
    sim_reset(bench.sim);
    ck_assert_uint_eq(inl(0xcf8), 0);
    ck_assert_uint_eq(inw(cfg(1, 1, 0x04)), 0x0001);
    ck_assert_uint_eq(inb(0x1f7), 0x00);
    bench_stop(0);
}
END_TEST

START_TEST(address_port)
{
    start();
    outl(0xcf8, 0x80000804);
    ck_assert_uint_eq(inl(0xcf8), 0x80000804);
    outl(0xcf8, 0x00000800); /* not enabled */
    ck_assert_uint_eq(inl(0xcfc), 0xffffffff);
    ck_assert_int_eq(bench.last.kind, SIM_V_STATE);
    outb(0xcf8, 0); /* 32 bits only */
    ck_assert_int_eq(bench.last.kind, SIM_V_WIDTH);
    ck_assert_uint_eq(inl(0xcf8), 0x00000800);
    outl(0xcf8, 0x80000801); /* bits 1:0 are zero */
    ck_assert_int_eq(bench.last.kind, SIM_V_RESERVED);
    bench_stop(3);
}
END_TEST

START_TEST(narrow_accesses)
{
    start();
    ck_assert_uint_eq(inw(cfg(1, 1, 0x00)), 0x8086);
    ck_assert_uint_eq(inw(cfg(1, 1, 0x02)), 0x7010);
    ck_assert_uint_eq(inb(cfg(1, 1, 0x01)), 0x80);
    ck_assert_uint_eq(inb(cfg(1, 1, 0x03)), 0x70);
    ck_assert_uint_eq(inb(cfg(1, 1, 0x0b)), 0x01);
    bench_stop(0);
}
END_TEST

START_TEST(reset_control)
{
    int code = -1;

    start();
    outb(0xcf9, 0x02); /* choose a hard reset */
    ck_assert_int_eq(sim_ended(bench.sim, &code), SIM_RUNNING);
    ck_assert_uint_eq(inb(0xcf9), 0x02);
    outb(0xcf9, 0x06); /* do it */
    ck_assert_int_eq(sim_ended(bench.sim, &code), SIM_END_RESET);
    ck_assert_int_eq(code, 0);
    bench_stop(0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("pci_i440fx");
    TCase *tc = tcase_create("config");

    tcase_add_test(tc, enumerate_bus);
    tcase_add_test(tc, isa_registers);
    tcase_add_test(tc, headers);
    tcase_add_test(tc, read_only_and_writable_bits);
    tcase_add_test(tc, bar_sizing_and_decode);
    tcase_add_test(tc, firmware_state);
    tcase_add_test(tc, address_port);
    tcase_add_test(tc, narrow_accesses);
    tcase_add_test(tc, reset_control);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}

/* The IDE controller and its drives by programmed I/O (manuals: 82371SB, ATA/ATAPI-6). */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <tests/suite.h>

#include "ide_task.h"

/* --- probing --- */

START_TEST(signature_and_selection)
{
    start_disks();
    ck_assert_uint_eq(inb(0x1f7), 0x50);
    ck_assert_uint_eq(inb(0x1f1), 0x01);
    ck_assert_uint_eq(inb(0x1f2), 0x01);
    ck_assert_uint_eq(inb(0x1f3), 0x01);
    ck_assert_uint_eq(inb(0x1f4), 0x00);
    ck_assert_uint_eq(inb(0x1f5), 0x00);
    ck_assert_uint_eq(inb(0x1f6), 0xa0);
    outb(0x1f6, 0xb0);
    ck_assert_uint_eq(inb(0x1f7), 0x50);
    ck_assert_uint_eq(inb(0x1f6), 0xb0);
    ck_assert(!irq(14));
    bench_stop(0);
}
END_TEST

START_TEST(absent_drives)
{
    start_one_disk(false);
    outb(0x1f6, 0xb0); /* no drive 1: drive 0 answers, but for status */
    ck_assert_uint_eq(inb(0x1f7), 0x00);
    ck_assert_uint_eq(inb(0x3f6), 0x00);
    outb(0x1f2, 0x55);
    outb(0x1f3, 0xaa);
    ck_assert_uint_eq(inb(0x1f2), 0x55);
    ck_assert_uint_eq(inb(0x1f3), 0xaa);
    outb(0x1f7, 0xec); /* nobody listens */
    pass_ns(1000000);
    ck_assert_uint_eq(inb(0x1f7), 0x00);
    ck_assert(!irq(14));
    outb(0x1f6, 0xa0);
    ck_assert_uint_eq(inb(0x1f7), 0x50);
    outb(0x176, 0xa0); /* an empty channel */
    outb(0x172, 0x55);
    ck_assert_uint_eq(inb(0x172), 0x00);
    ck_assert_uint_eq(inb(0x177), 0x00);
    outb(0x177, 0xec);
    pass_ns(1000000);
    ck_assert_uint_eq(inb(0x376), 0x00);
    ck_assert(!irq(15));
    bench_stop(0);
}
END_TEST

START_TEST(secondary_channel)
{
    const struct sim_image image = { .slot = "ide1.1", .mem = disk1, .size = sizeof disk1 };

    bench_start(&image, 1);
    outb(0x176, 0xa0);
    ck_assert_uint_eq(inb(0x177), 0x00); /* no drive 0 */
    outb(0x176, 0xb0);
    ck_assert_uint_eq(inb(0x177), 0x50);
    outb(0x177, 0xec);
    pass_ns(1000000);
    ck_assert(irq(15));
    ck_assert(!irq(14));
    ck_assert_uint_eq(inb(0x177), 0x58);
    ck_assert(!irq(15));
    ck_assert_uint_eq(inw(0x170), 0x0040);
    bench_stop(0);
}
END_TEST

/* --- IDENTIFY DEVICE --- */

static void
identify(uint8_t device, uint16_t *w)
{
    outb(0x1f6, device);
    ck_assert_uint_eq(command(0xec), 0x58);
    for (unsigned i = 0; i < 256; i++) {
        w[i] = inw(0x1f0);
    }
    ck_assert_uint_eq(inb(0x1f7), 0x50);
}

START_TEST(identify_words)
{
    uint16_t w[256];
    uint8_t sum = 0;

    start_disks();
    identify(0xa0, w);
    ck_assert_uint_eq(w[0], 0x0040);
    ck_assert_uint_eq(w[1], DISK_SECTORS / (16 * 63));
    ck_assert_uint_eq(w[3], 16);
    ck_assert_uint_eq(w[6], 63);
    ck_assert_uint_eq(w[10], 'D' << 8 | 'D');
    ck_assert_uint_eq(w[19], 0x2020);
    ck_assert_uint_eq(w[27], 'D' << 8 | 'R');
    ck_assert_uint_eq(w[46], 0x2020);
    ck_assert_uint_eq(w[47], 0x8010);
    ck_assert_uint_eq(w[49] & 0x0300, 0x0300); /* LBA, DMA */
    ck_assert_uint_eq(w[53] & 7, 7);
    ck_assert_uint_eq(w[57] | (uint32_t)w[58] << 16, 2 * 16 * 63);
    ck_assert_uint_eq(w[59], 0);
    ck_assert_uint_eq(w[60] | (uint32_t)w[61] << 16, DISK_SECTORS);
    ck_assert_uint_eq(w[63], 0x0407);
    ck_assert_uint_eq(w[64], 0x0003);
    ck_assert_uint_eq(w[80] & 0x40, 0x40); /* ATA/ATAPI-6 */
    ck_assert_uint_eq(w[83] & 0xc400, 0x4400);
    ck_assert_uint_eq(w[86] & 0x3400, 0x3400);
    ck_assert_uint_eq(w[87] & 0xc000, 0x4000);
    ck_assert_uint_eq(w[93] & 0xc001, 0x4001);
    ck_assert_uint_eq(w[100], DISK_SECTORS);
    ck_assert_uint_eq(w[101] | w[102] | w[103], 0);
    ck_assert_uint_eq(w[255] & 0xff, 0xa5);
    for (unsigned i = 0; i < 256; i++) {
        sum = (uint8_t)(sum + (w[i] & 0xff) + (w[i] >> 8));
    }
    ck_assert_uint_eq(sum, 0);
    identify(0xb0, w);
    ck_assert_uint_eq(w[60], 300);
    ck_assert_uint_eq(w[93] & 0xdf00, 0x4b00);
    bench_stop(0);
}
END_TEST

START_TEST(identify_by_dwords)
{
    start_disks();
    outb(0x1f6, 0xa0);
    ck_assert_uint_eq(command(0xec), 0x58);
    ck_assert_uint_eq(inl(0x1f0) & 0xffff, 0x0040);
    for (unsigned i = 2; i < 256; i += 2) {
        inl(0x1f0);
    }
    ck_assert_uint_eq(inb(0x1f7), 0x50);
    bench_stop(0);
}
END_TEST

/* --- reading --- */

START_TEST(read_one_sector_step_by_step)
{
    uint8_t buf[512];

    start_disks();
    task28(0xe0, 5, 1);
    outb(0x1f7, 0x20);
    ck_assert_uint_eq(inb(0x3f6) & 0x80, 0x80);
    ck_assert(!irq(14));
    pass_ns(21000); /* 1 us for the command, 20 us latency, 1 us for the sector */
    ck_assert_uint_eq(inb(0x3f6) & 0x80, 0x80);
    ck_assert(!irq(14));
    pass_ns(1000);
    ck_assert(irq(14));
    ck_assert_uint_eq(inb(0x3f6), 0x58);
    ck_assert(irq(14)); /* the alternate status does not acknowledge */
    ck_assert_uint_eq(inb(0x1f7), 0x58);
    ck_assert(!irq(14));
    pio_in(buf, 510);
    ck_assert_uint_eq(inb(0x1f7), 0x58);
    pio_in(buf + 510, 2);
    ck_assert_uint_eq(inb(0x1f7), 0x50);
    ck_assert(!irq(14)); /* no interrupt after the last data */
    ck_assert_mem_eq(buf, disk0 + 5 * 512, 512);
    bench_stop(0);
}
END_TEST

START_TEST(read_several_sectors)
{
    uint8_t buf[512];

    start_disks();
    task28(0xe0, 100, 3);
    outb(0x1f7, 0x20);
    for (unsigned i = 0; i < 3; i++) {
        pass_ns(100000);
        ck_assert(irq(14));
        ck_assert_uint_eq(inb(0x1f7), 0x58);
        pio_in(buf, 512);
        ck_assert_mem_eq(buf, disk0 + (100 + i) * 512, 512);
        ck_assert_uint_eq(inb(0x3f6) & 0x80, i < 2 ? 0x80 : 0);
    }
    pass_ns(100000);
    ck_assert(!irq(14));
    ck_assert_uint_eq(inb(0x1f7), 0x50);
    bench_stop(0);
}
END_TEST

START_TEST(read_256_sectors)
{
    static uint8_t buf[512];

    start_disks();
    task28(0xe0, DISK_SECTORS - 256, 0);
    outb(0x1f7, 0x20);
    for (unsigned i = 0; i < 256; i++) {
        ck_assert_uint_eq(wait_idle(), 0x58);
        pio_in(buf, 512);
        ck_assert_mem_eq(buf, disk0 + (DISK_SECTORS - 256 + i) * 512, 512);
    }
    ck_assert_uint_eq(inb(0x1f7), 0x50);
    bench_stop(0);
}
END_TEST

START_TEST(read_chs)
{
    uint8_t buf[512];

    start_disks();
    outb(0x1f6, 0xa3); /* cylinder 1, head 3, sector 2 */
    outb(0x1f2, 1);
    outb(0x1f3, 2);
    outb(0x1f4, 1);
    outb(0x1f5, 0);
    ck_assert_uint_eq(command(0x21), 0x58);
    pio_in(buf, 512);
    ck_assert_mem_eq(buf, disk0 + ((1 * 16 + 3) * 63 + 1) * 512, 512);
    outb(0x1f2, 1);
    outb(0x1f3, 0); /* there is no sector 0 */
    expect_error(command(0x20), 0x10);
    outb(0x1f3, 64); /* 63 sectors in a track */
    expect_error(command(0x20), 0x10);
    outb(0x1f6, 0xa7); /* 8 heads of 32 sectors */
    outb(0x1f2, 32);
    ck_assert_uint_eq(command(0x91), 0x50);
    outb(0x1f6, 0xa1);
    outb(0x1f2, 1);
    outb(0x1f3, 32);
    outb(0x1f4, 7);
    ck_assert_uint_eq(command(0x20), 0x58);
    pio_in(buf, 512);
    ck_assert_mem_eq(buf, disk0 + ((7 * 8 + 1) * 32 + 31) * 512, 512);
    outb(0x1f6, 0xa8); /* head 8 of 8 */
    outb(0x1f3, 1);
    expect_error(command(0x20), 0x10);
    outb(0x1f2, 0);
    expect_error(command(0x91), 0x04);
    bench_stop(0);
}
END_TEST

START_TEST(read_multiple)
{
    uint8_t buf[16 * 512];
    uint16_t w[256];

    start_disks();
    task28(0xe0, 0, 4);
    expect_error(command(0xc4), 0x04); /* off after power-on */
    outb(0x1f2, 3);
    expect_error(command(0xc6), 0x04); /* not a power of two */
    outb(0x1f2, 32);
    expect_error(command(0xc6), 0x04); /* more than word 47 says */
    outb(0x1f2, 8);
    ck_assert_uint_eq(command(0xc6), 0x50);
    identify(0xe0, w);
    ck_assert_uint_eq(w[59], 0x0108);
    task28(0xe0, 20, 19); /* 8 + 8 + 3 */
    outb(0x1f7, 0xc4);
    for (unsigned done = 0; done < 19; done += 8) {
        unsigned n = 19 - done < 8 ? 19 - done : 8;

        ck_assert_uint_eq(wait_idle(), 0x58);
        ck_assert(irq(14));
        ck_assert_uint_eq(inb(0x1f7), 0x58);
        pio_in(buf, n * 512);
        ck_assert_mem_eq(buf, disk0 + (20 + done) * 512, n * 512);
    }
    ck_assert_uint_eq(inb(0x1f7), 0x50);
    outb(0x1f2, 0);
    ck_assert_uint_eq(command(0xc6), 0x50); /* off again */
    expect_error(command(0xc4), 0x04);
    bench_stop(0);
}
END_TEST

START_TEST(read_ext)
{
    uint8_t buf[512];

    start_disks();
    task48(0x40, DISK_SECTORS - 1, 1);
    ck_assert_uint_eq(command(0x24), 0x58);
    pio_in(buf, 512);
    ck_assert_mem_eq(buf, disk0 + (DISK_SECTORS - 1) * 512, 512);
    task48(0x40, UINT64_C(0x123456789abc), 0x5544);
    ck_assert_uint_eq(inb(0x1f2), 0x44); /* the newer half, */
    outb(0x3f6, 0x80);                   /* and the older */
    ck_assert_uint_eq(inb(0x1f2), 0x55);
    ck_assert_uint_eq(inb(0x1f3), 0x56);
    ck_assert_uint_eq(inb(0x1f4), 0x34);
    ck_assert_uint_eq(inb(0x1f5), 0x12);
    outb(0x1f2, 0x44); /* a write clears HOB */
    ck_assert_uint_eq(inb(0x1f3), 0xbc);
    outb(0x3f6, 0x00);
    task48(0x40, UINT64_C(0x123456789abc), 1);
    expect_error(command(0x24), 0x10);
    task48(0x40, DISK_SECTORS - 1, 2); /* one sector too many */
    expect_error(command(0x24), 0x10);
    ck_assert_uint_eq(address28(), DISK_SECTORS);
    task48(0x40, 0, 0); /* 65536 sectors */
    expect_error(command(0x24), 0x10);
    task48(0x00, 0, 1); /* without the LBA bit: forbidden */
    expect_error(command(0x24), 0x04);
    bench_stop(1);
}
END_TEST

START_TEST(end_of_disk_28)
{
    start_disks();
    task28(0xe0, DISK_SECTORS - 1, 1);
    ck_assert_uint_eq(command(0x40), 0x50); /* READ VERIFY */
    task28(0xe0, DISK_SECTORS, 1);
    expect_error(command(0x40), 0x10);
    ck_assert_uint_eq(address28(), DISK_SECTORS);
    task28(0xe0, DISK_SECTORS - 255, 0);
    expect_error(command(0x20), 0x10);
    ck_assert_uint_eq(address28(), DISK_SECTORS);
    task28(0xe0, 0x0fffffff, 1);
    expect_error(command(0x20), 0x10);
    ck_assert_uint_eq(address28(), 0x0fffffff);
    task28(0xe0, DISK_SECTORS, 1);
    expect_error(command(0x30), 0x10);
    task28(0xe0, DISK_SECTORS, 1);
    expect_error(command(0x70), 0x10); /* SEEK */
    task28(0xe0, 17, 1);
    ck_assert_uint_eq(command(0x70), 0x50);
    ck_assert_uint_eq(command(0x10), 0x50); /* RECALIBRATE */
    bench_stop(0);
}
END_TEST

/* --- writing --- */

START_TEST(write_sectors)
{
    uint8_t data[2 * 512];

    start_disks();
    for (unsigned i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 11);
    }
    task28(0xe0, 9, 2);
    outb(0x1f7, 0x30);
    ck_assert_uint_eq(wait_idle(), 0x58);
    ck_assert(!irq(14)); /* not for the first block */
    pio_out(data, 512);
    ck_assert_uint_eq(inb(0x3f6) & 0x80, 0x80);
    ck_assert_uint_eq(wait_idle(), 0x58);
    ck_assert(irq(14));
    ck_assert_uint_eq(inb(0x1f7), 0x58);
    pio_out(data + 512, 512);
    ck_assert_uint_eq(wait_idle(), 0x50);
    ck_assert(irq(14)); /* done */
    ck_assert_uint_eq(inb(0x1f7), 0x50);
    ck_assert(!irq(14));
    ck_assert_mem_eq(disk0 + 9 * 512, data, sizeof data);
    bench_stop(0);
}
END_TEST

START_TEST(write_multiple_and_ext)
{
    static uint8_t data[20 * 512];

    start_disks();
    for (unsigned i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 5 + i / 512);
    }
    outb(0x1f6, 0xe0);
    outb(0x1f2, 16);
    ck_assert_uint_eq(command(0xc6), 0x50);
    task28(0xe0, 40, 20);
    outb(0x1f7, 0xc5);
    wait_idle();
    pio_out(data, 16 * 512);
    ck_assert_uint_eq(wait_idle(), 0x58);
    pio_out(data + 16 * 512, 4 * 512);
    ck_assert_uint_eq(wait_idle(), 0x50);
    ck_assert_mem_eq(disk0 + 40 * 512, data, sizeof data);
    task48(0x40, DISK_SECTORS - 2, 2);
    outb(0x1f7, 0x34);
    wait_idle();
    pio_out(data, 512);
    wait_idle();
    pio_out(data + 512, 512);
    ck_assert_uint_eq(wait_idle(), 0x50);
    ck_assert_mem_eq(disk0 + (DISK_SECTORS - 2) * 512, data, 1024);
    task48(0x40, 60, 4);
    outb(0x1f7, 0x39);
    wait_idle();
    pio_out(data, 4 * 512);
    ck_assert_uint_eq(wait_idle(), 0x50);
    ck_assert_mem_eq(disk0 + 60 * 512, data, 4 * 512);
    task48(0x40, 60, 4);
    ck_assert_uint_eq(command(0x29), 0x58);
    pio_in(data + 8 * 512, 4 * 512);
    ck_assert_mem_eq(data + 8 * 512, data, 4 * 512);
    bench_stop(0);
}
END_TEST

START_TEST(slave_is_another_disk)
{
    uint8_t buf[512];

    start_disks();
    task28(0xf0, 7, 1);
    ck_assert_uint_eq(command(0x20), 0x58);
    pio_in(buf, 512);
    ck_assert_mem_eq(buf, disk1 + 7 * 512, 512);
    task28(0xf0, 300, 1);
    expect_error(command(0x20), 0x10);
    outb(0x1f6, 0xe0); /* drive 0 knows nothing of it */
    ck_assert_uint_eq(inb(0x1f7), 0x50);
    bench_stop(0);
}
END_TEST

START_TEST(pending_interrupt_goes_with_selection)
{
    start_disks();
    outb(0x1f6, 0xa0);
    outb(0x1f7, 0x10);
    wait_idle();
    ck_assert(irq(14));
    outb(0x1f6, 0xb0);
    ck_assert(!irq(14));
    outb(0x1f6, 0xa0);
    ck_assert(irq(14));
    outb(0x3f6, 0x02); /* nIEN */
    ck_assert(!irq(14));
    outb(0x3f6, 0x00);
    ck_assert(irq(14));
    outb(0x1f7, 0x10); /* a command takes it back */
    ck_assert(!irq(14));
    wait_idle();
    ck_assert(irq(14));
    bench_stop(0);
}
END_TEST

/* --- images --- */

START_TEST(read_only_image)
{
    start_one_disk(true);
    task28(0xe0, 1, 1);
    expect_error(command(0x30), 0x44); /* WP and ABRT, before any data */
    ck_assert_uint_eq(command(0xe7), 0x50);
    bench_stop(0);
}
END_TEST

static int
image_file(char *path)
{
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    fill_disk(disk1, 300, 3);
    ck_assert_int_eq(pwrite(fd, disk1, sizeof disk1, 0), (ssize_t)sizeof disk1);
    return fd;
}

static void
write_sector_3(void)
{
    uint8_t data[512];

    memset(data, 0xee, sizeof data);
    task28(0xe0, 3, 1);
    outb(0x1f7, 0x30);
    wait_idle();
    pio_out(data, 512);
    ck_assert_uint_eq(wait_idle(), 0x50);
    ck_assert_uint_eq(command(0xe7), 0x50);
    task28(0xe0, 3, 1);
    ck_assert_uint_eq(command(0x20), 0x58);
    ck_assert_uint_eq(inw(0x1f0), 0xeeee);
}

START_TEST(file_image)
{
    char path[] = "/tmp/drydock-ide-XXXXXX";
    int fd = image_file(path);
    const struct sim_image image = { .slot = "ide0.0", .fd = fd, .size = sizeof disk1 };
    uint8_t got[512];

    bench_start(&image, 1);
    write_sector_3();
    ck_assert_int_eq(pread(fd, got, 512, 3 * 512), 512);
    ck_assert_uint_eq(got[511], 0xee);
    bench_stop(0);
    close(fd);
    unlink(path);
}
END_TEST

/* A scratch disk: the file mapped copy-on-write. */
START_TEST(scratch_image_leaves_the_file_alone)
{
    char path[] = "/tmp/drydock-ide-XXXXXX";
    int fd = image_file(path);
    void *mem = mmap(NULL, sizeof disk1, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    const struct sim_image image = { .slot = "ide0.0", .mem = mem, .size = sizeof disk1 };
    static uint8_t got[sizeof disk1];

    ck_assert_ptr_ne(mem, MAP_FAILED);
    bench_start(&image, 1);
    write_sector_3();
    ck_assert_int_eq(pread(fd, got, sizeof got, 0), (ssize_t)sizeof got);
    ck_assert_mem_eq(got, disk1, sizeof got);
    bench_stop(0);
    munmap(mem, sizeof disk1);
    close(fd);
    unlink(path);
}
END_TEST

/* Where 28 bits end: a sparse file of 2^28 + 8 sectors. */
START_TEST(beyond_28_bits)
{
    static const char mark[] = "beyond the 28-bit limit";
    const uint64_t limit = UINT64_C(1) << 28;
    char path[] = "/tmp/drydock-ide-XXXXXX";
    int fd = mkstemp(path);
    struct sim_image image = { .slot = "ide0.0", .fd = fd, .size = (limit + 8) * 512 };
    uint8_t buf[512];
    uint16_t w[256];

    unlink(path);
    ck_assert_int_eq(ftruncate(fd, (off_t)image.size), 0);
    ck_assert_int_eq(pwrite(fd, mark, sizeof mark, (off_t)(limit * 512)), (ssize_t)sizeof mark);
    bench_start(&image, 1);
    identify(0xe0, w);
    ck_assert_uint_eq(w[1], 16383);
    ck_assert_uint_eq(w[60] | (uint32_t)w[61] << 16, 0x0fffffff);
    ck_assert_uint_eq(w[100], 8);
    ck_assert_uint_eq(w[101], 0x1000);
    ck_assert_uint_eq(command(0xf8), 0x50);
    ck_assert_uint_eq(address28(), 0x0fffffff);
    task28(0xe0, 0x0fffffff, 1);
    ck_assert_uint_eq(command(0x20), 0x58);
    pio_in(buf, 512);
    ck_assert_uint_eq(buf[0], 0);
    task48(0x40, limit, 1);
    ck_assert_uint_eq(command(0x24), 0x58);
    pio_in(buf, 512);
    ck_assert_mem_eq(buf, mark, sizeof mark);
    task48(0x40, limit - 1, 2); /* across */
    outb(0x1f7, 0x24);
    wait_idle();
    pio_in(buf, 512);
    wait_idle();
    pio_in(buf, 512);
    ck_assert_mem_eq(buf, mark, sizeof mark);
    task48(0x40, limit + 7, 2);
    expect_error(command(0x24), 0x10);
    outb(0x3f6, 0x80);
    ck_assert_uint_eq(inb(0x1f3), 0x10); /* limit + 8 */
    outb(0x3f6, 0x00);
    ck_assert_uint_eq(inb(0x1f3), 0x08);
    bench_stop(0);
    close(fd);
}
END_TEST

START_TEST(timing_can_be_set)
{
    start_disks();
    ide_piix3_set_timing(ide_model(), &(struct ata_timing){ 0 });
    outb(0x1f6, 0xe0);
    outb(0x1f7, 0x10);
    pass_ns(1);
    ck_assert(irq(14));
    bench_stop(0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("ide_piix3");
    TCase *tc = tcase_create("pio");

    tcase_add_test(tc, signature_and_selection);
    tcase_add_test(tc, absent_drives);
    tcase_add_test(tc, secondary_channel);
    tcase_add_test(tc, identify_words);
    tcase_add_test(tc, identify_by_dwords);
    tcase_add_test(tc, read_one_sector_step_by_step);
    tcase_add_test(tc, read_several_sectors);
    tcase_add_test(tc, read_256_sectors);
    tcase_add_test(tc, read_chs);
    tcase_add_test(tc, read_multiple);
    tcase_add_test(tc, read_ext);
    tcase_add_test(tc, end_of_disk_28);
    tcase_add_test(tc, write_sectors);
    tcase_add_test(tc, write_multiple_and_ext);
    tcase_add_test(tc, slave_is_another_disk);
    tcase_add_test(tc, pending_interrupt_goes_with_selection);
    tcase_add_test(tc, read_only_image);
    tcase_add_test(tc, file_image);
    tcase_add_test(tc, scratch_image_leaves_the_file_alone);
    tcase_add_test(tc, beyond_28_bits);
    tcase_add_test(tc, timing_can_be_set);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}

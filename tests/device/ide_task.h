/* The primary channel's task file, for the tests of the IDE controller: offsets and bits from
 * ATA/ATAPI-6. */
#pragma once

#include "ide_bench.h"

enum { DISK_SECTORS = 2048 };

static uint8_t disk0[DISK_SECTORS * 512];
static uint8_t disk1[300 * 512];

/* Every sector says who and where it is. */
static inline void
fill_disk(uint8_t *disk, unsigned sectors, uint8_t tag)
{
    for (unsigned i = 0; i < sectors * 512; i++) {
        disk[i] = (uint8_t)(tag + i / 512 * 7 + i % 512 * 3);
    }
}

static inline void
start_disks(void)
{
    const struct sim_image images[] = {
        { .slot = "ide0.0", .mem = disk0, .size = sizeof disk0 },
        { .slot = "ide0.1", .mem = disk1, .size = sizeof disk1 },
    };

    fill_disk(disk0, DISK_SECTORS, 1);
    fill_disk(disk1, 300, 99);
    bench_start(images, 2);
}

static inline void
start_one_disk(bool read_only)
{
    const struct sim_image image = {
        .slot = "ide0.0", .mem = disk0, .size = sizeof disk0, .read_only = read_only
    };

    fill_disk(disk0, DISK_SECTORS, 1);
    bench_start(&image, 1);
}

/* Let the drive work until BSY is clear, but not for ever; returns the alternate status. */
static inline uint8_t
wait_idle(void)
{
    for (unsigned i = 0; i < 100000 && (inb(0x3f6) & 0x80); i++) {
        pass_ns(1000);
    }
    return inb(0x3f6);
}

/* 28-bit task file: `device` with bits 7:4, LBA in all. */
static inline void
task28(uint8_t device, uint32_t lba, uint8_t count)
{
    outb(0x1f6, (uint8_t)((device & 0xf0) | (lba >> 24 & 0x0f)));
    outb(0x1f2, count);
    outb(0x1f3, (uint8_t)lba);
    outb(0x1f4, (uint8_t)(lba >> 8));
    outb(0x1f5, (uint8_t)(lba >> 16));
}

static inline void
task48(uint8_t device, uint64_t lba, uint16_t count)
{
    outb(0x1f6, device);
    outb(0x1f2, (uint8_t)(count >> 8));
    outb(0x1f3, (uint8_t)(lba >> 24));
    outb(0x1f4, (uint8_t)(lba >> 32));
    outb(0x1f5, (uint8_t)(lba >> 40));
    outb(0x1f2, (uint8_t)count);
    outb(0x1f3, (uint8_t)lba);
    outb(0x1f4, (uint8_t)(lba >> 8));
    outb(0x1f5, (uint8_t)(lba >> 16));
}

/* Issue a command and let it run to its first stop; returns status, as read from the status
 * register. */
static inline uint8_t
command(uint8_t cmd)
{
    outb(0x1f7, cmd);
    ck_assert_uint_eq(inb(0x3f6) & 0x80, 0x80);
    wait_idle();
    return inb(0x1f7);
}

static inline void
pio_in(void *buf, unsigned bytes)
{
    uint8_t *p = buf;

    for (unsigned i = 0; i < bytes; i += 2) {
        uint16_t w = inw(0x1f0);

        p[i] = (uint8_t)w;
        p[i + 1] = (uint8_t)(w >> 8);
    }
}

static inline void
pio_out(const void *buf, unsigned bytes)
{
    const uint8_t *p = buf;

    for (unsigned i = 0; i < bytes; i += 2) {
        outw(0x1f0, (uint16_t)(p[i] | p[i + 1] << 8));
    }
}

/* The command has failed with this error register, the address registers name this sector, and it
 * interrupts. */
static inline void
expect_error(uint8_t status, uint8_t error)
{
    ck_assert_uint_eq(status & 0x89, 0x01);
    ck_assert_uint_eq(inb(0x1f1), error);
}

static inline uint32_t
address28(void)
{
    return (uint32_t)inb(0x1f3) | (uint32_t)inb(0x1f4) << 8 | (uint32_t)inb(0x1f5) << 16 |
           (inb(0x1f6) & 0x0fu) << 24;
}

static inline struct model *
ide_model(void)
{
    struct model *m = sim_model_find(bench.sim, "ide0");

    ck_assert_ptr_nonnull(m);
    return m;
}

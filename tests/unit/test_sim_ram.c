/* Simulated RAM, DMA grants, random streams and disk images. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim_toy.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEST_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(TEST_ASAN)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

static struct model *
dev(void)
{
    return &toy("toy0")->model;
}

START_TEST(fixed_address)
{
    struct sim_config config = default_config();
    struct sim *second;
    uint8_t byte;

    config.ram_base = 0;
    config.ram_size = 0;
    start_toys_with(&config);
    ck_assert_ptr_eq(sim_ram_base(t.sim), (void *)0x200000000000);
    ck_assert_uint_eq(sim_ram_size(t.sim), 1 << 20); /* the board's */
    second = sim_create(&config, &t.board, (const struct model_class *const[]){ &toy_class, NULL });
    ck_assert_ptr_null(second);
    ck_assert_int_eq(errno, EEXIST);
    ((uint8_t *)sim_ram_base(t.sim))[4097] = 0x42;
    ck_assert_int_eq(pread(sim_ram_fd(t.sim), &byte, 1, 4097), 1);
    ck_assert_uint_eq(byte, 0x42);
    finish();
    start_toys_with(&config); /* free again, and zero */
    ck_assert_uint_eq(((uint8_t *)sim_ram_base(t.sim))[4097], 0);
    finish();
    config.ram_size = 4095;
    ck_assert_ptr_null(
        sim_create(&config, &t.board, (const struct model_class *const[]){ &toy_class, NULL }));
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(grants)
{
    uint8_t buf[64] = { 0 };

    start_toys();
    ck_assert(!sim_dma_read(dev(), 0x1000, buf, 4));
    expect_error(SIM_V_DMA);
    ck_assert_mem_eq(buf, "\xff\xff\xff\xff", 4);

    ck_assert_int_eq(sim_dma_grant(t.sim, "toy0", 0x1000, 32, SIM_DMA_FROM_DEVICE), 0);
    ck_assert(sim_dma_write(dev(), 0x1000, "hello", 5));
    ck_assert_mem_eq((uint8_t *)sim_ram_base(t.sim) + 0x1000, "hello", 5);
    ck_assert(!sim_dma_read(dev(), 0x1000, buf, 4)); /* the wrong direction */
    expect_error(SIM_V_DMA);
    ck_assert(!sim_dma_write(dev(), 0x101f, "xy", 2)); /* one byte too far: nothing is written */
    expect_error(SIM_V_DMA);
    ck_assert_uint_eq(((uint8_t *)sim_ram_base(t.sim))[0x101f], 0);
    ck_assert(!sim_dma_write(&toy("toy1")->model, 0x1000, "x", 1)); /* another device */
    expect_error(SIM_V_DMA);

    ck_assert_int_eq(
        sim_dma_grant(t.sim, "00:01.0", 0x1020, 32, SIM_DMA_FROM_DEVICE | SIM_DMA_TO_DEVICE), 0);
    ck_assert(sim_dma_write(dev(), 0x101f, "xy", 2)); /* across two grants */
    ck_assert_uint_eq(sim_dma_grants(t.sim), 2);
    ck_assert_int_eq(sim_dma_revoke(t.sim, "toy0", 0x1000, 32), 0);
    ck_assert(!sim_dma_write(dev(), 0x101f, "xy", 2));
    expect_error(SIM_V_DMA);
    ck_assert_int_eq(sim_dma_revoke(t.sim, "toy0", 0x1000, 32), -ENOENT);
    expect_error(SIM_V_DMA);
    finish();
}
END_TEST

START_TEST(bad_grants)
{
    uint64_t ram;

    start_toys();
    ram = sim_ram_size(t.sim);
    ck_assert_int_eq(sim_dma_grant(t.sim, "none", 0, 16, 3), -ENODEV);
    ck_assert_int_eq(sim_dma_grant(t.sim, "toy0", 0, 0, 3), -EINVAL);
    ck_assert_int_eq(sim_dma_grant(t.sim, "toy0", 0, 16, 0), -EINVAL);
    ck_assert_int_eq(sim_dma_grant(t.sim, "toy0", ram - 8, 16, 3), -EINVAL);
    ck_assert_int_eq(sim_dma_grant(t.sim, "toy0", UINT64_MAX - 8, 16, 3), -EINVAL);
    ck_assert_int_eq(sim_dma_grant(t.sim, "toy0", ram - 16, 16, 3), 0);
    ck_assert(!sim_dma_write(dev(), UINT64_MAX - 1, "1234", 4));
    expect_error(SIM_V_DMA);
    for (unsigned i = 0; i < 1000; i++) {
        ck_assert_int_eq(sim_dma_grant(t.sim, "toy0", i * 512, 512, 3), 0);
    }
    ck_assert(sim_dma_write(dev(), 100 * 512, sim_ram_base(t.sim), 200 * 512));
    finish();
}
END_TEST

START_TEST(turns)
{
    enum { BOTH = SIM_DMA_FROM_DEVICE | SIM_DMA_TO_DEVICE };
    uint8_t buf[8] = { 0 };

    start_toys();
    ck_assert_int_eq(sim_dma_grant(t.sim, "toy0", 0x1000, 64, BOTH | SIM_DMA_TURNS), 0);
    ck_assert(!sim_dma_write(dev(), 0x1000, buf, 8)); /* not given yet */
    expect_error(SIM_V_DMA);
    sim_dma_handover(t.sim, 0x1000, 64, true);
    ck_assert(sim_dma_write(dev(), 0x1000, buf, 8));
    ck_assert(sim_dma_read(dev(), 0x1000, buf, 8));
    sim_dma_handover(t.sim, 0x1000, 64, false);
    ck_assert(!sim_dma_read(dev(), 0x1000, buf, 8)); /* taken back */
    expect_error(SIM_V_DMA);
    ck_assert_int_eq(sim_dma_revoke(t.sim, "toy0", 0x1000, 64), 0);
    ck_assert(!sim_dma_write(dev(), 0x1000, buf, 8)); /* the device went on */
    expect_error(SIM_V_DMA);
    ck_assert(strstr(t.last_error_text, "taken back while the device still used it") != NULL);
    ck_assert_int_eq(sim_dma_grant(t.sim, "toy0", 0x1000, 64, BOTH), 0); /* both at any time */
    ck_assert(sim_dma_write(dev(), 0x1000, buf, 8));
    ck_assert_int_eq(sim_dma_revoke(t.sim, "toy0", 0x1000, 64), 0);
    ck_assert_int_eq(sim_dma_grant(t.sim, "toy0", 0x1000, 64, BOTH), 0);
    sim_dma_handover(t.sim, 0x1000, 64, true);
    ck_assert(sim_dma_write(dev(), 0x1000, buf, 8));
    ck_assert_int_eq(sim_dma_revoke(t.sim, "toy0", 0x1000, 64), 0); /* nobody acquired what it wrote */
    expect_error(SIM_V_DMA);
    finish();
}
END_TEST

/* The CPU's cache and memory differ until somebody says so. */
START_TEST(noncoherent)
{
    enum { BOTH = SIM_DMA_FROM_DEVICE | SIM_DMA_TO_DEVICE };
    struct sim_config config = default_config();
    uint8_t got[4];
    uint8_t *ram;

    config.dma_noncoherent = true;
    start_toys_with(&config);
    ram = sim_ram_base(t.sim);
    ck_assert_int_eq(sim_dma_grant(t.sim, "toy0", 0x1000, 128, BOTH), 0);
    memcpy(ram + 0x1000, "one", 4);
    sim_dma_handover(t.sim, 0x1000, 128, true);
    memcpy(ram + 0x1000, "two", 4); /* too late: no fence follows */
    ck_assert(sim_dma_read(dev(), 0x1000, got, 4));
    ck_assert_str_eq((char *)got, "one");
    ck_assert(sim_dma_write(dev(), 0x1040, "dev", 4));
    ck_assert_int_eq(ram[0x1040], 0); /* not seen without a fence */
    sim_dma_handover(t.sim, 0x1000, 128, false);
    ck_assert_str_eq((char *)ram + 0x1040, "dev");
    ck_assert_str_eq((char *)ram + 0x1000, "one"); /* and what was not released is lost */
    ck_assert_int_eq(sim_dma_revoke(t.sim, "toy0", 0x1000, 128), 0);

    /* A buffer that shares a cache line takes its neighbour along. */
    ck_assert_int_eq(sim_dma_grant(t.sim, "toy0", 0x2010, 16, BOTH), 0);
    sim_dma_handover(t.sim, 0x2010, 16, true);
    memcpy(ram + 0x2000, "mine", 5);
    sim_dma_handover(t.sim, 0x2010, 16, false);
    ck_assert_int_eq(ram[0x2000], 0);

    /* Memory that both use at any time is not cached. */
    ck_assert_int_eq(sim_dma_grant(t.sim, "toy0", 0x3000, 64, BOTH), 0);
    memcpy(ram + 0x3000, "now", 4);
    ck_assert(sim_dma_read(dev(), 0x3000, got, 4));
    ck_assert_str_eq((char *)got, "now");
    finish();
}
END_TEST

START_TEST(devices_ignore_poison)
{
    uint8_t buf[256], back[256];
    uint8_t *ram;

    start_toys();
    ram = sim_ram_base(t.sim);
    sim_dma_grant(t.sim, "toy0", 0, 4096, SIM_DMA_FROM_DEVICE | SIM_DMA_TO_DEVICE);
    ASAN_POISON_MEMORY_REGION(ram, 4096);
    for (unsigned i = 0; i < sizeof buf; i++) {
        buf[i] = (uint8_t)(i * 3);
    }
    for (unsigned off = 0; off < 9; off++) {
        ck_assert(sim_dma_write(dev(), off, buf, sizeof buf - off));
        ck_assert(sim_dma_read(dev(), off, back, sizeof back - off));
        ck_assert_mem_eq(buf, back, sizeof buf - off);
    }
    finish(); /* unpoisons */
    ck_assert_uint_eq(t.errors_expected, 0);
}
END_TEST

START_TEST(streams)
{
    struct sim_stream a, b, c;
    struct sim_config config = default_config();
    uint64_t first, other;
    unsigned bits = 0;

    sim_stream_init(&a, 1, "x");
    sim_stream_init(&b, 1, "x");
    sim_stream_init(&c, 1, "y");
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t v = sim_stream_u64(&a);

        ck_assert_uint_eq(v, sim_stream_u64(&b));
        ck_assert_uint_ne(v, sim_stream_u64(&c));
        bits += (unsigned)__builtin_popcountll(v);
    }
    ck_assert_uint_gt(bits, 31500);
    ck_assert_uint_lt(bits, 32500);

    start_toys();
    first = sim_random_u64(dev());
    other = sim_random_u64(&toy("toy1")->model);
    ck_assert_uint_ne(first, other);
    for (unsigned i = 0; i < 1000; i++) {
        ck_assert_uint_lt(sim_random_below(dev(), 10), 10);
    }
    ck_assert_uint_eq(sim_random_below(dev(), 0), 0);
    finish();
    start_toys(); /* the same seed gives the same, and devices do not disturb one another */
    ck_assert_uint_eq(sim_random_u64(&toy("toy1")->model), other);
    ck_assert_uint_eq(sim_random_u64(dev()), first);
    finish();
    config.seed = 2;
    start_toys_with(&config);
    ck_assert_uint_ne(sim_random_u64(dev()), first);
    finish();
}
END_TEST

START_TEST(images)
{
    uint8_t mem[1024] = { 0 }, buf[512];
    struct sim_config config = default_config();
    struct sim_image list[2];
    struct sim_image *image;
    int fd = memfd_create("image", MFD_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, 4096), 0);
    list[0] = (struct sim_image){ .slot = "ide0.0", .fd = fd, .size = 8192 };
    list[1] =
        (struct sim_image){ .slot = "ide0.1", .mem = mem, .size = sizeof mem, .read_only = true };
    config.images = list;
    config.image_count = 2;
    start_toys_with(&config);
    ck_assert_ptr_null(sim_image_find(t.sim, "ide1.0"));
    ck_assert_ptr_null(sim_image_nth(t.sim, 2));
    image = sim_image_find(t.sim, "ide0.0");
    ck_assert_int_eq(sim_image_write(image, 512, "data", 4), 0);
    ck_assert_int_eq(sim_image_read(image, 512, buf, 512), 0);
    ck_assert_mem_eq(buf, "data\0", 5);
    ck_assert_int_eq(sim_image_read(image, 4096, buf, 512),
                     -EIO); /* the file is shorter than it claims */
    ck_assert_int_eq(sim_image_read(image, 8192, buf, 1), -EINVAL);
    ck_assert_int_eq(sim_image_read(image, UINT64_MAX, buf, 2), -EINVAL);
    ck_assert_int_eq(sim_image_flush(image), 0);
    image = sim_image_find(t.sim, "ide0.1");
    ck_assert_int_eq(sim_image_write(image, 0, "x", 1), -EROFS);
    ck_assert_int_eq(sim_image_read(image, 512, buf, 512), 0);
    ck_assert_uint_eq(image->reads, 1);
    finish();
    close(fd);
}
END_TEST

RUN_TESTS("sim_ram", fixed_address, grants, bad_grants, turns, noncoherent, devices_ignore_poison,
          streams, images)

/* The SD card model against the Physical Layer Simplified Specification 2.00, chapters 4.5, 5 and 7, byte by byte. */
#include <devices/sd_card.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ssi_bench.h"

enum {
    MIB = 1 << 20,
    IDLE = 1,
    ERASE_RESET = 2,
    ILLEGAL = 4,
    CRC_ERROR = 8,
    SEQUENCE = 16,
    ADDRESS = 32,
    PARAMETER = 64,
    POLLS = 10000,
};

static uint8_t medium[4 * MIB];
static struct sim_image image;
static struct model *card;

/* Check sums written down again, bit by bit as in 4.5. */
static uint8_t
crc7(const uint8_t *p, size_t n)
{
    uint8_t crc = 0;

    for (size_t i = 0; i < n * 8; i++) {
        bool bit = (p[i / 8] >> (7 - i % 8) & 1) != (crc >> 6 & 1);

        crc = (uint8_t)((crc << 1 & 0x7f) ^ (bit ? 9 : 0));
    }
    return (uint8_t)(crc << 1 | 1);
}

static uint16_t
crc16(const uint8_t *p, size_t n)
{
    uint16_t crc = 0;

    for (size_t i = 0; i < n * 8; i++) {
        bool bit = (p[i / 8] >> (7 - i % 8) & 1) != (crc >> 15);

        crc = (uint16_t)((crc << 1) ^ (bit ? 0x1021 : 0));
    }
    return crc;
}

static uint8_t
command_with(uint8_t number, uint32_t arg, uint8_t spoil)
{
    uint8_t c[6] = { (uint8_t)(0x40 | number), (uint8_t)(arg >> 24), (uint8_t)(arg >> 16),
                     (uint8_t)(arg >> 8), (uint8_t)arg };
    uint8_t r = 0xff;

    c[5] = crc7(c, 5) ^ spoil;
    for (unsigned i = 0; i < 6; i++) {
        spi(c[i]);
    }
    for (unsigned i = 0; i < 9 && (r & 0x80); i++) { /* NCR: at most 8 bytes */
        r = spi(0xff);
    }
    return r;
}

static uint8_t
command(uint8_t number, uint32_t arg)
{
    return command_with(number, arg, 0);
}

static uint8_t
app(uint8_t number, uint32_t arg)
{
    ck_assert_uint_eq(command(55, 0) & ~IDLE, 0);
    return command(number, arg);
}

static uint32_t
tail32(void)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < 4; i++) {
        v = v << 8 | spi(0xff);
    }
    return v;
}

static uint8_t
token(void)
{
    uint8_t b = 0xff;

    for (unsigned i = 0; i < POLLS && b == 0xff; i++) {
        b = spi(0xff);
    }
    return b;
}

static void
read_block(uint8_t *to, size_t n)
{
    uint16_t crc;

    ck_assert_uint_eq(token(), 0xfe);
    for (size_t i = 0; i < n; i++) {
        to[i] = spi(0xff);
    }
    crc = (uint16_t)(spi(0xff) << 8);
    crc |= spi(0xff);
    ck_assert_uint_eq(crc, crc16(to, n));
}

static void
wait_busy(void)
{
    unsigned i = 0;

    while (i < POLLS && spi(0xff) != 0xff) {
        i++;
    }
    ck_assert_uint_lt(i, POLLS);
}

static uint8_t
write_block(uint8_t start, const uint8_t *from, uint16_t spoil)
{
    uint16_t crc = crc16(from, 512) ^ spoil;

    spi(0xff);
    spi(start);
    for (size_t i = 0; i < 512; i++) {
        spi(from[i]);
    }
    spi((uint8_t)(crc >> 8));
    spi((uint8_t)crc);
    return spi(0xff) & 0x1f;
}

static uint16_t
status(void)
{
    uint16_t r = (uint16_t)(command(13, 0) << 8);

    return r | spi(0xff);
}

static void
clocks(void)
{
    for (unsigned i = 0; i < 10; i++) {
        spi(0xff);
    }
}

static void
bring_up(void)
{
    unsigned polls = 0;

    clocks();
    select_card(true);
    ck_assert_uint_eq(command(0, 0), IDLE);
    ck_assert_uint_eq(command(8, 0x1aa), IDLE);
    ck_assert_uint_eq(tail32(), 0x1aa);
    while (app(41, 0x40000000) == IDLE) {
        polls++;
        ck_assert_uint_lt(polls, 100);
    }
    ck_assert_uint_eq(polls, 3);
}

static void
start(void)
{
    for (size_t i = 0; i < sizeof medium; i++) {
        medium[i] = (uint8_t)(i / 512 * 7 + i);
    }
    image = (struct sim_image){ .slot = "sd0", .fd = -1, .mem = medium, .size = sizeof medium };
    ssi_start(&image);
    card = sim_model_find(t.sim, "sd0");
}

static void
start_ready(void)
{
    start();
    bring_up();
}

START_TEST(identification)
{
    start();
    clocks();
    select_card(true);
    ck_assert_uint_eq(command(8, 0x1aa), 0xff); /* still in SD mode: it hears only CMD0 */
    ck_assert_uint_eq(command_with(0, 0, 2), 0xff);
    ck_assert_uint_eq(command(0, 0), IDLE);
    ck_assert_uint_eq(command(17, 0), IDLE | ILLEGAL);
    ck_assert_uint_eq(command(58, 0), IDLE);
    ck_assert_uint_eq(tail32(), 0x00ff8000); /* 2.7 to 3.6 V, not ready */
    ck_assert_uint_eq(command_with(8, 0x1aa, 2), IDLE | CRC_ERROR);
    ck_assert_uint_eq(command(8, 0x2aa), IDLE); /* not its voltage */
    ck_assert_uint_eq(tail32(), 0x0aa);
    bring_up();
    ck_assert_uint_eq(command(58, 0), 0);
    ck_assert_uint_eq(tail32(), 0x80ff8000);
    ck_assert_uint_eq(status(), 0);
    finish();
}
END_TEST

START_TEST(needs_clocks_first)
{
    start();
    select_card(true);
    ck_assert_uint_eq(command(0, 0), 0xff);
    expect_error(SIM_V_STATE);
    select_card(false);
    clocks();
    select_card(true);
    ck_assert_uint_eq(command(0, 0), IDLE);
    finish();
}
END_TEST

static uint64_t
bits(const uint8_t *reg, unsigned high, unsigned low)
{
    uint64_t v = 0;

    for (unsigned b = high + 1; b-- > low;) {
        v = v << 1 | (reg[15 - b / 8] >> b % 8 & 1);
    }
    return v;
}

START_TEST(registers)
{
    uint8_t r[64];

    start_ready();
    ck_assert_uint_eq(command(9, 0), 0);
    read_block(r, 16);
    ck_assert_uint_eq(r[15], crc7(r, 15));
    ck_assert_uint_eq(bits(r, 127, 126), 0); /* version 1.0 */
    ck_assert_uint_eq((bits(r, 73, 62) + 1) << (bits(r, 49, 47) + 2) << bits(r, 83, 80),
                      sizeof medium);
    ck_assert_uint_eq(bits(r, 95, 84) & 0x015, 0x015); /* basic, read, write */
    ck_assert_uint_eq(bits(r, 103, 96), 0x32);         /* 25 MHz */
    ck_assert_uint_eq(bits(r, 12, 12), 0);
    ck_assert_uint_eq(command(10, 0), 0);
    read_block(r, 16);
    ck_assert_uint_eq(r[15], crc7(r, 15));
    ck_assert_mem_eq(r + 3, "DRYDK", 5);
    ck_assert_uint_eq(app(51, 0), 0);
    read_block(r, 8);
    ck_assert_uint_eq(r[0], 2);
    ck_assert_uint_eq(app(13, 0), 0); /* R2 */
    ck_assert_uint_eq(spi(0xff), 0);
    read_block(r, 64);
    ck_assert_uint_eq(app(22, 0), 0);
    read_block(r, 4);
    ck_assert_uint_eq(app(23, 8), 0);
    ck_assert_uint_eq(app(42, 0), 0);
    ck_assert_uint_eq(app(1, 0), ILLEGAL);
    ck_assert_uint_eq(command(6, 0), ILLEGAL);
    ck_assert_uint_eq(command(63, 0), ILLEGAL);
    finish();
}
END_TEST

START_TEST(single_block_read)
{
    uint8_t b[512];

    start_ready();
    ck_assert_uint_eq(command(17, 512 * 7), 0);
    read_block(b, 512);
    ck_assert_mem_eq(b, medium + 512 * 7, 512);
    ck_assert_uint_eq(spi(0xff), 0xff);
    ck_assert_uint_eq(command(17, sizeof medium - 512), 0);
    read_block(b, 512);
    ck_assert_mem_eq(b, medium + sizeof medium - 512, 512);
    ck_assert_uint_eq(command(17, sizeof medium), PARAMETER);
    ck_assert_uint_eq(status(), 0x80);
    ck_assert_uint_eq(status(), 0); /* told once */
    ck_assert_uint_eq(command(17, 100), ADDRESS);
    ck_assert_uint_eq(sd_card_reads(card), 2);
    finish();
}
END_TEST

START_TEST(partial_blocks)
{
    uint8_t b[512];

    start_ready();
    ck_assert_uint_eq(command(16, 0), PARAMETER);
    ck_assert_uint_eq(command(16, 513), PARAMETER);
    ck_assert_uint_eq(command(16, 16), 0);
    ck_assert_uint_eq(command(17, 1000), 0);
    read_block(b, 16);
    ck_assert_mem_eq(b, medium + 1000, 16);
    ck_assert_uint_eq(command(17, 1020), ADDRESS); /* over the border of a block */
    ck_assert_uint_eq(command(24, 0), PARAMETER);  /* writing goes by whole blocks only */
    finish();
}
END_TEST

START_TEST(multiple_block_read)
{
    uint8_t b[512];

    start_ready();
    ck_assert_uint_eq(command(18, 512 * 3), 0);
    for (unsigned i = 0; i < 4; i++) {
        read_block(b, 512);
        ck_assert_mem_eq(b, medium + 512 * (3 + i), 512);
    }
    token(); /* in the middle of the fifth */
    spi(0xff);
    ck_assert_uint_eq(command(12, 0), 0);
    ck_assert_uint_eq(spi(0xff), 0xff);
    ck_assert_uint_eq(command(18, sizeof medium - 512), 0);
    read_block(b, 512);
    ck_assert_uint_eq(token(), 0x08); /* past the end */
    ck_assert_uint_eq(command(12, 0), 0);
    ck_assert_uint_eq(status(), 0x80);
    finish();
}
END_TEST

START_TEST(single_block_write)
{
    uint8_t b[512];

    start_ready();
    for (unsigned i = 0; i < 512; i++) {
        b[i] = (uint8_t)(i * 13 + 1);
    }
    ck_assert_uint_eq(command(24, 512 * 9), 0);
    ck_assert_uint_eq(write_block(0xfe, b, 0), 0x05);
    ck_assert_uint_eq(spi(0xff), 0); /* busy */
    wait_busy();
    ck_assert_mem_eq(medium + 512 * 9, b, 512);
    ck_assert_uint_eq(command(24, 100), ADDRESS);
    ck_assert_uint_eq(command(24, sizeof medium), PARAMETER);
    ck_assert_uint_eq(command(59, 1), 0); /* with checks */
    ck_assert_uint_eq(command_with(13, 0, 4), CRC_ERROR);
    ck_assert_uint_eq(command(24, 512 * 10), 0);
    ck_assert_uint_eq(write_block(0xfe, b, 1), 0x0b);
    ck_assert_uint_eq(medium[512 * 10], (uint8_t)(10 * 7 + 512 * 10));
    ck_assert_uint_eq(command(59, 0), 0);
    ck_assert_uint_eq(command(24, 512 * 10), 0);
    ck_assert_uint_eq(write_block(0xfe, b, 1), 0x05); /* nobody looks */
    finish();
}
END_TEST

START_TEST(multiple_block_write)
{
    uint8_t b[512];

    start_ready();
    ck_assert_uint_eq(app(23, 3), 0);
    ck_assert_uint_eq(command(25, 512 * 20), 0);
    for (unsigned i = 0; i < 3; i++) {
        memset(b, (int)(0xa0 + i), sizeof b);
        ck_assert_uint_eq(write_block(0xfc, b, 0), 0x05);
        wait_busy();
    }
    spi(0xfd);
    spi(0xff);
    ck_assert_uint_eq(spi(0xff), 0);
    wait_busy();
    ck_assert_uint_eq(medium[512 * 20], 0xa0);
    ck_assert_uint_eq(medium[512 * 22 + 511], 0xa2);
    ck_assert_uint_eq(medium[512 * 23], (uint8_t)(23 * 7 + 512 * 23));
    ck_assert_uint_eq(command(25, sizeof medium - 512), 0);
    ck_assert_uint_eq(write_block(0xfc, b, 0), 0x05);
    wait_busy();
    ck_assert_uint_eq(write_block(0xfc, b, 0), 0x0d); /* past the end */
    spi(0xfd);
    spi(0xff);
    wait_busy();
    ck_assert_uint_eq(status(), 0x80);
    ck_assert_uint_eq(command(25, 0), 0);
    spi(0x12);
    expect_error(SIM_V_STATE); /* not a token */
    finish();
}
END_TEST

START_TEST(erase)
{
    start_ready();
    ck_assert_uint_eq(command(33, 0), SEQUENCE);
    ck_assert_uint_eq(command(38, 0), SEQUENCE);
    ck_assert_uint_eq(command(32, 512 * 4), 0);
    ck_assert_uint_eq(command(33, 512 * 6), 0);
    ck_assert_uint_eq(command(38, 0), 0);
    ck_assert_uint_eq(spi(0xff), 0);
    wait_busy();
    ck_assert_uint_eq(medium[512 * 4 - 1], (uint8_t)(3 * 7 + 512 * 4 - 1));
    ck_assert_uint_eq(medium[512 * 4] | medium[512 * 7 - 1], 0);
    ck_assert_uint_eq(medium[512 * 7], (uint8_t)(7 * 7 + 512 * 7));
    ck_assert_uint_eq(command(32, 512 * 9), 0);
    ck_assert_uint_eq(command(33, 512 * 8), 0);
    ck_assert_uint_eq(command(38, 0), 0);
    ck_assert_uint_eq(status(), 0x40); /* erase parameter */
    ck_assert_uint_eq(command(32, 0), 0);
    ck_assert_uint_eq(command(16, 512), 0); /* something else in between */
    ck_assert_uint_eq(command(33, 0), SEQUENCE);
    finish();
}
END_TEST

START_TEST(high_capacity)
{
    int fd = memfd_create("card", 0);
    uint8_t b[512];

    ck_assert_int_eq(ftruncate(fd, (off_t)4 << 30), 0);
    ck_assert_int_eq(pwrite(fd, "far away", 8, (off_t)3 << 30), 8);
    image = (struct sim_image){ .slot = "sd0", .fd = fd, .size = UINT64_C(4) << 30 };
    ssi_start(&image);
    clocks();
    select_card(true);
    ck_assert_uint_eq(command(0, 0), IDLE);
    for (unsigned i = 0; i < 20; i++) { /* the host has not said that it knows such cards */
        ck_assert_uint_eq(app(41, 0x40000000), IDLE);
    }
    bring_up();
    ck_assert_uint_eq(command(58, 0), 0);
    ck_assert_uint_eq(tail32(), 0xc0ff8000);
    ck_assert_uint_eq(command(9, 0), 0);
    read_block(b, 16);
    ck_assert_uint_eq(bits(b, 127, 126), 1);
    ck_assert_uint_eq((bits(b, 69, 48) + 1) * 512 * 1024, UINT64_C(4) << 30);
    ck_assert_uint_eq(command(16, 16), 0); /* no effect */
    ck_assert_uint_eq(command(17, (3u << 30) / 512), 0);
    read_block(b, 512);
    ck_assert_str_eq((char *)b, "far away");
    ck_assert_uint_eq(command(17, 8u << 20), PARAMETER);
    finish();
    close(fd);
}
END_TEST

START_TEST(faults)
{
    struct sd_faults *f;
    uint8_t b[512] = { 0 };

    start_ready();
    f = sd_card_faults(card);
    f->fail_read_at = 1;
    ck_assert_uint_eq(command(17, 0), 0);
    ck_assert_uint_eq(token(), 0x04);
    ck_assert_uint_eq(status(), 0x10);
    f->bad_read_crc_at = 2;
    ck_assert_uint_eq(command(17, 0), 0);
    ck_assert_uint_eq(token(), 0xfe);
    for (unsigned i = 0; i < 512; i++) {
        b[i] = spi(0xff);
    }
    ck_assert_uint_ne(crc16(b, 512), (uint16_t)(spi(0xff) << 8 | spi(0xff)));
    f->stall_read_at = 3;
    ck_assert_uint_eq(command(17, 0), 0);
    ck_assert_uint_eq(token(), 0xff);
    ck_assert_uint_eq(command(12, 0), 0);
    f->fail_write_at = 1;
    ck_assert_uint_eq(command(24, 0), 0);
    ck_assert_uint_eq(write_block(0xfe, b, 0), 0x0d);
    ck_assert_uint_eq(status(), 0x04);
    f->stall_write_at = 2;
    ck_assert_uint_eq(command(24, 0), 0);
    ck_assert_uint_eq(write_block(0xfe, b, 0), 0x05);
    for (unsigned i = 0; i < POLLS; i++) {
        ck_assert_uint_eq(spi(0xff), 0);
    }
    finish();
}
END_TEST

START_TEST(write_protected)
{
    uint8_t b[512] = { 0 };

    start();
    sim_image_find(t.sim, "sd0")->read_only = true;
    bring_up();
    ck_assert_uint_eq(command(9, 0), 0);
    read_block(b, 16);
    ck_assert_uint_eq(bits(b, 12, 12), 1);
    ck_assert_uint_eq(command(24, 0), 0);
    ck_assert_uint_eq(write_block(0xfe, b, 0), 0x0d);
    ck_assert_uint_eq(status(), 0x20);
    finish();
}
END_TEST

START_TEST(pulled_and_put_in_again)
{
    uint8_t b[512];

    start_ready();
    sd_card_faults(card)->pull_at = 2;
    ck_assert_uint_eq(command(18, 0), 0);
    read_block(b, 512);
    ck_assert_uint_eq(token(), 0xff); /* gone: the pull-up */
    ck_assert(!sd_card_present(card));
    ck_assert_uint_eq(command(13, 0), 0xff);
    sd_card_faults(card)->pull_at = 0;
    sd_card_insert(card, true);
    ck_assert_uint_eq(command(13, 0), 0xff); /* powered up, in SD mode */
    select_card(false);
    bring_up();
    ck_assert_uint_eq(command(17, 512), 0);
    read_block(b, 512);
    ck_assert_mem_eq(b, medium + 512, 512);
    finish();
}
END_TEST

START_TEST(empty_holder)
{
    ssi_start(NULL);
    clocks();
    select_card(true);
    ck_assert_uint_eq(command(0, 0), 0xff);
    ck_assert(!sd_card_present(sim_model_find(t.sim, "sd0")));
    sd_card_insert(sim_model_find(t.sim, "sd0"), true);
    ck_assert(!sd_card_present(sim_model_find(t.sim, "sd0")));
    finish();
}
END_TEST

START_TEST(selection)
{
    start_ready();
    spi(0x40 | 13); /* begun, and deselected */
    select_card(false);
    ck_assert_uint_eq(command(13, 0), 0xff); /* not meant */
    select_card(true);
    ck_assert_uint_eq(status(), 0);
    write32(GPIOD + G_DIR, 0); /* nobody drives the pin: the board pulls it up */
    ck_assert_uint_eq(command(13, 0), 0xff);
    write32(CR1, 0);
    write32(CR0, 6); /* seven bits */
    write32(CR1, 2);
    write32(GPIOD + G_DIR, 1);
    spi(0x3f);
    expect_error(SIM_V_STATE);
    finish();
}
END_TEST

START_TEST(state_goes_with_the_machine)
{
    static uint8_t state[1 << 16];
    uint8_t b[512];

    start_ready();
    ck_assert_uint_eq(command(17, 512), 0);
    ck_assert_uint_eq(token(), 0xfe);
    ck_assert_uint_le(sim_state_size(t.sim), sizeof state);
    sim_state_save(t.sim, state);
    for (unsigned i = 0; i < 512; i++) {
        spi(0xff);
    }
    ck_assert_int_eq(sim_state_restore(t.sim, state, sim_state_size(t.sim)), 0);
    for (unsigned i = 0; i < 512; i++) {
        b[i] = spi(0xff);
    }
    ck_assert_mem_eq(b, medium + 512, 512);
    finish();
}
END_TEST

RUN_TESTS("sd_card", identification, needs_clocks_first, registers, single_block_read,
          partial_blocks, multiple_block_read, single_block_write, multiple_block_write, erase,
          high_capacity, faults, write_protected, pulled_and_put_in_again, empty_holder, selection,
          state_goes_with_the_machine)

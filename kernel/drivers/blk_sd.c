/* Driver for SD memory cards in SPI mode (SD Specifications Part 1, Physical Layer Simplified Specification 2.00, chapters 4, 5 and 7).
 *
 * Standard and high capacity, single and multiple blocks, with check sums in both directions.  A request that fails is tried again, the
 * card being brought up anew if it does not answer: one that was pulled and is back is used again if it is the same (by its CID); as long
 * as it is away, or with another in its place, requests end with -EIO.  The other one is taken when nobody uses the old one any more: each
 * first use asks which card it is.  Not used: erasing, write protection groups, MMC. */
#include <hal/time.h>
#include <kernel/abi/errno.h>
#include <kernel/core/blk.h>
#include <kernel/core/device.h>
#include <kernel/core/gpio.h>
#include <kernel/core/log.h>
#include <kernel/core/spi.h>
#include <kernel/core/wait.h>
#include <kernel/drivers/drivers.h>
#include <kernel/mm/kmem.h>
#include <kernel/trusted/bounds.h>

enum {
    GO_IDLE_STATE = 0,
    SEND_IF_COND = 8,
    SEND_CSD = 9,
    SEND_CID = 10,
    STOP_TRANSMISSION = 12,
    SET_BLOCKLEN = 16,
    READ_SINGLE_BLOCK = 17,
    READ_MULTIPLE_BLOCK = 18,
    WRITE_BLOCK = 24,
    WRITE_MULTIPLE_BLOCK = 25,
    SD_SEND_OP_COND = 41, /* behind APP_CMD */
    APP_CMD = 55,
    READ_OCR = 58,
    CRC_ON_OFF = 59,
};

#define R1_IDLE    BIT(0)
#define R1_CRC     BIT(3)
#define R1_INVALID BIT(7) /* no response */

#define OCR_CCS  BIT(30)
#define ARG_HCS  BIT(30)
#define ARG_ECHO 0x1aau /* 2.7 to 3.6 V, and a pattern that comes back */

enum {
    TOKEN_BLOCK = 0xfe,
    TOKEN_MULTIPLE = 0xfc,
    TOKEN_STOP = 0xfd,
    DATA_MASK = 0x1f,
    DATA_ACCEPTED = 0x05,
    DATA_CRC_ERROR = 0x0b,

    NCR_MAX = 9,      /* bytes before a response, and it */
    WAKE_BYTES = 10,  /* 80 clocks before the first command */
    IDLE_TRIES = 10,  /* CMD0 to a card that may be in the middle of something */
    POLL_BURST = 32,  /* bytes between looks at the clock */
    TRIES = 3,        /* of a request */
    SLOW_HZ = 400000, /* until it is identified */
    FAST_HZ = 12500000,
    REGISTER_SIZE = 16,
    MAJOR = 179, /* as Linux has it */
};

#define INIT_TIMEOUT_NS  1000000000ull /* 4.2.3 */
#define READ_TIMEOUT_NS  300000000ull  /* 4.6.2: 100 ms; slow cards take more */
#define WRITE_TIMEOUT_NS 600000000ull
#define POLL_SLEEP_NS    100000ull

struct sd_card {
    struct device *dev;
    struct spi_bus *bus;
    unsigned pin;
    uint32_t hz;
    bool high_capacity;
    bool ready;
    uint8_t cid[REGISTER_SIZE];
    struct blkdev blk;
};

/* --- check sums (4.5) --- */

static uint8_t
crc7(struct cspan s)
{
    uint32_t crc = 0;

    for (size_t i = 0; i < s.len; i++) {
        for (unsigned bit = 8; bit-- > 0;) {
            uint32_t in = (crc >> 6 ^ (uint32_t)span_get(s, i) >> bit) & 1;

            crc = (crc << 1 & 0x7f) ^ (in ? 0x09 : 0);
        }
    }
    return (uint8_t)(crc << 1 | 1);
}

static uint16_t
crc16(struct cspan s)
{
    uint32_t crc = 0;

    for (size_t i = 0; i < s.len; i++) {
        crc ^= (uint32_t)span_get(s, i) << 8;
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (crc << 1 & 0xffff) ^ (crc & 0x8000 ? 0x1021 : 0);
    }
    return (uint16_t)crc;
}

/* --- bytes --- */

static int
get(struct sd_card *c, struct span in) requires_lock(c->bus->lock)
{
    return spi_exchange(c->bus, cspan_of(NULL, 0), in);
}

static int
put(struct sd_card *c, struct cspan out) requires_lock(c->bus->lock)
{
    return spi_exchange(c->bus, out, span_of(NULL, 0));
}

/* The next byte that is not `idle`; -ETIMEDOUT. */
static int
await(struct sd_card *c, uint8_t idle, uint64_t timeout_ns) requires_lock(c->bus->lock)
{
    uint64_t end = hal_time_now_ns() + timeout_ns;

    for (;;) {
        for (unsigned n = 0; n < POLL_BURST; n++) {
            uint8_t byte = 0;
            int rc = get(c, span_of(&byte, 1));

            if (rc < 0)
                return rc;
            if (byte != idle)
                return byte;
        }
        if (hal_time_now_ns() >= end)
            return -ETIMEDOUT;
        if (thread_sleep_until(hal_time_now_ns() + POLL_SLEEP_NS, 0) < 0)
            return -EIO;
    }
}

/* While the card is busy it holds its line low. */
static int
await_ready(struct sd_card *c) requires_lock(c->bus->lock)
{
    uint64_t end = hal_time_now_ns() + WRITE_TIMEOUT_NS;
    uint8_t byte = 0;

    for (;;) {
        for (unsigned n = 0; n < POLL_BURST; n++) {
            int rc = get(c, span_of(&byte, 1));

            if (rc < 0)
                return rc;
            if (byte == 0xff)
                return 0;
        }
        if (hal_time_now_ns() >= end)
            return -ETIMEDOUT;
        if (thread_sleep_until(hal_time_now_ns() + POLL_SLEEP_NS, 0) < 0)
            return -EIO;
    }
}

/* A command; its R1, or a negative errno: -ENXIO: no answer. */
static int
command(struct sd_card *c, uint8_t number, uint32_t arg) requires_lock(c->bus->lock)
{
    uint8_t frame[7] = { 0xff,
                         (uint8_t)(0x40 | number),
                         (uint8_t)(arg >> 24),
                         (uint8_t)(arg >> 16),
                         (uint8_t)(arg >> 8),
                         (uint8_t)arg };
    uint8_t r1 = 0xff;
    int rc;

    frame[6] = crc7(cspan_sub(cspan_of(frame, sizeof frame), 1, 5));
    rc = put(c, cspan_of(frame, sizeof frame));
    if (rc == 0 && number == STOP_TRANSMISSION)
        rc = get(c, span_of(&r1, 1)); /* a stuff byte */
    r1 = 0xff;
    for (unsigned n = 0; rc == 0 && n < NCR_MAX && (r1 & R1_INVALID) != 0; n++)
        rc = get(c, span_of(&r1, 1));
    if (rc < 0)
        return rc;
    return (r1 & R1_INVALID) != 0 ? -ENXIO : r1;
}

/* A command that must be answered with no error. */
static int
command_ok(struct sd_card *c, uint8_t number, uint32_t arg) requires_lock(c->bus->lock)
{
    int rc = command(c, number, arg);

    return rc > 0 ? -EIO : rc;
}

/* The four bytes behind an R3 or R7. */
static int
get32(struct sd_card *c, uint32_t *v) requires_lock(c->bus->lock)
{
    uint8_t b[4] = { 0 };
    int rc = get(c, span_of(b, sizeof b));

    if (rc == 0)
        *v = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    return rc;
}

static int
get_block(struct sd_card *c, struct span to) requires_lock(c->bus->lock)
{
    uint8_t crc[2] = { 0 };
    int rc = await(c, 0xff, READ_TIMEOUT_NS);

    if (rc < 0)
        return rc;
    if (rc != TOKEN_BLOCK)
        return -EIO; /* a data error token */
    rc = get(c, to);
    if (rc == 0)
        rc = get(c, span_of(crc, sizeof crc));
    if (rc == 0 && crc16(span_const(to)) != (uint16_t)(crc[0] << 8 | crc[1]))
        rc = -EIO;
    return rc;
}

static int
put_block(struct sd_card *c, uint8_t token, struct cspan from) requires_lock(c->bus->lock)
{
    const uint8_t head[2] = { 0xff, token };
    uint16_t crc = crc16(from);
    const uint8_t tail[2] = { (uint8_t)(crc >> 8), (uint8_t)crc };
    uint8_t answer = 0xff;
    int rc = put(c, cspan_of(head, sizeof head));

    if (rc == 0)
        rc = put(c, from);
    if (rc == 0)
        rc = put(c, cspan_of(tail, sizeof tail));
    if (rc == 0)
        rc = get(c, span_of(&answer, 1));
    if (rc < 0)
        return rc;
    if ((answer & DATA_MASK) != DATA_ACCEPTED)
        return -EIO;
    return await_ready(c);
}

/* --- bringing it up (7.2.1, figure 7-2) --- */

static int
go_idle(struct sd_card *c) requires_lock(c->bus->lock)
{
    int rc = -ENXIO;

    for (unsigned n = 0; n < IDLE_TRIES && rc != (int)R1_IDLE; n++)
        rc = command(c, GO_IDLE_STATE, 0);
    return rc == (int)R1_IDLE ? 0 : rc < 0 ? rc : -EIO;
}

static int
initialise(struct sd_card *c) requires_lock(c->bus->lock)
{
    uint64_t end = hal_time_now_ns() + INIT_TIMEOUT_NS;
    uint32_t echo = 0, ocr = 0;
    int rc = command(c, SEND_IF_COND, ARG_ECHO);
    bool v2 = rc == (int)R1_IDLE;

    if (v2)
        rc = get32(c, &echo);
    if (rc < 0)
        return rc;
    if (v2 && (echo & 0xfff) != ARG_ECHO)
        return -EIO; /* not its voltage */
    do {
        rc = command(c, APP_CMD, 0);
        if (rc >= 0)
            rc = command(c, SD_SEND_OP_COND, v2 ? (uint32_t)ARG_HCS : 0);
        if (rc < 0)
            return rc;
        if (rc != 0 && thread_sleep_until(hal_time_now_ns() + POLL_SLEEP_NS, 0) < 0)
            return -EIO;
    } while (rc == (int)R1_IDLE && hal_time_now_ns() < end);
    if (rc != 0)
        return -EIO;
    rc = command(c, READ_OCR, 0);
    if (rc > 0) /* some say "idle" here (QEMU's does), whatever ACMD41 said */
        rc = rc == (int)R1_IDLE ? 0 : -EIO;
    if (rc == 0)
        rc = get32(c, &ocr);
    if (rc < 0)
        return rc;
    c->high_capacity = (ocr & OCR_CCS) != 0;
    return c->high_capacity ? 0 : command_ok(c, SET_BLOCKLEN, SECTOR_SIZE);
}

/* Bits high..low of a register. */
static uint32_t
field(const uint8_t *reg, unsigned high, unsigned low)
{
    uint32_t v = 0;

    for (unsigned bit = high + 1; bit-- > low;)
        v = v << 1 | (at(reg, REGISTER_SIZE, REGISTER_SIZE - 1 - bit / 8) >> bit % 8 & 1);
    return v;
}

/* 5.3: sectors of a card by its CSD; 0: it makes no sense. */
static uint64_t
capacity(const uint8_t *csd)
{
    uint32_t block_bits = field(csd, 83, 80);

    if (field(csd, 127, 126) == 1)
        return ((uint64_t)field(csd, 69, 48) + 1) * 1024;
    if (field(csd, 127, 126) != 0 || block_bits < SECTOR_SHIFT || block_bits > 11)
        return 0;
    return ((uint64_t)field(csd, 73, 62) + 1) << (field(csd, 49, 47) + 2 + block_bits - SECTOR_SHIFT);
}

static int
get_register(struct sd_card *c, uint8_t number, uint8_t *reg) requires_lock(c->bus->lock)
{
    int rc = command_ok(c, number, 0);

    return rc < 0 ? rc : get_block(c, span_of(reg, REGISTER_SIZE));
}

static int
identify(struct sd_card *c, uint8_t *csd, uint8_t *cid)
{
    int rc;

    c->hz = SLOW_HZ;
    mutex_lock(&c->bus->lock);
    c->bus->ops->set_rate(c->bus, c->hz);
    gpio_set(c->pin, true);
    rc = spi_exchange(c->bus, cspan_of(NULL, 0), span_of(csd, WAKE_BYTES)); /* not selected yet */
    mutex_unlock(&c->bus->lock);
    if (rc < 0)
        return rc;
    spi_begin(c->bus, c->pin, c->hz);
    rc = go_idle(c);
    if (rc == 0)
        rc = initialise(c);
    if (rc == 0)
        rc = command_ok(c, CRC_ON_OFF, 1);
    if (rc == 0)
        rc = get_register(c, SEND_CSD, csd);
    if (rc == 0)
        rc = get_register(c, SEND_CID, cid);
    spi_end(c->bus, c->pin);
    c->hz = FAST_HZ;
    return rc;
}

/* Which card is there?  0: the one that was; 1: another, which is taken if `any` will do, or else -ESTALE. */
static int
bring_up(struct sd_card *c, bool any)
{
    uint8_t csd[REGISTER_SIZE] = { 0 }, cid[REGISTER_SIZE] = { 0 };
    int rc = identify(c, csd, cid);

    if (rc < 0)
        return rc;
    rc = !span_eq(cspan_of(cid, sizeof cid), cspan_of(c->cid, sizeof c->cid));
    if (rc != 0 && !any)
        return -ESTALE;
    if (rc != 0) {
        c->blk.sectors = capacity(csd);
        if (c->blk.sectors == 0)
            return -EIO;
        c->blk.read_only = field(csd, 13, 12) != 0;
        span_copy(span_of(c->cid, sizeof c->cid), cspan_of(cid, sizeof cid));
    }
    c->ready = true;
    return rc;
}

/* --- requests --- */

static uint32_t
address(const struct sd_card *c, uint64_t sector)
{
    return (uint32_t)(c->high_capacity ? sector : sector << SECTOR_SHIFT);
}

static int noinline_fn
read_once(struct sd_card *c, uint64_t sector, struct span buf) requires_lock(c->bus->lock)
{
    bool several = buf.len > SECTOR_SIZE;
    int rc = command_ok(c, several ? READ_MULTIPLE_BLOCK : READ_SINGLE_BLOCK, address(c, sector));

    if (rc < 0)
        return rc;
    for (size_t off = 0; rc == 0 && off < buf.len; off += SECTOR_SIZE)
        rc = get_block(c, span_sub(buf, off, SECTOR_SIZE));
    if (several) {
        int stopped = command_ok(c, STOP_TRANSMISSION, 0);

        if (stopped == 0)
            stopped = await_ready(c);
        rc = rc < 0 ? rc : stopped;
    }
    return rc;
}

static int noinline_fn
write_once(struct sd_card *c, uint64_t sector, struct cspan buf) requires_lock(c->bus->lock)
{
    bool several = buf.len > SECTOR_SIZE;
    const uint8_t stop[2] = { TOKEN_STOP, 0xff };
    int rc = command_ok(c, several ? WRITE_MULTIPLE_BLOCK : WRITE_BLOCK, address(c, sector));

    if (rc < 0)
        return rc;
    for (size_t off = 0; rc == 0 && off < buf.len; off += SECTOR_SIZE)
        rc = put_block(c, several ? TOKEN_MULTIPLE : TOKEN_BLOCK, cspan_sub(buf, off, SECTOR_SIZE));
    if (several) {
        int stopped = put(c, cspan_of(stop, sizeof stop));

        if (stopped == 0)
            stopped = await_ready(c);
        rc = rc < 0 ? rc : stopped;
    }
    return rc;
}

static int
request(struct sd_card *c, uint64_t sector, struct span in, struct cspan out)
{
    int rc = -EIO;

    for (unsigned n = 0; n < TRIES; n++) {
        if (!c->ready)
            rc = bring_up(c, false);
        if (!c->ready)
            break;
        spi_begin(c->bus, c->pin, c->hz);
        rc = in.len > 0 ? read_once(c, sector, in) : write_once(c, sector, out);
        spi_end(c->bus, c->pin);
        if (rc == 0)
            return 0;
        c->ready = false; /* whatever it was, it is not in the middle of it after CMD0 */
    }
    klog(LOG_ERR, "%s: %s sector %llu: error %d%s", c->blk.name, in.len > 0 ? "reading" : "writing",
         (unsigned long long)sector, -rc, rc == -ESTALE ? ": another card" : "");
    return -EIO;
}

static int
sd_read(struct blkdev *dev, uint64_t sector, struct span buf)
{
    return request(dev->state, sector, buf, cspan_of(NULL, 0));
}

static int
sd_write(struct blkdev *dev, uint64_t sector, struct cspan buf)
{
    return request(dev->state, sector, span_of(NULL, 0), buf);
}

/* A write is over when the card is no longer busy. */
static int
sd_flush(struct blkdev *dev unused_param)
{
    return 0;
}

static int
sd_medium(struct blkdev *dev)
{
    struct sd_card *c = dev->state;
    int rc;

    c->ready = false;
    rc = bring_up(c, true);
    if (rc > 0)
        klog(LOG_INFO, "%s: SD card, %s capacity", dev->name, c->high_capacity ? "high" : "standard");
    if (rc < 0) {
        dev->sectors = 0;
        span_fill(span_of(c->cid, sizeof c->cid), 0);
    }
    return rc == -ENXIO ? -ENOMEDIUM : rc; /* nothing answers */
}

static const struct blk_ops sd_ops = {
    .read = sd_read, .write = sd_write, .flush = sd_flush, .medium = sd_medium
};

/* The drive is there, with a card or without. */
static int
sd_attach(struct device *dev)
{
    struct sd_card *c = kmem_alloc(sizeof *c);
    int rc;

    if (c == NULL)
        return -ENOMEM;
    *c = (struct sd_card){
        .dev = dev,
        .bus = spi_find(dev->bus),
        .pin = dev->pin,
        .blk = { .name = "mmcblk0", .rdev = MAJOR << 8, .ops = &sd_ops, .state = c },
    };
    rc = c->bus == NULL ? -ENODEV : gpio_output(c->pin, true);
    if (rc == 0)
        rc = blk_add(&c->blk);
    if (rc < 0) {
        kmem_free(c);
        return rc;
    }
    dev->state = c;
    return 0;
}

static const char *const compatible[] = { "sd-card-spi", NULL };

const struct driver driver_blk_sd = { .name = "blk_sd", .compatible = compatible, .attach = sd_attach };

/* The drivers of the LM3S6965 evaluation board (pins, SPI, SD card, display, temperature, watchdog) against chips and a card that answer anything. */
#include <kernel/core/blk.h>
#include <kernel/core/device.h>
#include <kernel/core/panel.h>
#include <kernel/core/sensor.h>
#include <kernel/core/watchdog.h>
#include <kernel/drivers/drivers.h>
#include <kernel/fs/paneldev.h>
#include <kernel/mm/kmem.h>

#include <hal/board.h>

#include <stdlib.h>

#include <tests/unit/fake_hal.h>

#include "hostile.h"

enum { REQUESTS = 6, SECTORS = 8, SLOW_NS = 20000, QUEUE = 600, FIFO = 8, GPIO_IRQ = 5 };
enum { SSI = 0x40008000, DR = 0x08, SR = 0x0c, SR_RNE = 4, SR_READY = 7, DATA_BYTES = 514 };

const struct driver *const kernel_drivers[] = {
    &driver_gpio_pl061, &driver_gpio_key,      &driver_gpio_led,
    &driver_spi_pl022,  &driver_blk_sd,        &driver_display_ssd0323,
    &driver_adc_lm3s,   &driver_watchdog_lm3s, NULL,
};
const size_t kernel_drivers_len = sizeof kernel_drivers / sizeof kernel_drivers[0];

/* Programs' files are not part of this. */
int
paneldev_add_led(const struct led *l unused_param)
{
    return 0;
}

int
paneldev_add_display(const struct display *d unused_param)
{
    return 0;
}

static struct sensor *sensor;
static struct watchdog *watchdog;

int
sensor_add(struct sensor *s)
{
    sensor = s;
    return 0;
}

int
watchdog_add(struct watchdog *w)
{
    w->timeout_s = w->max_s;
    watchdog = w;
    return 0;
}

#define WIRED(compatible, name, select, other)                                                     \
    { compatible, name, BOARD_WIRED, BOARD_WIRES(0, select, other), 0, BOARD_NO_IRQ, 0 }

static const struct board_dev devs[] = {
    { "arm,pl061", "gpioa", BOARD_MMIO, 0x40004000, 0x1000, GPIO_IRQ, 0 },
    { "arm,pl022", "ssi0", BOARD_MMIO, SSI, 0x1000, 7, 50000000 },
    { "luminary,adc", "adc0", BOARD_MMIO, 0x40038000, 0x1000, BOARD_NO_IRQ, 0 },
    { "luminary,watchdog", "wdt0", BOARD_MMIO, 0x40000000, 0x1000, BOARD_NO_IRQ, 50000000 },
    WIRED("gpio-keys", "select", BOARD_PIN('A', 1), BOARD_NO_PIN),
    WIRED("gpio-leds", "led0", BOARD_PIN('A', 0), BOARD_NO_PIN),
    WIRED("sd-card-spi", "sd0", BOARD_PIN('A', 2), BOARD_NO_PIN),
    WIRED("solomon,ssd0323", "oled0", BOARD_PIN('A', 3), BOARD_PIN('A', 4)),
    { 0 },
};
static const struct board board = { .name = "fuzz", .devs = devs };

/* A card in order: what it is about to say. */
static struct {
    uint8_t queue[QUEUE];
    size_t head, len;
    uint8_t command;
    unsigned frame, data; /* bytes of a command or of a block that are still to come */
    uint8_t rx[FIFO];     /* what came back for the bytes that went out */
    unsigned rx_head, rx_len;
} card;

static void
say(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;

    for (size_t i = 0; i < n && card.len < QUEUE; i++)
        card.queue[(card.head + card.len++) % QUEUE] = p[i];
}

static void
say_block(const uint8_t *bytes, size_t n)
{
    uint8_t crc[2];
    uint16_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        sum ^= (uint16_t)(bytes[i] << 8);
        for (unsigned bit = 0; bit < 8; bit++)
            sum = (uint16_t)(sum << 1 ^ (sum & 0x8000 ? 0x1021 : 0));
    }
    crc[0] = (uint8_t)(sum >> 8);
    crc[1] = (uint8_t)sum;
    say("\xff\xfe", 2);
    say(bytes, n);
    say(crc, 2);
}

static void
executed(void)
{
    static const uint8_t csd[16] = { 0x40, [9] = 15 }, cid[16] = { 0xdd }, sector[512];

    card.head = card.len = 0;
    switch (card.command) {
    case 0:
        say("\xff\x01", 2);
        break;
    case 8:
        say("\xff\x01\0\0\x01\xaa", 6);
        break;
    case 58:
        say("\xff\0\xc0\xff\x80\0", 6);
        break;
    case 12:
        say("\xff\xff\0", 3);
        break;
    default:
        say("\xff\0", 2);
        break;
    }
    if (card.command == 9)
        say_block(csd, sizeof csd);
    else if (card.command == 10)
        say_block(cid, sizeof cid);
    else if (card.command == 17 || card.command == 18)
        say_block(sector, sizeof sector);
}

/* The byte that goes the other way; data of CMD18 come without end. */
static uint8_t
next_byte(void)
{
    static const uint8_t sector[512];
    uint8_t byte;

    if (card.len == 0 && card.command == 18 && card.frame == 0)
        say_block(sector, sizeof sector);
    if (card.len == 0)
        return 0xff;
    byte = card.queue[card.head];
    card.head = (card.head + 1) % QUEUE;
    card.len--;
    return byte;
}

static void
written(const struct io *io, uint32_t off, unsigned width unused_param, uint64_t v)
{
    if (io->base != SSI || off != DR)
        return;
    if (card.rx_len < FIFO)
        card.rx[(card.rx_head + card.rx_len++) % FIFO] = next_byte();
    if (card.data > 0) {
        if (--card.data == 0)
            say("\x05\0\xff", 3);
    } else if (card.frame > 0) {
        if (--card.frame == 0)
            executed();
    } else if ((v & 0xc0) == 0x40) {
        card.command = v & 0x3f;
        card.frame = 5;
    } else if ((card.command == 24 || card.command == 25) && (v == 0xfe || v == 0xfc)) {
        card.data = DATA_BYTES;
    }
}

static uint64_t
chip(const struct io *io, uint32_t off, unsigned width unused_param)
{
    uint8_t byte = 0xff;

    if (io->base != SSI)
        return 0;
    if (off == SR)
        return card.rx_len > 0 ? SR_READY : SR_READY & ~SR_RNE;
    if (off != DR)
        return 0;
    if (card.rx_len > 0) {
        byte = card.rx[card.rx_head];
        card.rx_head = (card.rx_head + 1) % FIFO;
        card.rx_len--;
    }
    return byte;
}

static void
request(struct blkdev *d)
{
    static uint8_t buf[SECTORS * SECTOR_SIZE];
    uint8_t what = fuzz_decision(&hostile.in);
    size_t len = (1u + (what >> 1) % SECTORS) * SECTOR_SIZE;
    uint64_t sector = fuzz_decision(&hostile.in);
    int rc = what & 1 ? blk_write(d, sector, cspan_of(buf, len))
                      : blk_read(d, sector, span_of(buf, len));

    if (rc > 0)
        abort();
}

static void
measure_and_live(void)
{
    int32_t t = 0;

    if (sensor != NULL && (sensor->read(sensor, &t) > 0 || t < -77500 || t > 147500))
        abort();
    if (watchdog != NULL) {
        watchdog->ops->start(watchdog, 1 + fuzz_decision(&hostile.in) % watchdog->max_s);
        watchdog->ops->ping(watchdog);
        if (watchdog->ops->left(watchdog) > 2 * watchdog->max_s)
            abort();
    }
}

static void
use(void)
{
    static const uint8_t row[64];
    struct blkdev *d;

    device_attach_all(&board);
    d = blk_find("mmcblk0");
    for (unsigned i = 0; i < REQUESTS; i++) {
        if (d != NULL)
            request(d);
        if (d != NULL && blk_get(d->rdev, &d) == 0) { /* which card is it now? */
            request(d);
            blk_put(d);
        }
        d = blk_find("mmcblk0");
        if (display_find(NULL) != NULL &&
            display_show(display_find(NULL), i, 1, cspan_of(row, sizeof row)) > 0)
            abort();
        if (display_find(NULL) != NULL &&
            display_write(display_find(NULL), fuzz_value(&hostile.in, 2),
                          cspan_of(row, sizeof row)) > (int64_t)sizeof row)
            abort();
        measure_and_live();
        if (led_find("led0") != NULL)
            led_set(led_find("led0"), i & 1);
        fake_irq(GPIO_IRQ);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    memset(&card, 0, sizeof card);
    sensor = NULL;
    watchdog = NULL;
    hostile = (struct hostile){
        .plausible = chip, .written = written, .irq = { GPIO_IRQ, GPIO_IRQ }, .access_ns = SLOW_NS
    };
    hostile_run(data, size, use);
    return 0;
}

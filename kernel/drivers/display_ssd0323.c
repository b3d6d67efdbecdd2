/* Driver for the SSD0323 OLED controller with 128 x 64 pixels (Solomon Systech SSD0323 data sheet, revision 2.3), on an SPI bus, with a pin
 * that tells data (high) from commands. */
#include <kernel/abi/errno.h>
#include <kernel/core/device.h>
#include <kernel/core/fmt.h>
#include <kernel/core/gpio.h>
#include <kernel/core/panel.h>
#include <kernel/core/spi.h>
#include <kernel/drivers/drivers.h>
#include <kernel/mm/kmem.h>

enum { WIDTH = 128, HEIGHT = 64, COLUMNS = WIDTH / 2, RATE_HZ = 4000000 };

/* First row at the top, high half of a byte left; then black, then on. */
static const uint8_t start_up[] = {
    0xae,             /* off */
    0x81, 0x7f,       /* contrast */
    0x86,             /* full current range */
    0xa0, 0x52,       /* re-map: COM split, COM, nibbles */
    0xa1, 0x00,       /* start line */
    0xa2, 0x4c,       /* offset, as the panel is wired */
    0xa4,             /* normal */
    0xa8, HEIGHT - 1, /* multiplex ratio */
    0xb1, 0x22,       /* phase length */
    0xb2, 0x46,       /* row period */
    0xb3, 0x41,       /* clock */
    0xbe, 0x02,       /* VCOMH */
    0xbf, 0x0d,       /* VSL */
};
static const uint8_t switch_on[] = { 0xaf };

struct ssd0323 {
    struct spi_bus *bus;
    unsigned select, data;
    struct display display;
};

static int
send(struct ssd0323 *s, bool data, struct cspan bytes) requires_lock(s->bus->lock)
{
    gpio_set(s->data, data);
    return spi_exchange(s->bus, bytes, span_of(NULL, 0));
}

static int
ssd0323_show(struct display *d, const struct display_window *w, struct cspan pixels)
{
    struct ssd0323 *s = d->driver;
    const uint8_t window[] = {
        0x15, w->column, (uint8_t)(w->column + w->columns - 1),
        0x75, w->row,    (uint8_t)(w->row + w->rows - 1),
    };
    int rc;

    spi_begin(s->bus, s->select, RATE_HZ);
    rc = send(s, false, cspan_of(window, sizeof window));
    if (rc == 0)
        rc = send(s, true, pixels);
    spi_end(s->bus, s->select);
    return rc;
}

static int
start(struct ssd0323 *s)
{
    static const uint8_t black[COLUMNS];
    int rc;

    spi_begin(s->bus, s->select, RATE_HZ);
    rc = send(s, false, cspan_of(start_up, sizeof start_up));
    spi_end(s->bus, s->select);
    for (unsigned row = 0; rc == 0 && row < HEIGHT; row++)
        rc = display_show(&s->display, row, 1, cspan_of(black, sizeof black));
    if (rc < 0)
        return rc;
    spi_begin(s->bus, s->select, RATE_HZ);
    rc = send(s, false, cspan_of(switch_on, sizeof switch_on));
    spi_end(s->bus, s->select);
    return rc;
}

static int
ssd0323_attach(struct device *dev)
{
    struct ssd0323 *s = kmem_alloc(sizeof *s);
    int rc;

    if (s == NULL)
        return -ENOMEM;
    *s = (struct ssd0323){
        .select = dev->pin,
        .data = dev->pin2,
        .display = { .width = WIDTH, .height = HEIGHT, .show = ssd0323_show, .driver = s },
    };
    str_copy(s->display.name, sizeof s->display.name, dev->name);
    s->bus = spi_find(dev->bus);
    rc = s->bus == NULL ? -ENODEV : gpio_output(s->select, true);
    if (rc == 0)
        rc = gpio_output(s->data, false);
    if (rc == 0)
        rc = start(s);
    if (rc == 0)
        rc = display_add(&s->display);
    if (rc < 0) {
        kmem_free(s);
        return rc;
    }
    dev->state = s;
    return 0;
}

static const char *const compatible[] = { "solomon,ssd0323", NULL };

const struct driver driver_display_ssd0323 = { .name = "display_ssd0323",
                                               .compatible = compatible,
                                               .attach = ssd0323_attach };

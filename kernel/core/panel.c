/* Displays, lamps and keys: which there are. */
#include <kernel/abi/errno.h>
#include <kernel/core/fmt.h>
#include <kernel/core/gpio.h>
#include <kernel/core/panel.h>
#include <kernel/fs/paneldev.h>

static struct list displays = LIST_INIT(displays);
static struct list keys = LIST_INIT(keys);
static struct list leds = LIST_INIT(leds);

/* How many there are already: the number of the next. */
static unsigned
length(struct list *l)
{
    struct list_node *n;
    unsigned len = 0;

    list_for_each (n, l)
        len++;
    return len;
}

int
display_add(struct display *d)
{
    int rc;

    d->number = length(&displays);
    fmt_print(d->file, sizeof d->file, "fb%u", d->number);
    rc = paneldev_add_display(d);
    if (rc < 0)
        return rc;
    list_node_init(&d->node);
    list_push_back(&displays, &d->node);
    return 0;
}

struct display *
display_nth(unsigned number)
{
    struct list_node *n;

    list_for_each (n, &displays) {
        struct display *d = container_of(n, struct display, node);

        if (d->number == number)
            return d;
    }
    return NULL;
}

struct display *
display_find(const char *name)
{
    struct list_node *n;

    list_for_each (n, &displays) {
        struct display *d = container_of(n, struct display, node);

        if (name == NULL || str_eq(d->name, name))
            return d;
    }
    return NULL;
}

int
display_show(struct display *d, unsigned first, unsigned n, struct cspan pixels)
{
    if (first > d->height || n > d->height - first || pixels.len != (size_t)d->width / 2 * n)
        return -EINVAL;

    const struct display_window w = { .row = (uint8_t)first,
                                      .rows = (uint8_t)n,
                                      .columns = (uint8_t)(d->width / 2) };

    return n == 0 ? 0 : d->show(d, &w, pixels);
}

int64_t
display_write(struct display *d, uint64_t pos, struct cspan pixels)
{
    uint32_t row_size = d->width / 2, offset = (uint32_t)pos, n;
    struct display_window w = { .rows = 1 };
    int rc;

    if (pos >= display_size(d))
        return -ENOSPC;
    w.row = (uint8_t)(offset / row_size);
    w.column = (uint8_t)(offset % row_size);
    n = row_size - w.column;
    if (pixels.len < n)
        n = (uint32_t)pixels.len;
    w.columns = (uint8_t)n;
    rc = n == 0 ? 0 : d->show(d, &w, cspan_sub(pixels, 0, n));
    return rc < 0 ? rc : (int64_t)n;
}

void
key_add(struct key *k)
{
    list_node_init(&k->node);
    list_push_back(&keys, &k->node);
}

struct key *
key_find(const char *name)
{
    struct list_node *n;

    list_for_each (n, &keys) {
        struct key *k = container_of(n, struct key, node);

        if (str_eq(k->name, name))
            return k;
    }
    return NULL;
}

int
led_add(struct led *l)
{
    int rc;

    l->number = length(&leds);
    rc = paneldev_add_led(l);
    if (rc < 0)
        return rc;
    list_node_init(&l->node);
    list_push_back(&leds, &l->node);
    return 0;
}

struct led *
led_nth(unsigned number)
{
    struct list_node *n;

    list_for_each (n, &leds) {
        struct led *l = container_of(n, struct led, node);

        if (l->number == number)
            return l;
    }
    return NULL;
}

struct led *
led_find(const char *name)
{
    struct list_node *n;

    list_for_each (n, &leds) {
        struct led *l = container_of(n, struct led, node);

        if (str_eq(l->name, name))
            return l;
    }
    return NULL;
}

void
led_set(const struct led *l, bool lit)
{
    gpio_set(l->pin, lit);
}

bool
led_lit(const struct led *l)
{
    return gpio_get(l->pin);
}

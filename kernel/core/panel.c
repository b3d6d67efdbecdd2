/* Displays, lamps and keys: which there are. */
#include <kernel/abi/errno.h>
#include <kernel/core/fmt.h>
#include <kernel/core/gpio.h>
#include <kernel/core/panel.h>

static struct list displays = LIST_INIT(displays);
static struct list keys = LIST_INIT(keys);
static struct list leds = LIST_INIT(leds);

void
display_add(struct display *d)
{
    list_node_init(&d->node);
    list_push_back(&displays, &d->node);
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
    return n == 0 ? 0 : d->show(d, first, n, pixels);
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

void
led_add(struct led *l)
{
    list_node_init(&l->node);
    list_push_back(&leds, &l->node);
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

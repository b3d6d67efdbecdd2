/* Driver for keys on general-purpose pins: one that is pressed pulls its pin low. */
#include <kernel/abi/errno.h>
#include <kernel/core/device.h>
#include <kernel/core/fmt.h>
#include <kernel/core/gpio.h>
#include <kernel/core/panel.h>
#include <kernel/drivers/drivers.h>
#include <kernel/mm/kmem.h>

static void
key_changed(struct gpio_watch *w, bool level)
{
    struct key *k = container_of(w, struct key, watch);

    if (k->down == !level)
        return; /* both edges came before anybody looked */
    k->down = !level;
    k->presses += k->down;
    if (k->changed != NULL)
        k->changed(k->arg, k->down);
}

static int
key_attach(struct device *dev)
{
    struct key *k = kmem_alloc(sizeof *k);
    int rc;

    if (k == NULL)
        return -ENOMEM;
    *k = (struct key){ .watch = { .pin = dev->pin, .changed = key_changed } };
    str_copy(k->name, sizeof k->name, dev->name);
    rc = gpio_input(&k->watch, true);
    if (rc < 0) {
        kmem_free(k);
        return rc;
    }
    k->down = !gpio_get(k->watch.pin);
    key_add(k);
    dev->state = k;
    return 0;
}

static const char *const compatible[] = { "gpio-keys", NULL };

const struct driver driver_gpio_key = { .name = "gpio_key",
                                        .compatible = compatible,
                                        .attach = key_attach };

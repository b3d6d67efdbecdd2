/* Driver for lamps and keys on general-purpose pins: a lamp is lit by a high pin, a key that is pressed pulls its pin low. */
#include <kernel/abi/errno.h>
#include <kernel/core/device.h>
#include <kernel/core/fmt.h>
#include <kernel/core/gpio.h>
#include <kernel/core/panel.h>
#include <kernel/drivers/drivers.h>
#include <kernel/mm/kmem.h>

static void
key_changed(void *arg, bool level)
{
    struct key *k = arg;

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
    *k = (struct key){ .pin = dev->pin };
    str_copy(k->name, sizeof k->name, dev->name);
    rc = gpio_input(k->pin, true, key_changed, k);
    if (rc < 0) {
        kmem_free(k);
        return rc;
    }
    k->down = !gpio_get(k->pin);
    key_add(k);
    dev->state = k;
    return 0;
}

static int
led_attach(struct device *dev)
{
    struct led *l = kmem_alloc(sizeof *l);
    int rc;

    if (l == NULL)
        return -ENOMEM;
    *l = (struct led){ .pin = dev->pin };
    str_copy(l->name, sizeof l->name, dev->name);
    rc = gpio_output(l->pin, false);
    if (rc == 0)
        rc = led_add(l);
    if (rc < 0) {
        kmem_free(l);
        return rc;
    }
    dev->state = l;
    return 0;
}

static const char *const keys[] = { "gpio-keys", NULL };
static const char *const leds[] = { "gpio-leds", NULL };

const struct driver driver_gpio_key = { .name = "gpio_key", .compatible = keys, .attach = key_attach };
const struct driver driver_gpio_led = { .name = "gpio_led", .compatible = leds, .attach = led_attach };

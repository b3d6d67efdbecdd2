/* Driver for lamps on general-purpose pins: lit by a high pin. */
#include <kernel/abi/errno.h>
#include <kernel/core/device.h>
#include <kernel/core/fmt.h>
#include <kernel/core/gpio.h>
#include <kernel/core/panel.h>
#include <kernel/drivers/drivers.h>
#include <kernel/mm/kmem.h>

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

static const char *const compatible[] = { "gpio-leds", NULL };

const struct driver driver_gpio_led = { .name = "gpio_led",
                                        .compatible = compatible,
                                        .attach = led_attach };

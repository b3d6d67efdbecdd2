/* General-purpose pins: which port has which. */
#include <kernel/abi/errno.h>
#include <kernel/core/fmt.h>
#include <kernel/core/gpio.h>
#include <kernel/trusted/bounds.h>

static struct list ports = LIST_INIT(ports);

static struct gpio_port *_Nullable
port_of(unsigned pin)
{
    struct list_node *n;

    list_for_each (n, &ports) {
        struct gpio_port *p = container_of(n, struct gpio_port, node);

        if (pin >= p->first && pin - p->first < GPIO_PORT_PINS)
            return p;
    }
    return NULL;
}

int
gpio_add(struct gpio_port *p)
{
    size_t len = str_len(p->name);
    char letter = len > 0 ? at(p->name, len, len - 1) : '\0';

    if (letter < 'a' || letter > 'z')
        return -EINVAL;
    p->first = (unsigned)(letter - 'a') * GPIO_PORT_PINS;
    irqlock_init(&p->lock, p->name);
    list_init(&p->watches);
    list_node_init(&p->node);
    list_push_back(&ports, &p->node);
    return 0;
}

void
gpio_changed(struct gpio_port *p, unsigned bit)
{
    struct list_node *n;

    list_for_each (n, &p->watches) {
        struct gpio_watch *w = container_of(n, struct gpio_watch, node);

        if (w->pin == p->first + bit)
            w->changed(w, p->ops->get(p, bit));
    }
}

int
gpio_output(unsigned pin, bool level)
{
    struct gpio_port *p = port_of(pin);

    if (p == NULL)
        return -ENODEV;
    irqlock_lock(&p->lock);
    p->ops->output(p, pin - p->first, level);
    irqlock_unlock(&p->lock);
    return 0;
}

int
gpio_input(struct gpio_watch *w, bool pull_up)
{
    struct gpio_port *p = port_of(w->pin);

    if (p == NULL)
        return -ENODEV;
    irqlock_lock(&p->lock);
    if (w->changed != NULL) {
        list_node_init(&w->node);
        list_push_back(&p->watches, &w->node);
    }
    p->ops->input(p, w->pin - p->first, pull_up, w->changed != NULL);
    irqlock_unlock(&p->lock);
    return 0;
}

void
gpio_set(unsigned pin, bool level)
{
    struct gpio_port *p = port_of(pin);

    if (p != NULL)
        p->ops->set(p, pin - p->first, level);
}

bool
gpio_get(unsigned pin)
{
    struct gpio_port *p = port_of(pin);

    return p != NULL && p->ops->get(p, pin - p->first);
}

/* Serial peripheral buses: which there are. */
#include <kernel/abi/errno.h>
#include <kernel/core/fmt.h>
#include <kernel/core/gpio.h>
#include <kernel/core/spi.h>
#include <kernel/trusted/bounds.h>

static struct list buses = LIST_INIT(buses);

int
spi_add(struct spi_bus *b)
{
    size_t len = str_len(b->name);
    char digit = len > 0 ? at(b->name, sizeof b->name, len - 1) : '\0';

    if (digit < '0' || digit > '9')
        return -EINVAL;
    b->number = (unsigned)(digit - '0');
    mutex_init(&b->lock, b->name, RANK_BUS);
    list_node_init(&b->node);
    list_push_back(&buses, &b->node);
    return 0;
}

struct spi_bus *
spi_find(unsigned number)
{
    struct list_node *n;

    list_for_each (n, &buses) {
        struct spi_bus *b = container_of(n, struct spi_bus, node);

        if (b->number == number)
            return b;
    }
    return NULL;
}

void
spi_begin(struct spi_bus *b, unsigned pin, uint32_t hz)
{
    mutex_lock(&b->lock);
    b->ops->set_rate(b, hz);
    gpio_set(pin, false);
}

void
spi_end(struct spi_bus *b, unsigned pin)
{
    gpio_set(pin, true);
    mutex_unlock(&b->lock);
}

int
spi_exchange(struct spi_bus *b, struct cspan out, struct span in)
{
    return b->ops->exchange(b, out, in);
}

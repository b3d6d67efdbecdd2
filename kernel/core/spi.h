/* Serial peripheral buses, between the drivers of their masters (kernel/drivers/spi_*.c) and of what is on them.
 *
 * A peripheral is selected by a pin, low.  Whoever uses a bus holds its lock from selecting to deselecting, and says the rate each time:
 * the next one on the bus may want another.  Thread context.
 */
#pragma once

#include <kernel/core/lock.h>
#include <kernel/trusted/list.h>
#include <kernel/trusted/span.h>

struct spi_bus;

struct spi_ops {
    /* The fastest clock of at most `hz`; or the slowest there is. */
    void (*set_rate)(struct spi_bus *b, uint32_t hz);
    /* Bytes out and in at once, as many as in the longer of the two; 0xff goes out where `out` has no more, what `in` has no room
     * for is dropped.  -EIO: the master does not move. */
    int (*exchange)(struct spi_bus *b, struct cspan out, struct span in);
};

struct spi_bus {
    char name[16];
    unsigned number; /* the n of "ssi0" */
    const struct spi_ops *ops;
    void *driver;
    struct mutex lock;
    struct list_node node;
};

/* A driver adds its bus; the struct is the driver's and stays.  -EINVAL: its name does not end with a digit. */
int must_check spi_add(struct spi_bus *b);
struct spi_bus *_Nullable spi_find(unsigned number);

/* Take the bus for the peripheral behind `pin`; give it back. */
void spi_begin(struct spi_bus *b, unsigned pin, uint32_t hz) acquires(b->lock);
void spi_end(struct spi_bus *b, unsigned pin) releases(b->lock);
int must_check spi_exchange(struct spi_bus *b, struct cspan out, struct span in)
    requires_lock(b->lock);

/* General-purpose pins, between the drivers of their ports (kernel/drivers/gpio_*.c) and of what is wired to them.
 *
 * A pin is known by its number on the board: eight to a port, in the order of the ports' names (gpioa, gpiob...).  Setting and reading a
 * pin work in any context; the rest is for threads.
 */
#pragma once

#include <kernel/core/lock.h>
#include <kernel/trusted/list.h>

enum { GPIO_PORT_PINS = 8, GPIO_NO_PIN = 0xff };

struct gpio_port;

struct gpio_ops {
    void (*output)(struct gpio_port *p, unsigned bit, bool level); /* and its first level */
    void (*input)(struct gpio_port *p, unsigned bit, bool pull_up, bool interrupt); /* at both edges */
    void (*set)(struct gpio_port *p, unsigned bit, bool level);
    bool (*get)(struct gpio_port *p, unsigned bit);
};

/* Whoever wants to know of a pin's changes. */
struct gpio_watch {
    void (*changed)(struct gpio_watch *w, bool level); /* interrupt context */
    unsigned pin;
    struct list_node node;
};

struct gpio_port {
    const char *name; /* the device's */
    unsigned first;   /* number of its first pin */
    const struct gpio_ops *ops;
    void *driver;
    struct irqlock lock; /* of the port's direction and interrupt registers */
    struct list watches;
    struct list_node node;
};

/* A driver adds its port; the struct is the driver's and stays.  -EINVAL: its name does not end with a letter. */
int must_check gpio_add(struct gpio_port *p);
/* For the driver's handler: a pin has changed. */
void gpio_changed(struct gpio_port *p, unsigned bit);

/* -ENODEV: the board has no such pin, or its port did not come up. */
int must_check gpio_output(unsigned pin, bool level);
/* The input w->pin; w->changed(), if not NULL, is called at both edges.  The struct is the caller's and stays. */
int must_check gpio_input(struct gpio_watch *w, bool pull_up);
/* Without effect on a pin that does not exist; which reads as low. */
void gpio_set(unsigned pin, bool level);
bool gpio_get(unsigned pin);

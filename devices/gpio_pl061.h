/* The pins of the PL061 model: for what is soldered to them.  See devices/gpio_pl061.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sim/model.h>

/* The level that the board puts on a pin, which counts while the pin is an input. */
void gpio_pl061_drive(struct model *gpio, unsigned pin, bool level);

/* The board lets go of it: a pull-up or pull-down decides, else it is low. */
void gpio_pl061_release(struct model *gpio, unsigned pin);

/* The port that has this pin of the board (BOARD_PIN() in hal/board.h); NULL: there is none.  The functions here take the pin modulo 8. */
struct model *gpio_pl061_find(const struct sim *sim, unsigned board_pin);

/* The level on the pin, and whether the port drives it. */
bool gpio_pl061_level(const struct model *gpio, unsigned pin);
bool gpio_pl061_drives(const struct model *gpio, unsigned pin);
/* The pin belongs to another part of the chip (AFSEL). */
bool gpio_pl061_alternate(const struct model *gpio, unsigned pin);

/* For create() of what is wired to the port: fn(dev) after any pin may have changed.  -ENOSPC: too many. */
int gpio_pl061_watch(struct model *gpio, struct model *dev, void (*fn)(void *dev));

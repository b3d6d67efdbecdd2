/* Keys and lamps on the pins of a GPIO port.  See devices/gpio_panel.c. */
#pragma once

#include <stdbool.h>

#include <sim/model.h>

void gpio_key_press(struct model *key, bool down);
bool gpio_led_lit(const struct model *led);
/* How often it was lit since power-on. */
uint64_t gpio_led_flashes(const struct model *led);

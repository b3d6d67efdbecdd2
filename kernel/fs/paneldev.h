/* /dev/led0... and /dev/fb0...: what lamps and displays are to programs (docs/arm.md, "Devices"). */
#pragma once

#include <kernel/core/panel.h>

/* For led_add() and display_add(): make the file, whose number is the device's.  -ENOMEM. */
int must_check paneldev_add_led(const struct led *l);
int must_check paneldev_add_display(const struct display *d);

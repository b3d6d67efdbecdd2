/* A display's picture, for whoever wants to see it: the console, a test, a window.
 *
 * A model owns a `struct sim_display` (before its state) and adds it with model_display_init(); the host finds it by the device's name.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct sim;
struct model;

struct sim_display {
    struct model *owner;
    unsigned width, height; /* pixels */
    unsigned max;           /* the brightest grey; 0 is dark */
    /* What is to be seen: height rows of width pixels, from the top left. */
    void (*render)(const void *dev, uint8_t *grey);
    struct sim_display *next;
};

/* The display of device `name`, NULL: the first one.  NULL: there is none. */
struct sim_display *sim_display_find(const struct sim *sim, const char *name);

/* The picture as a binary PGM file (netpbm, type P5), malloc'd, its length in *len; NULL: no memory. */
uint8_t *sim_display_pgm(const struct sim_display *display, size_t *len);

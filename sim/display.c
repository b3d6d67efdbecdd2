/* Displays and their pictures.  See display.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sim/machine.h>

enum { PGM_HEADER_MAX = 64 };

void
model_display_init(struct model *model, struct sim_display *display)
{
    display->owner = model;
    display->next = model->sim->displays;
    model->sim->displays = display;
}

struct sim_display *
sim_display_find(const struct sim *sim, const char *name)
{
    struct sim_display *d = sim->displays;

    while (d && name && strcmp(d->owner->name, name) != 0) {
        d = d->next;
    }
    return d;
}

uint8_t *
sim_display_pgm(const struct sim_display *display, size_t *len)
{
    size_t pixels = (size_t)display->width * display->height;
    char header[PGM_HEADER_MAX];
    int n = snprintf(header, sizeof header, "P5\n%u %u\n%u\n", display->width, display->height,
                     display->max);
    uint8_t *pgm = malloc((size_t)n + pixels);

    if (pgm) {
        memcpy(pgm, header, (size_t)n);
        display->render(display->owner, pgm + n);
        *len = (size_t)n + pixels;
    }
    return pgm;
}

/* What people see and touch on a board without a terminal: displays, lamps, keys; between their drivers and whoever uses them. */
#pragma once

#include <kernel/core/gpio.h>
#include <kernel/trusted/list.h>
#include <kernel/trusted/span.h>

/* --- displays --- */

/* Part of a picture: rows and columns from the left upper corner.  A column is two pixels, a byte. */
struct display_window {
    uint8_t row, rows, column, columns;
};

struct display {
    char name[16];
    uint16_t width,
        height; /* pixels, at most 256; 4 bits each, the left one of a pair in the high half of its byte */
    /* Show `pixels`, rows * columns bytes.  Thread context.  -EIO. */
    int (*show)(struct display *d, const struct display_window *w, struct cspan pixels);
    void *driver;
    unsigned number; /* the n of /dev/fbn */
    char file[8];
    struct list_node node;
};

/* The struct is the driver's and stays.  -ENOMEM: no place for its file (fs/paneldev.c). */
int must_check display_add(struct display *d);
/* NULL: the first one. */
struct display *_Nullable display_find(const char *_Nullable name);
struct display *_Nullable display_nth(unsigned number);
/* Rows [first, first + n).  -EINVAL: rows that it does not have, or another number of bytes. */
int must_check display_show(struct display *d, unsigned first, unsigned n, struct cspan pixels);
/* Bytes of a whole picture. */
static inline size_t
display_size(const struct display *d)
{
    return (size_t)d->width / 2 * d->height;
}
/* What of `pixels` goes to the row of the byte `pos` of the picture: bytes shown.  -ENOSPC: `pos` is behind the picture. */
int64_t must_check display_write(struct display *d, uint64_t pos, struct cspan pixels);

/* --- lamps and keys --- */

struct key {
    char name[16];
    struct gpio_watch watch;
    uint64_t presses;
    bool down;
    void (*_Nullable changed)(void *arg, bool down); /* interrupt context */
    void *_Nullable arg;
    struct list_node node;
};

struct led {
    char name[16];
    unsigned pin;
    unsigned number;
    struct list_node node;
};

void key_add(struct key *k);
struct key *_Nullable key_find(const char *name);
/* The struct is the driver's and stays.  -ENOMEM: no place for its file (fs/paneldev.c). */
int must_check led_add(struct led *l);
struct led *_Nullable led_find(const char *name);
struct led *_Nullable led_nth(unsigned number);
/* Any context. */
void led_set(const struct led *l, bool lit);
bool led_lit(const struct led *l);

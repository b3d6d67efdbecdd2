/* What people see and touch on a board without a terminal: displays, lamps, keys; between their drivers and whoever uses them. */
#pragma once

#include <kernel/trusted/list.h>
#include <kernel/trusted/span.h>

/* --- displays --- */

struct display {
    char name[16];
    uint16_t width,
        height; /* pixels; 4 bits each, the left one of a pair in the high half of its byte */
    /* Show rows [first, first + n): `pixels` has width / 2 * n bytes.  Thread context.  -EIO. */
    int (*show)(struct display *d, unsigned first, unsigned n, struct cspan pixels);
    void *driver;
    struct list_node node;
};

void display_add(struct display *d);
/* NULL: the first one. */
struct display *_Nullable display_find(const char *_Nullable name);
/* -EINVAL: rows that it does not have, or another number of bytes. */
int must_check display_show(struct display *d, unsigned first, unsigned n, struct cspan pixels);

/* --- lamps and keys --- */

struct key {
    char name[16];
    unsigned pin;
    uint64_t presses;
    bool down;
    void (*_Nullable changed)(void *arg, bool down); /* interrupt context */
    void *_Nullable arg;
    struct list_node node;
};

struct led {
    char name[16];
    unsigned pin;
    struct list_node node;
};

void key_add(struct key *k);
struct key *_Nullable key_find(const char *name);
void led_add(struct led *l);
struct led *_Nullable led_find(const char *name);
/* Any context. */
void led_set(const struct led *l, bool lit);

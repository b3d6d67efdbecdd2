/* The host's end of a serial port: what connects a UART model to a terminal, a file or a test.
 *
 * A model owns a `struct sim_char` (before its state) and adds it with model_char_init(); the host
 * finds it by the device's name.  No byte is lost on either side: the device says how many input
 * bytes it took and calls `ready` when there is room again; the host says how many output bytes it
 * took, and the device tries again later.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim;
struct model;

struct sim_char {
    struct model *owner;
    /* Device side. */
    size_t (*input)(void *dev, const uint8_t *bytes, size_t n); /* returns how many were accepted */
    void (*resume)(void *dev);                                  /* the host can take output again */
    /* Host side. */
    int (*out)(void *arg, const uint8_t *bytes,
               size_t n);     /* returns how many were taken (0: try later) or negative */
    void (*ready)(void *arg); /* the device has room for input again */
    void *arg;
    struct sim_char *next;
};

/* The port of device `name`, or NULL. */
struct sim_char *sim_char_find(const struct sim *sim, const char *name);

/* Connect the host: `out` NULL discards output, `ready` may be NULL. */
void sim_char_connect(struct sim_char *port, int (*out)(void *arg, const uint8_t *bytes, size_t n),
                      void (*ready)(void *arg), void *arg);

/* Bytes for the guest; returns how many the device took.  Offer the rest again after `ready`. */
size_t sim_char_input(struct sim_char *port, const uint8_t *bytes, size_t n);

/* After `out` took less than it was given: it can take more. */
void sim_char_resume(struct sim_char *port);

/* For models: hand bytes to the host; returns how many it took.  Without a host all are taken. */
size_t sim_char_out(struct sim_char *port, const uint8_t *bytes, size_t n);

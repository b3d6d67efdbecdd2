/* The host's side of the 16550A model, beside sim/chardev.h. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <sim/model.h>

/* Bytes from the line; returns how many were accepted, offer the rest again when the port's `ready`
 * is called. */
size_t uart_16550_input(struct model *model, const uint8_t *bytes, size_t n);

/* The far end holds the line low for longer than a character: a zero byte with the break bit. */
void uart_16550_break(struct model *model);

/* Switch character times off (or on again) for this port. */
void uart_16550_set_instant(struct model *model, bool instant);

/* The host's side of the PL011 model, beside sim/chardev.h. */
#pragma once

#include <sim/model.h>

/* The far end holds the line low for longer than a character: a zero byte with the break bit. */
void uart_pl011_break(struct model *model);

/* A character as the receiver gets it from a far end that knows no flow control: whole, or with a bit of DR for what is wrong (FE bit 8,
 * PE bit 9).  While the receiver is full it is lost: an overrun. */
void uart_pl011_receive(struct model *model, uint8_t byte, unsigned errors);

/* Switch character times off (or on again) for this port. */
void uart_pl011_set_instant(struct model *model, bool instant);

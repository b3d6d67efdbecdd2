/* The host's side of the PL011 model, beside sim/chardev.h. */
#pragma once

#include <sim/model.h>

/* The far end holds the line low for longer than a character: a zero byte with the break bit. */
void uart_pl011_break(struct model *model);

/* Switch character times off (or on again) for this port. */
void uart_pl011_set_instant(struct model *model, bool instant);

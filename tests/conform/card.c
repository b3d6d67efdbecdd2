/* Names for the bytes of the SD card's dialogue.  See card.h. */
#include "card.h"

#include <stdio.h>

#define SSI_DR      0x40008008u
#define CARD_SELECT 0x40007004u /* pin D0 */

enum { COMMAND_REST = 5, BLOCK_AND_CRC = 514, TOKEN_BLOCK = 0xfe, TOKEN_MULTIPLE = 0xfc };

void
card_write(struct card *c, uint64_t addr, uint64_t value)
{
    if (addr == CARD_SELECT) {
        c->selected = value == 0;
        c->frame = c->data = 0;
    }
    if (addr != SSI_DR) {
        return;
    }
    c->outbound = c->frame > 0 || c->data > 0;
    if (c->data > 0) {
        c->data--;
    } else if (c->frame > 0) {
        c->frame--;
        c->byte = 0;
    } else if (value == TOKEN_BLOCK || value == TOKEN_MULTIPLE) {
        c->data = BLOCK_AND_CRC;
    } else if (c->selected && (value & 0xc0) == 0x40) {
        c->command = value & 0x3f;
        c->frame = COMMAND_REST;
        c->outbound = true;
    }
}

void
card_name(struct card *c, char *name, size_t size)
{
    if (!c->selected) {
        snprintf(name, size, ":deselected");
    } else if (c->outbound) {
        snprintf(name, size, ":%u.out", c->command);
    } else {
        snprintf(name, size, ":%u.%u", c->command, c->byte++);
    }
}

/* Which part of the SD card's dialogue a byte on the SPI bus of the LM3S6965 evaluation board belongs to. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct card {
    bool selected;
    bool outbound;   /* the last byte was part of a command or a block that the host sends */
    uint8_t command; /* the last one */
    unsigned frame;  /* bytes of it that are still to come */
    unsigned data;   /* of the block that is being written */
    unsigned byte;   /* bytes read since */
};

/* A register was written: follow what goes out to the card. */
void card_write(struct card *c, uint64_t addr, uint64_t value);
/* What the byte that is now read from the bus is called: ":17.4" (the fifth after command 17), ":17.out", ":deselected". */
void card_name(struct card *c, char *name, size_t size);

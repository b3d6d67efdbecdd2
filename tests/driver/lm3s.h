/* The parts of the LM3S6965 evaluation board beside a PC's clock and interrupt controllers, and their drivers: until the hosted kernel runs on
 * that board itself, this is where they are tried. */
#pragma once

#include <hal/board.h>
#include <sim/sim.h>

extern const struct board lm3s_board;

enum { LM3S_DATA_AT = 0x3c000, LM3S_DATA_SIZE = 0x4000 }; /* of the flash */

/* What the board's start-up code does before the drivers: pins that belong to the serial port. */
void lm3s_start_up(struct sim *sim);

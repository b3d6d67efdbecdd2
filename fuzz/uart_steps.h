/* What is done with a serial port whose chip answers anything: "uart0" of the board; its interrupt is hostile.irq[0]. */
#pragma once

#include <hal/board.h>

extern const struct board *fuzz_uart_board; /* set before */

/* For hostile_run(): lines of all kinds, bytes, breaks, interrupts, in the input's order. */
void fuzz_uart_use(void);

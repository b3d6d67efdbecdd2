/* What every driver of a serial port must do, for machine_run() of its test: the port is "uart0" at 115200 baud. */
#pragma once

struct model;

/* The chip's, set before: the far end sends a break. */
extern void (*uart_make_break)(struct model *model);

void uart_output_body(void); /* many bytes, at the line's speed, one interrupt for several */
void uart_input_body(void);  /* many bytes, one alone, a break */
void uart_echo_body(void);
void uart_line_body(void); /* another speed and frame, what cannot be, output forgotten, polled */

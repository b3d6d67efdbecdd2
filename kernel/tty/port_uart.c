/* A terminal on a UART: glue between kernel/core/uart.h and the line discipline. */
#include <kernel/core/uart.h>
#include <kernel/tty/tty_private.h>

static size_t
port_write(struct tty *t, const uint8_t *bytes, size_t n)
{
    return uart_write(t->port, cspan_of(bytes, n));
}

static bool
port_drained(struct tty *t)
{
    return uart_idle(t->port);
}

/* Speeds the termios can name that a PC's UART reaches, by CBAUD code. */
static uint32_t
baud_of(uint32_t cbaud)
{
    static const uint32_t low[16] = { 0,   50,   75,   110,  134,  150,  200,   300,
                                      600, 1200, 1800, 2400, 4800, 9600, 19200, 38400 };

    if (cbaud < 16)
        return low[cbaud];
    return cbaud == 010001 ? 57600 : cbaud == B115200 ? 115200 : 0;
}

static void
port_set(struct tty *t, const struct termios_k *termios)
{
    struct uart *u = t->port;
    struct uart_line line = u->line;
    uint32_t baud = baud_of(termios->c_cflag & CBAUD);

    if (baud == 0 || baud == line.baud)
        return; /* 0 hangs up a modem, which we have not; unknown speeds keep the old one, as Linux does */
    line.baud = baud;
    if (uart_set_line(u, &line) < 0)
        return;
}

static const struct tty_port_ops uart_port = { .write = port_write,
                                               .set = port_set,
                                               .drained = port_drained };

static void
uart_to_tty(struct uart *u, uint8_t byte, unsigned errors)
{
    struct tty *t = u->user;

    if (errors & UART_BREAK)
        tty_port_break(t);
    else if (!(errors & (UART_PARITY | UART_FRAMING)))
        tty_port_input(t, &byte, 1);
}

static void
uart_has_room(struct uart *u)
{
    tty_port_ready(u->user);
}

bool
tty_uart_attach(struct tty *t)
{
    struct uart *u = uart_console();

    if (u == NULL)
        return false;
    t->ops = &uart_port;
    t->port = u;
    u->user = t;
    u->drained = uart_has_room;
    u->input = uart_to_tty;
    uart_start(u);
    return true;
}

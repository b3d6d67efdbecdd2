/* Serial ports, between their drivers (kernel/drivers/uart_*.c) and the tty layer.
 *
 * The user sets `user`, then `input` and `drained`, and calls uart_start(); it writes with uart_write().  The driver calls uart_input() for each byte and
 * takes bytes to send with uart_tx_take().  All callbacks run in interrupt context: short, no sleep, no allocation; input() may
 * call uart_write() (echo).
 */
#pragma once

#include <kernel/core/lock.h>
#include <kernel/trusted/span.h>

enum {
    UART_TX_SIZE = CONFIG_UART_BUFFER_SIZE, /* bytes queued to be sent */
    UART_TX_LOW =
        UART_TX_SIZE /
        4, /* drained() is called when a queue that was fuller falls to this, and when it is empty */
};

/* What was wrong with a byte (or, with UART_OVERRUN, lost before it). */
enum uart_errors {
    UART_PARITY = BIT(0),
    UART_FRAMING = BIT(1),
    UART_BREAK = BIT(2), /* the byte is 0 */
    UART_OVERRUN = BIT(3),
};

enum uart_parity { UART_NONE, UART_ODD, UART_EVEN };

struct uart_line {
    uint32_t baud;
    uint8_t data_bits; /* 5 .. 8 */
    uint8_t stop_bits; /* 1 or 2 */
    enum uart_parity parity;
};

struct uart;

struct uart_ops {
    /* Bytes are queued: send them.  Called with the lock held, maybe while sending already. */
    void (*tx_start)(struct uart *u);
    /* Begin to receive: until then bytes wait in the chip. */
    void (*rx_start)(struct uart *u);
    /* All in `line` is in its range.  -EINVAL: the chip cannot. */
    int (*set_line)(struct uart *u, const struct uart_line *line);
    void (*set_break)(struct uart *u, bool on);
    /* Is the last bit out? */
    bool (*tx_idle)(struct uart *u);
    /* Send with interrupts off, by polling, bounded; for panics. */
    void (*poll_write)(struct uart *u, struct cspan text);
};

struct uart {
    char name[16];
    const struct uart_ops *ops;
    void *driver;                                                 /* the driver's state */
    void *_Nullable user;                                         /* the tty's */
    void (*input)(struct uart *u, uint8_t byte, unsigned errors); /* may be NULL: bytes are dropped */
    void (*drained)(struct uart *u);                              /* may be NULL */
    struct uart_line line;
    struct irqlock lock;
    uint8_t tx[UART_TX_SIZE]; /* a ring; it and the next two under the lock */
    unsigned tx_first, tx_len;
    uint64_t rx_bytes, tx_bytes, overruns, line_errors;
    int error; /* 0, or why the port is dead: uart_write() swallows everything then */
    struct list_node node;
};

/* --- for the tty layer --- */

/* The port named "uart0", or NULL. */
struct uart *_Nullable uart_find(const char *name);
/* The first port that works: the system console.  NULL: none. */
struct uart *_Nullable uart_console(void);
void uart_for_each(void (*fn)(struct uart *u, void *arg), void *arg);

/* The user has set its callbacks: let input come.  Nothing is lost that arrived before and fits into the chip. */
void uart_start(struct uart *u);
/* Queue bytes; returns how many fitted.  Any context. */
size_t uart_write(struct uart *u, struct cspan data);
/* Bytes that uart_write() would take now. */
size_t uart_room(struct uart *u);
/* Everything queued is on the wire (tcdrain()). */
bool uart_idle(struct uart *u);
/* Wait until all ports are idle, for at most so long without a byte going out of the one that is not.  Thread context. */
void uart_wait_idle(uint64_t patience_ns);
/* Forget what is queued (tcflush()). */
void uart_flush_output(struct uart *u);
/* Speed and frame.  -EINVAL: there is no such line, or the chip cannot; nothing is changed. */
int must_check uart_set_line(struct uart *u, const struct uart_line *line);
void uart_set_break(struct uart *u, bool on);
/* Print on the console by polling, whatever state the system is in (panic). */
void uart_panic_write(const char *text, size_t len);

/* --- for drivers --- */

/* Fill in name, ops, driver and line, then add.  The struct is the driver's and stays. */
void uart_add(struct uart *u);
/* A byte came in.  Interrupt context, lock not held. */
void uart_input(struct uart *u, uint8_t byte, unsigned errors);
/* The next byte to send, -1: none. */
int uart_tx_take(struct uart *u) requires_lock(u->lock);
/* After a round of uart_tx_take(), lock not held: tell the user that there is room again, if so. */
void uart_tx_done(struct uart *u, bool was_above_low);
/* The port is broken: drop what is queued, wake its users. */
void uart_fail(struct uart *u, int error);

/* Serial ports: the transmit queue and the register of ports. */
#include <hal/time.h>
#include <kernel/abi/errno.h>
#include <kernel/core/fmt.h>
#include <kernel/core/uart.h>
#include <kernel/core/wait.h>

enum { IDLE_LOOK_NS = 1000000 };

static struct list ports = LIST_INIT(ports);

void
uart_add(struct uart *u)
{
    irqlock_init(&u->lock, u->name);
    list_push_back(&ports, &u->node);
}

struct uart *
uart_find(const char *name)
{
    struct list_node *n;

    list_for_each (n, &ports) {
        struct uart *u = container_of(n, struct uart, node);

        if (str_eq(u->name, name))
            return u;
    }
    return NULL;
}

struct uart *
uart_console(void)
{
    struct list_node *n;

    list_for_each (n, &ports) {
        struct uart *u = container_of(n, struct uart, node);

        if (u->error == 0)
            return u;
    }
    return NULL;
}

void
uart_for_each(void (*fn)(struct uart *u, void *arg), void *arg)
{
    struct list_node *n;

    list_for_each (n, &ports)
        fn(container_of(n, struct uart, node), arg);
}

void
uart_start(struct uart *u)
{
    irqlock_lock(&u->lock);
    u->ops->rx_start(u);
    irqlock_unlock(&u->lock);
}

/* What fits into the queue now, sent as far as the chip takes it at once. */
static size_t
queue(struct uart *u, struct cspan data) requires_lock(u->lock)
{
    size_t room = UART_TX_SIZE - u->tx_len;
    size_t n = data.len < room ? data.len : room;

    for (size_t i = 0; i < n; i++)
        u->tx[(u->tx_first + u->tx_len++) % UART_TX_SIZE] = span_get(data, i);
    if (n > 0)
        u->ops->tx_start(u);
    return n;
}

/* A caller that is told less than all waits for drained(), which an interrupt calls: so the queue is full then. */
size_t
uart_write(struct uart *u, struct cspan data)
{
    size_t done = 0, n;

    if (u->error != 0)
        return data.len;
    irqlock_lock(&u->lock);
    do {
        n = queue(u, cspan_from(data, done));
        done += n;
    } while (n > 0 && done < data.len);
    irqlock_unlock(&u->lock);
    return done;
}

size_t
uart_room(struct uart *u)
{
    irqlock_lock(&u->lock);

    size_t room = UART_TX_SIZE - u->tx_len;

    irqlock_unlock(&u->lock);
    return room;
}

bool
uart_idle(struct uart *u)
{
    if (u->error != 0)
        return true;
    irqlock_lock(&u->lock);

    bool idle = u->tx_len == 0 && u->ops->tx_idle(u);

    irqlock_unlock(&u->lock);
    return idle;
}

void
uart_flush_output(struct uart *u)
{
    irqlock_lock(&u->lock);
    u->tx_len = 0;
    irqlock_unlock(&u->lock);
}

int
uart_set_line(struct uart *u, const struct uart_line *line)
{
    if (line->baud == 0 || line->data_bits < 5 || line->data_bits > 8 || line->stop_bits < 1 ||
        line->stop_bits > 2)
        return -EINVAL;
    irqlock_lock(&u->lock);

    int rc = u->ops->set_line(u, line);

    if (rc == 0)
        u->line = *line;
    irqlock_unlock(&u->lock);
    return rc;
}

static void
wait_idle(struct uart *u, void *arg)
{
    uint64_t patience_ns = *(const uint64_t *)arg, give_up_ns = 0, sent = UINT64_MAX;

    while (!uart_idle(u)) {
        uint64_t now = hal_time_now_ns();

        if (u->tx_bytes != sent)
            give_up_ns = now + patience_ns;
        else if (now >= give_up_ns)
            return;
        sent = u->tx_bytes;
        if (thread_sleep_until(now + IDLE_LOOK_NS, 0) < 0)
            return;
    }
}

void
uart_wait_idle(uint64_t patience_ns)
{
    uart_for_each(wait_idle, &patience_ns);
}

void
uart_set_break(struct uart *u, bool on)
{
    irqlock_lock(&u->lock);
    u->ops->set_break(u, on);
    irqlock_unlock(&u->lock);
}

void
uart_panic_write(const char *text, size_t len)
{
    struct uart *u = uart_console();

    if (u != NULL)
        u->ops->poll_write(u, cspan_of(text, len));
}

void
uart_input(struct uart *u, uint8_t byte, unsigned errors)
{
    u->rx_bytes++;
    if ((errors & UART_OVERRUN) != 0)
        u->overruns++;
    if ((errors & ~(unsigned)UART_OVERRUN) != 0)
        u->line_errors++;
    if (u->input != NULL)
        u->input(u, byte, errors);
}

int
uart_tx_take(struct uart *u)
{
    if (u->tx_len == 0)
        return -1;

    uint8_t byte = u->tx[u->tx_first];

    u->tx_first = (u->tx_first + 1) % UART_TX_SIZE;
    u->tx_len--;
    u->tx_bytes++;
    return byte;
}

void
uart_tx_done(struct uart *u, bool was_above_low)
{
    irqlock_lock(&u->lock);

    bool tell = u->tx_len == 0 || (was_above_low && u->tx_len <= UART_TX_LOW);

    irqlock_unlock(&u->lock);
    if (tell && u->drained != NULL)
        u->drained(u);
}

void
uart_fail(struct uart *u, int error)
{
    u->error = error;
    uart_flush_output(u);
    if (u->drained != NULL)
        u->drained(u);
}

/* Terminal output: processing by c_oflag (POSIX 11.2.3), the output ring, and handing it to the port. */
#include <kernel/tty/tty_private.h>

uint32_t
tty_output_room(const struct tty *t)
{
    return TTY_OUTPUT_SIZE - (t->out_head - t->out_tail);
}

bool
tty_put_raw(struct tty *t, uint8_t c)
{
    if (tty_output_room(t) == 0)
        return false;
    t->out[t->out_head++ % TTY_OUTPUT_SIZE] = c;
    return true;
}

/* Follow the cursor, for tabs and for erasing. */
static void
track_column(struct tty *t, uint8_t c) requires_lock(t->lock)
{
    switch (c) {
    case '\n':
        if (t->termios.c_oflag & ONLRET)
            t->column = 0;
        break;
    case '\r':
        t->column = 0;
        break;
    case '\b':
        t->column -= t->column > 0;
        break;
    case '\t':
        t->column = (t->column | 7) + 1;
        break;
    default:
        if (c >= 0x20 && c != 0x7f && !((t->termios.c_iflag & IUTF8) && (c & 0xc0) == 0x80))
            t->column++;
    }
}

static bool
put_tab(struct tty *t) requires_lock(t->lock)
{
    uint32_t n = 8 - t->column % 8;

    if (tty_output_room(t) < n)
        return false;
    for (uint32_t i = 0; i < n; i++)
        (void)tty_put_raw(t, ' ');
    t->column += n;
    return true;
}

bool
tty_put(struct tty *t, uint8_t c)
{
    uint32_t o = t->termios.c_oflag;

    if (o & OPOST) {
        if (c == '\n' && (o & ONLCR)) {
            if (tty_output_room(t) < 2)
                return false;
            (void)tty_put_raw(t, '\r');
            t->column = 0;
            return tty_put_raw(t, '\n');
        }
        if (c == '\r' && (o & ONOCR) && t->column == 0)
            return true;
        if (c == '\r' && (o & OCRNL))
            c = '\n';
        if (c == '\t' && (o & TABDLY) == XTABS)
            return put_tab(t);
        if ((o & OLCUC) && c >= 'a' && c <= 'z')
            c = (uint8_t)(c - 'a' + 'A');
    }
    if (!tty_put_raw(t, c))
        return false;
    track_column(t, c);
    return true;
}

void
tty_start(struct tty *t)
{
    while (!t->stopped && t->out_tail != t->out_head) {
        uint32_t off = t->out_tail % TTY_OUTPUT_SIZE, n = t->out_head - t->out_tail;
        size_t taken;

        if (n > TTY_OUTPUT_SIZE - off)
            n = TTY_OUTPUT_SIZE - off;
        taken = t->ops->write(t, &t->out[off], n);
        t->out_tail += (uint32_t)taken;
        if (taken < n)
            break;
    }
    if (tty_output_room(t) >= TTY_OUTPUT_SIZE / 2)
        wake_all(&t->write_wait);
}

void
tty_flush_output(struct tty *t)
{
    t->out_tail = t->out_head;
    wake_all(&t->write_wait);
}

int
tty_drain(struct tty *t)
{
    int rc = 0;

    irqlock_lock(&t->lock);
    tty_start(t);
    while (rc == 0 && t->out_tail != t->out_head)
        rc = wait_on_irqlock(&t->write_wait, &t->lock, WAIT_INTR, WAIT_FOREVER);
    while (rc == 0 && t->ops->drained != NULL && !t->ops->drained(t))
        rc = wait_on_irqlock(&t->write_wait, &t->lock, WAIT_INTR, WAIT_FOREVER);
    irqlock_unlock(&t->lock);
    return rc;
}

void
tty_port_ready(struct tty *t)
{
    irqlock_lock(&t->lock);
    tty_start(t);
    wake_all(&t->write_wait);
    irqlock_unlock(&t->lock);
}

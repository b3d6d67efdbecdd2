/* Reading a terminal: whole lines in canonical mode, MIN and TIME otherwise (POSIX 11.1.6, 11.1.7). */
#include <hal/time.h>
#include <kernel/abi/fcntl.h>
#include <kernel/abi/signal.h>
#include <kernel/fs/vfs.h>
#include <kernel/trusted/bounds.h>
#include <kernel/tty/tty_private.h>

enum { BOUNCE = PAGE_SIZE / 16, DECISECOND_NS = 100000000 };

/* Take bytes of one line; `done` when its end was reached.  An EOF mark ends it without a byte. */
static size_t
take_line(struct tty *t, uint8_t *out, size_t max, bool *done) requires_lock(t->lock)
{
    size_t n = 0;

    *done = false;
    while (n < max && t->tail != t->canon && !*done) {
        uint32_t i = t->tail % TTY_INPUT_SIZE;
        bool eol = t->in_eol[i / 8] >> (i % 8) & 1;

        t->tail++;
        *done = eol;
        if (!(eol && t->in[i] == 0))
            at(out, max, n++) = t->in[i];
    }
    /* A line that just fits takes the EOF mark behind it along, or the next read would see an end of file. */
    if (!*done && n == max && t->tail != t->canon) {
        uint32_t i = t->tail % TTY_INPUT_SIZE;

        if (t->in[i] == 0 && (t->in_eol[i / 8] >> (i % 8) & 1)) {
            t->tail++;
            *done = true;
        }
    }
    return n;
}

static size_t
take_raw(struct tty *t, uint8_t *out, size_t max) requires_lock(t->lock)
{
    size_t n = 0;

    while (n < max && t->tail != t->head)
        at(out, max, n++) = t->in[t->tail++ % TTY_INPUT_SIZE];
    if (t->canon - t->tail > TTY_INPUT_SIZE)
        t->canon = t->tail;
    return n;
}

/* Wait until canonical input is there: 0, or an error. */
static int
wait_canonical(struct tty *t, bool nonblock) requires_lock(t->lock)
{
    while ((t->termios.c_lflag & ICANON) && t->tail == t->canon) {
        if (nonblock)
            return -EAGAIN;
        int rc = wait_on_irqlock(&t->read_wait, &t->lock, WAIT_INTR, WAIT_FOREVER);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* Wait as MIN and TIME say; `got` bytes were already given in this read.  0: go on and take what is there (perhaps nothing:
 * time is up). */
static int
wait_raw(struct tty *t, bool nonblock, size_t want, uint64_t *deadline_ns) requires_lock(t->lock)
{
    uint32_t seen = t->head - t->tail;

    for (;;) {
        uint8_t min = t->termios.c_cc[VMIN], time = t->termios.c_cc[VTIME];
        uint32_t have = t->head - t->tail;
        uint64_t need = min == 0 ? 1 : want < min ? want : min;

        if ((t->termios.c_lflag & ICANON) || have >= need)
            return 0;
        if (nonblock)
            return have > 0 ? 0 : -EAGAIN;
        if (min == 0 && time == 0)
            return 0;
        if (time > 0 && (min == 0 ? *deadline_ns == WAIT_FOREVER
                                  : have > 0 && (have != seen || *deadline_ns == WAIT_FOREVER)))
            *deadline_ns =
                hal_time_now_ns() +
                (uint64_t)time * DECISECOND_NS; /* TIME restarts with every byte if MIN > 0 */
        seen = have;
        int rc = wait_on_irqlock(&t->read_wait, &t->lock, WAIT_INTR, *deadline_ns);
        if (rc == -ETIMEDOUT)
            return 0;
        if (rc < 0)
            return t->head != t->tail ? 0 : rc;
    }
}

int64_t
tty_read(struct file *file, struct iobuf *buf, uint64_t *pos unused_param)
{
    struct tty *t = file->data;
    bool nonblock = (file->flags & O_NONBLOCK) != 0, done = false;
    uint64_t deadline_ns = WAIT_FOREVER;
    uint8_t bounce[BOUNCE];
    int64_t total = 0;
    int rc = tty_check_background(t, SIGTTIN);

    if (rc < 0 || buf->left == 0)
        return rc;
    do {
        size_t max = buf->left < BOUNCE ? buf->left : BOUNCE, n = 0;

        irqlock_lock(&t->lock);
        bool canon = (t->termios.c_lflag & ICANON) != 0;
        if (total == 0)
            rc = canon ? wait_canonical(t, nonblock) : wait_raw(t, nonblock, buf->left, &deadline_ns);
        canon = (t->termios.c_lflag & ICANON) != 0; /* it may have changed while we slept */
        if (rc == 0)
            n = canon ? take_line(t, bounce, max, &done) : take_raw(t, bounce, max);
        irqlock_unlock(&t->lock);
        if (rc < 0)
            return total > 0 ? total : rc;
        if (n > 0 && iobuf_put(buf, bounce, n) < 0)
            return total > 0 ? total : -EFAULT;
        total += (int64_t)n;
        if (n < max)
            break;
    } while (!done && buf->left > 0);
    return total;
}

/* /dev/timer0...: writing a number of microseconds, decimal, has it strike that often, 0 stops it.  Reading waits until it has struck since the
 * last time and gives how often, decimal, with a newline; the end of the file where it stands still.  It goes on when the file is closed. */
#include <kernel/abi/fcntl.h>
#include <kernel/core/fmt.h>
#include <kernel/core/ticker.h>
#include <kernel/fs/file.h>
#include <kernel/trusted/bounds.h>

enum { MAJOR_TIMER = 242 /* of those for local use */ };

static struct ticker *_Nullable tickers;

static int
ticker_open(struct file *f)
{
    struct ticker *t = tickers;

    while (t != NULL && t->number != dev_minor(f->inode->rdev))
        t = t->next;
    f->data = t;
    return t != NULL ? 0 : -ENXIO;
}

static int64_t
ticker_write(struct file *f, struct iobuf *buf, uint64_t *pos unused_param)
{
    struct ticker *t = f->data;
    char text[TICKER_TEXT] = { 0 };
    size_t n = buf->left;
    uint64_t us = 0;
    int rc = n == 0 || n >= sizeof text ? -EINVAL : iobuf_get(buf, text, n);

    if (rc < 0)
        return rc;
    if (at(text, sizeof text, n - 1) == '\n')
        at(text, sizeof text, n - 1) = '\0';
    if (text[0] == '\0' && n == 1) /* the end of a line, by itself */
        return 1;
    rc = str_to_u64(text, &us);
    if (rc < 0)
        return rc;
    if (us != 0 && (us < TICKER_MIN_US || us > t->max_us))
        return -EINVAL;
    irqlock_lock(&t->lock);
    if (us != 0)
        t->ops->start(t, (uint32_t)us);
    else
        t->ops->stop(t);
    t->running = us != 0;
    t->count = 0;
    t->text_at = t->text_len;
    wake_all(&t->wait); /* those who read a timer that stands still now */
    irqlock_unlock(&t->lock);
    return (int64_t)n;
}

/* Until it has struck: how often; 0: it stands still. */
static int64_t
await(struct ticker *t, bool wait)
{
    int64_t rc = wait || !t->running ? 0 : -EAGAIN;

    irqlock_lock(&t->lock);
    while (rc == 0 && t->running && t->count == 0)
        rc = wait_on_irqlock(&t->wait, &t->lock, WAIT_INTR, WAIT_FOREVER);
    if (t->count > 0) {
        rc = t->count;
        t->count = 0;
    }
    irqlock_unlock(&t->lock);
    return rc;
}

static int64_t
ticker_read(struct file *f, struct iobuf *buf, uint64_t *pos unused_param)
{
    struct ticker *t = f->data;
    char text[TICKER_TEXT];
    size_t n;
    int rc;

    if (buf->left == 0)
        return 0;
    if (t->text_at == t->text_len) {
        int64_t struck = await(t, (f->flags & O_NONBLOCK) == 0);

        if (struck <= 0)
            return struck;
        t->text_at = 0;
        t->text_len = (uint8_t)fmt_print(t->text, sizeof t->text, "%u\n", (unsigned)struck);
    }
    n = t->text_len - t->text_at;
    n = buf->left < n ? buf->left : n;
    span_copy(span_of(text, sizeof text), cspan_sub(cspan_of(t->text, t->text_len), t->text_at, n));
    t->text_at += (uint8_t)n; /* before this sleeps: another one may read */
    rc = iobuf_put(buf, text, n);
    return rc < 0 ? rc : (int64_t)n;
}

static unsigned
ticker_poll(struct file *f, struct poll_table *_Nullable pt)
{
    struct ticker *t = f->data;

    poll_add(pt, &t->wait);
    return t->count > 0 || t->text_at < t->text_len || !t->running ? POLLIN | POLLRDNORM | POLLOUT
                                                                   : POLLOUT;
}

static const struct file_ops ticker_fops = { .open = ticker_open,
                                             .read = ticker_read,
                                             .write = ticker_write,
                                             .poll = ticker_poll,
                                             .seek = file_no_seek };

int
ticker_add(struct ticker *t)
{
    int rc;

    t->number = tickers == NULL ? 0 : tickers->number + 1;
    irqlock_init(&t->lock, "timer");
    waitq_init(&t->wait);
    fmt_print(t->file, sizeof t->file, "timer%u", t->number);
    rc = chrdev_add(dev_make(MAJOR_TIMER, t->number), 1, &ticker_fops, t->file);
    if (rc < 0)
        return rc;
    t->next = tickers;
    tickers = t;
    return 0;
}

void
ticker_struck(struct ticker *t)
{
    irqlock_lock(&t->lock);
    t->count += t->count < UINT32_MAX;
    wake_all(&t->wait);
    irqlock_unlock(&t->lock);
}

/* See paneldev.h.  A lamp's file takes '0' and '1' and gives its state, as a file of sysfs does; a display's is the picture, and has a size.
 * A picture cannot be read: the chips do not say what they show, and a copy of it would cost more memory than a small program. */
#include <kernel/abi/fcntl.h>
#include <kernel/fs/file.h>
#include <kernel/fs/paneldev.h>
#include <kernel/sched/thread.h>
#include <kernel/trusted/bounds.h>

enum { MAJOR_FB = 29, MAJOR_LED = 240 /* of those for local use */, CHUNK = 64 };

/* Between chunks of a long write: false, it shall end. */
static bool
go_on(void)
{
    if (sched_wanted())
        sched_point();
    return !thread_current()->interrupted;
}

/* --- lamps --- */

static int
led_open(struct file *f)
{
    f->data = led_nth(dev_minor(f->inode->rdev));
    return f->data != NULL ? 0 : -ENXIO;
}

static int64_t
led_read(struct file *f, struct iobuf *buf, uint64_t *pos)
{
    const char text[] = { led_lit(f->data) ? '1' : '0', '\n' };
    size_t n;
    int rc;

    if (*pos >= sizeof text)
        return 0;
    n = sizeof text - (size_t)*pos;
    if (buf->left < n)
        n = buf->left;
    rc = iobuf_put(buf, cspan_sub(cspan_of(text, sizeof text), (size_t)*pos, n).ptr, n);
    if (rc < 0)
        return rc;
    *pos += n;
    return (int64_t)n;
}

static int64_t
led_write(struct file *f, struct iobuf *buf, uint64_t *pos unused_param)
{
    uint8_t chunk[CHUNK];
    int64_t done = 0;

    while (buf->left > 0) {
        size_t n = buf->left < sizeof chunk ? buf->left : sizeof chunk;
        int rc = iobuf_get(buf, chunk, n);

        if (rc < 0)
            return done > 0 ? done : rc;
        for (size_t i = 0; i < n; i++, done++) {
            uint8_t byte = at(chunk, sizeof chunk, i);

            if (byte == '0' || byte == '1')
                led_set(f->data, byte == '1');
            else if (byte != '\n')
                return done > 0 ? done : -EINVAL;
        }
        if (!go_on())
            break;
    }
    return done;
}

static const struct file_ops led_ops = { .open = led_open, .read = led_read, .write = led_write };

int
paneldev_add_led(const struct led *l)
{
    return chrdev_add(dev_make(MAJOR_LED, l->number), 1, &led_ops, l->name);
}

/* --- displays --- */

static int
fb_open(struct file *f)
{
    f->data = display_nth(dev_minor(f->inode->rdev));
    return f->data != NULL ? 0 : -ENXIO;
}

/* No more than the rest of a row at once. */
static int64_t
fb_write(struct file *f, struct iobuf *buf, uint64_t *pos)
{
    struct display *d = f->data;
    uint8_t chunk[CHUNK];
    int64_t done = 0;

    while (buf->left > 0) {
        size_t row = d->width / 2u, n = row - (size_t)(*pos % row);
        int64_t rc;

        if (*pos >= display_size(d))
            return done > 0 ? done : -ENOSPC;
        n = n < sizeof chunk ? n : sizeof chunk;
        n = n < buf->left ? n : buf->left;
        rc = iobuf_get(buf, chunk, n);
        if (rc == 0)
            rc = display_write(d, *pos, cspan_of(chunk, n));
        if (rc < 0)
            return done > 0 ? done : rc;
        *pos += (uint64_t)rc;
        done += rc;
        if (!go_on())
            break;
    }
    return done;
}

static int64_t
fb_seek(struct file *f, int64_t off, int whence)
{
    return file_seek_within(f, off, whence, display_size(f->data));
}

static const struct file_ops fb_ops = { .open = fb_open, .write = fb_write, .seek = fb_seek };

int
paneldev_add_display(const struct display *d)
{
    return chrdev_add(dev_make(MAJOR_FB, d->number), 1, &fb_ops, d->file);
}

/* /dev/temp0...: a temperature in thousandths of a degree, decimal, with a newline, as Linux's hwmon has it (tempN_input).  Reading from the
 * start measures anew. */
#include <kernel/core/fmt.h>
#include <kernel/core/sensor.h>
#include <kernel/fs/file.h>

enum { MAJOR_TEMPERATURE = 241 /* of those for local use */ };

static struct sensor *_Nullable sensors;

static int
sensor_open(struct file *f)
{
    struct sensor *s = sensors;

    while (s != NULL && s->number != dev_minor(f->inode->rdev))
        s = s->next;
    f->data = s;
    return s != NULL ? 0 : -ENXIO;
}

static int
measure(struct sensor *s)
{
    int32_t millidegrees = 0;
    int rc = s->read(s, &millidegrees);

    if (rc == 0)
        s->len = fmt_print(s->text, sizeof s->text, "%d\n", millidegrees);
    return rc;
}

static int64_t
sensor_read(struct file *f, struct iobuf *buf, uint64_t *pos)
{
    struct sensor *s = f->data;
    size_t n;
    int rc = *pos == 0 ? measure(s) : 0;

    if (rc < 0)
        return rc;
    if (*pos >= s->len)
        return 0;
    n = s->len - (size_t)*pos;
    n = buf->left < n ? buf->left : n;
    rc = iobuf_put(buf, cspan_sub(cspan_of(s->text, s->len), (size_t)*pos, n).ptr, n);
    if (rc < 0)
        return rc;
    *pos += n;
    return (int64_t)n;
}

static const struct file_ops sensor_ops = { .open = sensor_open, .read = sensor_read };

int
sensor_add(struct sensor *s)
{
    int rc;

    s->number = sensors == NULL ? 0 : sensors->number + 1;
    fmt_print(s->file, sizeof s->file, "temp%u", s->number);
    rc = chrdev_add(dev_make(MAJOR_TEMPERATURE, s->number), 1, &sensor_ops, s->file);
    if (rc < 0)
        return rc;
    s->next = sensors;
    sensors = s;
    return 0;
}

/* /dev/null, zero, full, random, urandom, kmsg (null(4), random(4), full(4)). */
#include <kernel/core/log.h>
#include <kernel/core/random.h>
#include <kernel/fs/devfs.h>
#include <kernel/fs/file.h>
#include <kernel/sched/thread.h>

enum { MAJOR_MEM = 1, NULL_CHUNK = 65536, RANDOM_CHUNK = PAGE_SIZE / 16, KMSG_MAX = 200 };

static int64_t
null_read(unused_param struct file *f, unused_param struct iobuf *buf, unused_param uint64_t *pos)
{
    return 0;
}

static int64_t
null_write(unused_param struct file *f, struct iobuf *buf, unused_param uint64_t *pos)
{
    return (int64_t)buf->left;
}

static int64_t
null_seek(struct file *f, unused_param int64_t off, unused_param int whence)
{
    f->pos = 0;
    return 0;
}

static int64_t
zero_read(unused_param struct file *f, struct iobuf *buf, unused_param uint64_t *pos)
{
    int64_t done = 0;

    while (buf->left > 0) {
        size_t n = buf->left < NULL_CHUNK ? buf->left : NULL_CHUNK;
        int rc = iobuf_put_zero(buf, n);

        if (rc < 0)
            return done > 0 ? done : rc;
        done += (int64_t)n;
        if (thread_current()->interrupted)
            break;
        if (sched_wanted())
            sched_point();
    }
    return done;
}

static int
zero_map(unused_param struct file *f, unused_param uint64_t index, unused_param bool write,
         struct page **out)
{
    struct page *p = page_zalloc(0);

    if (p == NULL)
        return -ENOMEM;
    *out = p;
    return 0;
}

static int64_t
full_write(unused_param struct file *f, unused_param struct iobuf *buf, unused_param uint64_t *pos)
{
    return -ENOSPC;
}

static int64_t
urandom_read(unused_param struct file *f, struct iobuf *buf, unused_param uint64_t *pos)
{
    uint8_t chunk[RANDOM_CHUNK];
    int64_t done = 0;

    while (buf->left > 0) {
        size_t n = buf->left < sizeof(chunk) ? buf->left : sizeof(chunk);
        int rc;

        random_bytes(chunk, n);
        rc = iobuf_put(buf, chunk, n);
        if (rc < 0)
            return done > 0 ? done : rc;
        done += (int64_t)n;
        if (thread_current()->interrupted)
            break;
        if (sched_wanted())
            sched_point();
    }
    return done;
}

static int64_t
kmsg_write(unused_param struct file *f, struct iobuf *buf, unused_param uint64_t *pos)
{
    char line[KMSG_MAX + 1] = { 0 };
    size_t all = buf->left;
    size_t n = all < KMSG_MAX ? all : KMSG_MAX;
    int rc = iobuf_get(buf, line, n);

    if (rc < 0)
        return rc;
    if (n > 0 && line[n - 1] == '\n')
        line[n - 1] = '\0';
    klog(LOG_INFO, "%s", line);
    return (int64_t)all;
}

static const struct file_ops null_ops = { .read = null_read, .write = null_write, .seek = null_seek };
static const struct file_ops zero_ops = {
    .read = zero_read, .write = null_write, .seek = null_seek, .map_page = zero_map
};
static const struct file_ops full_ops = { .read = zero_read, .write = full_write, .seek = null_seek };
static const struct file_ops urandom_ops = { .read = urandom_read,
                                             .write = null_write,
                                             .seek = null_seek };
static const struct file_ops kmsg_ops = { .write = kmsg_write, .seek = null_seek };

void
memdev_init(void)
{
    static const struct {
        uint32_t minor;
        const char *name;
        const struct file_ops *ops;
    } devs[] = {
        { 3, "null", &null_ops },      { 5, "zero", &zero_ops },       { 7, "full", &full_ops },
        { 8, "random", &urandom_ops }, { 9, "urandom", &urandom_ops }, { 11, "kmsg", &kmsg_ops },
    };

    for (size_t i = 0; i < sizeof(devs) / sizeof(devs[0]); i++) {
        if (chrdev_add(dev_make(MAJOR_MEM, devs[i].minor), 1, devs[i].ops, devs[i].name) < 0)
            klog(LOG_ERR, "/dev/%s: not added", devs[i].name);
    }
}

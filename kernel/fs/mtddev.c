/* /dev/mtd0, as Linux has it: reading; writing, which clears bits; MEMGETINFO and MEMERASE.  It is as large as what is free for programs. */
#include <kernel/abi/mtd.h>
#include <kernel/core/mtd.h>
#include <kernel/fs/file.h>

enum { MAJOR_MTD = 90, CHUNK = 64 };

static struct mtd *_Nullable the_mtd;

/* Bytes from `pos` on that are there, are wanted, and fit a chunk. */
static size_t
some(const struct mtd *m, uint64_t pos, const struct iobuf *buf)
{
    size_t n = pos < m->size ? m->size - (size_t)pos : 0;

    n = n < buf->left ? n : buf->left;
    return n < CHUNK ? n : CHUNK;
}

static int
mtd_open(struct file *f)
{
    f->data = the_mtd;
    return the_mtd != NULL ? 0 : -ENXIO;
}

static int64_t
mtd_read(struct file *f, struct iobuf *buf, uint64_t *pos)
{
    struct mtd *m = f->data;
    uint8_t chunk[CHUNK];
    int64_t done = 0;

    for (size_t n = some(m, *pos, buf); n > 0; n = some(m, *pos, buf)) {
        int rc;

        m->ops->read(m, (uint32_t)*pos, span_of(chunk, n));
        rc = iobuf_put(buf, chunk, n);
        if (rc < 0)
            return done > 0 ? done : rc;
        *pos += n;
        done += (int64_t)n;
    }
    return done;
}

static int64_t
mtd_write(struct file *f, struct iobuf *buf, uint64_t *pos)
{
    struct mtd *m = f->data;
    uint8_t chunk[CHUNK];
    int64_t done = 0;

    if (buf->left > 0 && *pos >= m->size)
        return -ENOSPC;
    for (size_t n = some(m, *pos, buf); n > 0; n = some(m, *pos, buf)) {
        int rc = iobuf_get(buf, chunk, n);

        if (rc == 0)
            rc = m->ops->program(m, (uint32_t)*pos, cspan_of(chunk, n));
        if (rc < 0)
            return done > 0 ? done : rc;
        *pos += n;
        done += (int64_t)n;
    }
    return done;
}

static int
erase(struct mtd *m, uaddr_t arg)
{
    struct erase_info_user e = { 0 };
    int rc = ucopy_in(&e, arg, sizeof e);

    if (rc < 0)
        return rc;
    if (e.length == 0 || (e.start | e.length) % m->page != 0 || e.start > m->size ||
        e.length > m->size - e.start)
        return -EINVAL;
    for (uint32_t at = e.start; rc == 0 && at - e.start < e.length; at += m->page)
        rc = m->ops->erase(m, at);
    return rc;
}

static int64_t
mtd_ioctl(struct file *f, uint32_t cmd, uintptr_t arg)
{
    struct mtd *m = f->data;
    struct mtd_info_user info = { .type = MTD_NORFLASH,
                                  .flags = MTD_CAP_NORFLASH,
                                  .size = m->size,
                                  .erasesize = m->page,
                                  .writesize = 1 };

    if (cmd == MEMGETINFO)
        return ucopy_out(uaddr(arg), &info, sizeof info);
    if (cmd == MEMERASE)
        return file_can_write(f) ? erase(m, uaddr(arg)) : -EPERM;
    return -ENOTTY;
}

static int64_t
mtd_seek(struct file *f, int64_t off, int whence)
{
    const struct mtd *m = f->data;

    return file_seek_within(f, off, whence, m->size);
}

static const struct file_ops mtd_fops = {
    .open = mtd_open, .read = mtd_read, .write = mtd_write, .ioctl = mtd_ioctl, .seek = mtd_seek
};

int
mtd_add(struct mtd *m)
{
    int rc = the_mtd != NULL ? -EBUSY : chrdev_add(dev_make(MAJOR_MTD, 0), 1, &mtd_fops, "mtd0");

    if (rc == 0)
        the_mtd = m;
    return rc;
}

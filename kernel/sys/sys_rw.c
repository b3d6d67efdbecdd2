/* read(2), write(2) and their kind. */
#include <kernel/abi/fcntl.h>
#include <kernel/abi/statx.h>
#include <kernel/core/fmt.h>
#include <kernel/fs/file.h>
#include <kernel/fs/inode.h>
#include <kernel/mm/kmem.h>
#include <kernel/proc/proc.h>
#include <kernel/sys/sys_file.h>
#include <kernel/sys/upath.h>
#include <kernel/trusted/bounds.h>
#include <kernel/trusted/field.h>

enum {
    IOV_MAX = 1024,
    IOV_INLINE = 8,
    COPY_CHUNK = 16 * PAGE_SIZE,
    DIRENTS_MAX = 32768,
    COPY_ORDER = 4
};
enum { DIRENT64_NAME = 19, DIRENT_NAME = 18 };

typedef int64_t (*rw_fn)(struct file *f, struct iobuf *buf);

static struct iobuf
ubuf(uint64_t addr, uint64_t len)
{
    return iobuf_user(uaddr((uintptr_t)addr), len < RW_COUNT_MAX ? (size_t)len : RW_COUNT_MAX);
}

static int64_t
rw(const struct sysargs *a, rw_fn fn)
{
    struct file *f = ufile_get((int)a->a[0], false);
    struct iobuf buf = ubuf(a->a[1], a->a[2]);
    int64_t rc;

    if (f == NULL)
        return -EBADF;
    rc = (abi_long)a->a[2] < 0 ? -EINVAL : fn(f, &buf);
    file_put(f);
    return rc;
}

int64_t
sys_read(const struct sysargs *a)
{
    return rw(a, file_read);
}

int64_t
sys_write(const struct sysargs *a)
{
    return rw(a, file_write);
}

typedef int64_t (*prw_fn)(struct file *f, struct iobuf *buf, uint64_t pos);

static int64_t
prw(const struct sysargs *a, prw_fn fn)
{
    struct file *f;
    struct iobuf buf = ubuf(a->a[1], a->a[2]);
    int64_t rc;

    if ((int64_t)a->a[3] < 0)
        return -EINVAL;
    f = ufile_get((int)a->a[0], false);
    if (f == NULL)
        return -EBADF;
    rc = (abi_long)a->a[2] < 0 ? -EINVAL : fn(f, &buf, a->a[3]);
    file_put(f);
    return rc;
}

int64_t
sys_pread64(const struct sysargs *a)
{
    return prw(a, file_pread);
}

int64_t
sys_pwrite64(const struct sysargs *a)
{
    return prw(a, file_pwrite);
}

/* The vector of readv(2) and writev(2). */
struct vec {
    unsigned count;
    uint64_t total;
    struct abi_iovec *iov; /* `few`, or allocated */
    struct abi_iovec few[IOV_INLINE];
};

static void
vec_put(struct vec *v)
{
    if (v->iov != v->few)
        kmem_free(v->iov);
}

static int
vec_get(struct vec *v, uint64_t addr, uint64_t count)
{
    int rc;

    if (count > IOV_MAX)
        return -EINVAL;
    v->count = (unsigned)count;
    v->total = 0;
    v->iov = count <= IOV_INLINE ? v->few : kmem_alloc((size_t)count * sizeof(struct abi_iovec));
    if (v->iov == NULL)
        return -ENOMEM;
    rc = ucopy_in(v->iov, uaddr((uintptr_t)addr), (size_t)count * sizeof(struct abi_iovec));
    for (unsigned i = 0; i < count && rc == 0; i++) {
        if ((abi_long)at(v->iov, v->count, i).len < 0) {
            rc = -EINVAL;
            break;
        }
        if (at(v->iov, v->count, i).len > RW_COUNT_MAX - v->total)
            at(v->iov, v->count, i).len = RW_COUNT_MAX - v->total;
        v->total += at(v->iov, v->count, i).len;
    }
    if (rc < 0)
        vec_put(v);
    return rc;
}

/* Where a vectored call reads or writes: the file's position, or its own. */
struct rw_at {
    bool write, at_pos;
    uint64_t pos;
};

static int64_t
rw_one(struct file *f, struct iobuf *buf, struct rw_at *w)
{
    int64_t n;

    if (!w->at_pos)
        return w->write ? file_write(f, buf) : file_read(f, buf);
    n = w->write ? file_pwrite(f, buf, w->pos) : file_pread(f, buf, w->pos);
    if (n > 0)
        w->pos += (uint64_t)n;
    return n;
}

/* Gather (writes) or scatter (reads) between the vector and one page. */
static int
vec_copy(const struct vec *v, struct span mem, bool gather)
{
    size_t at = 0;

    for (unsigned i = 0; i < v->count && at < mem.len; i++) {
        size_t n = at(v->iov, v->count, i).len < mem.len - at ? (size_t)at(v->iov, v->count, i).len
                                                              : mem.len - at;
        struct span part = span_sub(mem, at, n);
        uaddr_t user = uaddr((uintptr_t)at(v->iov, v->count, i).base);
        int rc = n == 0 ? 0 : gather ? ucopy_in(part.ptr, user, n) : ucopy_out(user, part.ptr, n);

        if (rc < 0)
            return rc;
        at += n;
    }
    return 0;
}

/* Through one page in the kernel: a short writev() to a pipe stays in one piece, a readv() from a stream takes what is there. */
static int64_t
vec_bounced(struct file *f, const struct vec *v, struct rw_at *w)
{
    struct page *p = page_alloc(0);
    size_t n = v->total < PAGE_SIZE ? (size_t)v->total : PAGE_SIZE;
    struct iobuf buf;
    int64_t rc = 0;

    if (p == NULL)
        return -ENOMEM;
    if (w->write)
        rc = vec_copy(v, span_of(page_ptr(p), n), true);
    if (rc == 0) {
        buf = iobuf_kernel(page_ptr(p), n);
        rc = rw_one(f, &buf, w);
    }
    if (rc > 0 && !w->write) {
        int rc2 = vec_copy(v, span_of(page_ptr(p), (size_t)rc), false);

        if (rc2 < 0)
            rc = rc2;
    }
    page_put(p);
    return rc;
}

static int64_t
vec_run(struct file *f, const struct vec *v, struct rw_at *w)
{
    int64_t done = 0;

    if (v->count > 1 && (v->total <= PAGE_SIZE ? w->write : false))
        return vec_bounced(f, v, w);
    if (v->count > 1 && !w->write && !file_seekable(f))
        return vec_bounced(f, v, w);
    for (unsigned i = 0; i < v->count; i++) {
        struct iobuf buf = ubuf(at(v->iov, v->count, i).base, at(v->iov, v->count, i).len);
        int64_t n;

        if (at(v->iov, v->count, i).len == 0 && v->total != 0)
            continue;
        n = rw_one(f, &buf, w);
        if (n < 0)
            return done > 0 ? done : n;
        done += n;
        if ((uint64_t)n < at(v->iov, v->count, i).len || v->total == 0)
            break;
    }
    return done;
}

static int64_t
rwv(const struct sysargs *a, struct rw_at w)
{
    struct file *f = ufile_get((int)a->a[0], false);
    struct vec v;
    int64_t rc;

    if (f == NULL)
        return -EBADF;
    if (w.write ? !file_can_write(f) : !file_can_read(f))
        rc = w.at_pos && !file_seekable(f) ? -ESPIPE : -EBADF;
    else if (w.at_pos && !file_seekable(f))
        rc = -ESPIPE;
    else
        rc = vec_get(&v, a->a[1], a->a[2]);
    if (rc == 0) {
        rc = vec_run(f, &v, &w);
        vec_put(&v);
    }
    file_put(f);
    return rc;
}

int64_t
sys_readv(const struct sysargs *a)
{
    return rwv(a, (struct rw_at){ 0 });
}

int64_t
sys_writev(const struct sysargs *a)
{
    return rwv(a, (struct rw_at){ .write = true });
}

static int64_t
prwv(const struct sysargs *a, bool write)
{
    if ((int64_t)a->a[3] < 0)
        return -EINVAL;
    return rwv(a, (struct rw_at){ .write = write, .at_pos = true, .pos = a->a[3] });
}

int64_t
sys_preadv(const struct sysargs *a)
{
    return prwv(a, false);
}

int64_t
sys_pwritev(const struct sysargs *a)
{
    return prwv(a, true);
}

/* Offset -1: the file's own position.  No flag is supported: each asks for what we would have to promise. */
static int64_t
prwv2(const struct sysargs *a, bool write)
{
    if (a->a[5] != 0)
        return -EOPNOTSUPP;
    return (int64_t)a->a[3] == -1 ? rwv(a, (struct rw_at){ .write = write }) : prwv(a, write);
}

int64_t
sys_preadv2(const struct sysargs *a)
{
    return prwv2(a, false);
}

int64_t
sys_pwritev2(const struct sysargs *a)
{
    return prwv2(a, true);
}

int64_t
sys_lseek(const struct sysargs *a)
{
    struct file *f = ufile_get((int)a->a[0], false);
    int64_t rc;

    if (f == NULL)
        return -EBADF;
    rc = (uint32_t)a->a[2] > SEEK_HOLE ? -EINVAL : file_seek(f, (int64_t)a->a[1], (int)a->a[2]);
    file_put(f);
    return rc;
}

/* Copy between files in the kernel, from *in_pos; *out_pos or (NULL) where the file is. */
static int64_t
copy_files(struct file *in, uint64_t *in_pos, struct file *out, uint64_t *_Nullable out_pos,
           uint64_t count)
{
    struct page *p = page_alloc(COPY_ORDER);
    size_t room = COPY_CHUNK;
    int64_t done = 0, n = 0;

    if (p == NULL) {
        p = page_alloc(0);
        room = PAGE_SIZE;
    }
    if (p == NULL)
        return -ENOMEM;
    while (count > 0) {
        struct iobuf buf = iobuf_kernel(page_ptr(p), count < room ? (size_t)count : room);
        int64_t got = file_pread(in, &buf, *in_pos);

        if (got <= 0) {
            n = got;
            break;
        }
        buf = iobuf_kernel(page_ptr(p), (size_t)got);
        n = out_pos != NULL ? file_pwrite(out, &buf, *out_pos) : file_write(out, &buf);
        if (n <= 0)
            break;
        *in_pos += (uint64_t)n;
        if (out_pos != NULL)
            *out_pos += (uint64_t)n;
        done += n;
        count -= (uint64_t)n;
        if (n < got || signal_pending(proc_current()))
            break;
    }
    page_put(p);
    return done > 0 ? done : n;
}

/* An offset in user memory, or the file's own. */
static int
off_get(uint64_t addr, const struct file *f, uint64_t *out)
{
    int rc;

    *out = f->pos;
    if (addr == 0)
        return 0;
    rc = ucopy_in(out, uaddr((uintptr_t)addr), sizeof(*out));
    return rc < 0 ? rc : (int64_t)*out < 0 ? -EINVAL : 0;
}

static int
off_put(uint64_t addr, struct file *f, uint64_t pos)
{
    if (addr != 0)
        return ucopy_out(uaddr((uintptr_t)addr), &pos, sizeof(pos));
    f->pos = pos;
    return 0;
}

static int64_t
sendfile_files(struct file *out, struct file *in, uint64_t off_addr, uint64_t count)
{
    uint64_t pos;
    int64_t n;
    int rc;

    if (!file_can_read(in) || !file_can_write(out))
        return -EBADF;
    rc = off_get(off_addr, in, &pos);
    if (rc < 0)
        return rc;
    if (!file_seekable(in))
        return off_addr != 0 ? -ESPIPE : -EINVAL;
    if ((out->flags & O_APPEND) != 0)
        return -EINVAL;
    n = copy_files(in, &pos, out, NULL, count < RW_COUNT_MAX ? count : RW_COUNT_MAX);
    rc = off_put(off_addr, in, pos);
    return rc < 0 ? rc : n;
}

int64_t
sys_sendfile(const struct sysargs *a)
{
    struct file *in = ufile_get((int)a->a[1], false);
    struct file *out = ufile_get((int)a->a[0], false);
    int64_t rc = in != NULL && out != NULL ? sendfile_files(out, in, a->a[2], a->a[3]) : -EBADF;

    if (in != NULL)
        file_put(in);
    if (out != NULL)
        file_put(out);
    return rc;
}

static int64_t
copy_range_files(struct file *in, struct file *out, const struct sysargs *a)
{
    uint64_t in_pos, out_pos, count = a->a[4] < RW_COUNT_MAX ? a->a[4] : RW_COUNT_MAX;
    int64_t n;
    int rc;

    if ((uint32_t)a->a[5] != 0)
        return -EINVAL;
    if (!file_can_read(in) || !file_can_write(out) || (out->flags & O_APPEND) != 0)
        return -EBADF;
    if (in->inode == NULL || out->inode == NULL)
        return -EINVAL;
    if (inode_is(in->inode, S_IFDIR) || inode_is(out->inode, S_IFDIR))
        return -EISDIR;
    if (!inode_is(in->inode, S_IFREG) || !inode_is(out->inode, S_IFREG))
        return -EINVAL;
    rc = off_get(a->a[1], in, &in_pos);
    if (rc == 0)
        rc = off_get(a->a[3], out, &out_pos);
    if (rc < 0)
        return rc;
    if (in->inode == out->inode && in_pos < out_pos + count && out_pos < in_pos + count)
        return -EINVAL;
    n = copy_files(in, &in_pos, out, &out_pos, count);
    rc = off_put(a->a[1], in, in_pos);
    if (rc == 0)
        rc = off_put(a->a[3], out, out_pos);
    return rc < 0 ? rc : n;
}

int64_t
sys_copy_file_range(const struct sysargs *a)
{
    struct file *in = ufile_get((int)a->a[0], false);
    struct file *out = ufile_get((int)a->a[2], false);
    int64_t rc = in != NULL && out != NULL ? copy_range_files(in, out, a) : -EBADF;

    if (in != NULL)
        file_put(in);
    if (out != NULL)
        file_put(out);
    return rc;
}

/* Directory entries, gathered in the kernel (the directory is locked meanwhile). */
struct dirents {
    struct span buf;
    size_t used;
    bool old;      /* struct linux_dirent of getdents(2) */
    bool overflow; /* the first entry did not fit */
};

static bool
emit_dirent(void *arg, struct name name, uint64_t ino, unsigned type, uint64_t next_pos)
{
    struct dirents *d = arg;
    size_t head = d->old ? DIRENT_NAME : DIRENT64_NAME;
    size_t len = (head + name.len + (d->old ? 2 : 1) + 7) & ~(size_t)7;
    struct span rec;

    if (len > d->buf.len - d->used) {
        d->overflow = d->used == 0;
        return false;
    }
    rec = span_sub(d->buf, d->used, len);
    span_fill(rec, 0);
    put_le64(rec, 0, ino);
    put_le64(rec, 8, next_pos);
    put_le16(rec, 16, (uint16_t)len);
    span_copy(span_sub(rec, head, name.len), cspan_of(name.text, name.len));
    span_put(rec, d->old ? len - 1 : 18, (uint8_t)type);
    d->used += len;
    return true;
}

static int64_t
dents(const struct sysargs *a, bool old)
{
    struct file *f = ufile_get((int)a->a[0], false);
    uint32_t size = (uint32_t)a->a[2] < DIRENTS_MAX ? (uint32_t)a->a[2] : DIRENTS_MAX;
    struct dirents d = { .old = old };
    int64_t rc;

    if (f == NULL)
        return -EBADF;
    d.buf = span_of(kmem_alloc(size != 0 ? size : 1), size);
    rc = d.buf.ptr != NULL ? file_readdir(f, emit_dirent, &d) : -ENOMEM;
    if (rc == 0 && d.overflow)
        rc = -EINVAL;
    if (rc == 0 && d.used > 0)
        rc = ucopy_out(uaddr((uintptr_t)a->a[1]), d.buf.ptr, d.used);
    if (rc == 0)
        rc = (int64_t)d.used;
    kmem_free(d.buf.ptr);
    file_put(f);
    return rc;
}

int64_t
sys_getdents(const struct sysargs *a)
{
    return dents(a, true);
}

int64_t
sys_getdents64(const struct sysargs *a)
{
    return dents(a, false);
}

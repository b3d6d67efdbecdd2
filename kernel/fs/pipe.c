/* Pipes and FIFOs (pipe(7), fifo(7)): a ring of bytes over pages.
 *
 * Each end has a turn (turn.h) held only while bytes are copied: a reader moves bytes straight from the ring to the user, a writer
 * straight into it; `head` and `len` change when the copy is complete.  Writes of up to PIPE_BUF bytes appear at once or not at all. */
#include <kernel/abi/fcntl.h>
#include <kernel/core/assert.h>
#include <kernel/fs/file.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/special.h>
#include <kernel/mm/kmem.h>
#include <kernel/proc/proc.h>
#include <kernel/trusted/bounds.h>

enum { PIPE_BUF = 4096, PIPE_PAGES = 16, PIPE_PAGES_MAX = 256, FIONREAD = 0x541b, SIGPIPE = 13 };

struct pipe {
    struct page *_Nullable *pages; /* allocated when first written to; kept until the pipe goes */
    uint32_t npages;
    uint32_t head, len; /* bytes; the ring's size is npages * PAGE_SIZE */
    uint32_t readers, writers;
    uint32_t reader_gen, writer_gen; /* how many ever opened it */
    uint32_t users;                  /* open files, and openers that wait */
    struct turn read_turn, write_turn;
    struct waitq read_wait, write_wait, open_wait;
};

static struct superblock *_Nullable pipe_sb;
static uint64_t last_ino;

static const struct inode_ops pipe_inode_ops = { 0 };
static const struct super_ops pipe_super_ops = { 0 };

static int
pipefs_mount(struct superblock *sb, unused_param const char *options)
{
    sb->ops = &pipe_super_ops;
    sb->no_atime = true;
    return 0;
}

static const struct fs_type pipe_type = { .name = "pipefs", .mount = pipefs_mount };

void
pipe_init(void)
{
    if (mount_internal(&pipe_type, &pipe_sb) < 0)
        panic("no memory for pipes");
}

static uint32_t
pipe_cap(const struct pipe *p)
{
    return p->npages * PAGE_SIZE;
}

static uint32_t
pipe_room(const struct pipe *p)
{
    return pipe_cap(p) - p->len;
}

static struct pipe *
pipe_of(const struct file *f)
{
    return f->inode->object;
}

static int
pipe_alloc(struct pipe **out)
{
    struct pipe *p = kmem_alloc(sizeof(*p));

    if (p == NULL)
        return -ENOMEM;
    p->pages = kmem_alloc(PIPE_PAGES * sizeof(struct page *));
    if (p->pages == NULL) {
        kmem_free(p);
        return -ENOMEM;
    }
    p->npages = PIPE_PAGES;
    turn_init(&p->read_turn);
    turn_init(&p->write_turn);
    waitq_init(&p->read_wait);
    waitq_init(&p->write_wait);
    waitq_init(&p->open_wait);
    *out = p;
    return 0;
}

static void
pipe_unuse(struct inode *inode)
{
    struct pipe *p = inode->object;

    if (--p->users > 0)
        return;
    inode->object = NULL;
    for (uint32_t i = 0; i < p->npages; i++) {
        if (at(p->pages, p->npages, i) != NULL)
            page_put(at(p->pages, p->npages, i));
    }
    kmem_free(p->pages);
    kmem_free(p);
}

/* The bytes at ring offset `at`: as many of `n` as lie in one page.  NULL ptr: no memory (only when writing). */
static struct span
ring_part(struct pipe *p, uint32_t at, size_t n, bool alloc)
{
    uint32_t i = at / PAGE_SIZE, off = at % PAGE_SIZE;

    if (at(p->pages, p->npages, i) == NULL && alloc)
        at(p->pages, p->npages, i) = page_alloc(0);
    if (at(p->pages, p->npages, i) == NULL)
        return span_of(NULL, 0);
    if (n > PAGE_SIZE - off)
        n = PAGE_SIZE - off;
    return span_sub(span_of(page_ptr(at(p->pages, p->npages, i)), PAGE_SIZE), off, n);
}

/* With the read turn: move what there is. */
static int64_t
take_bytes(struct pipe *p, struct iobuf *buf)
{
    int64_t done = 0;

    while (buf->left > 0 && p->len > 0) {
        size_t n = buf->left < p->len ? buf->left : p->len;
        struct span part = ring_part(p, p->head, n, false);
        int rc = iobuf_put(buf, part.ptr, part.len);

        if (rc < 0)
            return done > 0 ? done : rc;
        p->head = (p->head + (uint32_t)part.len) % pipe_cap(p);
        p->len -= (uint32_t)part.len;
        done += (int64_t)part.len;
    }
    if (p->len == 0 && !p->write_turn.busy)
        p->head = 0; /* stay within the first pages: they are in the cache */
    return done;
}

static int64_t
pipe_read(struct file *f, struct iobuf *buf, unused_param uint64_t *pos)
{
    struct pipe *p = pipe_of(f);
    int64_t n;
    int rc;

    if (buf->left == 0)
        return 0;
    for (;;) {
        while (p->len == 0) {
            if (p->writers == 0)
                return 0;
            if ((f->flags & O_NONBLOCK) != 0)
                return -EAGAIN;
            rc = wait_on(&p->read_wait, WAIT_INTR, WAIT_FOREVER);
            if (rc < 0)
                return rc;
        }
        turn_take(&p->read_turn);
        n = take_bytes(p, buf);
        turn_release(&p->read_turn);
        if (n != 0)
            break;
    }
    wake_all(&p->write_wait);
    if (p->len > 0)
        wake_one(&p->read_wait); /* wake-ups are handed on: there is more */
    return n;
}

/* With the write turn: put `n` bytes (there is room) and make them visible at once. */
static int64_t
put_bytes(struct pipe *p, struct iobuf *buf, size_t n)
{
    uint32_t at = (p->head + p->len) % pipe_cap(p);

    for (size_t done = 0; done < n;) {
        struct span part = ring_part(p, at, n - done, true);
        int rc = part.ptr != NULL ? iobuf_get(buf, part.ptr, part.len) : -ENOMEM;

        if (rc < 0)
            return rc;
        done += part.len;
        at = (at + (uint32_t)part.len) % pipe_cap(p);
    }
    p->len += (uint32_t)n;
    return (int64_t)n;
}

/* One part of a write: waits for room as needed.  Bytes put. */
static int64_t
write_part(struct file *f, struct pipe *p, struct iobuf *buf, bool atomic)
{
    for (;;) {
        size_t need = atomic ? buf->left : 1;
        int64_t n = 0;
        int rc;

        if (p->readers == 0) {
            if (thread_current()->proc != NULL)
                signal_send(thread_current()->proc, SIGPIPE, NULL);
            return -EPIPE;
        }
        if (pipe_room(p) >= need) {
            turn_take(&p->write_turn);
            if (pipe_room(p) >= need)
                n = put_bytes(p, buf, buf->left < pipe_room(p) ? buf->left : pipe_room(p));
            turn_release(&p->write_turn);
        } else if ((f->flags & O_NONBLOCK) != 0) {
            return -EAGAIN;
        } else {
            rc = wait_on(&p->write_wait, WAIT_INTR, WAIT_FOREVER);
            if (rc < 0)
                return rc;
        }
        if (n != 0)
            return n;
    }
}

static int64_t
pipe_write(struct file *f, struct iobuf *buf, unused_param uint64_t *pos)
{
    struct pipe *p = pipe_of(f);
    bool atomic = buf->left <= PIPE_BUF;
    int64_t done = 0;

    while (buf->left > 0) {
        int64_t n = write_part(f, p, buf, atomic);

        if (n < 0)
            return done > 0 ? done : n;
        done += n;
        wake_all(&p->read_wait);
    }
    if (pipe_room(p) > 0)
        wake_one(&p->write_wait);
    return done;
}

static unsigned
pipe_poll(struct file *f, struct poll_table *pt)
{
    struct pipe *p = pipe_of(f);
    unsigned ev = 0;

    if (file_can_read(f)) {
        poll_add(pt, &p->read_wait);
        if (p->len > 0)
            ev |= POLLIN | POLLRDNORM;
        /* A reader that came before any writer is not hung up on. */
        if (p->writers == 0 && f->fifo_gen != p->writer_gen)
            ev |= POLLHUP;
    }
    if (file_can_write(f)) {
        poll_add(pt, &p->write_wait);
        if (pipe_room(p) >= PIPE_BUF)
            ev |= POLLOUT | POLLWRNORM;
        if (p->readers == 0)
            ev |= POLLERR;
    }
    return ev;
}

static int64_t
pipe_ioctl(struct file *f, uint32_t cmd, uintptr_t arg)
{
    uint32_t len = pipe_of(f)->len;

    return cmd == FIONREAD ? ucopy_out(uaddr(arg), &len, sizeof(len)) : -ENOTTY;
}

static void
pipe_close_ends(struct inode *inode, bool r, bool w)
{
    struct pipe *p = inode->object;

    if (r && --p->readers == 0)
        wake_all(&p->write_wait);
    if (w && --p->writers == 0)
        wake_all(&p->read_wait);
    pipe_unuse(inode);
}

static void
pipe_release(struct file *f)
{
    pipe_close_ends(f->inode, file_can_read(f), file_can_write(f));
}

static int
wait_for_other(struct pipe *p, const uint32_t *gen)
{
    uint32_t seen = *gen;
    int rc = 0;

    while (*gen == seen && rc == 0)
        rc = wait_on(&p->open_wait, WAIT_INTR, WAIT_FOREVER);
    return rc;
}

/* open(2) of a FIFO: each end waits for the other (POSIX open()). */
static int
fifo_open(struct file *f)
{
    struct inode *inode = f->inode;
    bool r = file_can_read(f), w = file_can_write(f), nonblock = (f->flags & O_NONBLOCK) != 0;
    struct pipe *p = inode->object;
    int rc = 0;

    if (p == NULL) {
        rc = pipe_alloc(&p);
        if (rc < 0)
            return rc;
        inode->object = p;
    }
    p->users++;
    if (w && !r && nonblock && p->readers == 0) {
        pipe_unuse(inode);
        return -ENXIO;
    }
    if (r) {
        p->readers++;
        p->reader_gen++;
    }
    if (w) {
        p->writers++;
        p->writer_gen++;
    }
    wake_all(&p->open_wait);
    f->fifo_gen = p->writers == 0 && inode->sb != pipe_sb ? p->writer_gen : UINT32_MAX;
    if (inode->sb == pipe_sb)
        return 0; /* opened again through /proc/PID/fd: nobody is waited for */
    if (r && !w && p->writers == 0 && !nonblock)
        rc = wait_for_other(p, &p->writer_gen);
    else if (w && !r && p->readers == 0)
        rc = wait_for_other(p, &p->reader_gen);
    if (rc < 0)
        pipe_close_ends(inode, r, w);
    return rc;
}

static int
pipe_fsync(unused_param struct file *f)
{
    return -EINVAL;
}

const struct file_ops file_fifo_ops = {
    .open = fifo_open,
    .release = pipe_release,
    .read = pipe_read,
    .write = pipe_write,
    .poll = pipe_poll,
    .ioctl = pipe_ioctl,
    .seek = file_no_seek,
    .fsync = pipe_fsync,
};

static int
pipe_inode(struct inode **out)
{
    struct proc *proc = thread_current()->proc;
    struct inode *inode;
    struct pipe *p;
    int rc;

    if (pipe_sb == NULL)
        return -ENOMEM;
    rc = inode_new(pipe_sb, &inode);
    if (rc < 0)
        return rc;
    inode->ops = &pipe_inode_ops;
    inode->ino = ++last_ino;
    inode->mode = S_IFIFO | 0600;
    inode->nlink = 1;
    inode->uid = proc != NULL ? proc->creds.fsuid : 0;
    inode->gid = proc != NULL ? proc->creds.fsgid : 0;
    rc = pipe_alloc(&p);
    if (rc < 0) {
        inode_put(inode);
        return rc;
    }
    inode->object = p;
    *out = inode;
    return 0;
}

int
pipe_create(uint32_t flags, struct file **read_end, struct file **write_end)
{
    struct inode *inode;
    struct pipe *p;
    int rc = pipe_inode(&inode);

    if (rc < 0)
        return rc;
    p = inode->object;
    p->users = 1; /* ours */
    rc = file_new(&file_fifo_ops, O_RDONLY | (flags & O_NONBLOCK), inode, read_end);
    if (rc < 0)
        goto out;
    p->users++;
    p->readers = p->reader_gen = 1;
    rc = file_new(&file_fifo_ops, O_WRONLY | (flags & O_NONBLOCK), inode, write_end);
    if (rc < 0) {
        file_put(*read_end);
        goto out;
    }
    p->users++;
    p->writers = p->writer_gen = 1;
    (*read_end)->fifo_gen = (*write_end)->fifo_gen = UINT32_MAX;
out:
    pipe_unuse(inode);
    inode_put(inode);
    return rc;
}

bool
file_is_pipe(const struct file *f)
{
    return f->ops == &file_fifo_ops;
}

int64_t
pipe_size(struct file *f)
{
    return file_is_pipe(f) ? (int64_t)pipe_cap(pipe_of(f)) : -EBADF;
}

/* Only an empty pipe changes its size: the ring is not copied. */
int64_t
pipe_set_size(struct file *f, uint64_t size)
{
    struct page **pages;
    struct pipe *p;
    uint64_t n = PAGE_SIZE;

    if (!file_is_pipe(f))
        return -EBADF;
    p = pipe_of(f);
    while (n < size && n < (uint64_t)PIPE_PAGES_MAX * PAGE_SIZE)
        n *= 2;
    if (size > n)
        return -EPERM;
    n /= PAGE_SIZE;
    if (n == p->npages)
        return (int64_t)pipe_cap(p);
    if (p->len > 0 || p->read_turn.busy || p->write_turn.busy)
        return -EBUSY;
    pages = kmem_alloc(n * sizeof(struct page *));
    if (pages == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < p->npages; i++) {
        if (at(p->pages, p->npages, i) != NULL && i >= n)
            page_put(at(p->pages, p->npages, i));
        else if (i < n)
            at(pages, n, i) = at(p->pages, p->npages, i);
    }
    kmem_free(p->pages);
    p->pages = pages;
    p->npages = (uint32_t)n;
    p->head = 0;
    wake_all(&p->write_wait);
    return (int64_t)pipe_cap(p);
}

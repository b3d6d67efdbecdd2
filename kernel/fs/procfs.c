/* procfs: the tree of /proc (proc(5)).  Names appear and disappear with the processes, so nothing is kept in the dentry cache. */
#include <kernel/core/fmt.h>
#include <kernel/fs/dentry.h>
#include <kernel/fs/devfs.h>
#include <kernel/fs/file.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/procfs.h>
#include <kernel/mm/kmem.h>
#include <kernel/proc/proc.h>
#include <kernel/trusted/bounds.h>

enum {
    PROCFS_MAGIC = 0x9fa0,
    WRITE_MAX = 256,
    KIND_SELF = 200,
    KIND_SYS = 201,
    POS_FILES = 2,
    POS_PIDS = 0x1000
};

void
seq_write(struct seq *s, const void *data, size_t n)
{
    if (n > s->buf.len - s->len) {
        s->overflow = true;
        return;
    }
    span_copy(span_sub(s->buf, s->len, n), cspan_of(data, n));
    s->len += n;
}

void
seq_printf(struct seq *s, const char *fmt, ...)
{
    struct span rest = span_sub(s->buf, s->len, s->buf.len - s->len);
    va_list ap;
    size_t n;

    va_start(ap, fmt);
    n = fmt_vprint((char *)rest.ptr, rest.len, fmt, ap);
    va_end(ap);
    if (n >= rest.len)
        s->overflow = true;
    else
        s->len += n;
}

/* The text of an open file. */
struct proc_text {
    struct page *page;
    size_t len;
};

static int
text_make(struct inode *inode, struct proc_text *t)
{
    const struct procfs_file *file = inode->fs_data;

    for (unsigned order = 0; order <= SEQ_MAX_ORDER; order++) {
        struct seq s = { 0 };
        struct page *p = page_alloc(order);
        int rc;

        if (p == NULL)
            return -ENOMEM;
        s.buf = span_of(page_ptr(p), (size_t)PAGE_SIZE << order);
        rc = file->show(&s, inode);
        if (rc == 0 && !s.overflow) {
            t->page = p;
            t->len = s.len;
            return 0;
        }
        page_put(p);
        if (rc < 0)
            return rc;
    }
    return -ENOMEM;
}

static void
text_drop(struct file *f)
{
    struct proc_text *t = f->data;

    if (t == NULL)
        return;
    if (t->page != NULL)
        page_put(t->page);
    kmem_free(t);
    f->data = NULL;
}

static int64_t
text_read(struct file *f, struct iobuf *buf, uint64_t *pos)
{
    const struct procfs_file *file = f->inode->fs_data;
    struct proc_text *t;
    size_t n;
    int rc;

    if (file->show == NULL)
        return -EINVAL;
    if (*pos == 0)
        text_drop(f);
    if (f->data == NULL) {
        t = kmem_alloc(sizeof(*t));
        if (t == NULL)
            return -ENOMEM;
        rc = text_make(f->inode, t);
        if (rc < 0) {
            kmem_free(t);
            return rc;
        }
        f->data = t;
    }
    t = f->data;
    if (*pos >= t->len)
        return 0;
    n = t->len - (size_t)*pos < buf->left ? t->len - (size_t)*pos : buf->left;
    rc = iobuf_put(buf, span_sub(span_of(page_ptr(t->page), t->len), (size_t)*pos, n).ptr, n);
    if (rc < 0)
        return rc;
    *pos += n;
    return (int64_t)n;
}

static int64_t
text_write(struct file *f, struct iobuf *buf, uint64_t *pos)
{
    const struct procfs_file *file = f->inode->fs_data;
    char text[WRITE_MAX + 1] = { 0 };
    size_t n = buf->left;
    int rc;

    if (file->write == NULL)
        return -EINVAL;
    if (n > WRITE_MAX)
        return -EINVAL;
    rc = iobuf_get(buf, text, n);
    if (rc == 0)
        rc = file->write(f->inode, text, n);
    if (rc < 0)
        return rc;
    *pos += n;
    return (int64_t)n;
}

static void
text_release(struct file *f)
{
    text_drop(f);
}

static const struct file_ops text_ops = { .read = text_read,
                                          .write = text_write,
                                          .release = text_release };
const struct inode_ops procfs_special_ops = { 0 };

int
procfs_inode(struct superblock *sb, uint64_t ino, uint32_t mode, const struct inode_ops *ops,
             struct inode **out)
{
    struct inode *inode;
    int rc = inode_new(sb, &inode);

    if (rc < 0)
        return rc;
    inode->ino = ino;
    inode->mode = mode;
    inode->nlink = inode_is(inode, S_IFDIR) ? 2 : 1;
    inode->ops = ops;
    *out = inode;
    return 0;
}

int
procfs_file_inode(struct superblock *sb, uint64_t ino, const struct procfs_file *file,
                  struct inode **out)
{
    int rc = procfs_inode(sb, ino, S_IFREG | file->mode, &procfs_special_ops, out);

    if (rc < 0)
        return rc;
    (*out)->fs_data = (void *)(uintptr_t)file;
    (*out)->fops = &text_ops;
    return 0;
}

int64_t
procfs_number(struct name name)
{
    struct cspan s = cspan_of(name.text, name.len);
    int64_t v = 0;

    if (name.len == 0 || name.len > 9 || (name.len > 1 && span_get(s, 0) == '0'))
        return -1;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = span_get(s, i);

        if (c < '0' || c > '9')
            return -1;
        v = v * 10 + (c - '0');
    }
    return v;
}

static int64_t
self_readlink(unused_param struct inode *inode, char *buf, size_t size)
{
    char text[24];
    struct thread *t = thread_current();
    size_t n;

    if (t->proc == NULL)
        return -ENOENT;
    n = fmt_print(text, sizeof(text), "%d", t->proc->tgid);
    if (n > size)
        n = size;
    span_copy(span_of(buf, size), cspan_of(text, n));
    return (int64_t)n;
}

static const struct inode_ops self_ops = { .readlink = self_readlink };

static bool
name_is(struct name n, const char *s)
{
    return name_eq(n, name_of(s, str_len(s)));
}

static int
root_lookup(struct inode *dir, struct name name, struct inode **out)
{
    int64_t pid = procfs_number(name);

    if (pid > 0)
        return procfs_pid_lookup(dir->sb, (int32_t)pid, out);
    if (name_is(name, "self"))
        return procfs_inode(dir->sb, procfs_ino(-1, KIND_SELF, 0), S_IFLNK | 0777, &self_ops, out);
    if (name_is(name, "sys"))
        return procfs_sys_inode(dir->sb, out);
    for (unsigned i = 0; at(procfs_root_files, procfs_root_files_len, i).name != NULL; i++) {
        if (name_is(name, at(procfs_root_files, procfs_root_files_len, i).name))
            return procfs_file_inode(dir->sb, procfs_ino(-1, i + 1, 0),
                                     &at(procfs_root_files, procfs_root_files_len, i), out);
    }
    return -ENOENT;
}

struct pid_emit {
    uint64_t *pos;
    dir_emit_fn emit;
    void *arg;
};

static bool
emit_pid(struct proc *p, void *arg)
{
    struct pid_emit *e = arg;
    char text[16];
    size_t n;

    if (p->pid != p->tgid || (uint64_t)p->pid + POS_PIDS < *e->pos)
        return true;
    n = fmt_print(text, sizeof(text), "%d", p->pid);
    if (!e->emit(e->arg, name_of(text, n), procfs_ino(p->pid, 0, 0), S_IFDIR >> 12,
                 (uint64_t)p->pid + POS_PIDS + 1))
        return false;
    *e->pos = (uint64_t)p->pid + POS_PIDS + 1;
    return true;
}

/* The fixed names at the start of /proc, by position. */
static bool
root_fixed(uint64_t pos, struct name *name, unsigned *type, uint64_t *ino)
{
    static const char *const dots[] = { ".", ".." };
    unsigned i = (unsigned)(pos - POS_FILES);

    *type = S_IFREG >> 12;
    *ino = procfs_ino(-1, i + 1, 0);
    if (pos < POS_FILES) {
        *name = name_of(dots[pos], pos + 1);
        *type = S_IFDIR >> 12;
        *ino = procfs_ino(-1, 0, 0);
        return true;
    }
    for (unsigned k = 0; k <= i; k++) {
        if (at(procfs_root_files, procfs_root_files_len, k).name != NULL)
            continue;
        if (i - k > (procfs_has_sys ? 1 : 0))
            return false;
        *name = i == k ? name_of("self", 4) : name_of("sys", 3);
        *type = (i == k ? S_IFLNK : S_IFDIR) >> 12;
        *ino = procfs_ino(-1, i == k ? KIND_SELF : KIND_SYS, 0);
        return true;
    }
    *name = name_of(at(procfs_root_files, procfs_root_files_len, i).name,
                    str_len(at(procfs_root_files, procfs_root_files_len, i).name));
    return true;
}

static int
root_readdir(unused_param struct inode *dir, uint64_t *pos, dir_emit_fn emit, void *arg)
{
    struct pid_emit e = { pos, emit, arg };

    while (*pos < POS_PIDS) {
        struct name name;
        unsigned type;
        uint64_t ino;

        if (!root_fixed(*pos, &name, &type, &ino)) {
            *pos = POS_PIDS;
            break;
        }
        if (!emit(arg, name, ino, type, *pos + 1))
            return 0;
        ++*pos;
    }
    proc_for_each(emit_pid, &e);
    return 0;
}

static const struct inode_ops root_ops = { .lookup = root_lookup, .readdir = root_readdir };

static int
procfs_statfs(unused_param struct superblock *sb, struct vfs_statfs *out)
{
    *out = (struct vfs_statfs){
        .type = PROCFS_MAGIC, .bsize = PAGE_SIZE, .frsize = PAGE_SIZE, .namelen = NAME_MAX
    };
    return 0;
}

static const struct super_ops procfs_super_ops = { .statfs = procfs_statfs };

static int
procfs_mount(struct superblock *sb, unused_param const char *options)
{
    sb->ops = &procfs_super_ops;
    sb->no_dcache = true;
    sb->no_atime = true;
    return procfs_inode(sb, procfs_ino(-1, 0, 0), S_IFDIR | 0555, &root_ops, &sb->root);
}

const struct fs_type procfs_type = { .name = "proc", .mount = procfs_mount };

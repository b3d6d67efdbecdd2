/* romfs: files in memory that nobody writes, as in a board's flash, read where they lie.
 *
 * The format is that of Linux (Documentation/filesystems/romfs.rst), big-endian: a header, then for each file a header that leads to the
 * next of the directory, with the data behind its name, everything at multiples of 16.  An inode's number is the place of its header.
 * The image is not trusted: whatever leads out of it is -EUCLEAN, and a directory has no more entries than fit into the image.
 *
 * The data are one piece, so a machine without address translation executes programs in place (inode_ops.direct).
 * Left out: check sums, device files. */
#include <kernel/fs/initrd.h>
#include <kernel/fs/inode.h>
#include <kernel/trusted/field.h>

enum {
    ROMFS_MAGIC = 0x7275,
    UNIT = 16, /* everything begins at multiples of it */
    NAMES_MAX = 128,
    LINKS_MAX = 4, /* hard links to hard links */
    HEADER = 16,   /* of a file, before its name */
};

/* A file's header; the lower bits of `next` say what it is. */
#define FILE_FIELDS(F)                                                                             \
    F(NEXT, be32, 0)                                                                               \
    F(SPEC, be32, 4) /* a directory's first file, the target of a link */                          \
    F(SIZE, be32, 8)
FIELDS(FILE_FIELDS);

enum {
    KIND = 7,
    KIND_LINK = 0,
    KIND_DIRECTORY = 1,
    KIND_FILE = 2,
    KIND_SYMLINK = 3,
    EXECUTABLE = 8,
    PLACE = ~15,
};

/* The image's own header. */
#define IMAGE_FIELDS(F)                                                                            \
    F(IMAGE_MAGIC_0, be32, 0)                                                                      \
    F(IMAGE_MAGIC_1, be32, 4)                                                                      \
    F(IMAGE_SIZE, be32, 8)
FIELDS(IMAGE_FIELDS);
#define MAGIC_0 0x2d726f6du /* "-rom1fs-" */
#define MAGIC_1 0x3166732du

struct entry {
    uint32_t next, spec, size, kind;
    struct cspan name;
    uint32_t data; /* where they begin */
};

static struct cspan image; /* the first files: as much of initrd as is the file system */

/* The text at `pos`, without its terminator; the place behind it, a multiple of UNIT. */
static int must_check
get_text(uint32_t pos, struct cspan *text, uint32_t *behind)
{
    for (uint32_t len = 0; len <= NAMES_MAX && pos + len < image.len; len++)
        if (span_get(image, pos + len) == 0) {
            *text = cspan_sub(image, pos, len);
            *behind = (pos + len + UNIT) & ~(uint32_t)(UNIT - 1);
            return *behind <= image.len ? 0 : -EUCLEAN;
        }
    return -EUCLEAN;
}

static bool
has_slash(struct cspan name)
{
    for (size_t i = 0; i < name.len; i++)
        if (span_get(name, i) == '/')
            return true;
    return false;
}

static int must_check
get_entry(uint32_t pos, struct entry *out)
{
    if (pos % UNIT != 0 || pos >= image.len || image.len - pos < HEADER)
        return -EUCLEAN;

    struct cspan h = cspan_sub(image, pos, HEADER);
    uint32_t next = field_get(h, NEXT);

    out->next = next & (uint32_t)PLACE;
    out->kind = next & ~(uint32_t)PLACE;
    out->spec = field_get(h, SPEC) & (uint32_t)PLACE;
    out->size = field_get(h, SIZE);

    int rc = get_text(pos + HEADER, &out->name, &out->data);

    if (rc == 0 && (out->size > image.len - out->data || out->name.len == 0 || has_slash(out->name)))
        rc = -EUCLEAN;
    return rc;
}

/* The same of what it is a link to; `pos` becomes that one's. */
static int must_check
get_target(uint32_t *pos, struct entry *e)
{
    int rc = get_entry(*pos, e);

    for (unsigned i = 0; i < LINKS_MAX && rc == 0 && (e->kind & KIND) == KIND_LINK; i++) {
        *pos = e->spec;
        rc = get_entry(*pos, e);
    }
    return rc == 0 && (e->kind & KIND) == KIND_LINK ? -EUCLEAN : rc;
}

static unsigned
entries_max(void)
{
    return (unsigned)(image.len / (2 * UNIT)) + 1;
}

static bool
is_dots(struct cspan name)
{
    return name.len > 0 && name.len <= 2 && span_get(name, 0) == '.' &&
           span_get(name, name.len - 1) == '.';
}

static struct entry
entry_of(const struct inode *inode)
{
    struct entry e = { 0 };
    int rc = get_entry((uint32_t)inode->ino, &e); /* it was there when the inode was read */

    return rc == 0 ? e : (struct entry){ 0 };
}

static int
romfs_lookup(struct inode *dir, struct name name, struct inode **out)
{
    uint32_t pos = entry_of(dir).spec;

    for (unsigned n = entries_max(); pos != 0; n--) {
        struct entry e;
        int rc = n == 0 ? -EUCLEAN : get_entry(pos, &e);

        if (rc < 0)
            return rc;
        if (span_eq(e.name, cspan_of(name.text, name.len))) {
            rc = get_target(&pos, &e);
            return rc < 0 ? rc : inode_get(dir->sb, pos, out);
        }
        pos = e.next;
    }
    return -ENOENT;
}

static unsigned
type_of(const struct entry *e)
{
    unsigned kind = e->kind & KIND;

    return (kind == KIND_DIRECTORY ? S_IFDIR : kind == KIND_SYMLINK ? S_IFLNK : S_IFREG) >> 12;
}

/* A position is 0 and 1 for the dots, or 2 and the place of the next entry. */
static int
romfs_readdir(struct inode *dir, uint64_t *pos, dir_emit_fn emit, void *arg)
{
    static const char dots[] = "..";

    for (; *pos < 2; ++*pos)
        if (!emit(arg, (struct name){ dots, (size_t)*pos + 1 }, dir->ino, S_IFDIR >> 12, *pos + 1))
            return 0;

    uint64_t at = *pos == 2 ? entry_of(dir).spec : *pos - 2;

    for (unsigned n = entries_max(); at != 0 && at != UINT32_MAX; n--) {
        uint32_t place = (uint32_t)at;
        struct entry e, target = { 0 };
        int rc = n == 0 || at > UINT32_MAX ? -EUCLEAN : get_entry(place, &e);

        if (rc == 0)
            rc = get_target(&place, &target);
        if (rc < 0)
            return rc;

        uint64_t next = e.next != 0 ? e.next : UINT32_MAX;
        struct name name = { (const char *)e.name.ptr, e.name.len };

        if (!is_dots(e.name) && !emit(arg, name, place, type_of(&target), next + 2))
            return 0;
        at = next;
        *pos = next + 2;
    }
    return 0;
}

static int64_t
romfs_readlink(struct inode *inode, char *buf, size_t size)
{
    struct entry e = entry_of(inode);
    size_t n = e.size < size ? e.size : size;

    span_copy(span_of(buf, size), cspan_sub(image, e.data, n));
    return (int64_t)n;
}

/* What there is of [pos, pos + len) of a file. */
static struct cspan
data_at(const struct inode *inode, uint64_t pos, size_t len)
{
    struct entry e = entry_of(inode);
    size_t left = pos < e.size ? e.size - (size_t)pos : 0;

    return left == 0 ? cspan_of(NULL, 0)
                     : cspan_sub(image, e.data + (size_t)pos, len < left ? len : left);
}

static int
romfs_read_page(struct inode *inode, uint64_t index, struct span page)
{
    struct cspan from = data_at(inode, index * page.len, page.len);

    if (from.len > 0)
        span_copy(page, from);
    span_fill(span_from(page, from.len), 0);
    return 0;
}

static int64_t
romfs_read(struct file *f, struct iobuf *buf, uint64_t *pos)
{
    struct cspan from = data_at(f->inode, *pos, buf->left);
    int rc = from.len > 0 ? iobuf_put(buf, from.ptr, from.len) : 0;

    if (rc < 0)
        return rc;
    *pos += from.len;
    return (int64_t)from.len;
}

static int
romfs_direct(struct inode *inode, paddr_t *at, uint64_t *room)
{
    struct entry e = entry_of(inode);

    if (initrd.at.v == 0 || e.data == 0)
        return -ENODEV;
    *at = paddr(initrd.at.v + e.data);
    *room = image.len - e.data;
    return 0;
}

static const struct file_ops romfs_file_fops = { .read = romfs_read };
static const struct inode_ops romfs_dir_ops = { .lookup = romfs_lookup, .readdir = romfs_readdir };
static const struct inode_ops romfs_link_ops = { .readlink = romfs_readlink };
static const struct inode_ops romfs_file_ops = { .read_page = romfs_read_page,
                                                 .direct = romfs_direct };

static int
romfs_read_inode(struct inode *inode)
{
    struct entry e;
    int rc = inode->ino <= UINT32_MAX ? get_entry((uint32_t)inode->ino, &e) : -EUCLEAN;

    if (rc < 0)
        return rc;
    inode->nlink = 1;
    inode->size = e.size;
    inode->blocks = (e.size + 511) / 512;
    inode->atime = inode->mtime = inode->ctime = (struct ktime){ 0 };
    switch (e.kind & KIND) {
    case KIND_DIRECTORY:
        inode->mode = S_IFDIR | 0755;
        inode->ops = &romfs_dir_ops;
        inode->fops = &file_dir_ops;
        return 0;
    case KIND_FILE:
        inode->mode = S_IFREG | ((e.kind & EXECUTABLE) != 0 ? 0755 : 0644);
        inode->ops = &romfs_file_ops;
        inode->fops = &romfs_file_fops;
        return 0;
    case KIND_SYMLINK:
        inode->mode = S_IFLNK | 0777;
        inode->ops = &romfs_link_ops;
        return 0;
    default:
        return -EUCLEAN;
    }
}

static int
romfs_statfs(unused_param struct superblock *sb, struct vfs_statfs *out)
{
    *out = (struct vfs_statfs){
        .type = ROMFS_MAGIC,
        .bsize = PAGE_SIZE,
        .frsize = PAGE_SIZE,
        .namelen = NAMES_MAX,
        .blocks = (image.len + PAGE_SIZE - 1) / PAGE_SIZE,
    };
    return 0;
}

static int
romfs_remount(unused_param struct superblock *sb, bool read_only)
{
    return read_only ? 0 : -EROFS;
}

static const struct super_ops romfs_super_ops = { .read_inode = romfs_read_inode,
                                                  .statfs = romfs_statfs,
                                                  .remount = romfs_remount };

static int
romfs_mount(struct superblock *sb, unused_param const char *options)
{
    struct cspan volume, all = initrd.image;
    uint32_t root;
    int rc;

    if (all.len < UNIT || field_get(all, IMAGE_MAGIC_0) != MAGIC_0 ||
        field_get(all, IMAGE_MAGIC_1) != MAGIC_1 || field_get(all, IMAGE_SIZE) > all.len)
        return -EINVAL;
    image = cspan_sub(all, 0, field_get(all, IMAGE_SIZE));
    sb->ops = &romfs_super_ops;
    sb->read_only = true;
    rc = image.len < UNIT ? -EUCLEAN : get_text(UNIT, &volume, &root);
    if (rc == 0)
        rc = inode_get(sb, root, &sb->root);
    if (rc == 0 && !inode_is(sb->root, S_IFDIR)) {
        inode_put(sb->root);
        rc = -EUCLEAN;
    }
    return rc;
}

const struct fs_type romfs_type = { .name = "romfs", .mount = romfs_mount };

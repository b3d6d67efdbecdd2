/* ext2: directories as linear lists of entries.  See ext2.h. */
#include "ext2.h"

enum { DE_HEADER = 8 };

/* An entry where it stands. */
struct entry {
    struct buf *buf;
    uint32_t off, rec_len; /* within the block */
    uint32_t prev_off;     /* of the entry before it in the block; UINT32_MAX: none */
    uint32_t ino;
    uint8_t name_len, type;
};

static uint32_t
entry_size(size_t name_len)
{
    return (uint32_t)(DE_HEADER + name_len + 3) & ~3u;
}

static uint8_t
type_of_mode(const struct ext2_fs *fs, uint32_t mode)
{
    static const uint8_t types[16] = {
        [1] = 5, [2] = 3, [4] = 2, [6] = 4, [8] = 1, [10] = 7, [12] = 6
    };

    return fs->filetype ? types[mode >> 12 & 15] : 0;
}

static unsigned
dt_of_type(uint8_t type)
{
    static const uint8_t dt[8] = { 0, 8, 4, 2, 6, 1, 12, 10 };

    return type < 8 ? dt[type] : 0;
}

static uint32_t
dir_blocks(const struct inode *dir)
{
    return ext2_block_at(ext2_fs_of(dir), dir->size);
}

/* A block of the directory; a hole or a bad pointer is corruption. */
static int
get_block(struct inode *dir, uint32_t index, struct buf **buf_out)
{
    struct ext2_fs *fs = ext2_fs_of(dir);
    uint32_t block;
    int rc;

    if (dir->bad)
        return -EUCLEAN;
    rc = ext2_bmap_locked(dir, index, false, &block, NULL);
    if (rc < 0)
        return rc;
    if (block == 0)
        return (void)ext2_corrupt(fs, "directory %llu has a hole", (unsigned long long)dir->ino),
               -EUCLEAN;
    return ext2_buf_get(fs, block, buf_out);
}

/* Decode and check the entry at `off`. */
static int
decode(struct inode *dir, struct buf *b, uint32_t off, struct entry *e)
{
    struct ext2_fs *fs = ext2_fs_of(dir);
    struct cspan s = buf_cspan(b);

    if (fs->block_size - off < DE_HEADER + 4)
        return (void)ext2_corrupt(fs, "directory %llu: entry at %u", (unsigned long long)dir->ino,
                                  off),
               -EUCLEAN;
    e->buf = b;
    e->off = off;
    e->ino = field_get(cspan_from(s, off), DE_INODE);
    e->rec_len = field_get(cspan_from(s, off), DE_REC_LEN);
    e->name_len = field_get(cspan_from(s, off), DE_NAME_LEN);
    e->type = fs->filetype ? field_get(cspan_from(s, off), DE_FILE_TYPE) : 0;
    if (e->rec_len % 4 != 0 || e->rec_len < DE_HEADER + 4 || e->rec_len > fs->block_size - off ||
        entry_size(e->name_len) > e->rec_len || e->ino > fs->inodes_count ||
        (e->ino != 0 && e->name_len == 0))
        return (void)ext2_corrupt(fs, "directory %llu: entry at %u", (unsigned long long)dir->ino,
                                  off),
               -EUCLEAN;
    return 0;
}

static bool
name_is(const struct entry *e, struct name name)
{
    struct cspan s;

    if (e->ino == 0 || e->name_len != name.len)
        return false;
    s = cspan_sub(buf_cspan(e->buf), e->off + DE_NAME, e->name_len);
    return span_eq(s, cspan_of(name.text, name.len));
}

/* Find the entry; on success the caller puts e->buf. */
static int
find(struct inode *dir, struct name name, struct entry *e)
{
    const struct ext2_fs *fs = ext2_fs_of(dir);

    for (uint32_t i = 0; i < dir_blocks(dir); i++) {
        uint32_t prev = UINT32_MAX;
        struct buf *b = NULL;
        int rc = get_block(dir, i, &b);

        if (rc < 0)
            return rc;
        for (uint32_t off = 0; off < fs->block_size; off += e->rec_len) {
            rc = decode(dir, b, off, e);
            if (rc < 0) {
                buf_put(b);
                return rc;
            }
            if (name_is(e, name)) {
                e->prev_off = prev;
                return 0;
            }
            prev = off;
        }
        buf_put(b);
    }
    return -ENOENT;
}

int
ext2_dir_find_locked(struct inode *dir, struct name name, uint32_t *ino_out)
{
    struct entry e = { 0 };
    int rc = find(dir, name, &e);

    if (rc < 0)
        return rc;
    *ino_out = e.ino;
    buf_put(e.buf);
    return 0;
}

static void
changed(struct inode *dir, struct buf *b)
{
    struct ext2_fs *fs = ext2_fs_of(dir);

    mutex_assert_held(&fs->lock);
    buf_dirty(b);
    dir->mtime = dir->ctime = time_wall();
    ext2_inode_of(dir)->flags &=
        ~(uint32_t)FL_INDEX; /* a hash tree does not know of this change: linear from now on */
    inode_mark_dirty(dir);
    ext2_mark_in_use(fs);
}

static void
put_entry(struct ext2_fs *fs, struct buf *b, uint32_t off, uint32_t rec_len, struct name name,
          uint32_t ino, uint32_t mode)
{
    struct span s = buf_span(b);

    field_put(span_from(s, off), DE_INODE, ino);
    field_put(span_from(s, off), DE_REC_LEN, (uint16_t)rec_len);
    field_put(span_from(s, off), DE_NAME_LEN, (uint8_t)name.len);
    field_put(span_from(s, off), DE_FILE_TYPE, type_of_mode(fs, mode));
    span_copy(span_sub(s, off + DE_NAME, name.len), cspan_of(name.text, name.len));
}

/* Put the entry into the first gap of the block that is large enough.  -ENOSPC: there is none. */
static int
add_in_block(struct inode *dir, struct buf *b, struct name name, uint32_t ino, uint32_t mode)
{
    struct ext2_fs *fs = ext2_fs_of(dir);
    struct entry e = { 0 };

    for (uint32_t off = 0; off < fs->block_size; off += e.rec_len) {
        int rc = decode(dir, b, off, &e);

        if (rc < 0)
            return rc;
        uint32_t used = e.ino != 0 ? entry_size(e.name_len) : 0;
        if (e.rec_len - used < entry_size(name.len))
            continue;
        if (used > 0)
            field_put(span_from(buf_span(b), off), DE_REC_LEN, (uint16_t)used);
        put_entry(fs, b, off + used, e.rec_len - used, name, ino, mode);
        changed(dir, b);
        return 0;
    }
    return -ENOSPC;
}

/* Another block at the end, one free entry wide. */
static int
extend(struct inode *dir, struct buf **buf_out)
{
    struct ext2_fs *fs = ext2_fs_of(dir);
    uint32_t block;
    int rc;

    if (dir->size + fs->block_size > dir->sb->max_file_size || dir->size + fs->block_size > UINT32_MAX)
        return -EFBIG;
    rc = ext2_bmap_locked(dir, dir_blocks(dir), true, &block, NULL);
    if (rc == 0)
        rc = ext2_buf_new(fs, block, buf_out);
    if (rc != 0) {
        ext2_truncate_locked(dir, dir->size);
        return rc;
    }
    field_put(buf_span(*buf_out), DE_REC_LEN, (uint16_t)fs->block_size);
    dir->size += fs->block_size;
    changed(dir, *buf_out);
    return 0;
}

int
ext2_dir_add_locked(struct inode *dir, struct name name, uint32_t ino, uint32_t mode)
{
    struct buf *b = NULL;
    int rc;

    for (uint32_t i = 0; i < dir_blocks(dir); i++) {
        rc = get_block(dir, i, &b);
        if (rc < 0)
            return rc;
        rc = add_in_block(dir, b, name, ino, mode);
        buf_put(b);
        if (rc != -ENOSPC)
            return rc;
    }
    rc = extend(dir, &b);
    if (rc != 0)
        return rc;
    rc = add_in_block(dir, b, name, ino, mode);
    buf_put(b);
    return rc;
}

int
ext2_dir_remove_locked(struct inode *dir, struct name name)
{
    struct entry e = { 0 };
    int rc = find(dir, name, &e);

    if (rc < 0)
        return rc;
    struct span s = buf_span(e.buf);
    if (e.prev_off == UINT32_MAX)
        field_put(span_from(s, e.off), DE_INODE, 0);
    else /* the entry before swallows it */
        field_put(span_from(s, e.prev_off), DE_REC_LEN, (uint16_t)(e.off - e.prev_off + e.rec_len));
    changed(dir, e.buf);
    buf_put(e.buf);
    return 0;
}

int
ext2_dir_set_locked(struct inode *dir, struct name name, uint32_t ino, uint32_t mode)
{
    struct entry e = { 0 };
    int rc = find(dir, name, &e);

    if (rc < 0)
        return rc;
    field_put(span_from(buf_span(e.buf), e.off), DE_INODE, ino);
    field_put(span_from(buf_span(e.buf), e.off), DE_FILE_TYPE, type_of_mode(ext2_fs_of(dir), mode));
    changed(dir, e.buf);
    buf_put(e.buf);
    return 0;
}

int
ext2_dir_init_locked(struct inode *dir, uint32_t parent_ino)
{
    struct ext2_fs *fs = ext2_fs_of(dir);
    uint32_t dot = entry_size(1);
    struct buf *b = NULL;
    int rc = extend(dir, &b);

    if (rc != 0)
        return rc;
    put_entry(fs, b, 0, dot, (struct name){ ".", 1 }, (uint32_t)dir->ino, S_IFDIR);
    put_entry(fs, b, dot, fs->block_size - dot, (struct name){ "..", 2 }, parent_ino, S_IFDIR);
    buf_dirty(b);
    buf_put(b);
    return 0;
}

static bool
is_dot(const struct entry *e)
{
    struct cspan s = cspan_sub(buf_cspan(e->buf), e->off + DE_NAME, e->name_len);

    return (s.len == 1 || s.len == 2) && span_get(s, 0) == '.' && span_get(s, s.len - 1) == '.';
}

int
ext2_dir_empty_locked(struct inode *dir)
{
    const struct ext2_fs *fs = ext2_fs_of(dir);
    struct entry e = { 0 };

    for (uint32_t i = 0; i < dir_blocks(dir); i++) {
        struct buf *b = NULL;
        int rc = get_block(dir, i, &b);

        if (rc < 0)
            return rc;
        for (uint32_t off = 0; off < fs->block_size && rc == 0; off += e.rec_len) {
            rc = decode(dir, b, off, &e);
            if (rc == 0 && e.ino != 0 && !is_dot(&e))
                rc = -ENOTEMPTY;
        }
        buf_put(b);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* A name that could not be asked for. */
static bool
bad_name(struct cspan s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (span_get(s, i) == '/' || span_get(s, i) == '\0')
            return true;
    }
    return false;
}

/* One block of entries from offset *pos on.  1: go on with the next block, 0: emit said stop. */
static int
read_block(struct inode *dir, struct buf *b, uint32_t start, uint64_t *pos, dir_emit_fn emit,
           void *arg)
{
    const struct ext2_fs *fs = ext2_fs_of(dir);
    uint64_t base = *pos - start;
    struct entry e = { 0 };

    for (uint32_t off = 0; off < fs->block_size; off += e.rec_len) {
        int rc = decode(dir, b, off, &e);

        if (rc < 0)
            return rc;
        if (off < start ||
            e.ino == 0) /* the position may point into an entry that was merged since: skip to the next */
            continue;
        struct cspan s = cspan_sub(buf_cspan(b), off + DE_NAME, e.name_len);
        struct name name = { (const char *)s.ptr, s.len };
        if (bad_name(s))
            return (void)ext2_corrupt(ext2_fs_of(dir), "directory %llu: name at %u",
                                      (unsigned long long)dir->ino, off),
                   -EUCLEAN;
        if (!emit(arg, name, e.ino, dt_of_type(e.type), base + off + e.rec_len)) {
            *pos = base + off;
            return 0;
        }
    }
    *pos = base + fs->block_size;
    return 1;
}

int
ext2_readdir(struct inode *dir, uint64_t *pos, dir_emit_fn emit, void *arg)
{
    struct ext2_fs *fs = ext2_fs_of(dir);
    int rc = 1;

    mutex_lock(&fs->lock);
    while (rc == 1 && *pos < dir->size) {
        struct buf *b = NULL;

        rc = get_block(dir, ext2_block_at(fs, *pos), &b);
        if (rc < 0)
            break;
        rc = read_block(dir, b, (uint32_t)*pos & (fs->block_size - 1), pos, emit, arg);
        buf_put(b);
    }
    mutex_unlock(&fs->lock);
    return rc < 0 ? rc : 0;
}

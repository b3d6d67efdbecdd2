/* ext2: the second extended file system, revision 0 and 1 as mke2fs's default `-t ext2` makes it (kernel.org "The Second Extended
 * File System: Internal Layout"; Documentation/filesystems/ext2).  Private to kernel/fs/ext2.
 *
 * Locking: fs->lock (RANK_FS) guards the superblock, group descriptors, bitmaps and the block maps of all inodes; functions
 * named _locked want it held.  It is never held across inode_get() or inode_put().
 *
 * Left out: journal replay (a file system that needs it is refused), quotas, fragments, hash-tree look-up (directories are read
 * linearly; changing an indexed one drops its index, as e2fsck allows), extended attributes (kept, and freed with the inode).
 */
#pragma once

#include <kernel/fs/buf.h>
#include <kernel/fs/vfs.h>
#include <kernel/trusted/field.h>

enum {
    EXT2_ROOT_INO = 2,
    EXT2_GOOD_OLD_FIRST_INO = 11,
    EXT2_GOOD_OLD_INODE_SIZE = 128,
    EXT2_MAGIC = 0xef53
};
enum { EXT2_DIRECT = 12, EXT2_IND = 12, EXT2_DIND = 13, EXT2_TIND = 14, EXT2_N_BLOCKS = 15 };

/* Superblock. */
#define EXT2_SB_FIELDS(F)                                                                          \
    F(SB_INODES_COUNT, le32, 0)                                                                    \
    F(SB_BLOCKS_COUNT, le32, 4)                                                                    \
    F(SB_R_BLOCKS_COUNT, le32, 8)                                                                  \
    F(SB_FREE_BLOCKS, le32, 12)                                                                    \
    F(SB_FREE_INODES, le32, 16)                                                                    \
    F(SB_FIRST_DATA_BLOCK, le32, 20)                                                               \
    F(SB_LOG_BLOCK_SIZE, le32, 24)                                                                 \
    F(SB_BLOCKS_PER_GROUP, le32, 32)                                                               \
    F(SB_INODES_PER_GROUP, le32, 40)                                                               \
    F(SB_MTIME, le32, 44)                                                                          \
    F(SB_WTIME, le32, 48)                                                                          \
    F(SB_MNT_COUNT, le16, 52)                                                                      \
    F(SB_MAGIC, le16, 56)                                                                          \
    F(SB_STATE, le16, 58)                                                                          \
    F(SB_REV_LEVEL, le32, 76)                                                                      \
    F(SB_FIRST_INO, le32, 84)                                                                      \
    F(SB_INODE_SIZE, le16, 88)                                                                     \
    F(SB_FEATURE_COMPAT, le32, 92)                                                                 \
    F(SB_FEATURE_INCOMPAT, le32, 96)                                                               \
    F(SB_FEATURE_RO_COMPAT, le32, 100)
FIELDS(EXT2_SB_FIELDS);
enum { SB_SIZE = 1024 };
enum { STATE_VALID = 1, STATE_ERROR = 2 };
enum { INCOMPAT_FILETYPE = 0x2, INCOMPAT_SUPPORTED = INCOMPAT_FILETYPE };
enum { RO_COMPAT_SPARSE_SUPER = 0x1, RO_COMPAT_LARGE_FILE = 0x2, RO_COMPAT_SUPPORTED = 0x7 };

/* Group descriptor. */
#define EXT2_GD_FIELDS(F)                                                                          \
    F(GD_BLOCK_BITMAP, le32, 0)                                                                    \
    F(GD_INODE_BITMAP, le32, 4)                                                                    \
    F(GD_INODE_TABLE, le32, 8)                                                                     \
    F(GD_FREE_BLOCKS, le16, 12)                                                                    \
    F(GD_FREE_INODES, le16, 14)                                                                    \
    F(GD_USED_DIRS, le16, 16)
FIELDS(EXT2_GD_FIELDS);
enum { GD_SIZE = 32 };

/* Inode; the last four in large ones only. */
#define EXT2_DI_FIELDS(F)                                                                          \
    F(DI_MODE, le16, 0)                                                                            \
    F(DI_UID, le16, 2)                                                                             \
    F(DI_SIZE, le32, 4)                                                                            \
    F(DI_ATIME, le32, 8)                                                                           \
    F(DI_CTIME, le32, 12)                                                                          \
    F(DI_MTIME, le32, 16)                                                                          \
    F(DI_DTIME, le32, 20)                                                                          \
    F(DI_GID, le16, 24)                                                                            \
    F(DI_LINKS, le16, 26)                                                                          \
    F(DI_BLOCKS, le32, 28)                                                                         \
    F(DI_FLAGS, le32, 32)                                                                          \
    F(DI_GENERATION, le32, 100)                                                                    \
    F(DI_FILE_ACL, le32, 104)                                                                      \
    F(DI_SIZE_HIGH, le32, 108)                                                                     \
    F(DI_UID_HIGH, le16, 120)                                                                      \
    F(DI_GID_HIGH, le16, 122)                                                                      \
    F(DI_EXTRA_ISIZE, le16, 128)                                                                   \
    F(DI_CTIME_EXTRA, le32, 132)                                                                   \
    F(DI_MTIME_EXTRA, le32, 136)                                                                   \
    F(DI_ATIME_EXTRA, le32, 140)
FIELDS(EXT2_DI_FIELDS);
enum { DI_BLOCK = 40 }; /* EXT2_N_BLOCKS block numbers, le32 */
enum { FL_APPEND = 0x20, FL_IMMUTABLE = 0x10, FL_INDEX = 0x1000 };

/* Directory entry. */
#define EXT2_DE_FIELDS(F)                                                                          \
    F(DE_INODE, le32, 0)                                                                           \
    F(DE_REC_LEN, le16, 4)                                                                         \
    F(DE_NAME_LEN, u8, 6)                                                                          \
    F(DE_FILE_TYPE, u8, 7)
FIELDS(EXT2_DE_FIELDS);
enum { DE_NAME = 8 };

/* Extended attribute block header. */
#define EXT2_XA_FIELDS(F)                                                                          \
    F(XA_MAGIC, le32, 0)                                                                           \
    F(XA_REFCOUNT, le32, 4)
FIELDS(EXT2_XA_FIELDS);
enum { XA_MAGIC_VALUE = 0xea020000 };

/* Where a group's metadata lies: checked at mount and kept, so that nothing that happens to the disk later can move it. */
struct ext2_group {
    uint32_t block_bitmap, inode_bitmap, inode_table;
};

struct ext2_fs {
    struct superblock *sb;
    struct blkdev *dev;
    struct mutex lock;
    uint32_t block_size,
        block_bits; /* 1 << block_bits; 4096 at most, so that a block's number in a file fits into 32 bits */
    uint32_t inodes_count, blocks_count, first_data_block;
    uint32_t blocks_per_group, inodes_per_group, inode_size, first_ino;
    uint32_t groups;
    uint32_t gd_per_block;
    uint32_t table_blocks; /* of each group's inode table */
    struct ext2_group *group;
    bool filetype;    /* directory entries carry a type */
    bool errors_seen; /* corruption found: the error flag is set in the superblock */
    bool was_valid;   /* clean when mounted: marked clean again at unmount */
    uint32_t last_written; /* by the superblock as it was when mounted: it is later than that, whatever the clock says */
    bool marked;        /* the superblock says "in use" since our first change */
    struct buf *super;  /* held while mounted */
    uint32_t super_off; /* of the superblock within its block */
};

/* What the file system keeps of an inode besides the VFS's fields. */
struct ext2_inode {
    uint32_t block[EXT2_N_BLOCKS];
    uint32_t flags, file_acl, dtime;
    uint32_t alloc_hint; /* where the last block went */
    bool trim;           /* blocks beyond the end may have been reserved */
};

static inline struct ext2_fs *
ext2_fs_of(const struct inode *inode)
{
    return (struct ext2_fs *)inode->sb->fs_data;
}

static inline struct ext2_inode *
ext2_inode_of(const struct inode *inode)
{
    return (struct ext2_inode *)inode->fs_data;
}

/* How many blocks hold `size` bytes of a file, and in which the byte at `pos` lies. */
static inline uint32_t
ext2_blocks(const struct ext2_fs *fs, uint64_t size)
{
    return (uint32_t)((size + fs->block_size - 1) >> fs->block_bits);
}

static inline uint32_t
ext2_block_at(const struct ext2_fs *fs, uint64_t pos)
{
    return (uint32_t)(pos >> fs->block_bits);
}

/* A block of metadata, as buf_get() and buf_new(). */
static inline int must_check
ext2_buf_get(const struct ext2_fs *fs, uint32_t block, struct buf **buf_out)
{
    return buf_get(fs->dev, fs->block_size, block, buf_out);
}

static inline int must_check
ext2_buf_new(const struct ext2_fs *fs, uint32_t block, struct buf **buf_out)
{
    return buf_new(fs->dev, fs->block_size, block, buf_out);
}

static inline struct span
ext2_super(struct ext2_fs *fs)
{
    return span_sub(buf_span(fs->super), fs->super_off, SB_SIZE);
}

/* super.c */
/* Corruption: log, remember in the superblock.  Returns -EUCLEAN. */
#ifdef CONFIG_EXT2_TEXT
#define ext2_corrupt(fs, ...) ext2_corrupt_say(fs, __VA_ARGS__)
#else
#define ext2_corrupt(fs, ...) (0 ? ext2_corrupt_say(fs, __VA_ARGS__) : ext2_corrupt_found(fs))
#endif
int ext2_corrupt_say(struct ext2_fs *fs, const char *fmt, ...) printf_like(2, 3);
int ext2_corrupt_found(struct ext2_fs *fs); /* without words for what it is */
/* Before the first change after mounting: the superblock no longer says "clean". */
void ext2_mark_in_use(struct ext2_fs *fs) requires_lock(fs->lock);
/* The group descriptor: its block (to be put) and the span of its 32 bytes. */
int must_check ext2_group_locked(struct ext2_fs *fs, uint32_t group, struct buf **buf_out,
                                 struct span *gd_out) requires_lock(fs->lock);
/* The time that goes to the disk: the wall clock's, if that can be true. */
uint32_t ext2_now(const struct ext2_fs *fs);
uint32_t ext2_group_first(const struct ext2_fs *fs, uint32_t group);  /* first block */
uint32_t ext2_group_blocks(const struct ext2_fs *fs, uint32_t group); /* how many */
extern const struct fs_type ext2_fs_type;

/* alloc.c */
/* A block near `goal`, owned by `inode` (accounted).  -ENOSPC, -EIO. */
int must_check ext2_block_alloc_locked(struct inode *inode, uint32_t goal, uint32_t *block_out);
/* -EIO, -ENOMEM: it is not freed, and should stay in the map.  -EUCLEAN: it is free already, or metadata; the inode is bad then, as its
 * map is not to be trusted further. */
int must_check ext2_block_free_locked(struct inode *inode, uint32_t block);
/* May `block` hold file contents: inside the file system and no metadata? */
bool ext2_block_valid(const struct ext2_fs *fs, uint32_t block);
/* Is the inode marked as in use?  1, 0, -EIO. */
int must_check ext2_inode_used_locked(struct ext2_fs *fs, uint32_t ino) requires_lock(fs->lock);
int must_check ext2_inode_alloc_locked(struct ext2_fs *fs, uint32_t parent_ino, bool dir,
                                       uint32_t *ino_out) requires_lock(fs->lock);
void ext2_inode_free_locked(struct ext2_fs *fs, uint32_t ino, bool dir) requires_lock(fs->lock);

/* bmap.c */
/* Where the file's block `index` lies; 0: a hole.  With `create`, a missing one is allocated (and *fresh_out says so; may be NULL):
 * zeroed on the disk if it lies within a regular file's size.  If that fails half-way, empty indirect blocks may be left: the caller
 * has them freed by ext2_truncate_locked(), at once or later. */
int must_check ext2_bmap_locked(struct inode *inode, uint32_t index, bool create,
                                uint32_t *block_out, bool *fresh_out);
/* Free every block at and after byte `size`, as far as the map can be trusted.  What could not be freed now is tried again when the
 * inode leaves the cache (`trim`). */
void ext2_truncate_locked(struct inode *inode, uint64_t size);

/* inode.c */
int must_check ext2_read_inode(struct inode *inode);
int ext2_write_inode(struct inode *inode);
void ext2_evict_inode(struct inode *inode);
int must_check ext2_setattr(struct inode *inode, const struct setattr *attr);
/* A new inode on disk and in the cache, with nlink 0 (1 for what create() links next). */
int must_check ext2_inode_create(struct inode *dir, uint32_t mode, uint32_t uid, uint32_t gid,
                                 uint32_t rdev, struct inode **inode_out);
/* Is it a symlink whose target lies in the inode? */
bool ext2_fast_symlink(const struct inode *inode);

/* data.c */
int must_check ext2_read_page(struct inode *inode, uint64_t index, struct span page);
int must_check ext2_write_page(struct inode *inode, uint64_t index, struct cspan page);
int must_check ext2_reserve(struct inode *inode, uint64_t pos, uint64_t len);

/* dir.c */
int must_check ext2_dir_find_locked(struct inode *dir, struct name name, uint32_t *ino_out);
int must_check ext2_dir_add_locked(struct inode *dir, struct name name, uint32_t ino, uint32_t mode);
int must_check ext2_dir_remove_locked(struct inode *dir, struct name name);
/* Point an existing entry at another inode. */
int must_check ext2_dir_set_locked(struct inode *dir, struct name name, uint32_t ino, uint32_t mode);
/* Write "." and ".." into a new directory. */
int must_check ext2_dir_init_locked(struct inode *dir, uint32_t parent_ino);
/* -ENOTEMPTY unless only "." and ".." are there. */
int must_check ext2_dir_empty_locked(struct inode *dir);
int ext2_readdir(struct inode *dir, uint64_t *pos, dir_emit_fn emit, void *arg);

/* namei.c */
extern const struct inode_ops ext2_dir_ops, ext2_file_ops, ext2_symlink_ops, ext2_special_ops;

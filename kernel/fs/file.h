/* Open files: what the system calls need beyond vfs.h. */
#pragma once

#include <kernel/fs/vfs.h>

enum { RW_COUNT_MAX = 0x7ffff000 }; /* more is cut, as Linux does */

/* At an offset, leaving file->pos alone.  -ESPIPE for streams. */
int64_t must_check file_pread(struct file *f, struct iobuf *buf, uint64_t pos);
int64_t must_check file_pwrite(struct file *f, struct iobuf *buf, uint64_t pos);
int64_t must_check file_seek(struct file *f, int64_t off, int whence);
/* For a driver's seek: a file of `size` bytes. */
int64_t must_check file_seek_within(struct file *f, int64_t off, int whence, uint64_t size);
/* Directory entries from file->pos on.  -ENOTDIR, -ENOENT (removed). */
int must_check file_readdir(struct file *f, dir_emit_fn emit, void *arg);
int must_check file_fsync(struct file *f);
int64_t file_ioctl(struct file *f, uint32_t cmd, uintptr_t arg);
unsigned file_poll(struct file *f, struct poll_table *_Nullable pt);
/* Can `f` be sought (has a position of its own)? */
bool file_seekable(const struct file *f);
static inline bool
file_can_read(const struct file *f)
{
    return (f->flags & 3) != 1 && (f->flags & 010000000) == 0;
}
static inline bool
file_can_write(const struct file *f)
{
    return (f->flags & 3) != 0 && (f->flags & 010000000) == 0;
}

/* RLIMIT_FSIZE of the running process, and its signal; does set-user-ID survive its writes? */
uint64_t file_size_limit(void);
void file_size_signal(void);
bool file_privileged(void);

/* Open what `d` names.  `created`: by this open, so permissions are not asked. */
int must_check file_open_dentry(struct dentry *d, uint32_t flags, bool created,
                                struct file **file_out);
/* What open() of this inode works with; NULL: it cannot be opened (-ENXIO). */
const struct file_ops *_Nullable file_ops_of(const struct inode *inode);

extern const struct file_ops file_path_ops;   /* O_PATH */
extern const struct file_ops file_fifo_ops;   /* pipe.c */
extern const struct file_ops file_blkdev_ops; /* blkfile.c */

const struct file_ops *_Nullable chrdev_find(uint32_t rdev);
/* The nth device that has a file in /dev, in no particular order: its number, and its name.  False: there are no more. */
bool chrdev_nth(unsigned n, uint32_t *rdev, char *name, size_t size);
/* Name of a driver's range, in order; NULL after the last. */
const char *_Nullable chrdev_name(unsigned i, uint32_t *major_out);

/* Device numbers as Linux packs them into 32 bits. */
static inline uint32_t
dev_make(uint32_t major, uint32_t minor)
{
    return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}
static inline uint32_t
dev_major(uint32_t dev)
{
    return dev >> 8 & 0xfff;
}
static inline uint32_t
dev_minor(uint32_t dev)
{
    return (dev & 0xff) | (dev >> 12 & ~0xffu);
}

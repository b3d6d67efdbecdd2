/* The virtual file system: inodes, open files, file systems; what a file system implements and what it may rely on.
 *
 * Locking: the VFS holds dir->lock (RANK_INODE_DIR) around every directory operation (both directories, and the mount's rename
 * mutex, for rename across directories), and inode->lock (RANK_INODE) around setattr and data writes.
 * Results come out through pointers, errors are negative errno.  An inode returned through a pointer carries a reference.
 */
#pragma once

#include <kernel/abi/errno.h>
#include <kernel/core/lock.h>
#include <kernel/core/timer.h>
#include <kernel/core/wait.h>
#include <kernel/fs/pagecache.h>
#include <kernel/fs/turn.h>
#include <kernel/trusted/span.h>
#include <kernel/trusted/ucopy.h>

/* st_mode */
enum {
    S_IFMT = 0170000,
    S_IFSOCK = 0140000,
    S_IFLNK = 0120000,
    S_IFREG = 0100000,
    S_IFBLK = 0060000,
    S_IFDIR = 0040000,
    S_IFCHR = 0020000,
    S_IFIFO = 0010000,
    S_ISUID = 04000,
    S_ISGID = 02000,
    S_ISVTX = 01000,
};

enum { NAME_MAX = 255, PATH_MAX = CONFIG_PATH_MAX, SYMLINK_DEPTH_MAX = 40, LINK_MAX = 32000 };

struct inode;
struct file;
struct superblock;
struct blkdev;
struct dentry;
struct poll_table;
struct mount;
struct filelocks;
struct vfs_statfs;

/* A name within a directory: not terminated, never contains '/' or NUL, 1..NAME_MAX bytes. */
struct name {
    const char *text;
    size_t len;
};

/* Called for each directory entry; returns false to stop (buffer full): the entry was not taken. */
typedef bool (*dir_emit_fn)(void *arg, struct name name, uint64_t ino,
                            unsigned type /* mode >> 12, DT_* */, uint64_t next_pos);

enum setattr_valid {
    ATTR_MODE = BIT(0),
    ATTR_UID = BIT(1),
    ATTR_GID = BIT(2),
    ATTR_SIZE = BIT(3),
    ATTR_ATIME = BIT(4),
    ATTR_MTIME = BIT(5),
};

struct setattr {
    unsigned valid;
    uint32_t mode, uid, gid; /* mode: permission bits only */
    uint64_t size;
    struct ktime atime, mtime;
};

struct inode_ops {
    /* -ENOENT if there is no such entry; -EIO/-EUCLEAN on a corrupt directory. */
    int (*lookup)(struct inode *dir, struct name name, struct inode **inode_out);
    /* Make a file, directory, fifo, socket or device (mode says which; rdev for devices), owned by uid/gid.  The VFS checked that the name
     * does not exist. */
    int (*create)(struct inode *dir, struct name name, uint32_t mode, uint32_t uid, uint32_t gid,
                  uint32_t rdev, struct inode **inode_out);
    int (*symlink)(struct inode *dir, struct name name, uint32_t uid, uint32_t gid,
                   struct name target, struct inode **inode_out);
    int (*link)(struct inode *dir, struct name name, struct inode *inode);
    int (*unlink)(struct inode *dir, struct name name, struct inode *inode); /* decrements nlink */
    int (*rmdir)(struct inode *dir, struct name name, struct inode *inode);  /* -ENOTEMPTY */
    /* Move; `victim` (may be NULL) is what the new name had and is dropped (an empty directory or a file: types already checked, but
     * -ENOTEMPTY is the file system's). */
    int (*rename)(struct inode *olddir, struct name oldname, struct inode *inode,
                  struct inode *newdir, struct name newname, struct inode *victim);
    /* Target of a symlink: bytes stored (no terminator), at most `size`. */
    int64_t (*readlink)(struct inode *inode, char *buf, size_t size);
    /* Symlinks that lead to an object, not to a text (/proc/PID/exe, fd/N): where to, with a reference.  NULL: by readlink(). */
    int (*follow)(struct inode *inode, struct dentry **dentry_out);
    /* Entries from *pos on, including "." and ".."; updates *pos; returns 0 at the end or when emit said stop. */
    int (*readdir)(struct inode *dir, uint64_t *pos, dir_emit_fn emit, void *arg);
    /* Change attributes; the VFS checked permissions.  ATTR_SIZE truncates or extends (the page cache beyond the new size is dropped by the
     * VFS afterwards).  NULL: generic (inode fields are set, write_inode later). */
    int (*setattr)(struct inode *inode, const struct setattr *attr);

    /* Regular files through the page cache: fill `page` (zero what lies beyond the end or in a hole): bytes
     * [index * page.len, (index + 1) * page.len) of the file; page.len is PAGE_SIZE or, reading ahead, PAGECACHE_CLUSTER times that. */
    int (*read_page)(struct inode *inode, uint64_t index, struct span page);
    /* Make sure blocks exist for [pos, pos+len) so that write_page() cannot fail for lack of space.  -ENOSPC, -EFBIG. */
    int (*reserve)(struct inode *inode, uint64_t pos, uint64_t len);
    /* Write page.len bytes at index * PAGE_SIZE: a page, or up to PAGECACHE_CLUSTER of them.  If the end of the file cuts the last one,
     * the memory up to the end of that page is there, and zero unless a program stored something through a mapping. */
    int (*write_page)(struct inode *inode, uint64_t index, struct cspan page);
    /* A file that never changes and lies in one piece where programs can read and execute: the address of its first byte, and how many
     * bytes from there may be seen by those who see the file (at least its size).  -ENODEV: it does not.  NULL: no file of this kind does. */
    int (*direct)(struct inode *inode, paddr_t *at_out, uint64_t *room_out);
};

struct super_ops {
    /* Bring inode fields (mode, owner, size, times, nlink) to the disk's buffers.  NULL: nothing to do. */
    int (*write_inode)(struct inode *inode);
    /* The last reference is gone: if nlink is 0, free the inode and its blocks; free inode->fs_data.  The struct inode itself is
     * freed by the VFS. */
    void (*evict_inode)(struct inode *inode);
    int (*sync)(struct superblock *sb); /* metadata to the disk, then flush */
    int (*statfs)(struct superblock *sb, struct vfs_statfs *out);
    void (*umount)(struct superblock *sb); /* after sync; free sb->fs_data */
    /* Read inode `ino` (for inode_get()): fill in the new struct inode.  -ESTALE/-EUCLEAN/-EIO. */
    int (*read_inode)(struct inode *inode);
    /* Extra mount options for /proc/mounts, and remount.  May be NULL. */
    int (*remount)(struct superblock *sb, bool read_only);
};

struct vfs_statfs {
    uint64_t type, bsize, blocks, bfree, bavail, files, ffree, namelen, frsize;
};

struct fs_type {
    const char *name;
    bool needs_dev;
    /* Fill `sb` (allocated by the VFS: dev, read_only, flags set): ops, magic, block size, root inode with a reference.
     * -EINVAL: not this file system; -EUCLEAN: corrupt; -EIO; -ENOMEM. */
    int (*mount)(struct superblock *sb, const char *options);
};
/* The file systems of this kernel, NULL-terminated (kernel/fs/fstypes.c, from the configuration). */
extern const struct fs_type *const kernel_fstypes[];
extern const size_t kernel_fstypes_len; /* with the NULL */

struct superblock {
    const struct fs_type *type;
    const struct super_ops *ops;
    struct blkdev *_Nullable dev;
    uint32_t st_dev; /* what stat reports */
    uint32_t block_size;
    uint64_t max_file_size;
    bool read_only;
    struct inode *root;
    uint32_t mount_flags;          /* MS_* of kernel/abi/mount.h, as given to mount(2) */
    struct mount *_Nullable mount; /* private to mount.c */
    bool no_atime;                 /* access times are not kept */
    bool no_dcache; /* names change without the VFS (procfs): look up anew each time */
    void *_Nullable fs_data;
    struct list inodes; /* all cached inodes of this superblock */
    struct list_node node;
};

struct inode {
    struct superblock *sb;
    uint64_t ino;
    uint32_t refs;
    uint32_t mode, uid, gid, nlink, rdev;
    uint64_t size;
    uint64_t blocks; /* 512-byte units, for stat */
    struct ktime atime, mtime, ctime;
    const struct inode_ops *ops;
    const struct file_ops *_Nullable
        fops; /* what open() gives; devices and fifos: set by the VFS from rdev/mode */
    struct mutex lock;
    struct pagecache pages;
    bool dirty;    /* fields newer than the disk: write_inode due */
    bool bad;      /* found corrupt: operations give -EUCLEAN */
    bool dead;     /* a removed directory: nothing can be made in it (the VFS's) */
    uint8_t state; /* private to inode.c */
    struct dentry *_Nullable dir_dentry; /* of a directory: its one dentry (dentry.c) */
    uint32_t writers;                    /* open files that may write */
    struct turn write_turn; /* held over a whole write or truncate, outside all mutexes (turn.h) */
    struct filelocks *_Nullable locks; /* record locks and flock(2) (flock.h) */
    uint64_t generation;
    void *_Nullable fs_data; /* the file system's */
    void *_Nullable object;  /* pipe of a fifo and the like */
    struct list_node hash_node, sb_node, dirty_node, lru_node;
};

/* The inode cache. inode_get(): cached, or read through read_inode(); a reference.  inode_new(): a fresh one for the file system to
 * fill in (not yet hashed; inode_hash() makes it findable). */
int must_check inode_get(struct superblock *sb, uint64_t ino, struct inode **inode_out);
int must_check inode_new(struct superblock *sb, struct inode **inode_out);
void inode_hash(struct inode *inode, uint64_t ino);
struct inode *inode_ref(struct inode *inode);
void inode_put(struct inode *inode);
void inode_mark_dirty(struct inode *inode);

enum poll_events {
    POLLIN = 0x1,
    POLLPRI = 0x2,
    POLLOUT = 0x4,
    POLLERR = 0x8,
    POLLHUP = 0x10,
    POLLNVAL = 0x20,
    POLLRDNORM = 0x40,
    POLLRDBAND = 0x80,
    POLLWRNORM = 0x100,
    POLLRDHUP = 0x2000,
};
/* In a poll operation: also wake this poller when `q` is woken. */
void poll_add(struct poll_table *_Nullable pt, struct waitq *q);

struct file_ops {
    int (*open)(struct file *file);     /* may replace file->ops */
    void (*release)(struct file *file); /* the last reference is gone */
    /* Bytes moved (0: end of file), or an error when nothing was moved.  *pos is the file's own offset (file->pos), a pread's copy, or
     * for streams ignored; the operation advances it. */
    int64_t (*read)(struct file *file, struct iobuf *buf, uint64_t *pos);
    int64_t (*write)(struct file *file, struct iobuf *buf, uint64_t *pos);
    int64_t (*ioctl)(struct file *file, uint32_t cmd, uintptr_t arg); /* -ENOTTY: unknown */
    unsigned (*poll)(struct file *file, struct poll_table *_Nullable pt);
    int64_t (*seek)(struct file *file, int64_t off,
                    int whence); /* NULL: generic; streams: file_no_seek */
    int (*readdir)(struct file *file, dir_emit_fn emit,
                   void *arg); /* NULL: the inode's, with file->pos */
    int (*fsync)(struct file *file);
    /* mmap: the page at `index`, with a reference, for mapping (writable if `write`).  NULL: through inode->pages, or not mappable. */
    int (*map_page)(struct file *file, uint64_t index, bool write, struct page **page_out);
};
extern const struct file_ops file_regular_ops; /* page cache read/write, for regular files */
extern const struct file_ops file_dir_ops;
int64_t file_no_seek(struct file *file, int64_t off, int whence); /* -ESPIPE */

struct file {
    uint32_t refs;
    uint32_t flags; /* O_* of open(2) (kernel/abi/fcntl.h): access mode, O_APPEND, O_NONBLOCK, ... */
    uint64_t pos;
    const struct file_ops *ops;
    struct inode *inode;
    struct dentry *_Nullable dentry; /* where it was opened, for /proc/self/fd and fchdir */
    void *_Nullable data;            /* the driver's */
    uint32_t fifo_gen;               /* private to pipe.c */
    struct turn pos_turn;            /* whose turn it is to use `pos` (turn.h) */
    uint64_t ra_next;                /* read-ahead: the page after the last one read */
    struct list epoll_items;         /* private to epoll.c */
};

/* Character special files: a driver claims a range of device numbers with its operations; opening any character special file
 * with such a number calls ops->open (file->inode->rdev says which).  Device files in /dev are named `name` (count 1) or
 * name0, name1, ... ; `name` NULL: none are made.  May be called before and after devfs is mounted.  -ENOMEM, -EBUSY. */
int must_check chrdev_add(uint32_t rdev_first, uint32_t count, const struct file_ops *ops,
                          const char *name);

/* Paths.  `at`: where relative paths start (NULL: the current directory).  Kernel callers use vfs_open(). */
enum lookup_flags {
    LOOKUP_FOLLOW = BIT(0),    /* follow a symlink at the end */
    LOOKUP_DIRECTORY = BIT(1), /* -ENOTDIR otherwise */
    LOOKUP_EMPTY = BIT(2),     /* AT_EMPTY_PATH */
};
int must_check vfs_lookup(struct dentry *_Nullable at, const char *path, unsigned flags,
                          struct dentry **dentry_out);
struct inode *dentry_inode(struct dentry *d);
struct dentry *dentry_ref(struct dentry *d);
void dentry_put(struct dentry *d);
/* Absolute path of `d` as the running process's root sees it; -ENAMETOOLONG; "(unreachable)" and "(deleted)" as Linux does. */
int64_t must_check dentry_path(struct dentry *d, char *buf, size_t size);

int must_check vfs_open(struct dentry *_Nullable at, const char *path, uint32_t flags,
                        uint32_t mode, struct file **file_out);
/* Open file: permission bits `exec` for execve: regular, executable, not write-open (-ETXTBSY is optional). */
int must_check vfs_open_exec(const char *path, struct file **file_out);
struct file *file_ref(struct file *f);
void file_put(struct file *f);
int must_check file_new(const struct file_ops *ops, uint32_t flags, struct inode *_Nullable inode,
                        struct file **file_out);
/* Read at an offset into kernel memory (execve, the loader).  Bytes read. */
int64_t must_check file_read_at(struct file *f, uint64_t pos, void *buf, size_t n);
int64_t must_check file_read(struct file *f, struct iobuf *buf);
int64_t must_check file_write(struct file *f, struct iobuf *buf);

/* What a process may do: `want` of 4 read, 2 write, 1 execute.  0 or -EACCES. Uses the effective ids (fs ids). */
int must_check inode_permission(struct inode *inode, unsigned want);

void vfs_init(void);
/* Memory is short: give back every name that nobody uses, and every inode for which nothing has to be written.  Sleeps; no lock held. */
void vfs_squeeze(void);
/* Mount `dev` ("/dev/hda") as the root, and devfs on /dev if that directory exists. */
int must_check vfs_mount_root(const char *dev, bool read_only);
int must_check vfs_mount(const char *source, const char *target, const char *type, unsigned flags,
                         const char *options);
int must_check vfs_umount(const char *target, unsigned flags);
int must_check vfs_sync(void);
/* Write everything back and unmount what can be: before power-off. */
void vfs_shutdown(void);
void vfs_info(void (*emit)(void *arg, const char *line), void *arg); /* the console's "info mount" */

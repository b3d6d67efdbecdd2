/* procfs: what its two halves share (procfs.c: the tree and the machine's files; procfs_pid.c: a process's). */
#pragma once

#include <kernel/fs/seq.h>
#include <kernel/fs/vfs.h>
#include <kernel/trusted/str.h>

struct proc;

/* The inode number says what it is: pid + 1 (0: not of a process), file within its table, descriptor. */
enum { PROCFS_FD_BITS = 12, PROCFS_KIND_BITS = 8 };
static inline uint64_t
procfs_ino(int64_t pid, unsigned kind, unsigned fd)
{
    return (uint64_t)(pid + 1) << (PROCFS_FD_BITS + PROCFS_KIND_BITS) |
           (uint64_t)kind << PROCFS_FD_BITS | fd;
}
static inline int32_t
procfs_pid(const struct inode *i)
{
    return (int32_t)(i->ino >> (PROCFS_FD_BITS + PROCFS_KIND_BITS)) - 1;
}
static inline unsigned
procfs_kind(const struct inode *i)
{
    return i->ino >> PROCFS_FD_BITS & ((1u << PROCFS_KIND_BITS) - 1);
}
static inline unsigned
procfs_fd(const struct inode *i)
{
    return i->ino & ((1u << PROCFS_FD_BITS) - 1);
}

/* A file whose text `show` makes; negative errno: read(2) fails.  `write` may be NULL. */
struct procfs_file {
    const char *name;
    uint32_t mode;
    int (*show)(struct seq *s, struct inode *inode);
    int (*write)(struct inode *inode, const char *text, size_t len);
};

/* What was written to such a file, without the newline that echo(1) adds. */
static inline struct text
procfs_word(const char *text, size_t len)
{
    struct text t = { text, len };

    if (len > 0 && text_at(t, len - 1) == '\n')
        t.len--;
    return t;
}

/* A new inode of this tree. */
int must_check procfs_inode(struct superblock *sb, uint64_t ino, uint32_t mode,
                            const struct inode_ops *ops, struct inode **out);
int must_check procfs_file_inode(struct superblock *sb, uint64_t ino,
                                 const struct procfs_file *file, struct inode **out);

/* procfs_pid.c */
int must_check procfs_pid_lookup(struct superblock *sb, int32_t pid, struct inode **out);
/* Decimal number of the whole name; -1: none. */
int64_t procfs_number(struct name name);
extern const struct inode_ops procfs_special_ops;
int must_check procfs_show_mounts(struct seq *s, struct inode *inode);

/* procfs_sys.c or procfs_few.c: the machine's files, and /proc/sys if there is one. */
extern const bool procfs_has_sys;
extern const struct procfs_file procfs_root_files[];
extern const size_t procfs_root_files_len; /* with the one that has no name */

/* procfs_drydock.c: /proc/drydock. */
int procfs_show_drydock(struct seq *s, struct inode *inode);
int must_check procfs_write_drydock(struct inode *inode, const char *text, size_t len);

int must_check procfs_sys_inode(struct superblock *sb, struct inode **out);

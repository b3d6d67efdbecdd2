/* Locks on files: POSIX record locks (fcntl(2)), open file description locks, flock(2).  Advisory. */
#pragma once

#include <kernel/fs/vfs.h>

struct files;

struct flock_req {
    int type;            /* F_RDLCK, F_WRLCK, F_UNLCK */
    uint64_t start, end; /* last byte; UINT64_MAX: to the end */
    const void *owner;   /* a process's files, or a file (open file description) */
    int32_t pid;         /* reported by F_GETLK */
    bool whole;          /* flock(2): a kind of its own */
};

/* 0; -EAGAIN (would block and !wait); -EDEADLK; -ENOLCK; -ERESTARTSYS. */
int must_check flock_set(struct inode *inode, const struct flock_req *req, bool wait);
/* The first lock in the way of `req`: false if none. */
bool flock_test(struct inode *inode, const struct flock_req *req, struct flock_req *out);
/* A process closed a descriptor of `inode`: its record locks there are gone (POSIX). */
void flock_owner_gone(struct inode *inode, const void *owner);
/* The last reference to an open file is gone. */
void flock_file_gone(struct file *f);

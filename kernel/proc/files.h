/* A process's table of open files, and its view of the file system (root, current directory, umask). */
#pragma once

#include <hal/types.h>

struct file;
struct dentry;

enum { FD_MAX = 1024 };

struct files {
    uint32_t refs;
    uint32_t capacity; /* slots */
    struct fd_slot {
        struct file *_Nullable file;
        bool cloexec;
    } *slots;
};

struct fs_ctx {
    uint32_t refs;
    uint32_t umask;
    struct dentry *root, *cwd; /* references */
};

int must_check files_create(struct files **out);
int must_check files_copy(const struct files *from, struct files **out);
void files_put(struct files *f);
void files_close_cloexec(struct files *f); /* execve */
/* The lowest free descriptor >= min (>= 0): installs `file` (taking the reference) and returns it.  -EMFILE, -ENOMEM (the reference stays the caller's). */
int must_check fd_install(struct files *f, struct file *file, int min, bool cloexec);
/* The open file of `fd` with a reference, or NULL. */
struct file *_Nullable fd_get(struct files *f, int fd);
int must_check fd_close(struct files *f, int fd); /* -EBADF */
/* dup2(2): `fd` becomes `file` (taking the reference), what it was is closed.  -EBADF: beyond the limit; -ENOMEM. */
int must_check fd_replace(struct files *f, struct file *file, int fd, bool cloexec);
/* The close-on-exec flag of `fd`; NULL: not open. */
bool *_Nullable fd_cloexec(struct files *f, int fd);
/* Descriptors the running process may have (RLIMIT_NOFILE). */
uint32_t files_limit(void);
int must_check fs_ctx_create(struct fs_ctx **out); /* root and cwd: the root mount */
int must_check fs_ctx_copy(const struct fs_ctx *from, struct fs_ctx **out);
void fs_ctx_put(struct fs_ctx *fs);

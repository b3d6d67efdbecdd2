/* A file system as a plain data structure: what ext2 ought to hold after a sequence of operations.  Paths are "/m/..." as for fs_*(). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MODEL_FILE_MAX = 700 << 10 };

void model_reset(void);
/* The operations: true if a file system must succeed (the model has changed then). */
bool model_create(const char *path);
bool model_mkdir(const char *path);
bool model_symlink(const char *path, const char *target);
bool model_link(const char *path, const char *new_path);
bool model_unlink(const char *path);
bool model_rmdir(const char *path);
bool model_rename(const char *path, const char *new_path);
/* Is it a regular file? */
bool model_is_file(const char *path);
void model_write(const char *path, uint64_t pos, const void *buf, size_t n);
void model_truncate(const char *path, uint64_t size);
/* Read everything back through fs_*() and compare; aborts with a message on a difference. */
void model_compare(void);

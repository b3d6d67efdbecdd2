/* What address spaces and program loading need around them, for unit tests: page tables in a sorted array, files in memory with a
 * page cache of their own, and one process. */
#pragma once

#include <kernel/fs/vfs.h>
#include <kernel/mm/mm.h>
#include <kernel/proc/proc.h>

enum { FAKE_FILES = 8, FAKE_FILE_PAGES = 64 };

struct fake_file {
    char path[64];
    uint8_t data[FAKE_FILE_PAGES * PAGE_SIZE];
    struct page *cached[FAKE_FILE_PAGES];
    struct inode inode;
    bool broken; /* reading gives -EIO */
    unsigned dirtied;
};

extern struct fake_file fake_files[FAKE_FILES];
extern struct proc fake_proc;
extern struct file *fake_fds[FAKE_FILES]; /* what the process's descriptors stand for; the test's references */
extern unsigned fake_open_files; /* live struct file */
extern unsigned fake_spaces;     /* live struct hal_space */
extern unsigned fake_users;      /* live struct hal_user */

/* After fake_boot(): the process runs, with limits as Linux sets them and no files. */
void fake_user_boot(void);
/* File `n` appears at `path` with `size` bytes of data. */
struct fake_file *fake_file_set(unsigned n, const char *path, const void *data, size_t size);
/* Drop the pages the fake page cache holds; those must be all the references there are. */
void fake_cache_drop(void);
/* How many mappings a space has. */
size_t fake_space_count(const struct hal_space *space);
/* Visit them. */
void fake_space_each(const struct hal_space *space,
                     void (*fn)(void *arg, uintptr_t va, paddr_t pa, unsigned prot), void *arg);

/* File systems in the fake machine of fake_hal.h: the kernel's real VFS, page cache, block layer and threads, a disk in memory that
 * can be damaged and can fail, an empty tmpfs as the root.
 *
 * The code under test runs in a kernel thread: fake_fs_run() boots and runs it.  One run for each process, unless the kernel's globals
 * are restored in between.  The functions below fake_fs_run() are for that thread; paths are absolute, the disk is mounted on "/m". */
#pragma once

#include <kernel/core/blk.h>
#include <kernel/fs/vfs.h>

enum { FAKE_DISK_MAX = 8 << 20 };

/* The disk.  Whatever was written to it since fake_disk_load() is undone by fake_disk_reset(). */
extern struct blkdev fake_disk;
extern uint64_t fake_disk_requests; /* reads and writes since the last reset */
extern uint64_t fake_disk_requests_max; /* more than that within one reset: a hang, the process aborts */
void fake_disk_load(const void *image, size_t size);
/* A file's contents; aborts if there is no such file. */
void fake_disk_load_file(const char *path);
void fake_disk_reset(void);
const uint8_t *fake_disk_data(void);
size_t fake_disk_size(void); /* as loaded; fake_disk.sectors may be made smaller */
/* Damage: bytes at an offset (cut at the end of the disk). */
void fake_disk_poke(size_t at, const void *bytes, size_t n);
/* The nth request of the kind from now on fails with -EIO, and `count` - 1 after it; 0: none. */
void fake_disk_fail(uint64_t nth_read, uint64_t nth_write, uint64_t count);

/* Boot with `ram` bytes and run `fn` in a thread; false: it did not come to its end (a deadlock). */
bool fake_fs_run(size_t ram, void (*fn)(void));

int must_check fs_mount(bool read_only);
int must_check fs_umount(void);
/* Type and permissions, or an error; symbolic links are not followed. */
int64_t must_check fs_mode(const char *path);
int64_t must_check fs_size(const char *path);
int64_t must_check fs_read(const char *path, uint64_t pos, void *buf, size_t n);
int64_t must_check fs_write(const char *path, uint64_t pos, const void *buf,
                            size_t n); /* made if missing */
int must_check fs_truncate(const char *path, uint64_t size);
int must_check fs_create(const char *path);
int must_check fs_link(const char *path, const char *new_path);
int64_t must_check fs_readlink(const char *path, char *buf, size_t size);
/* Calls emit for each entry but "." and ".." (copied: the callback may use the file system).  At most `max` entries. */
int must_check fs_list(const char *path, unsigned max, void (*emit)(void *arg, const char *name),
                       void *arg);

/* Look at everything, then change what tests/unit/mkext2.py made: the fixed work of the hostile-image tests.  Bounded, whatever the
 * disk says.  Errors are recorded in fs_walk_errors; one that no file system should give aborts. */
void fs_walk(void);
extern unsigned fs_walk_ok, fs_walk_errors;

/* Objects and pages in use once the caches are empty: equal before and after, if nothing leaks. */
struct fs_usage {
    uint64_t objects, pages;
};
struct fs_usage fs_usage(void);

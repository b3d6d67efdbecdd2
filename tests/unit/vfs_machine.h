/* A machine for tests of the VFS through its system calls: the root is a tmpfs that claims to be on a disk in memory, processes are
 * threads of the fake machine with credentials and files, user memory is the test's own (any pointer but very small ones). */
#pragma once

#include <kernel/core/blk.h>
#include <kernel/proc/proc.h>
#include <kernel/sys/sys.h>

#include <check.h>

enum { SECTORS = 4096, THREADS = 4, BAD_ADDR = 16, RLIMIT_FSIZE = 1, RLIMIT_NOFILE = 7 };

extern uint8_t vfs_disk[SECTORS * SECTOR_SIZE];
extern struct proc procs[THREADS];
extern unsigned signals[65]; /* how many of each were sent */

/* Before run(): processes beside the first, with their bodies (from 1 on). */
extern unsigned nr_procs;
extern void (*other_bodies[THREADS])(void);
/* Run `fn` (and others beside it) as processes of a fresh machine; each must end. */
void run(void (*fn)(void));

#define U(x)           ((uint64_t)(uintptr_t)(x))
#define SYS(name, ...) sys_##name(&(const struct sysargs){ .a = { __VA_ARGS__ } })
#define OK(e)          ck_assert_int_eq((e), 0)
#define EQ(e, v)       ck_assert_int_eq((e), (v))

int64_t open_at(const char *path, unsigned flags, unsigned mode);
/* Make or replace a file; does a file hold just that? */
void put_file(const char *path, const char *text);
bool file_is(const char *path, const char *text);
/* Entries of a directory, read through a buffer of that size. */
unsigned count_entries(const char *path, size_t bufsize);

/* The fixed work of the hostile-image tests: see fs_walk() in fake_fs.h. */
#include <kernel/fs/inode.h>
#include <kernel/fs/namei.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_fs.h"

enum {
    DEPTH_MAX = 5,
    ENTRIES_MAX = 150,
    READ_SIZE = 6000,
    PATH_SIZE = 1024,
    TARGET_SIZE = 9000,
    LONG_NAME = 200
};

unsigned fs_walk_ok, fs_walk_errors;
static unsigned entries;

/* What any operation on a damaged file system may say; anything else is a mistake in the kernel. */
static void
note(int64_t rc, const char *what)
{
    static const int may[] = { EPERM, ENOENT, EIO,          ENXIO,     EACCES, EBUSY,   EEXIST,
                               EXDEV, ENODEV, ENOTDIR,      EISDIR,    EINVAL, EFBIG,   ENOSPC,
                               EROFS, EMLINK, ENAMETOOLONG, ENOTEMPTY, ELOOP,  EUCLEAN, ENOMEM };

    if (rc >= 0) {
        fs_walk_ok++;
        return;
    }
    fs_walk_errors++;
    for (size_t i = 0; i < sizeof may / sizeof may[0]; i++) {
        if (rc == -may[i])
            return;
    }
    fprintf(stderr, "%s: unexpected error %lld\n", what, (long long)-rc);
    abort();
}

static void look(const char *path, unsigned depth);

struct place {
    const char *dir;
    unsigned depth;
};

static void
look_at_entry(void *arg, const char *name)
{
    const struct place *p = arg;
    char path[PATH_SIZE];

    if (++entries <= ENTRIES_MAX &&
        snprintf(path, sizeof path, "%s/%s", p->dir, name) < (int)sizeof path)
        look(path, p->depth + 1);
}

static void
look_at_file(const char *path)
{
    static uint8_t buf[READ_SIZE];
    int64_t size = fs_size(path);

    note(fs_read(path, 0, buf, sizeof buf), "read");
    if (size > READ_SIZE) {
        note(fs_read(path, (uint64_t)size / 2, buf, 2000), "read in the middle");
        note(fs_read(path, (uint64_t)size - 2000, buf, 2000), "read at the end");
    }
}

static void
look(const char *path, unsigned depth)
{
    int64_t mode = fs_mode(path);
    static char text[TARGET_SIZE]; /* larger than any block */

    note(mode, "lookup");
    if (mode < 0)
        return;
    if ((mode & S_IFMT) == S_IFREG)
        look_at_file(path);
    else if ((mode & S_IFMT) == S_IFLNK)
        note(fs_readlink(path, text, sizeof text), "readlink");
    else if ((mode & S_IFMT) == S_IFDIR && depth < DEPTH_MAX)
        note(fs_list(path, ENTRIES_MAX, look_at_entry, &(struct place){ path, depth }), "list");
}

/* Only regular files are written: what a damaged inode says is a fifo may let us wait for ever. */
static int64_t
write_if_regular(const char *path, uint64_t pos, const void *buf, size_t n)
{
    int64_t mode = fs_mode(path);

    return mode < 0 || (mode & S_IFMT) == S_IFREG ? fs_write(path, pos, buf, n) : -EINVAL;
}

static void
make_things(void)
{
    static uint8_t data[20000];
    char target[LONG_NAME + 1];

    memset(data, 'n', sizeof data);
    memset(target, 't', LONG_NAME);
    target[LONG_NAME] = '\0';
    note(fs_write("/m/new", 0, data, sizeof data), "write a new file");
    note(vfs_mkdir(NULL, "/m/newdir", 0755), "mkdir");
    note(fs_create("/m/newdir/inside"), "create");
    note(fs_write("/m/dir/fresh", 3000, data, 10), "write with a hole");
    note(vfs_symlink(NULL, "/m/newlink", "file"), "symlink");
    note(vfs_symlink(NULL, "/m/newlong", target), "long symlink");
    note(vfs_mknod(NULL, "/m/newnode", S_IFCHR | 0600, 0x103), "mknod");
}

static void
change_things(void)
{
    uint8_t data[3000];

    memset(data, 'c', sizeof data);
    note(write_if_regular("/m/file", 2990, data, sizeof data), "append");
    note(write_if_regular("/m/big", 100000, data, sizeof data), "write in the middle");
    note(write_if_regular("/m/sparse", 50000, data, 10), "write into a hole");
    note(fs_truncate("/m/big", 150000), "truncate");
    note(fs_truncate("/m/dir/c", 5), "truncate");
    note(vfs_rename(NULL, "/m/dir/a", NULL, "/m/b", 0), "rename");
    note(vfs_rename(NULL, "/m/short", NULL, "/m/long", 0), "rename over a symlink");
    note(vfs_rename(NULL, "/m/dir/sub", NULL, "/m/newdir/sub", 0), "rename a directory");
    note(vfs_rename(NULL, "/m/empty", NULL, "/m/dir/entry03", 0), "rename over the wrong type");
    note(fs_link("/m/file", "/m/dir/hard"), "link");
    note(vfs_sync(), "sync");
}

static void
remove_entry(void *arg, const char *name)
{
    char path[PATH_SIZE];

    if (snprintf(path, sizeof path, "%s/%s", (const char *)arg, name) >= (int)sizeof path)
        return;
    int rc = vfs_unlink(NULL, path);

    note(rc, "unlink");
    if (rc == -EISDIR)
        note(vfs_rmdir(NULL, path), "rmdir");
}

static void
remove_things(void)
{
    static const char *const files[] = { "/m/big",  "/m/sparse", "/m/withattr", "/m/node",
                                         "/m/pipe", "/m/long",   "/m/new" };

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        note(vfs_unlink(NULL, files[i]), "unlink");
    note(vfs_rmdir(NULL, "/m/empty"), "rmdir");
    note(fs_list("/m/newdir/sub", ENTRIES_MAX, remove_entry, (void *)(uintptr_t)"/m/newdir/sub"),
         "list");
    note(vfs_rmdir(NULL, "/m/newdir/sub"), "rmdir");
    note(fs_list("/m/dir", ENTRIES_MAX, remove_entry, (void *)(uintptr_t)"/m/dir"), "list");
    note(vfs_rmdir(NULL, "/m/dir"), "rmdir");
}

void
fs_walk(void)
{
    fs_walk_ok = fs_walk_errors = entries = 0;
    look("/m", 0);
    make_things();
    change_things();
    remove_things();
    entries = 0;
    look("/m", 0);
}

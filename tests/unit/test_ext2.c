/* ext2 on a disk in memory, through the real VFS and page cache: random operations against a model, no space, no memory, a disk
 * that fails; and e2fsck, which has the last word on every image that was written without errors of the disk. */
#include <kernel/fs/namei.h>
#include <kernel/mm/kmem.h>
#include <tests/suite.h>

#include <check.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ext2_model.h"
#include "fake_fs.h"
#include "fake_hal.h"

enum { RAM = 16 << 20, OPERATIONS = 400, SWEEP_MAX = 3000, DATA = 70000, NAME_LEN = 64 };

static uint32_t seed;
static const char *kind;
static uint8_t data[DATA];

static uint32_t
rnd(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

static void
load(const char *name)
{
    char path[300];

    kind = name;
    snprintf(path, sizeof path, "%s/tests/unit/%s.ext2", getenv("BUILD"), name);
    fake_disk_load_file(path);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + i / 251);
}

/* What e2fsck thinks of the disk as it is now. */
static void
fsck(void)
{
    static char path[] = "/tmp/drydock-ext2-XXXXXX";
    char log[sizeof path + 4];
    char *argv[] = { "sh", "-c", "/sbin/e2fsck -fn $0 >$0.log 2>&1", path, NULL }, *env[] = { NULL };
    int fd, status = -1;
    pid_t pid;

    strcpy(path, "/tmp/drydock-ext2-XXXXXX");
    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, fake_disk_data(), fake_disk_size()), (ssize_t)fake_disk_size());
    close(fd);
    ck_assert_int_eq(posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, env), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    snprintf(log, sizeof log, "%s.log", path);
    if (status != 0) {
        FILE *f = fopen(log, "r");
        char line[200];

        fprintf(stderr, "e2fsck, after %s on %s:\n", fake_doing, kind);
        while (f != NULL && fgets(line, sizeof line, f) != NULL)
            fputs(line, stderr);
        ck_abort_msg("the image is not clean; it is left in %s", path);
    }
    unlink(path);
    unlink(log);
}

static void
mount(void)
{
    ck_assert_int_eq(fs_mount(false), 0);
}

static void
unmount(void)
{
    ck_assert_int_eq(fs_umount(), 0);
}

/* --- random operations --- */

static void
random_path(char *path)
{
    static const char *const names[] = {
        "a", "b", "c", "d", "a-name-that-does-not-fit-into-the-small-entries-of-a-dentry"
    };
    size_t len = (size_t)sprintf(path, "/m");

    for (unsigned depth = 1 + rnd(3); depth > 0; depth--)
        len += (size_t)sprintf(path + len, "/%s", names[rnd(depth == 1 ? 5 : 2)]);
}

/* `rc` against what the model says.  The images have room for all that happens. */
static void
agree(const char *what, const char *path, int64_t rc, bool want)
{
    ck_assert_msg((rc == 0) == want, "%s %s: %lld, the model says %s", what, path, (long long)rc,
                  want ? "yes" : "no");
}

static void
name_operation(const char *path, const char *other)
{
    char target[150];

    memset(target, 'x', sizeof target);
    target[rnd(2) == 0 ? 20 : 140] = '\0';
    switch (rnd(8)) {
    case 0:
        agree("create", path, fs_create(path), model_create(path));
        break;
    case 1:
        agree("mkdir", path, vfs_mkdir(NULL, path, 0755), model_mkdir(path));
        break;
    case 2:
        agree("symlink", path, vfs_symlink(NULL, path, target), model_symlink(path, target));
        break;
    case 3:
        agree("link", path, fs_link(other, path), model_link(other, path));
        break;
    case 4:
        agree("unlink", path, vfs_unlink(NULL, path), model_unlink(path));
        break;
    case 5:
        agree("rmdir", path, vfs_rmdir(NULL, path), model_rmdir(path));
        break;
    default:
        agree("rename", path, vfs_rename(NULL, path, NULL, other, 0), model_rename(path, other));
        break;
    }
}

static void
data_operation(const char *path)
{
    uint64_t pos = rnd(3) == 0 ? rnd(MODEL_FILE_MAX - 40000) : rnd(20000);
    size_t n = rnd(4) == 0 ? rnd(40000) : 1 + rnd(3000);

    if (!model_is_file(path)) {
        if (!model_create(path))
            return;
        ck_assert_int_eq(fs_create(path), 0);
    }
    if (rnd(4) == 0) {
        ck_assert_int_eq(fs_truncate(path, pos), 0);
        model_truncate(path, pos);
        return;
    }

    const uint8_t *from = data + rnd(DATA - 40000);
    int64_t done = fs_write(path, pos, from, n);

    ck_assert_int_eq(done, (int64_t)n);
    model_write(path, pos, from, n);
}

static void
random_body(void)
{
    char path[300], other[300];

    mount();
    for (unsigned i = 0; i < OPERATIONS; i++) {
        random_path(path);
        random_path(other);
        snprintf(fake_doing, sizeof fake_doing, "operation %u of seed %d", i, (int)seed);
        if (rnd(3) == 0)
            data_operation(path);
        else
            name_operation(path, other);
        if (rnd(40) == 0)
            ck_assert_int_eq(vfs_sync(), 0);
        if (rnd(100) == 0) {
            unmount();
            mount();
            model_compare();
        }
    }
    model_compare();
    unmount();
    fsck();
    mount();
    model_compare();
    unmount();
}

START_TEST(random_operations)
{
    static const char *const kinds[] = { "empty", "roomy" };

    load(kinds[_i % 2]);
    seed = (uint32_t)_i;
    ck_assert(fake_fs_run(RAM, random_body));
    model_reset();
}
END_TEST

/* --- contents that mke2fs made --- */

static void
contents_body(void)
{
    char text[300];
    uint8_t end[8];

    mount();
    ck_assert_int_eq(fs_size("/m/sparse"), (12 + 256 + 65536 + 3) * 1024 + 3);
    ck_assert_int_eq(fs_read("/m/sparse", (12 + 256 + 65536 + 3) * 1024 - 2, end, sizeof end), 5);
    ck_assert_int_eq(memcmp(end, "\0\0end", 5), 0);
    ck_assert_int_eq(fs_readlink("/m/short", text, sizeof text), 4);
    ck_assert_int_eq(memcmp(text, "file", 4), 0);
    ck_assert_int_eq(fs_readlink("/m/long", text, sizeof text), 200);
    ck_assert_int_eq(fs_mode("/m/node") & S_IFMT, S_IFCHR);
    ck_assert_int_eq(fs_mode("/m/pipe") & S_IFMT, S_IFIFO);
    ck_assert_int_eq(fs_mode("/m/dir/nothing"), -ENOENT);
    fs_walk();
    unmount();
    fsck();
    ck_assert_int_eq(fs_mount(true), 0);
    ck_assert_int_eq(vfs_mkdir(NULL, "/m/x", 0755), -EROFS);
    unmount();
}

START_TEST(contents)
{
    static const char *const kinds[] = { "small", "large", "plain" };

    load(kinds[_i]);
    ck_assert(fake_fs_run(RAM, contents_body));
}
END_TEST

/* --- no clock --- */

/* It is 1970: an inode must not be deleted at a time that means "never", nor at one that looks like a link of the list of orphans. */
static int64_t no_clock_s;

static void
no_clock_body(void)
{
    for (unsigned i = 0; i < 2; i++) {
        time_set_wall((struct ktime){ .sec = i == 0 ? no_clock_s : 2000000000 });
        mount();
        ck_assert_int_eq(fs_create(i == 0 ? "/m/new" : "/m/other"), 0);
        if (i == 0) {
            ck_assert_int_eq(fs_create("/m/gone"), 0);
            ck_assert_int_eq(vfs_unlink(NULL, "/m/gone"), 0);
        }
        unmount();
        fsck();
    }
}

START_TEST(no_clock)
{
    load(_i < 2 ? "small" : "plain");
    no_clock_s = _i % 2 * 5;
    ck_assert(fake_fs_run(RAM, no_clock_body));
}
END_TEST

/* --- no space --- */

/* Operations that want blocks or inodes, each on a freshly mounted, nearly full disk. */
static int64_t
op_create(void)
{
    return fs_create("/m/new");
}

static int64_t
op_mkdir(void)
{
    return vfs_mkdir(NULL, "/m/new", 0755);
}

static int64_t
op_write(void)
{
    int64_t n = fs_write("/m/old", 0, data, 5000);

    return n < 0 || n == 5000 ? n : -ENOSPC;
}

static int64_t
op_write_indirect(void)
{
    return fs_write("/m/old", 20 * 1024, data, 10);
}

static int64_t
op_write_double_indirect(void)
{
    return fs_write("/m/old", 400 * 1024, data, 10);
}

static int64_t
op_write_triple_indirect(void)
{
    return fs_write("/m/old", (uint64_t)70 << 20, data, 10);
}

static int64_t
op_fill_hole(void)
{
    return fs_write("/m/holes", 14 * 1024, data, 10);
}

static int64_t
op_symlink(void)
{
    char target[200];

    memset(target, 'x', sizeof target);
    target[199] = '\0';
    return vfs_symlink(NULL, "/m/new", target);
}

static int64_t
op_mknod(void)
{
    return vfs_mknod(NULL, "/m/new", S_IFIFO | 0600, 0);
}

static void
long_name(char *path, const char *dir, char c)
{
    size_t n = strlen(dir);

    memcpy(path, dir, n);
    memset(path + n, c, 200);
    path[n + 200] = '\0';
}

/* The directory's one block is full: the next name wants another. */
static int64_t
op_link_into_full_dir(void)
{
    char path[300];

    long_name(path, "/m/dir/", 'z');
    return fs_link("/m/old", path);
}

static int64_t
op_rename_into_full_dir(void)
{
    char path[300];

    long_name(path, "/m/dir/", 'z');
    return vfs_rename(NULL, "/m/moved", NULL, path, 0);
}

static int64_t (*const ops[])(void) = { op_create,
                                        op_mkdir,
                                        op_write,
                                        op_write_indirect,
                                        op_write_double_indirect,
                                        op_write_triple_indirect,
                                        op_fill_hole,
                                        op_symlink,
                                        op_mknod,
                                        op_link_into_full_dir,
                                        op_rename_into_full_dir };
enum { OPS = sizeof ops / sizeof ops[0] };

static void
prepare(void)
{
    char path[300];

    ck_assert_int_eq(fs_create("/m/old"), 0);
    ck_assert_int_eq(fs_create("/m/holes"), 0);
    ck_assert_int_eq(fs_truncate("/m/holes", 20 * 1024), 0);
    ck_assert_int_eq(vfs_mkdir(NULL, "/m/dir", 0755), 0);
    ck_assert_int_eq(vfs_mkdir(NULL, "/m/moved", 0755), 0);
    for (char c = 'a'; c < 'a' + 4; c++) {
        long_name(path, "/m/dir/", c);
        ck_assert_int_eq(fs_link("/m/old", path), 0);
    }
}

/* Use up all blocks but `leave`: a file in one piece, then its end cut off. */
static void
fill_blocks(unsigned leave)
{
    uint64_t size = 0;
    int64_t n;

    while ((n = fs_write("/m/filler", size, data, 1024)) == 1024)
        size += 1024;
    ck_assert_int_eq(n, -ENOSPC);
    ck_assert_int_eq(fs_truncate("/m/filler", size - leave * 1024), 0);
}

static void
fill_inodes(unsigned leave)
{
    char path[40];
    unsigned n = 0;
    int rc = 0;

    while (rc == 0) {
        snprintf(path, sizeof path, "/m/i%u", n++);
        rc = fs_create(path);
    }
    ck_assert_int_eq(rc, -ENOSPC);
    for (unsigned i = 0; i < leave; i++) {
        snprintf(path, sizeof path, "/m/i%u", i);
        ck_assert_int_eq(vfs_unlink(NULL, path), 0);
    }
}

static unsigned succeeded, failed;

static void
no_space_body(void)
{
    for (unsigned op = 0; op < OPS; op++) {
        for (unsigned leave = 0; leave < 6; leave++) {
            fake_disk_reset();
            mount();
            prepare();
            snprintf(fake_doing, sizeof fake_doing, "operation %u with %u left", op, leave);
            if (seed == 0)
                fill_blocks(leave);
            else
                fill_inodes(leave);

            int64_t rc = ops[op]();

            ck_assert_msg(rc >= 0 || rc == -ENOSPC, "%s: %lld", fake_doing, (long long)rc);
            *(rc < 0 ? &failed : &succeeded) += 1;
            unmount();
            fsck();
        }
    }
    ck_assert_uint_gt(failed, 3);
    ck_assert_uint_gt(succeeded, OPS);
}

START_TEST(no_space)
{
    load("full");
    seed = (uint32_t)_i;
    ck_assert(fake_fs_run(RAM, no_space_body));
}
END_TEST

/* --- no memory, a failing disk --- */

static struct fs_usage usage_at_start;

static void
check_usage(void)
{
    struct fs_usage u = fs_usage();

    ck_assert_msg(u.objects == usage_at_start.objects && u.pages == usage_at_start.pages,
                  "%s: %lld objects, %lld pages leaked", fake_doing,
                  (long long)(u.objects - usage_at_start.objects),
                  (long long)(u.pages - usage_at_start.pages));
}

static void
first_round(void)
{
    fake_disk_reset();
    mount();
    fs_walk();
    unmount();
    fake_disk_reset();
    usage_at_start = fs_usage();
}

/* The nth allocation fails, or that and all after it, for every n until none is left. */
static void
no_memory_body(void)
{
    struct kmem_stats before, after;
    uint64_t step = 1;

    first_round();
    for (uint64_t n = 1; n < SWEEP_MAX; n += step) {
        snprintf(fake_doing, sizeof fake_doing, "allocation %u fails%s", (unsigned)n,
                 seed == 0 ? "" : ", and all after it");
        kmem_stats(&before);
        kmem_fail_at(n, seed == 0 ? 1 : UINT64_MAX / 2);

        int rc = fs_mount(false);

        ck_assert(rc == 0 || rc == -ENOMEM);
        if (rc == 0)
            fs_walk();
        kmem_fail_at(0, 0);
        kmem_stats(&after);
        if (rc == 0)
            unmount();
        /* A file removed while there is no memory at all leaves its blocks to e2fsck. */
        if (seed == 0 && n % 4 == 0)
            fsck();
        fake_disk_reset();
        check_usage();
        if (after.failures == before.failures && rc == 0)
            return;
        step = n < 200 ? 1 : n < 1000 ? 3 : 17;
    }
}

START_TEST(no_memory)
{
    load("small");
    seed = (uint32_t)_i;
    ck_assert(fake_fs_run(RAM, no_memory_body));
}
END_TEST

/* The nth read or write fails; once, or from then on. */
static void
bad_disk_body(void)
{
    uint64_t count = seed & 1 ? UINT64_MAX / 2 : 1, last = 0;

    first_round();
    fake_disk_requests_max = 100000;
    for (uint64_t n = 1; n == 1 || n <= last; n++) {
        snprintf(fake_doing, sizeof fake_doing, "%s %u fails%s", seed & 2 ? "write" : "read",
                 (unsigned)n, seed & 1 ? ", and all after it" : "");
        fake_disk_fail(seed & 2 ? 0 : n, seed & 2 ? n : 0, count);

        int rc = fs_mount(false);

        ck_assert(rc == 0 || rc == -EIO);
        if (rc == 0) {
            fs_walk();
            unmount();
        }
        last = last > fake_disk_requests ? last : fake_disk_requests;
        fake_disk_reset();
        check_usage();
    }
}

START_TEST(bad_disk)
{
    load("small");
    seed = (uint32_t)_i;
    ck_assert(fake_fs_run(RAM, bad_disk_body));
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("ext2");
    TCase *tc = tcase_create("ext2");

    tcase_add_loop_test(tc, contents, 0, 3);
    tcase_add_loop_test(tc, no_clock, 0, 4);
    tcase_add_loop_test(tc, random_operations, 0, 40);
    tcase_add_loop_test(tc, no_space, 0, 2);
    tcase_add_loop_test(tc, no_memory, 0, 2);
    tcase_add_loop_test(tc, bad_disk, 0, 4);
    suite_add_tcase(s, tc);
    return run_suite(s);
}

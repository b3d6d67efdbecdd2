/* ext2 on an SD card: the VFS, the file system, the block layer and the driver on the modelled card; e2fsck is the judge.  The card is pulled
 * in mid-write at many points: everything that needs it is -EIO then, and the same card can be mounted again, or just be put in again; with
 * another one in its place the old one's files stay -EIO, and it is used when they are unmounted.
 *
 * The medium is memory that a forked machine shares with the test, which looks at it when the machine has ended. */
#include <kernel/abi/errno.h>
#include <kernel/abi/fcntl.h>
#include <kernel/core/blk.h>
#include <kernel/core/wait.h>
#include <kernel/fs/file.h>
#include <kernel/fs/namei.h>

#include <hal/time.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <devices/sd_card.h>
#include <sim/model.h>
#include <tests/suite.h>

#include "lm3s.h"
#include "machine.h"

enum { SIZE = 8 << 20, FILES = 10, BIG = 90000, PULLS = 24, PULL_STEP = 17 };

static uint8_t *medium, *other_medium; /* shared */
static struct sim_image image = { .slot = "sd0", .fd = -1, .size = SIZE };
static struct sim_image other_image = { .slot = "sd0", .fd = -1, .size = SIZE / 2, .serial = 1 };
static uint64_t pull_after;

static void
start_up(void)
{
    lm3s_start_up(host.sim);
}

/* Run a machine with the medium in a process of its own. */
static void
run(void (*body)(void))
{
    int status = 0;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        machine_run(
            &(struct machine_config){
                .board = &lm3s_board, .images = &image, .image_count = 1, .before_attach = start_up },
            body);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}

/* What a body finds wrong ends its process. */
static void
must(bool good, const char *what, int64_t got, int line)
{
    if (good)
        return;
    fprintf(stderr, "line %d: %s: %lld; kernel log:\n%s", line, what, (long long)got, machine_log());
    _exit(1);
}
#define MUST(expression, want)                                                                     \
    do {                                                                                           \
        int64_t got_ = (expression);                                                               \
        must(got_ == (want), #expression, got_, __LINE__);                                         \
    } while (0)

static int
e2fsck_of(const char *options, uint8_t *bytes, ssize_t size)
{
    char name[] = "/tmp/sd_ext2.XXXXXX", command[120];
    int fd = mkstemp(name), status;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, (size_t)size), size);
    snprintf(command, sizeof command, "/sbin/e2fsck %s %s > %s.log 2>&1", options, name, name);
    status = system(command);
    ck_assert_int_eq(pread(fd, bytes, (size_t)size, 0), size);
    close(fd);
    if (status != 0 && strstr(options, "-fn") != NULL) {
        snprintf(command, sizeof command, "cat %s.log >&2", name);
        ck_assert_int_eq(system(command), 0);
    }
    unlink(name);
    snprintf(command, sizeof command, "%s.log", name);
    unlink(command);
    return WEXITSTATUS(status);
}

static int
e2fsck(const char *options)
{
    return e2fsck_of(options, medium, SIZE);
}

static void
setup(const char *kind)
{
    char path[300];
    FILE *f;

    snprintf(path, sizeof path, "%s/tests/unit/%s.ext2", getenv("BUILD"), kind);
    medium = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(medium, MAP_FAILED);
    image.mem = medium;
    f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fread(medium, 1, SIZE, f), SIZE);
    fclose(f);
}

/* --- work --- */

static struct model *
card(void)
{
    return sim_model_find(host.sim, "sd0");
}

static void
start_files(void)
{
    vfs_init();
    MUST(vfs_mount_root("tmpfs", false), 0);
    MUST(vfs_mkdir(NULL, "/mnt", 0755), 0);
}

static int
mount_card(void)
{
    return vfs_mount("/dev/mmcblk0", "/mnt", "ext2", 0, "");
}

static void
fill(uint8_t *buf, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++)
        buf[i] = (uint8_t)(i * 7 + i / 255 + seed);
}

static int
write_file(const char *path, unsigned seed, size_t n, bool sync)
{
    static uint8_t buf[BIG];
    struct iobuf b = iobuf_kernel(buf, n);
    struct file *f = NULL;
    int64_t done;
    int rc = vfs_open(NULL, path, O_RDWR | O_CREAT | O_TRUNC, 0644, &f);

    if (rc < 0)
        return rc;
    fill(buf, n, seed);
    done = file_write(f, &b);
    rc = done < 0 ? (int)done : done < (int64_t)n ? -EIO : 0;
    if (rc == 0 && sync)
        rc = file_fsync(f);
    file_put(f);
    return rc;
}

static int
check_file(const char *path, unsigned seed, size_t n)
{
    static uint8_t buf[BIG + 1], want[BIG];
    struct iobuf b = iobuf_kernel(buf, n + 1);
    struct file *f = NULL;
    int64_t got;
    int rc = vfs_open(NULL, path, O_RDONLY, 0, &f);

    if (rc < 0)
        return rc;
    fill(want, n, seed);
    got = file_read(f, &b);
    file_put(f);
    if (got < 0)
        return (int)got;
    return got == (int64_t)n && memcmp(buf, want, n) == 0 ? 0 : -EINVAL;
}

static size_t
size_of(unsigned i)
{
    return 10 + (size_t)i * i * 1000;
}

/* Files and directories made, renamed, cut, removed: the first error. */
static int
work(void)
{
    char path[32], other[32];
    int rc = vfs_mkdir(NULL, "/mnt/d", 0755);

    for (unsigned i = 0; i < FILES && rc == 0; i++) {
        snprintf(path, sizeof path, "/mnt/d/f%u", i);
        rc = write_file(path, i, size_of(i), i % 3 == 1);
    }
    if (rc == 0)
        rc = vfs_mkdir(NULL, "/mnt/d/e", 0755);
    for (unsigned i = 0; i < FILES && rc == 0; i += 2) {
        snprintf(path, sizeof path, "/mnt/d/f%u", i);
        snprintf(other, sizeof other, "/mnt/d/e/g%u", i);
        rc = i % 4 == 0 ? vfs_rename(NULL, path, NULL, other, 0) : vfs_unlink(NULL, path);
    }
    if (rc == 0)
        rc = write_file("/mnt/d/f9", 50, 3000, false); /* over a longer one */
    if (rc == 0)
        rc = vfs_sync();
    return rc;
}

static void
check_work(void)
{
    char path[32];

    for (unsigned i = 0; i < FILES - 1; i++) {
        snprintf(path, sizeof path, i % 4 == 0 ? "/mnt/d/e/g%u" : "/mnt/d/f%u", i);
        MUST(check_file(path, i, size_of(i)), i % 4 == 2 ? -ENOENT : 0);
    }
    MUST(check_file("/mnt/d/f9", 50, 3000), 0);
}

static void
clean_body(void)
{
    start_files();
    MUST(mount_card(), 0);
    MUST(work(), 0);
    check_work();
    MUST(vfs_umount("/mnt", 0), 0);
    MUST(mount_card(), 0);
    check_work();
    MUST(vfs_umount("/mnt", 0), 0);
}

START_TEST(read_and_write)
{
    setup(_i == 0 ? "empty" : "roomy");
    run(clean_body);
    ck_assert_int_eq(e2fsck("-fn"), 0);
}
END_TEST

/* --- pulled --- */

/* Something that is safe, then work in the middle of which the card goes. */
static int
work_until_pulled(void)
{
    int rc;

    start_files();
    MUST(mount_card(), 0);
    MUST(write_file("/mnt/keep", 99, 20000, true), 0);
    MUST(vfs_sync(), 0);
    sd_card_faults(card())->pull_at = sd_card_reads(card()) + sd_card_writes(card()) + pull_after;
    rc = work();
    if (sd_card_present(card())) { /* the work needs fewer blocks */
        MUST(rc, 0);
        sd_card_insert(card(), false);
        rc = write_file("/mnt/more", 1, 100, true);
    }
    return rc;
}

static void
pulled_body(void)
{
    MUST(work_until_pulled(), -EIO);
    MUST(write_file("/mnt/more", 1, 100, true), -EIO);
    MUST(vfs_umount("/mnt", 0), 0); /* what could not be written is lost, and said so */
    MUST(strstr(machine_log(), "mmcblk0: writing sector") != NULL, true);
    MUST(mount_card(), -ENOMEDIUM);
    sd_card_faults(card())->pull_at = 0;
    sd_card_insert(card(), true);
    MUST(mount_card(), 0);
    MUST(check_file("/mnt/keep", 99, 20000), 0);
    MUST(vfs_umount("/mnt", 0), 0);
}

static void
again_body(void)
{
    start_files();
    MUST(mount_card(), 0);
    MUST(check_file("/mnt/keep", 99, 20000), 0);
    MUST(write_file("/mnt/after", 5, 5000, true), 0);
    MUST(vfs_umount("/mnt", 0), 0);
}

START_TEST(pulled_in_mid_write)
{
    setup("empty");
    pull_after = 1 + (uint64_t)_i * PULL_STEP;
    run(pulled_body);
    ck_assert_int_le(e2fsck("-fy"), 1); /* there may have been something to repair, */
    ck_assert_int_eq(e2fsck("-fn"), 0); /* which is done */
    run(again_body);
    ck_assert_int_eq(e2fsck("-fn"), 0);
}
END_TEST

/* The same card, before anybody gave up: what was to be written is still there. */
static void
back_in_time_body(void)
{
    MUST(work_until_pulled(), -EIO);
    sd_card_faults(card())->pull_at = 0;
    sd_card_insert(card(), true);
    MUST(vfs_sync() <= 0, true); /* says what was lost of files' contents, once */
    MUST(vfs_sync(), 0);
    MUST(check_file("/mnt/keep", 99, 20000), 0);
    MUST(write_file("/mnt/after", 5, 5000, true), 0);
    MUST(vfs_umount("/mnt", 0), 0);
    MUST(mount_card(), 0);
    MUST(check_file("/mnt/keep", 99, 20000), 0);
    MUST(check_file("/mnt/after", 5, 5000), 0);
    MUST(vfs_umount("/mnt", 0), 0);
}

START_TEST(pulled_and_put_in_again)
{
    setup("empty");
    pull_after = 1 + (uint64_t)_i * PULL_STEP;
    run(back_in_time_body);
    ck_assert_int_eq(e2fsck("-fn"), 0);
}
END_TEST

/* --- another card --- */

enum { OTHER_SECTORS = SIZE / 2 / SECTOR_SIZE, PART_AT = 100, PART_SECTORS = 1000 };

/* The old one is mounted: nothing of it works any more, and the new one stays as it is. */
static void
another_while_mounted(void)
{
    static uint8_t before[SIZE / 2];

    memcpy(before, other_medium, sizeof before);
    MUST(work_until_pulled(), -EIO);
    sd_card_faults(card())->pull_at = 0;
    MUST(model_plug(card(), &other_image), 0);
    MUST(write_file("/mnt/more", 1, 100, true), -EIO);
    MUST(vfs_sync() < 0, true);
    MUST(mount_card(), -EBUSY);
    MUST(blk_find("mmcblk0")->sectors, SIZE / SECTOR_SIZE);
    MUST(vfs_umount("/mnt", 0), 0);
    MUST(memcmp(before, other_medium, sizeof before), 0);
    MUST(strstr(machine_log(), "another card") != NULL, true);
}

static void
another_body(void)
{
    another_while_mounted();
    MUST(mount_card(), 0);
    MUST(blk_find("mmcblk0")->sectors, OTHER_SECTORS);
    MUST(check_file("/mnt/keep", 99, 20000), -ENOENT);
    MUST(write_file("/mnt/new", 7, 30000, true), 0);
    MUST(check_file("/mnt/new", 7, 30000), 0);
    MUST(vfs_umount("/mnt", 0), 0);
    MUST(model_plug(card(), &image), 0); /* and the old one again */
    MUST(mount_card(), 0);
    MUST(blk_find("mmcblk0")->sectors, SIZE / SECTOR_SIZE);
    MUST(check_file("/mnt/keep", 99, 20000), 0);
    MUST(vfs_umount("/mnt", 0), 0);
}

static void
make_other(void)
{
    char path[300];
    FILE *f;

    other_medium = mmap(NULL, SIZE / 2, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(other_medium, MAP_FAILED);
    other_image.mem = other_medium;
    snprintf(path, sizeof path, "/tmp/sd_ext2.XXXXXX");
    close(mkstemp(path));
    char command[400];
    snprintf(command, sizeof command,
             "/sbin/mke2fs -q -F -t ext2 -b 1024 -O none,filetype,sparse_super %s %d", path,
             SIZE / 2 / 1024);
    ck_assert_int_eq(system(command), 0);
    f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fread(other_medium, 1, SIZE / 2, f), SIZE / 2);
    fclose(f);
    unlink(path);
}

START_TEST(another_card)
{
    setup("empty");
    make_other();
    pull_after = 1 + (uint64_t)_i * PULL_STEP * 4;
    run(another_body);
    ck_assert_int_le(e2fsck("-fy"), 1);
    ck_assert_int_eq(e2fsck("-fn"), 0);
    ck_assert_int_eq(e2fsck_of("-fn", other_medium, SIZE / 2), 0);
}
END_TEST

static int
size_now(void)
{
    struct blkdev *d;
    int rc = blk_get(blk_find("mmcblk0")->rdev, &d);

    if (rc < 0)
        return rc;
    rc = (int)d->sectors;
    blk_put(d);
    return rc;
}

static void
partitions_body(void)
{
    struct blkdev *whole = blk_find("mmcblk0"), *part;
    uint8_t buf[SECTOR_SIZE];

    MUST(size_now(), SIZE / SECTOR_SIZE);
    MUST(blk_find("mmcblk0p1") == NULL, true);
    MUST(model_plug(card(), NULL), 0);
    MUST(size_now(), -ENOMEDIUM);
    MUST(blk_read(whole, 0, span_of(buf, sizeof buf)), -EINVAL); /* it has no sectors */
    MUST(model_plug(card(), &other_image), 0);
    MUST(size_now(), OTHER_SECTORS);
    part = blk_find("mmcblk0p1");
    MUST(part != NULL && part->sectors == PART_SECTORS, true);
    MUST(blk_get(whole->rdev + 1, &part), 0);
    MUST(model_plug(card(), &image), 0);
    MUST(blk_read(part, 0, span_of(buf, sizeof buf)), -EIO);
    MUST(size_now(), OTHER_SECTORS); /* while the partition is used */
    MUST(blk_read(whole, 0, span_of(buf, sizeof buf)), -EIO);
    blk_put(part);
    MUST(blk_get(whole->rdev + 1, &part), -ENXIO); /* the card of before has none */
    MUST(whole->users, 0);
    MUST(blk_read(whole, 0, span_of(buf, sizeof buf)), 0);
    MUST(size_now(), SIZE / SECTOR_SIZE);
}

START_TEST(partitions_go_with_their_card)
{
    static const uint8_t table[16] = {
        0, 0, 0, 0, 0x83, 0, 0, 0, PART_AT, 0, 0, 0, PART_SECTORS & 0xff, PART_SECTORS >> 8
    };

    setup("empty");
    make_other();
    memcpy(other_medium + 446, table, sizeof table);
    memcpy(other_medium + 510, "\x55\xaa", 2);
    run(partitions_body);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("sd_ext2");
    TCase *tc = tcase_create("driver");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, read_and_write, 0, 2);
    tcase_add_loop_test(tc, pulled_in_mid_write, 0, PULLS);
    tcase_add_loop_test(tc, pulled_and_put_in_again, 0, PULLS);
    tcase_add_loop_test(tc, another_card, 0, PULLS / 4);
    tcase_add_test(tc, partitions_go_with_their_card);
    suite_add_tcase(s, tc);
    return run_suite(s);
}

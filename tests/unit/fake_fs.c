/* See fake_fs.h: the machine, the disk, and the file system calls as one-liners. */
#include <kernel/abi/fcntl.h>
#include <kernel/fs/devfs.h>
#include <kernel/fs/file.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/namei.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/page.h>
#include <kernel/sched/thread.h>

#include <hal/cpu.h>
#include <hal/power.h>
#include <hal/space.h>
#include <hal/user.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_fs.h"
#include "fake_hal.h"

enum { SECTORS_MAX = FAKE_DISK_MAX / SECTOR_SIZE, ROOT_SECTORS = 8 };

/* --- what the kernel's library wants from the HAL but file systems do not use --- */

uint64_t
hal_cpu_random(void)
{
    return 4; /* chosen by fair dice roll; the machine is deterministic */
}

void
hal_power_off(int status unused_param)
{
    abort();
}

void
hal_reboot(void)
{
    abort();
}

uaddr_t
hal_user_min(void)
{
    return uaddr(0x10000);
}

uaddr_t
hal_user_max(void)
{
    return uaddr(0x7fffffff0000);
}

int
hal_space_create(struct hal_space **space_out unused_param)
{
    return -ENOMEM;
}

void
hal_space_destroy(struct hal_space *space unused_param)
{
    abort();
}

int
hal_space_map(struct hal_space *s unused_param, uaddr_t va unused_param, paddr_t pa unused_param,
              size_t n unused_param, unsigned prot unused_param)
{
    abort();
}

void
hal_space_unmap(struct hal_space *s unused_param, uaddr_t va unused_param, size_t n unused_param)
{
    abort();
}

void
hal_space_protect(struct hal_space *s unused_param, uaddr_t va unused_param, size_t n unused_param,
                  unsigned p unused_param)
{
    abort();
}

bool
hal_space_query(const struct hal_space *s unused_param, uaddr_t va unused_param,
                paddr_t *pa_out unused_param, unsigned *prot_out unused_param)
{
    abort();
}

void
hal_user_fini(struct hal_user *u unused_param)
{
    abort();
}

/* --- the disk --- */

struct blkdev fake_disk;
uint64_t fake_disk_requests, fake_disk_requests_max = UINT64_MAX;
static uint8_t base[FAKE_DISK_MAX], disk[FAKE_DISK_MAX];
static bool touched[SECTORS_MAX];
static size_t disk_size;
static uint64_t fail_read, fail_write, fail_count;

void
fake_disk_load(const void *image, size_t size)
{
    if (size > FAKE_DISK_MAX)
        abort();
    disk_size = size;
    memcpy(base, image, size);
    memcpy(disk, image, size);
    memset(touched, 0, sizeof touched);
    fake_disk_reset();
}

void
fake_disk_load_file(const char *path)
{
    static uint8_t image[FAKE_DISK_MAX];
    FILE *f = fopen(path, "rb");
    size_t n;

    if (f == NULL) {
        fprintf(stderr, "%s: cannot be read\n", path);
        abort();
    }
    n = fread(image, 1, sizeof image, f);
    fclose(f);
    fake_disk_load(image, n);
}

void
fake_disk_reset(void)
{
    for (size_t s = 0; s < disk_size / SECTOR_SIZE; s++) {
        if (touched[s])
            memcpy(disk + s * SECTOR_SIZE, base + s * SECTOR_SIZE, SECTOR_SIZE);
        touched[s] = false;
    }
    fake_disk.sectors = disk_size / SECTOR_SIZE;
    fake_disk_fail(0, 0, 0);
    fake_disk_requests = 0;
}

const uint8_t *
fake_disk_data(void)
{
    return disk;
}

size_t
fake_disk_size(void)
{
    return disk_size;
}

void
fake_disk_poke(size_t at, const void *bytes, size_t n)
{
    if (at >= disk_size)
        return;
    n = n < disk_size - at ? n : disk_size - at;
    memcpy(disk + at, bytes, n);
    for (size_t s = at / SECTOR_SIZE; s * SECTOR_SIZE < at + n; s++)
        touched[s] = true;
}

void
fake_disk_fail(uint64_t nth_read, uint64_t nth_write, uint64_t count)
{
    fail_read = nth_read;
    fail_write = nth_write;
    fail_count = count;
}

/* Count down to the failing request; it and the `fail_count` - 1 after it fail. */
static bool
fails(uint64_t *nth)
{
    if (++fake_disk_requests > fake_disk_requests_max) {
        fprintf(stderr, "the disk was asked %llu times: a hang\n",
                (unsigned long long)fake_disk_requests);
        abort();
    }
    if (*nth == 0)
        return false;
    if (*nth > 1) {
        --*nth;
        return false;
    }
    if (fail_count == 0)
        return false;
    fail_count--;
    return true;
}

static int
disk_read(struct blkdev *dev unused_param, uint64_t sector, struct span buf)
{
    if (fails(&fail_read))
        return -EIO;
    memcpy(buf.ptr, disk + sector * SECTOR_SIZE, buf.len);
    return 0;
}

static int
disk_write(struct blkdev *dev unused_param, uint64_t sector, struct cspan buf)
{
    if (fails(&fail_write))
        return -EIO;
    memcpy(disk + sector * SECTOR_SIZE, buf.ptr, buf.len);
    for (size_t s = 0; s < buf.len / SECTOR_SIZE; s++)
        touched[sector + s] = true;
    return 0;
}

static const struct blk_ops disk_ops = { .read = disk_read, .write = disk_write };

/* --- the machine --- */

static struct blkdev root_disk;
static void (*body)(void);
static bool finished;

static int
no_io(struct blkdev *dev unused_param, uint64_t sector unused_param, struct span buf)
{
    memset(buf.ptr, 0, buf.len);
    return 0;
}

static const struct blk_ops root_ops = { .read = no_io };
static const struct fs_type root_type = { .name = "rootfs", .needs_dev = true, .mount = tmpfs_mount };

extern const struct fs_type romfs_type __attribute__((weak)); /* of a test that links it */
const struct fs_type *const kernel_fstypes[] = { &root_type, &ext2_fs_type, &romfs_type, NULL };
const size_t kernel_fstypes_len = 4;

static void
check(int rc, const char *what)
{
    if (rc < 0) {
        fprintf(stderr, "%s: error %d\n", what, -rc);
        abort();
    }
}

static void
main_thread(void *arg unused_param)
{
    vfs_init();
    check(blk_add(&root_disk), "root disk");
    check(blk_add(&fake_disk), "disk");
    check(vfs_mount_root("hda", false), "root");
    check(vfs_mkdir(NULL, "/m", 0755), "mkdir");
    check(vfs_mknod(NULL, "/hdb", S_IFBLK | 0600, fake_disk.rdev), "mknod");
    body();
    finished = true;
    thread_exit();
}

bool
fake_fs_run(size_t ram, void (*fn)(void))
{
    static struct thread t;
    uint64_t sectors = fake_disk.sectors;

    fake_boot(ram);
    root_disk =
        (struct blkdev){ .name = "hda", .rdev = 3 << 8, .sectors = ROOT_SECTORS, .ops = &root_ops };
    fake_disk =
        (struct blkdev){ .name = "hdb", .rdev = 3 << 8 | 64, .sectors = sectors, .ops = &disk_ops };
    memset(&t, 0, sizeof t);
    body = fn;
    finished = false;
    check(thread_create(&t, "test", main_thread, NULL), "thread");
    thread_start(&t);
    fake_run();
    return finished;
}

struct fs_usage
fs_usage(void)
{
    struct kmem_stats k;
    struct page_stats p;

    kmem_drain();
    kmem_stats(&k);
    page_stats(&p);
    return (struct fs_usage){ k.objects,
                              p.total - p.free - k.pages }; /* slabs may be cut up differently */
}

/* --- calls --- */

int
fs_mount(bool read_only)
{
    return vfs_mount("/hdb", "/m", "ext2", read_only ? 1 : 0, "");
}

int
fs_umount(void)
{
    return vfs_umount("/m", 0);
}

static int64_t
with_inode(const char *path, int64_t (*fn)(const struct inode *inode))
{
    struct dentry *d;
    int64_t rc = vfs_lookup(NULL, path, 0, &d);

    if (rc < 0)
        return rc;
    rc = fn(dentry_inode(d));
    dentry_put(d);
    return rc;
}

static int64_t
mode_of(const struct inode *inode)
{
    return inode->mode;
}

static int64_t
size_of(const struct inode *inode)
{
    return (int64_t)inode->size;
}

int64_t
fs_mode(const char *path)
{
    return with_inode(path, mode_of);
}

int64_t
fs_size(const char *path)
{
    return with_inode(path, size_of);
}

int64_t
fs_read(const char *path, uint64_t pos, void *buf, size_t n)
{
    struct file *f;
    int64_t rc = vfs_open(NULL, path, O_RDONLY | O_NONBLOCK, 0, &f);

    if (rc < 0)
        return rc;
    rc = file_read_at(f, pos, buf, n);
    file_put(f);
    return rc;
}

int64_t
fs_write(const char *path, uint64_t pos, const void *buf, size_t n)
{
    struct iobuf b = { .kernel = (uint8_t *)(uintptr_t)buf, .left = n };
    struct file *f;
    int64_t rc = vfs_open(NULL, path, O_WRONLY | O_CREAT | O_NONBLOCK, 0644, &f);

    if (rc < 0)
        return rc;
    rc = file_pwrite(f, &b, pos);
    file_put(f);
    return rc;
}

int
fs_truncate(const char *path, uint64_t size)
{
    struct dentry *d;
    int rc = vfs_lookup(NULL, path, 0, &d);

    if (rc < 0)
        return rc;
    rc = inode_is(dentry_inode(d), S_IFREG) ? vfs_truncate(dentry_inode(d), size) : -EINVAL;
    dentry_put(d);
    return rc;
}

int
fs_create(const char *path)
{
    struct file *f;
    int rc = vfs_open(NULL, path, O_WRONLY | O_CREAT | O_EXCL | O_NONBLOCK, 0644, &f);

    if (rc == 0)
        file_put(f);
    return rc;
}

int
fs_link(const char *path, const char *new_path)
{
    struct dentry *d;
    int rc = vfs_lookup(NULL, path, 0, &d);

    if (rc < 0)
        return rc;
    rc = vfs_link(d, NULL, new_path);
    dentry_put(d);
    return rc;
}

int64_t
fs_readlink(const char *path, char *buf, size_t size)
{
    struct dentry *d;
    int64_t rc = vfs_lookup(NULL, path, 0, &d);

    if (rc < 0)
        return rc;
    rc = dentry_inode(d)->ops->readlink != NULL
             ? dentry_inode(d)->ops->readlink(dentry_inode(d), buf, size)
             : -EINVAL;
    dentry_put(d);
    return rc;
}

enum { LIST_MAX = 128 };
struct listing {
    unsigned n, max;
    char names[LIST_MAX][NAME_MAX + 1];
};

static bool
list_one(void *arg, struct name name, uint64_t ino unused_param, unsigned type unused_param,
         uint64_t next unused_param)
{
    struct listing *l = arg;

    if (l->n == l->max)
        return false;
    if (name.text[0] == '.' && (name.len == 1 || (name.len == 2 && name.text[1] == '.')))
        return true;
    memcpy(l->names[l->n], name.text, name.len);
    l->names[l->n++][name.len] = '\0';
    return true;
}

int
fs_list(const char *path, unsigned max, void (*emit)(void *arg, const char *name), void *arg)
{
    struct listing *l;
    struct file *f;
    int rc = vfs_open(NULL, path, O_RDONLY | O_DIRECTORY, 0, &f);

    if (rc < 0)
        return rc;
    l = malloc(sizeof *l);
    if (l == NULL)
        abort();
    l->n = 0;
    l->max = max < LIST_MAX ? max : LIST_MAX;
    rc = file_readdir(f, list_one, l);
    file_put(f);
    for (unsigned i = 0; i < l->n; i++)
        emit(arg, l->names[i]);
    free(l);
    return rc;
}

/* A machine for tests of the VFS: see vfs_machine.h.  Here are the fakes of what is outside it. */
#include "vfs_machine.h"

#include <kernel/abi/fcntl.h>
#include <kernel/fs/dentry.h>
#include <kernel/fs/devfs.h>
#include <kernel/mm/mm.h>
#include <kernel/sys/sys_file.h>
#include <kernel/sys/sys_misc.h>
#include <kernel/sys/sys_path.h>
#include <kernel/tty/tty.h>

#include <stdio.h>
#include <string.h>

#include "fake_hal.h"

/* User memory: any pointer but very small ones. */
static bool
bad(uaddr_t a)
{
    return a.v < 4096;
}

int
ucopy_in(void *dst, uaddr_t src, size_t n)
{
    if (n == 0)
        return 0;
    if (bad(src))
        return -EFAULT;
    memcpy(dst, (const void *)src.v, n);
    return 0;
}

int
ucopy_out(uaddr_t dst, const void *src, size_t n)
{
    if (n == 0)
        return 0;
    if (bad(dst))
        return -EFAULT;
    memcpy((void *)dst.v, src, n);
    return 0;
}

int
ucopy_zero(uaddr_t dst, size_t n)
{
    if (bad(dst))
        return -EFAULT;
    memset((void *)dst.v, 0, n);
    return 0;
}

int64_t
ucopy_in_str(char *dst, uaddr_t src, size_t size)
{
    if (bad(src))
        return -EFAULT;

    const char *s = (const char *)src.v;
    size_t n = strnlen(s, size);

    memcpy(dst, s, n < size ? n + 1 : size);
    return n < size ? (int64_t)n : -ENAMETOOLONG;
}

int
ucopy_out_mm(struct mm unused_param *mm, uaddr_t dst, const void *src, size_t n)
{
    return ucopy_out(dst, src, n);
}

int
ucopy_zero_mm(struct mm unused_param *mm, uaddr_t dst, size_t n)
{
    return ucopy_zero(dst, n);
}

int
ucopy_in_mm(struct mm unused_param *mm, void *dst, uaddr_t src, size_t n)
{
    return ucopy_in(dst, src, n);
}

static void
advance(struct iobuf *b, size_t n)
{
    if (b->kernel != NULL)
        b->kernel += n;
    else
        b->user.v += n;
    b->left -= n;
}

int
iobuf_put(struct iobuf *b, const void *src, size_t n)
{
    int rc = b->kernel != NULL ? (memcpy(b->kernel, src, n), 0) : ucopy_out(b->user, src, n);

    if (rc == 0)
        advance(b, n);
    return rc;
}

int
iobuf_get(struct iobuf *b, void *dst, size_t n)
{
    int rc = b->kernel != NULL ? (memcpy(dst, b->kernel, n), 0) : ucopy_in(dst, b->user, n);

    if (rc == 0)
        advance(b, n);
    return rc;
}

int
iobuf_put_zero(struct iobuf *b, size_t n)
{
    int rc = b->kernel != NULL ? (memset(b->kernel, 0, n), 0) : ucopy_zero(b->user, n);

    if (rc == 0)
        advance(b, n);
    return rc;
}

/* The root: a tmpfs that claims to be on the disk. */
uint8_t vfs_disk[SECTORS * SECTOR_SIZE];
static struct blkdev hda;

static int
disk_read(struct blkdev unused_param *dev, uint64_t sector, struct span buf)
{
    memcpy(buf.ptr, vfs_disk + sector * SECTOR_SIZE, buf.len);
    return 0;
}

static int
disk_write(struct blkdev unused_param *dev, uint64_t sector, struct cspan buf)
{
    memcpy(vfs_disk + sector * SECTOR_SIZE, buf.ptr, buf.len);
    return 0;
}

static const struct blk_ops disk_ops = { .read = disk_read, .write = disk_write };

static int
root_mount(struct superblock *sb, const char *options)
{
    int rc = tmpfs_mount(sb, options);

    if (rc < 0)
        return rc;
    sb->root->mode = S_IFDIR | 0755;
    return tmpfs_make(sb->root, name_of("dev", 3), S_IFDIR | 0755, 0);
}

const struct fs_type ext2_fs_type = { .name = "ext2", .needs_dev = true, .mount = root_mount };

/* Processes: threads of the fake machine with credentials and files. */
struct proc procs[THREADS];
static struct rlimits limits[THREADS];
unsigned signals[65];

void
signal_send(struct proc unused_param *p, int signo, const struct siginfo_k unused_param *info)
{
    signals[signo]++;
}

bool
signal_pending(const struct proc unused_param *p)
{
    return false;
}

struct proc *
proc_current(void)
{
    return thread_current()->proc;
}

bool
capable(void)
{
    return proc_current() == NULL || proc_current()->creds.fsuid == 0;
}

struct proc *
proc_find(int32_t pid)
{
    return pid >= 1 && pid <= THREADS && procs[pid - 1].pid == pid ? &procs[pid - 1] : NULL;
}

void
proc_for_each(bool (*fn)(struct proc *p, void *arg), void *arg)
{
    for (int32_t pid = 1; pid <= THREADS; pid++)
        if (proc_find(pid) != NULL && !fn(proc_find(pid), arg))
            return;
}

unsigned
proc_count(void)
{
    return 1;
}

void
signal_recalc(struct proc unused_param *p)
{
}

struct mm *
mm_get(struct mm *mm)
{
    return mm;
}

void
mm_put(struct mm unused_param *mm)
{
}

uint32_t
tty_rdev(const struct tty unused_param *t)
{
    return 0;
}

int32_t
tty_pgrp(const struct tty unused_param *t)
{
    return -1;
}

const char *
sys_hostname(void)
{
    return "test";
}

int
sys_set_hostname(struct text name unused_param)
{
    return -EPERM;
}

const char *
hal_cpu_name(void)
{
    return "test";
}

uint64_t
hal_cpu_random(void)
{
    static uint64_t state = 88172645463325252ull;

    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static void (*body[THREADS])(void);

static void
thread_main(void *arg)
{
    unsigned i = (unsigned)(uintptr_t)arg;

    body[i]();
    files_put(procs[i].files);
    fs_ctx_put(procs[i].fs);
    thread_exit();
}

static void
proc_setup(unsigned i, void (*fn)(void))
{
    struct proc *p = &procs[i];

    memset(p, 0, sizeof *p);
    p->pid = p->tgid = (int32_t)i + 1;
    snprintf(p->comm, sizeof p->comm, "test%u", i);
    p->rlimits = &limits[i];
    p->rlimits->refs = 1;
    for (unsigned k = 0; k < RLIM_NLIMITS; k++)
        p->rlimits->of[k] = (struct rlimit){ UINT64_MAX, UINT64_MAX };
    p->rlimits->of[RLIMIT_NOFILE] = (struct rlimit){ 64, 64 };
    body[i] = fn;
    ck_assert_int_eq(files_create(&p->files), 0);
    ck_assert_int_eq(fs_ctx_create(&p->fs), 0);
    ck_assert_int_eq(thread_create(&p->thread, p->comm, thread_main, (void *)(uintptr_t)i), 0);
    p->thread.proc = p;
    thread_start(&p->thread);
}

static void (*main_body)(void);
unsigned nr_procs;
void (*other_bodies[THREADS])(void);
static struct thread boot;

static void
boot_main(void unused_param *arg)
{
    vfs_init();
    ck_assert_int_eq(blk_add(&hda), 0);
    ck_assert_int_eq(vfs_mount_root("/dev/hda", false), 0);
    proc_setup(0, main_body);
    for (unsigned i = 1; i < nr_procs; i++)
        proc_setup(i, other_bodies[i]);
    thread_exit();
}

void
run(void (*fn)(void))
{
    fake_boot(16 << 20);
    memset(vfs_disk, 0, sizeof vfs_disk);
    hda = (struct blkdev){ .name = "hda", .rdev = 3 << 8, .sectors = SECTORS, .ops = &disk_ops };
    main_body = fn;
    ck_assert_int_eq(thread_create(&boot, "boot", boot_main, NULL), 0);
    thread_start(&boot);
    fake_run();
    for (unsigned i = 0; i < (nr_procs > 0 ? nr_procs : 1); i++)
        ck_assert_msg(
            procs[i].thread.state == THREAD_DEAD, "process %u did not end: it waits for %s", i,
            procs[i].thread.wait_what != NULL ? procs[i].thread.wait_what : "nothing named");
}

int64_t
open_at(const char *path, unsigned flags, unsigned mode)
{
    return SYS(open, U(path), flags, mode);
}

void
put_file(const char *path, const char *text)
{
    int64_t fd = open_at(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);

    ck_assert_int_ge(fd, 0);
    EQ(SYS(write, (uint64_t)fd, U(text), strlen(text)), (int64_t)strlen(text));
    OK(SYS(close, (uint64_t)fd));
}

bool
file_is(const char *path, const char *text)
{
    char buf[256];
    int64_t fd = open_at(path, O_RDONLY, 0), n;

    if (fd < 0)
        return false;
    n = SYS(read, (uint64_t)fd, U(buf), sizeof buf);
    OK(SYS(close, (uint64_t)fd));
    return n == (int64_t)strlen(text) && memcmp(buf, text, (size_t)n) == 0;
}

unsigned
count_entries(const char *path, size_t bufsize)
{
    char buf[4096];
    int64_t fd = open_at(path, O_RDONLY | O_DIRECTORY, 0), n;
    unsigned count = 0;

    ck_assert_int_ge(fd, 0);
    while ((n = SYS(getdents64, (uint64_t)fd, U(buf), bufsize)) > 0) {
        for (int64_t at = 0; at < n; at += (uint8_t)buf[at + 16] | (uint8_t)buf[at + 17] << 8)
            count++;
    }
    EQ(n, 0);
    OK(SYS(close, (uint64_t)fd));
    return count;
}

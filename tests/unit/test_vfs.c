/* The VFS through its system calls, on tmpfs and devfs over a disk in memory; user memory is the test's own. */
#include <abi/stat.h>
#include <kernel/abi/fcntl.h>
#include <kernel/abi/mount.h>
#include <kernel/abi/statx.h>
#include <kernel/core/blk.h>
#include <kernel/fs/dentry.h>
#include <kernel/fs/devfs.h>
#include <kernel/fs/inode.h>
#include <kernel/mm/kmem.h>
#include <kernel/proc/proc.h>
#include <kernel/mm/mm.h>
#include <kernel/sys/sys_file.h>
#include <kernel/sys/sys_misc.h>
#include <kernel/sys/sys_path.h>
#include <kernel/sys/sys_poll.h>
#include <kernel/tty/tty.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_hal.h"

enum { SECTORS = 4096, THREADS = 4, BAD_ADDR = 16, RLIMIT_FSIZE = 1, RLIMIT_NOFILE = 7 };

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
static uint8_t disk[SECTORS * SECTOR_SIZE];
static struct blkdev hda;

static int
disk_read(struct blkdev unused_param *dev, uint64_t sector, struct span buf)
{
    memcpy(buf.ptr, disk + sector * SECTOR_SIZE, buf.len);
    return 0;
}

static int
disk_write(struct blkdev unused_param *dev, uint64_t sector, struct cspan buf)
{
    memcpy(disk + sector * SECTOR_SIZE, buf.ptr, buf.len);
    return 0;
}

static const struct blk_ops disk_ops = {.read = disk_read, .write = disk_write};

static int
root_mount(struct superblock *sb, const char *options)
{
    int rc = tmpfs_mount(sb, options);

    if (rc < 0)
        return rc;
    sb->root->mode = S_IFDIR | 0755;
    return tmpfs_make(sb->root, name_of("dev", 3), S_IFDIR | 0755, 0);
}

const struct fs_type ext2_fs_type = {.name = "ext2", .needs_dev = true, .mount = root_mount};

/* Processes: threads of the fake machine with credentials and files. */
static struct proc procs[THREADS];
static unsigned signals[65];

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
    for (unsigned k = 0; k < RLIM_NLIMITS; k++)
        p->rlimits[k] = (struct rlimit){UINT64_MAX, UINT64_MAX};
    p->rlimits[RLIMIT_NOFILE] = (struct rlimit){64, 64};
    body[i] = fn;
    ck_assert_int_eq(files_create(&p->files), 0);
    ck_assert_int_eq(fs_ctx_create(&p->fs), 0);
    ck_assert_int_eq(thread_create(&p->thread, p->comm, thread_main, (void *)(uintptr_t)i), 0);
    p->thread.proc = p;
    thread_start(&p->thread);
}

static void (*main_body)(void);
static unsigned nr_procs;
static void (*other_bodies[THREADS])(void);
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

/* Run `fn` (and others beside it) as processes of a fresh machine. */
static void
run(void (*fn)(void))
{
    fake_boot(16 << 20);
    memset(disk, 0, sizeof disk);
    hda = (struct blkdev){.name = "hda", .rdev = 3 << 8, .sectors = SECTORS, .ops = &disk_ops};
    main_body = fn;
    ck_assert_int_eq(thread_create(&boot, "boot", boot_main, NULL), 0);
    thread_start(&boot);
    fake_run();
    for (unsigned i = 0; i < (nr_procs > 0 ? nr_procs : 1); i++)
        ck_assert_msg(procs[i].thread.state == THREAD_DEAD, "process %u did not end: it waits for %s", i,
                      procs[i].thread.wait_what != NULL ? procs[i].thread.wait_what : "nothing named");
}

#define U(x) ((uint64_t)(uintptr_t)(x))
#define SYS(name, ...) sys_##name(&(const struct sysargs){.a = {__VA_ARGS__}})
#define OK(e) ck_assert_int_eq((e), 0)
#define EQ(e, v) ck_assert_int_eq((e), (v))

static int64_t
open_at(const char *path, unsigned flags, unsigned mode)
{
    return SYS(open, U(path), flags, mode);
}

static void
put_file(const char *path, const char *text)
{
    int64_t fd = open_at(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);

    ck_assert_int_ge(fd, 0);
    EQ(SYS(write, (uint64_t)fd, U(text), strlen(text)), (int64_t)strlen(text));
    OK(SYS(close, (uint64_t)fd));
}

static bool
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

static struct abi_stat
stat_of(const char *path)
{
    struct abi_stat s = {0};

    OK(SYS(lstat, U(path), U(&s)));
    return s;
}

/* Path walk. */
static void
walk_body(void)
{
    char longname[300], cwd[64];

    OK(SYS(mkdir, U("/a"), 0755));
    OK(SYS(mkdir, U("/a/b"), 0755));
    put_file("/a/b/f", "hello");
    ck_assert(file_is("/a/b/f", "hello"));
    ck_assert(file_is("//a/./b/../b//f", "hello"));
    ck_assert(file_is("/../../a/b/f", "hello"));
    EQ(open_at("", 0, 0), -ENOENT);
    EQ(open_at("/a/b/f/", 0, 0), -ENOTDIR);
    EQ(open_at("/a/b/f/x", 0, 0), -ENOTDIR);
    EQ(open_at("/a/x/f", 0, 0), -ENOENT);
    EQ(SYS(open, BAD_ADDR, 0, 0), -EFAULT);
    memset(longname, 'x', sizeof longname - 1);
    longname[299] = '\0';
    EQ(open_at(longname, O_CREAT, 0644), -ENAMETOOLONG);
    longname[255] = '\0';
    ck_assert_int_ge(open_at(longname, O_CREAT, 0644), 0);
    OK(SYS(chdir, U("/a/b")));
    EQ(SYS(getcwd, U(cwd), sizeof cwd), 5);
    ck_assert_str_eq(cwd, "/a/b");
    EQ(SYS(getcwd, U(cwd), 4), -ERANGE);
    ck_assert(file_is("f", "hello"));
    ck_assert(file_is("../b/f", "hello"));
    OK(SYS(symlink, U("b/f"), U("/a/l")));
    ck_assert(file_is("/a/l", "hello"));
    EQ(open_at("/a/l", O_NOFOLLOW, 0), -ELOOP);
    OK(SYS(symlink, U("/a/loop2"), U("/a/loop1")));
    OK(SYS(symlink, U("loop1"), U("/a/loop2")));
    EQ(open_at("/a/loop1", 0, 0), -ELOOP);
    OK(SYS(symlink, U("/a"), U("/la")));
    ck_assert(file_is("/la/b/f", "hello"));
    ck_assert(file_is("/la/../a/b/f", "hello"));
    EQ(stat_of("/la").st_mode & S_IFMT, S_IFLNK);
    OK(SYS(symlink, U("nowhere"), U("/dangling")));
    EQ(open_at("/dangling", 0, 0), -ENOENT);
    EQ(open_at("/dangling", O_CREAT | O_EXCL | O_WRONLY, 0644), -EEXIST);
    ck_assert_int_ge(open_at("/dangling", O_CREAT | O_WRONLY, 0644), 0);
    EQ(stat_of("/nowhere").st_mode & S_IFMT, S_IFREG);
}

START_TEST(walk)
{
    run(walk_body);
}
END_TEST

/* Chains of symlinks: 40 are followed, 41 are not. */
static void
chain_body(void)
{
    char from[16], to[16];

    put_file("/l0", "end");
    for (int i = 1; i <= 41; i++) {
        snprintf(from, sizeof from, "/l%d", i);
        snprintf(to, sizeof to, "/l%d", i - 1);
        OK(SYS(symlink, U(to), U(from)));
    }
    ck_assert(file_is("/l40", "end"));
    EQ(open_at("/l41", 0, 0), -ELOOP);
}

START_TEST(chain)
{
    run(chain_body);
}
END_TEST

static void
rename_body(void)
{
    OK(SYS(mkdir, U("/d"), 0755));
    OK(SYS(mkdir, U("/d/sub"), 0755));
    OK(SYS(mkdir, U("/e"), 0755));
    OK(SYS(mkdir, U("/full"), 0755));
    put_file("/full/x", "x");
    put_file("/f", "f");
    put_file("/g", "g");
    EQ(SYS(rename, U("/none"), U("/x")), -ENOENT);
    EQ(SYS(rename, U("/d"), U("/d/sub/x")), -EINVAL);
    EQ(SYS(rename, U("/d"), U("/d/x")), -EINVAL);
    EQ(SYS(rename, U("/d/sub"), U("/d")), -ENOTEMPTY);
    EQ(SYS(rename, U("/f"), U("/d")), -EISDIR);
    EQ(SYS(rename, U("/d"), U("/f")), -ENOTDIR);
    EQ(SYS(rename, U("/e"), U("/full")), -ENOTEMPTY);
    EQ(SYS(rename, U("/f/"), U("/x")), -ENOTDIR);
    EQ(SYS(rename, U("/f"), U("/x/")), -ENOTDIR);
    EQ(SYS(rename, U("/d/."), U("/x")), -EBUSY);
    EQ(SYS(rename, U("/"), U("/x")), -EBUSY);
    EQ(SYS(rename, U("/f"), U("/dev/f")), -EXDEV);
    OK(SYS(rename, U("/f"), U("/f")));
    OK(SYS(link, U("/f"), U("/f2")));
    OK(SYS(rename, U("/f"), U("/f2"))); /* two names of one file: nothing happens */
    ck_assert(file_is("/f", "f"));
    EQ(stat_of("/f").st_nlink, 2);
    OK(SYS(rename, U("/f"), U("/g")));
    ck_assert(file_is("/g", "f"));
    EQ(open_at("/f", 0, 0), -ENOENT);
    OK(SYS(rename, U("/e"), U("/d/sub"))); /* an empty directory is replaced */
    EQ(stat_of("/d").st_nlink, 3);
    OK(SYS(rename, U("/d/sub"), U("/moved/"))); 
    EQ(stat_of("/d").st_nlink, 2);
    EQ(SYS(renameat2, (uint64_t)AT_FDCWD, U("/g"), (uint64_t)AT_FDCWD, U("/f2"), RENAME_NOREPLACE), -EEXIST);
    OK(SYS(renameat2, (uint64_t)AT_FDCWD, U("/g"), (uint64_t)AT_FDCWD, U("/h"), RENAME_NOREPLACE));
    EQ(SYS(renameat2, (uint64_t)AT_FDCWD, U("/g"), (uint64_t)AT_FDCWD, U("/h"), 0xff), -EINVAL);
    OK(SYS(mkdir, U("/p"), 0755));
    OK(SYS(mkdir, U("/p/q"), 0755));
    OK(SYS(rename, U("/p/q"), U("/full/q")));
    OK(SYS(rename, U("/p"), U("/full/q/p")));
    OK(SYS(chdir, U("/full/q/p")));
    OK(SYS(chdir, U("../..")));
    ck_assert(file_is("x", "x"));
}

START_TEST(rename_matrix)
{
    run(rename_body);
}
END_TEST

static void
unlink_body(void)
{
    char buf[16];
    int64_t fd;

    OK(SYS(mkdir, U("/d"), 0755));
    put_file("/d/f", "text");
    EQ(SYS(rmdir, U("/d")), -ENOTEMPTY);
    EQ(SYS(rmdir, U("/d/f")), -ENOTDIR);
    EQ(SYS(rmdir, U("/d/.")), -EINVAL);
    EQ(SYS(rmdir, U("/d/..")), -ENOTEMPTY);
    EQ(SYS(rmdir, U("/")), -EBUSY);
    EQ(SYS(rmdir, U("/dev")), -EBUSY);
    EQ(SYS(unlink, U("/d")), -EISDIR);
    EQ(SYS(unlink, U("/d/f/")), -ENOTDIR);
    EQ(SYS(unlink, U("/d/none")), -ENOENT);
    fd = open_at("/d/f", O_RDWR, 0);
    OK(SYS(unlink, U("/d/f")));
    EQ(open_at("/d/f", 0, 0), -ENOENT);
    EQ(SYS(read, (uint64_t)fd, U(buf), sizeof buf), 4); /* lives on until it is closed */
    OK(SYS(close, (uint64_t)fd));
    OK(SYS(chdir, U("/d")));
    OK(SYS(rmdir, U("/d")));
    EQ(SYS(mkdir, U("x"), 0755), -ENOENT);
    EQ(open_at("x", O_CREAT, 0644), -ENOENT);
    EQ(SYS(getcwd, U(buf), sizeof buf), -ENOENT);
    OK(SYS(chdir, U("..")));
    EQ(SYS(getcwd, U(buf), sizeof buf), 2);
    EQ(SYS(mkdir, U("/dev"), 0755), -EEXIST);
    EQ(SYS(mkdir, U("/"), 0755), -EEXIST);
    EQ(SYS(mkdir, U("/none/x"), 0755), -ENOENT);
    EQ(SYS(link, U("/dev"), U("/l")), -EXDEV);
    OK(SYS(mkdir, U("/e"), 0755));
    EQ(SYS(link, U("/e"), U("/l")), -EPERM);
    EQ(SYS(mknod, U("/x"), S_IFDIR, 0), -EPERM);
}

START_TEST(unlinks)
{
    run(unlink_body);
}
END_TEST

static void
perm_body(void)
{
    struct creds *c = &procs[0].creds;

    OK(SYS(mkdir, U("/priv"), 0700));
    OK(SYS(mkdir, U("/sticky"), 01777));
    OK(SYS(chmod, U("/sticky"), 01777));
    put_file("/sticky/root", "r");
    put_file("/priv/f", "f");
    put_file("/ro", "ro");
    OK(SYS(chmod, U("/ro"), 0444));
    c->uid = c->euid = c->fsuid = 1000;
    c->gid = c->egid = c->fsgid = 1000;
    EQ(open_at("/priv/f", 0, 0), -EACCES);
    EQ(open_at("/ro", O_WRONLY, 0), -EACCES);
    ck_assert_int_ge(open_at("/ro", O_RDONLY, 0), 0);
    EQ(open_at("/new", O_CREAT | O_WRONLY, 0644), -EACCES);
    EQ(SYS(unlink, U("/sticky/root")), -EPERM);
    put_file("/sticky/mine", "m");
    EQ(SYS(chown, U("/sticky/mine"), 0, 0), -EPERM);
    OK(SYS(chown, U("/sticky/mine"), UINT32_MAX, 1000));
    OK(SYS(chmod, U("/sticky/mine"), 0));
    EQ(open_at("/sticky/mine", O_RDONLY, 0), -EACCES);
    EQ(SYS(access, U("/sticky/mine"), R_OK), -EACCES);
    OK(SYS(access, U("/sticky/mine"), F_OK));
    EQ(SYS(chmod, U("/ro"), 0666), -EPERM);
    EQ(SYS(mknod, U("/sticky/null"), S_IFCHR | 0666, 0x103), -EPERM);
    EQ(SYS(chroot, U("/sticky")), -EPERM);
    EQ(SYS(mount, U("none"), U("/priv"), U("tmpfs"), 0, 0), -EPERM);
    OK(SYS(unlink, U("/sticky/mine")));
}

START_TEST(permissions)
{
    run(perm_body);
}
END_TEST

static void
rw_body(void)
{
    static char big[70000], back[70000];
    int64_t fd = open_at("/f", O_CREAT | O_RDWR, 0644);
    uint64_t f = (uint64_t)fd;

    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)(i * 7 + i / 4096);
    EQ(SYS(write, f, U(big), sizeof big), (int64_t)sizeof big);
    EQ(SYS(lseek, f, 0, SEEK_SET), 0);
    EQ(SYS(read, f, U(back), sizeof back), (int64_t)sizeof back);
    ck_assert_mem_eq(big, back, sizeof big);
    EQ(SYS(read, f, U(back), 10), 0);
    EQ(SYS(pread64, f, U(back), 100, 4090), 100);
    ck_assert_mem_eq(big + 4090, back, 100);
    EQ(SYS(pwrite64, f, U("XYZ"), 3, 4095), 3);
    EQ(SYS(pread64, f, U(back), 5, 4094), 5);
    ck_assert(back[0] == big[4094] && back[1] == 'X' && back[3] == 'Z' && back[4] == big[4098]);
    /* Sparse, truncate, and what a truncated tail holds when the file grows again. */
    OK(SYS(ftruncate, f, 5000));
    EQ(stat_of("/f").st_size, 5000);
    OK(SYS(ftruncate, f, 9000));
    EQ(SYS(pread64, f, U(back), 4000, 5000), 4000);
    for (int i = 0; i < 4000; i++)
        ck_assert_int_eq(back[i], 0);
    EQ(SYS(pwrite64, f, U("end"), 3, 1000000), 3);
    EQ(SYS(pread64, f, U(back), 10, 500000), 10);
    ck_assert_int_eq(back[5], 0);
    EQ(stat_of("/f").st_size, 1000003);
    ck_assert_int_lt(stat_of("/f").st_blocks, 100);
    /* Errors. */
    EQ(SYS(write, f, BAD_ADDR, 10), -EFAULT);
    EQ(SYS(lseek, f, 0, SEEK_END), 1000003);
    EQ(SYS(read, f, BAD_ADDR, 10), 0);
    EQ(SYS(pread64, f, BAD_ADDR, 10, 0), -EFAULT);
    EQ(SYS(read, 63, U(back), 1), -EBADF);
    EQ(SYS(pread64, f, U(back), 1, (uint64_t)-1), -EINVAL);
    EQ(SYS(lseek, f, (uint64_t)-1, SEEK_SET), -EINVAL);
    EQ(SYS(lseek, f, 0, 9), -EINVAL);
    EQ(SYS(ftruncate, f, (uint64_t)-1), -EINVAL);
    OK(SYS(close, f));
    EQ(SYS(close, f), -EBADF);
    f = (uint64_t)open_at("/f", O_RDONLY, 0);
    EQ(SYS(write, f, U("x"), 1), -EBADF);
    f = (uint64_t)open_at("/f", O_WRONLY | O_APPEND, 0);
    EQ(SYS(read, f, U(back), 1), -EBADF);
    EQ(SYS(write, f, U("tail"), 4), 4);
    EQ(stat_of("/f").st_size, 1000007);
    f = (uint64_t)open_at("/f", O_RDWR | O_TRUNC, 0);
    EQ(stat_of("/f").st_size, 0);
    procs[0].rlimits[RLIMIT_FSIZE].cur = 10;
    EQ(SYS(write, f, U(big), 20), 10);
    EQ(SYS(write, f, U(big), 20), -EFBIG);
    EQ(signals[25], 1);
    f = (uint64_t)open_at("/", O_RDONLY | O_DIRECTORY, 0);
    EQ(SYS(read, f, U(back), 1), -EISDIR);
    EQ(open_at("/", O_WRONLY, 0), -EISDIR);
}

START_TEST(read_write)
{
    run(rw_body);
}
END_TEST

static void
mount_body(void)
{
    struct abi_statfs s;
    char big[8192] = {0};
    int64_t fd;

    OK(SYS(mkdir, U("/m"), 0755));
    put_file("/m/under", "u");
    OK(SYS(mount, U("tmp"), U("/m"), U("tmpfs"), MS_NOSUID, U("size=16k,mode=755")));
    EQ(open_at("/m/under", 0, 0), -ENOENT);
    put_file("/m/over", "o");
    ck_assert(file_is("/m/../m/over", "o"));
    EQ(SYS(rmdir, U("/m")), -EBUSY);
    OK(SYS(statfs, U("/m"), U(&s)));
    EQ(s.f_blocks, 4);
    EQ(s.f_bfree, 3);
    fd = open_at("/m/fill", O_CREAT | O_WRONLY, 0644);
    EQ(SYS(write, (uint64_t)fd, U(big), sizeof big), 8192);
    EQ(SYS(write, (uint64_t)fd, U(big), sizeof big), 4096);
    EQ(SYS(write, (uint64_t)fd, U(big), 1), -ENOSPC);
    EQ(SYS(umount2, U("/m"), 0), -EBUSY);
    OK(SYS(close, (uint64_t)fd));
    OK(SYS(mount, U("none"), U("/m"), U(""), MS_REMOUNT | MS_RDONLY, 0));
    EQ(open_at("/m/over", O_WRONLY, 0), -EROFS);
    EQ(open_at("/m/new", O_WRONLY | O_CREAT, 0644), -EROFS);
    EQ(SYS(mkdir, U("/m/d"), 0755), -EROFS);
    EQ(SYS(unlink, U("/m/over")), -EROFS);
    OK(SYS(umount2, U("/m"), 0));
    ck_assert(file_is("/m/under", "u"));
    EQ(SYS(umount2, U("/m"), 0), -EINVAL);
    EQ(SYS(mount, U("none"), U("/m"), U("nofs"), 0, 0), -ENODEV);
    EQ(SYS(mount, U("/m/under"), U("/m"), U("ext2"), 0, 0), -ENOTBLK);
    EQ(SYS(mount, U("/dev/hda"), U("/m"), U("ext2"), 0, 0), -EBUSY);
    EQ(SYS(mount, U("none"), U("/m/under"), U("tmpfs"), 0, 0), -ENOTDIR);
    /* A directory tree on a mount that goes with it, however deep. */
    OK(SYS(mount, U("tmp"), U("/m"), U("tmpfs"), 0, U("nr_inodes=4000")));
    OK(SYS(chdir, U("/m")));
    for (int i = 0; i < 3000; i++) {
        OK(SYS(mkdir, U("deep"), 0755));
        OK(SYS(chdir, U("deep")));
    }
    EQ(SYS(umount2, U("/m"), 0), -EBUSY);
    OK(SYS(chdir, U("/")));
    OK(SYS(umount2, U("/m"), 0));
}

START_TEST(mounts)
{
    run(mount_body);
}
END_TEST

static void
dev_body(void)
{
    char buf[64] = "x";
    uint64_t f;

    f = (uint64_t)open_at("/dev/null", O_RDWR, 0);
    EQ(SYS(read, f, U(buf), 10), 0);
    EQ(SYS(write, f, U(buf), 10), 10);
    f = (uint64_t)open_at("/dev/zero", O_RDWR, 0);
    EQ(SYS(read, f, U(buf), 10), 10);
    EQ(buf[0], 0);
    f = (uint64_t)open_at("/dev/full", O_RDWR, 0);
    EQ(SYS(write, f, U(buf), 10), -ENOSPC);
    f = (uint64_t)open_at("/dev/urandom", O_RDONLY, 0);
    EQ(SYS(read, f, U(buf), 64), 64);
    OK(SYS(mknod, U("/mynull"), S_IFCHR | 0666, 0x103));
    f = (uint64_t)open_at("/mynull", O_RDWR, 0);
    EQ(SYS(write, f, U(buf), 10), 10);
    OK(SYS(mknod, U("/nodev"), S_IFCHR | 0666, 0x7777));
    EQ(open_at("/nodev", O_RDWR, 0), -ENXIO);
    /* The disk. */
    f = (uint64_t)open_at("/dev/hda", O_RDWR, 0);
    EQ(SYS(lseek, f, 0, SEEK_END), SECTORS * SECTOR_SIZE);
    EQ(SYS(write, f, U(buf), 1), -ENOSPC);
    EQ(SYS(pwrite64, f, U("boot"), 4, 1000), 4);
    OK(SYS(fsync, f));
    ck_assert_mem_eq(disk + 1000, "boot", 4);
    EQ(SYS(pread64, f, U(buf), 64, SECTORS * SECTOR_SIZE - 10), 10);
    OK(SYS(close, f));
    memcpy(disk + 1000, "gone", 4);
    f = (uint64_t)open_at("/dev/hda", O_RDONLY, 0);
    EQ(SYS(pread64, f, U(buf), 4, 1000), 4);
    ck_assert_mem_eq(buf, "gone", 4);
}

START_TEST(devices)
{
    run(dev_body);
}
END_TEST

static void
fd_body(void)
{
    int64_t fd = open_at("/f", O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    struct abi_flock l = {.l_type = F_WRLCK, .l_start = 0, .l_len = 10};
    char buf[8];

    EQ(fd, 0);
    EQ(SYS(fcntl, 0, F_GETFD), FD_CLOEXEC);
    EQ(SYS(dup, 0), 1);
    EQ(SYS(fcntl, 1, F_GETFD), 0);
    EQ(SYS(dup2, 0, 7), 7);
    EQ(SYS(dup2, 0, 0), 0);
    EQ(SYS(dup2, 50, 0), -EBADF);
    EQ(SYS(dup2, 0, 64), -EBADF);
    EQ(SYS(dup3, 0, 0, 0), -EINVAL);
    EQ(SYS(dup3, 0, 8, O_CLOEXEC), 8);
    EQ(SYS(fcntl, 8, F_GETFD), FD_CLOEXEC);
    EQ(SYS(fcntl, 0, F_DUPFD, 20), 20);
    EQ(SYS(fcntl, 0, F_DUPFD, 64), -EINVAL);
    EQ(SYS(write, 1, U("abc"), 3), 3);
    EQ(SYS(lseek, 0, 0, SEEK_CUR), 3); /* one offset for all */
    EQ(SYS(fcntl, 0, F_SETFL, O_APPEND), 0);
    EQ(SYS(fcntl, 7, F_GETFL) & (O_APPEND | O_ACCMODE), O_APPEND | O_RDWR);
    OK(SYS(fcntl, 0, F_SETLK, U(&l)));
    EQ(SYS(fcntl, 0, 9999), -EINVAL);
    files_close_cloexec(procs[0].files);
    EQ(SYS(close, 0), -EBADF);
    OK(SYS(close_range, 1, 100, 0));
    EQ(SYS(close, 7), -EBADF);
    for (int i = 0; i < 64; i++)
        EQ(open_at("/f", O_RDONLY, 0), i);
    EQ(open_at("/f", O_RDONLY, 0), -EMFILE);
    EQ(SYS(pipe2, U(buf), 0), -EMFILE);
}

START_TEST(descriptors)
{
    run(fd_body);
}
END_TEST

/* Pipes: one process writes, the other reads. */
static int32_t pipe_fds[2];
static struct file *shared[2];

static void
pipe_basic_body(void)
{
    static char big[65536 + 10];
    int32_t p[2];
    struct abi_pollfd pfd;

    OK(SYS(pipe2, U(p), O_NONBLOCK));
    uint64_t r = (uint64_t)p[0], w = (uint64_t)p[1];

    EQ(SYS(read, r, U(big), 1), -EAGAIN);
    EQ(SYS(write, w, U(big), 65536), 65536);
    EQ(SYS(write, w, U(big), 1), -EAGAIN);
    EQ(SYS(read, r, U(big), 4095), 4095);
    EQ(SYS(write, w, U(big), 4096), -EAGAIN); /* all or nothing */
    EQ(SYS(write, w, U(big), 5000), 4095);    /* beyond PIPE_BUF: what fits */
    EQ(SYS(read, r, U(big), sizeof big), 65536);
    EQ(SYS(lseek, r, 0, SEEK_SET), -ESPIPE);
    EQ(SYS(pread64, r, U(big), 1, 0), -ESPIPE);
    EQ(SYS(read, w, U(big), 1), -EBADF);
    EQ(SYS(fcntl, r, F_GETPIPE_SZ), 65536);
    pfd = (struct abi_pollfd){.fd = p[1], .events = POLLOUT | POLLIN};
    EQ(SYS(poll, U(&pfd), 1, 0), 1);
    EQ(pfd.revents, POLLOUT);
    pfd = (struct abi_pollfd){.fd = p[0], .events = POLLIN};
    EQ(SYS(poll, U(&pfd), 1, 0), 0);
    EQ(SYS(poll, U(&pfd), 1, 20), 0); /* with a timeout */
    EQ(SYS(write, w, U("abc"), 3), 3);
    EQ(SYS(poll, U(&pfd), 1, (uint64_t)-1), 1);
    OK(SYS(close, w));
    EQ(SYS(read, r, U(big), 10), 3);
    EQ(SYS(read, r, U(big), 10), 0);
    pfd.revents = 0;
    EQ(SYS(poll, U(&pfd), 1, 0), 1);
    EQ(pfd.revents, POLLHUP);
    OK(SYS(close, r));
    OK(SYS(pipe, U(p)));
    OK(SYS(close, (uint64_t)p[0]));
    EQ(SYS(write, (uint64_t)p[1], U("x"), 1), -EPIPE);
    EQ(signals[13], 1);
    pfd = (struct abi_pollfd){.fd = p[1], .events = POLLOUT};
    EQ(SYS(poll, U(&pfd), 1, 0), 1);
    ck_assert_int_ne(pfd.revents & POLLERR, 0);
    EQ(SYS(pipe2, U(p), 0x8000), -EINVAL);
    EQ(SYS(pipe, BAD_ADDR), -EFAULT);
}

START_TEST(pipe_basic)
{
    run(pipe_basic_body);
}
END_TEST

enum { STREAM = 1000000 };

static void
writer_body(void)
{
    uint8_t chunk[777];
    uint32_t sent = 0;

    OK(SYS(pipe, U(pipe_fds)));
    shared[0] = fd_get(procs[0].files, pipe_fds[0]);
    OK(SYS(close, (uint64_t)pipe_fds[0]));
    while (sent < STREAM) {
        uint32_t n = STREAM - sent < sizeof chunk ? STREAM - sent : (uint32_t)sizeof chunk;

        for (uint32_t i = 0; i < n; i++)
            chunk[i] = (uint8_t)((sent + i) * 13);
        EQ(SYS(write, (uint64_t)pipe_fds[1], U(chunk), n), n);
        sent += n;
    }
}

static void
reader_body(void)
{
    static uint8_t buf[5000];
    uint32_t got = 0;
    int64_t n;
    int fd = fd_install(procs[1].files, shared[0], 0, false);

    ck_assert_int_ge(fd, 0);
    while ((n = SYS(read, (uint64_t)fd, U(buf), sizeof buf)) > 0) {
        for (int64_t i = 0; i < n; i++)
            ck_assert_int_eq(buf[i], (uint8_t)((got + (uint32_t)i) * 13));
        got += (uint32_t)n;
    }
    EQ(n, 0);
    EQ(got, STREAM);
}

START_TEST(pipe_stream)
{
    nr_procs = 2;
    other_bodies[1] = reader_body;
    run(writer_body);
}
END_TEST

/* FIFOs: each open waits for the other. */
static void
fifo_a(void)
{
    char buf[8];
    int64_t fd;

    OK(SYS(mknod, U("/fifo"), S_IFIFO | 0666, 0));
    EQ(open_at("/fifo", O_WRONLY | O_NONBLOCK, 0), -ENXIO);
    fd = open_at("/fifo", O_RDONLY, 0);
    ck_assert_int_ge(fd, 0);
    EQ(SYS(read, (uint64_t)fd, U(buf), sizeof buf), 5);
    EQ(SYS(read, (uint64_t)fd, U(buf), sizeof buf), 0);
    OK(SYS(close, (uint64_t)fd));
    fd = open_at("/fifo", O_RDONLY | O_NONBLOCK, 0);
    ck_assert_int_ge(fd, 0);
    EQ(SYS(read, (uint64_t)fd, U(buf), sizeof buf), 0);
}

static void
fifo_b(void)
{
    int64_t fd = open_at("/fifo", O_WRONLY, 0);

    ck_assert_int_ge(fd, 0);
    EQ(SYS(write, (uint64_t)fd, U("hello"), 5), 5);
}

START_TEST(fifo)
{
    nr_procs = 2;
    other_bodies[1] = fifo_b;
    run(fifo_a);
}
END_TEST

/* Directory listing. */
static unsigned
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

static void
readdir_body(void)
{
    char name[32], buf[64];
    int64_t fd;

    OK(SYS(mkdir, U("/d"), 0755));
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "/d/file%d", i);
        put_file(name, "");
    }
    EQ(count_entries("/d", 4096), 202);
    EQ(count_entries("/d", 40), 202);
    fd = open_at("/d", O_RDONLY, 0);
    EQ(SYS(getdents64, (uint64_t)fd, U(buf), 10), -EINVAL);
    EQ(SYS(getdents64, (uint64_t)fd, BAD_ADDR, 100), -EFAULT);
    fd = open_at("/d/file0", O_RDONLY, 0);
    EQ(SYS(getdents64, (uint64_t)fd, U(buf), 64), -ENOTDIR);
}

START_TEST(readdir)
{
    run(readdir_body);
}
END_TEST

/* Record locks: another process is in the way, and waits. */
static struct abi_flock wr = {.l_type = F_WRLCK, .l_start = 10, .l_len = 10};
static int lock_step;

static void
lock_a(void)
{
    struct abi_flock un = {.l_type = F_UNLCK, .l_start = 12, .l_len = 2};
    int64_t fd = open_at("/f", O_CREAT | O_RDWR, 0644);

    OK(SYS(fcntl, (uint64_t)fd, F_SETLK, U(&wr)));
    lock_step = 1;
    OK(SYS(poll, 0, 0, 100));
    EQ(lock_step, 2); /* b waits */
    OK(SYS(fcntl, (uint64_t)fd, F_SETLK, U(&un)));
    OK(SYS(poll, 0, 0, 100));
    EQ(lock_step, 3);
    OK(SYS(close, (uint64_t)fd));
    OK(SYS(poll, 0, 0, 100));
    EQ(lock_step, 4);
}

static void
lock_b(void)
{
    struct abi_flock l = {.l_type = F_WRLCK, .l_start = 12, .l_len = 2};
    struct abi_flock q = {.l_type = F_RDLCK, .l_start = 0, .l_len = 0};
    int64_t fd;

    while (lock_step == 0)
        OK(SYS(poll, 0, 0, 1));
    fd = open_at("/f", O_RDWR, 0);
    OK(SYS(fcntl, (uint64_t)fd, F_GETLK, U(&q)));
    EQ(q.l_type, F_WRLCK);
    EQ(q.l_start, 10);
    EQ(q.l_len, 10);
    EQ(q.l_pid, 1);
    EQ(SYS(fcntl, (uint64_t)fd, F_SETLK, U(&l)), -EAGAIN);
    lock_step = 2;
    OK(SYS(fcntl, (uint64_t)fd, F_SETLKW, U(&l)));
    lock_step = 3;
    OK(SYS(fcntl, (uint64_t)fd, F_SETLKW, U(&wr)));
    lock_step = 4;
}

START_TEST(locks)
{
    nr_procs = 2;
    other_bodies[1] = lock_b;
    run(lock_a);
}
END_TEST

static void
epoll_body(void)
{
    int32_t p[2];
    struct abi_epoll_event ev = {.events = POLLIN, .data = 42}, out[4];
    uint64_t one = 1;
    int64_t ep = SYS(epoll_create1, 0), efd = SYS(eventfd2, 0, O_NONBLOCK);

    OK(SYS(pipe, U(p)));
    OK(SYS(epoll_ctl, (uint64_t)ep, 1, (uint64_t)p[0], U(&ev)));
    EQ(SYS(epoll_ctl, (uint64_t)ep, 1, (uint64_t)p[0], U(&ev)), -EEXIST);
    EQ(SYS(epoll_ctl, (uint64_t)ep, 1, (uint64_t)ep, U(&ev)), -EINVAL);
    EQ(SYS(epoll_ctl, (uint64_t)ep, 3, (uint64_t)efd, U(&ev)), -ENOENT);
    ev.data = 43;
    OK(SYS(epoll_ctl, (uint64_t)ep, 1, (uint64_t)efd, U(&ev)));
    EQ(SYS(epoll_wait, (uint64_t)ep, U(out), 4, 10), 0);
    EQ(SYS(write, (uint64_t)p[1], U("x"), 1), 1);
    EQ(SYS(epoll_wait, (uint64_t)ep, U(out), 4, (uint64_t)-1), 1);
    EQ(out[0].data, 42);
    EQ(SYS(write, (uint64_t)efd, U(&one), 8), 8);
    EQ(SYS(epoll_wait, (uint64_t)ep, U(out), 4, 0), 2);
    EQ(SYS(read, (uint64_t)efd, U(&one), 8), 8);
    EQ(SYS(read, (uint64_t)efd, U(&one), 8), -EAGAIN);
    OK(SYS(close, (uint64_t)p[0]));
    EQ(SYS(epoll_wait, (uint64_t)ep, U(out), 4, 0), 0);
    EQ(SYS(epoll_wait, (uint64_t)ep, U(out), 0, 0), -EINVAL);
    EQ(SYS(epoll_wait, (uint64_t)efd, U(out), 1, 0), -EINVAL);
}

START_TEST(epoll)
{
    run(epoll_body);
}
END_TEST

/* Everything the processes held comes back: objects after the caches are emptied. */
static struct kmem_stats before, after;

static void
leak_body(void)
{
    for (int round = 0; round < 2; round++) {
        if (round == 1) {
            dentry_trim(0);
            inode_trim(0);
            kmem_stats(&before);
        }
        OK(SYS(mkdir, U("/t"), 0755));
        OK(SYS(mount, U("tmp"), U("/t"), U("tmpfs"), 0, 0));
        OK(SYS(mkdir, U("/t/d"), 0755));
        put_file("/t/d/f", "text");
        OK(SYS(symlink, U("f"), U("/t/d/l")));
        OK(SYS(rename, U("/t/d/f"), U("/t/d/a-name-that-is-long-enough-to-need-memory-of-its-own")));
        EQ(open_at("/t/none", 0, 0), -ENOENT);
        OK(SYS(umount2, U("/t"), 0));
        OK(SYS(rmdir, U("/t")));
    }
    dentry_trim(0);
    inode_trim(0);
    kmem_stats(&after);
}

START_TEST(leaks)
{
    run(leak_body);
    EQ(after.objects, before.objects);
}
END_TEST

/* Each allocation of a walk through the calls fails once: an error, never a crash, and nothing is lost. */
static void
sweep_calls(void)
{
    int32_t p[2];
    int64_t fd, rc;
    char buf[100];

    rc = SYS(mkdir, U("/s"), 0755);
    fd = open_at("/s/a-name-that-is-long-enough-to-need-memory-of-its-own-too", O_CREAT | O_RDWR, 0644);
    if (fd >= 0) {
        rc += SYS(write, (uint64_t)fd, U("some text"), 9);
        rc += SYS(pread64, (uint64_t)fd, U(buf), 9, 0);
        OK(SYS(close, (uint64_t)fd));
    }
    rc += SYS(symlink, U("x"), U("/s/l"));
    rc += SYS(rename, U("/s/l"), U("/s/m"));
    rc += open_at("/s/m", 0, 0);
    rc += SYS(mknod, U("/s/p"), S_IFIFO | 0644, 0);
    fd = open_at("/s/p", O_RDONLY | O_NONBLOCK, 0);
    if (fd >= 0)
        OK(SYS(close, (uint64_t)fd));
    if (SYS(pipe, U(p)) == 0) {
        rc += SYS(write, (uint64_t)p[1], U("x"), 1);
        OK(SYS(close, (uint64_t)p[0]));
        OK(SYS(close, (uint64_t)p[1]));
    }
    if (SYS(mount, U("t"), U("/s"), U("tmpfs"), 0, 0) == 0)
        OK(SYS(umount2, U("/s"), 0));
    (void)rc;
    kmem_fail_at(0, 0);
    SYS(unlink, U("/s/a-name-that-is-long-enough-to-need-memory-of-its-own-too"));
    SYS(unlink, U("/s/l"));
    SYS(unlink, U("/s/m"));
    SYS(unlink, U("/s/p"));
    SYS(rmdir, U("/s"));
    dentry_trim(0);
    inode_trim(0);
}

static void
sweep_body(void)
{
    sweep_calls();
    kmem_stats(&before);
    for (uint64_t n = 1; n < 120; n++) {
        kmem_fail_at(n, 1);
        sweep_calls();
        kmem_stats(&after);
        ck_assert_msg(after.objects == before.objects, "failure %d: %d objects, %d before", (int)n, (int)after.objects,
                      (int)before.objects);
    }
}

START_TEST(alloc_sweep)
{
    run(sweep_body);
}
END_TEST

/* procfs: names and texts; partial reads fit together. */
static void
proc_body(void)
{
    char whole[4096], part[4096];
    int64_t fd, n, at = 0, k;

    OK(SYS(mkdir, U("/proc"), 0755));
    OK(SYS(mount, U("proc"), U("/proc"), U("proc"), 0, 0));
    fd = open_at("/proc/mounts", O_RDONLY, 0);
    n = SYS(read, (uint64_t)fd, U(whole), sizeof whole);
    ck_assert_int_gt(n, 0);
    whole[n] = '\0';
    ck_assert_ptr_nonnull(strstr(whole, "proc /proc proc rw,relatime 0 0\n"));
    ck_assert_ptr_nonnull(strstr(whole, "/dev/hda / ext2 rw"));
    EQ(SYS(lseek, (uint64_t)fd, 0, SEEK_SET), 0);
    while ((k = SYS(read, (uint64_t)fd, U(part + at), 7)) > 0)
        at += k;
    EQ(at, n);
    ck_assert_mem_eq(whole, part, (size_t)n);
    ck_assert(file_is("/proc/sys/kernel/ostype", "Linux\n"));
    EQ(count_entries("/proc/sys/kernel", 4096), 8);
    ck_assert_int_gt(count_entries("/proc", 64), 15);
    EQ(open_at("/proc/sys/none", 0, 0), -ENOENT);
    EQ(open_at("/proc/99999", 0, 0), -ENOENT);
    EQ(open_at("/proc/meminfo", O_CREAT | O_WRONLY, 0644) >= 0, 1);
    EQ(SYS(mkdir, U("/proc/x"), 0755), -EPERM);
    EQ(SYS(unlink, U("/proc/meminfo")), -EPERM);
}

START_TEST(proc_files)
{
    run(proc_body);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("vfs");
    TCase *t = tcase_create("vfs");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, walk);
    tcase_add_test(t, chain);
    tcase_add_test(t, rename_matrix);
    tcase_add_test(t, unlinks);
    tcase_add_test(t, permissions);
    tcase_add_test(t, read_write);
    tcase_add_test(t, mounts);
    tcase_add_test(t, devices);
    tcase_add_test(t, descriptors);
    tcase_add_test(t, pipe_basic);
    tcase_add_test(t, pipe_stream);
    tcase_add_test(t, fifo);
    tcase_add_test(t, readdir);
    tcase_add_test(t, locks);
    tcase_add_test(t, epoll);
    tcase_add_test(t, leaks);
    tcase_add_test(t, alloc_sweep);
    tcase_add_test(t, proc_files);
    suite_add_tcase(s, t);

    SRunner *r = srunner_create(s);

    srunner_run_all(r, CK_ENV);

    int failed = srunner_ntests_failed(r);

    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

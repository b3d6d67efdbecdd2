/* The VFS through its system calls: names, permissions, files, mounts, devices, and what it holds and gives back. */
#include <abi/stat.h>
#include <kernel/abi/fcntl.h>
#include <kernel/abi/mount.h>
#include <kernel/fs/dentry.h>
#include <kernel/fs/inode.h>
#include <kernel/mm/kmem.h>
#include <kernel/sys/sys_file.h>
#include <kernel/sys/sys_path.h>
#include <tests/suite.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfs_machine.h"

static struct abi_stat
stat_of(const char *path)
{
    struct abi_stat s = { 0 };

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
    EQ(SYS(renameat2, (uint64_t)AT_FDCWD, U("/g"), (uint64_t)AT_FDCWD, U("/f2"), RENAME_NOREPLACE),
       -EEXIST);
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
    procs[0].rlimits->of[RLIMIT_FSIZE].cur = 10;
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
    char big[8192] = { 0 };
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
    ck_assert_mem_eq(vfs_disk + 1000, "boot", 4);
    EQ(SYS(pread64, f, U(buf), 64, SECTORS * SECTOR_SIZE - 10), 10);
    OK(SYS(close, f));
    memcpy(vfs_disk + 1000, "gone", 4);
    f = (uint64_t)open_at("/dev/hda", O_RDONLY, 0);
    EQ(SYS(pread64, f, U(buf), 4, 1000), 4);
    ck_assert_mem_eq(buf, "gone", 4);
}

START_TEST(devices)
{
    run(dev_body);
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
    fd = open_at("/s/a-name-that-is-long-enough-to-need-memory-of-its-own-too", O_CREAT | O_RDWR,
                 0644);
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
    kmem_fail_at(0, 0);
    /* What a round did not get to make is not there now. */
    rc += SYS(unlink, U("/s/a-name-that-is-long-enough-to-need-memory-of-its-own-too"));
    rc += SYS(unlink, U("/s/l"));
    rc += SYS(unlink, U("/s/m"));
    rc += SYS(unlink, U("/s/p"));
    rc += SYS(rmdir, U("/s"));
    (void)rc;
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
        ck_assert_msg(after.objects == before.objects, "failure %d: %d objects, %d before", (int)n,
                      (int)after.objects, (int)before.objects);
    }
}

START_TEST(alloc_sweep)
{
    run(sweep_body);
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
    tcase_add_test(t, leaks);
    tcase_add_test(t, alloc_sweep);
    suite_add_tcase(s, t);
    return run_suite(s);
}

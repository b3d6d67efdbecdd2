/* System calls on paths: open and its flags, directories, links, rename, permissions, times, the current directory. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <utime.h>

#include "tap.h"

static void
put(const char *path, const char *text)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        ok(false, "%s: %s", path, strerror(errno));
    close(fd);
}

static bool
holds(const char *path, const char *text)
{
    char b[100];
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, b, sizeof b);

    close(fd);
    return n == (ssize_t)strlen(text) && memcmp(b, text, (size_t)n) == 0;
}

static mode_t
mode_of(const char *path)
{
    struct stat st = { 0 };

    lstat(path, &st);
    return st.st_mode;
}

static nlink_t
links_of(const char *path)
{
    struct stat st = { 0 };

    lstat(path, &st);
    return st.st_nlink;
}

static void
opening(void)
{
    char name[300];
    int fd, dir;

    put("f", "text");
    mkdir("d", 0755);
    CALL(-ENOENT, open("", O_RDONLY));
    CALL(-ENOENT, open("none", O_RDONLY));
    CALL(-ENOENT, open("none/f", O_RDONLY));
    CALL(-ENOTDIR, open("f/x", O_RDONLY));
    CALL(-ENOTDIR, open("f/", O_RDONLY));
    CALL(-ENOTDIR, open("f", O_RDONLY | O_DIRECTORY));
    CALL(-EEXIST, open("f", O_CREAT | O_EXCL | O_RDWR, 0644));
    CALL(-EISDIR, open("d", O_WRONLY));
    CALL(-EISDIR, open("d", O_RDONLY | O_CREAT, 0644));
    CALL(-EISDIR, open("new/", O_CREAT | O_WRONLY, 0644));
    CALL(-EFAULT, syscall(SYS_open, bad, O_RDONLY));
    memset(name, 'n', sizeof name);
    name[256] = '\0';
    CALL(-ENAMETOOLONG, open(name, O_CREAT | O_WRONLY, 0644));
    name[255] = '\0';
    fd = (int)GOOD(open(name, O_CREAT | O_WRONLY, 0644));
    close(fd);
    CALL(0, unlink(name));
    umask(027);
    fd = (int)GOOD(open("m", O_CREAT | O_RDWR, 0666));
    CALL(0640, mode_of("m") & 07777);
    umask(022);
    close(fd);
    fd = (int)GOOD(creat("m", 0600));
    CALL(0640, mode_of("m") & 07777);
    close(fd);
    unlink("m");
    fd = open("f", O_RDWR | O_TRUNC);
    CALL(0, lseek(fd, 0, SEEK_END));
    close(fd);
    put("f", "text");
    dir = (int)GOOD(open(".", O_RDONLY | O_DIRECTORY));
    fd = (int)GOOD(openat(dir, "f", O_RDONLY));
    CALL(-ENOTDIR, openat(fd, "x", O_RDONLY));
    CALL(-EBADF, openat(99, "x", O_RDONLY));
    close(fd);
    fd = (int)GOOD(open("f", O_PATH));
    CALL(-EBADF, read(fd, name, 1));
    CALL(-EBADF, fchmod(fd, 0644));
    struct stat st;
    CALL(0, fstat(fd, &st));
    close(fd);
    close(dir);
    CALL(-EINVAL, syscall(SYS_open, "f", O_TMPFILE & ~O_DIRECTORY, 0));
}

static void
symlinks(void)
{
    char b[100], from[20], to[20];
    int fd;

    CALL(0, symlink("f", "l"));
    CALL(-EEXIST, symlink("x", "l"));
    CALL(-ENOENT, symlink("", "l2"));
    CALL(1, readlink("l", b, sizeof b));
    ok(b[0] == 'f', "readlink");
    CALL(-EINVAL, readlink("f", b, sizeof b));
    CALL(-EINVAL, readlink("l", b, 0));
    CALL(-ENOENT, readlink("none", b, 1));
    ok(holds("l", "text"), "a symlink is followed");
    CALL(-ELOOP, open("l", O_RDONLY | O_NOFOLLOW));
    fd = (int)GOOD(open("l", O_PATH | O_NOFOLLOW));
    CALL(1, readlinkat(fd, "", b, sizeof b));
    close(fd);
    CALL(-ENOTDIR, open("l/", O_RDONLY));
    CALL(0, symlink("loop2", "loop1"));
    CALL(0, symlink("loop1", "loop2"));
    CALL(-ELOOP, open("loop1", O_RDONLY));
    CALL(-ELOOP, open("loop1/x", O_RDONLY));
    CALL(-ELOOP, chdir("loop1"));
    put("c0", "end");
    for (int i = 1; i <= 41; i++) {
        snprintf(from, sizeof from, "c%d", i);
        snprintf(to, sizeof to, "c%d", i - 1);
        if (symlink(to, from) < 0)
            ok(false, "symlink %s", from);
    }
    ok(holds("c40", "end"), "40 symlinks are followed");
    CALL(-ELOOP, open("c41", O_RDONLY));
    for (int i = 0; i <= 41; i++) {
        snprintf(from, sizeof from, "c%d", i);
        unlink(from);
    }
    CALL(0, symlink("made", "dangling"));
    CALL(-ENOENT, open("dangling", O_RDONLY));
    CALL(-EEXIST, open("dangling", O_CREAT | O_EXCL | O_WRONLY, 0644));
    CALL(-EEXIST, mkdir("dangling", 0755));
    fd = (int)GOOD(open("dangling", O_CREAT | O_WRONLY, 0644));
    close(fd);
    CALL(S_IFREG, mode_of("made") & S_IFMT);
    CALL(0, symlink("d", "ld"));
    CALL(0, mkdir("ld/sub", 0755));
    CALL(-ENOTDIR, rmdir("ld"));
    CALL(-ENOTDIR, rmdir("ld/"));
    CALL(0, rmdir("ld/sub"));
    unlink("l");
    unlink("loop1");
    unlink("loop2");
    unlink("dangling");
    unlink("made");
    unlink("ld");
}

static void
directories(void)
{
    char cwd[4096], here[4096];

    CALL(-EEXIST, mkdir("d", 0755));
    CALL(-EEXIST, mkdir("f", 0755));
    CALL(-ENOENT, mkdir("none/d", 0755));
    CALL(-ENOTDIR, mkdir("f/d", 0755));
    CALL(-ENOENT, mkdir("", 0755));
    CALL(0, mkdir("d/s/", 0755));
    CALL(3, links_of("d"));
    CALL(-ENOTEMPTY, rmdir("d"));
    CALL(-EINVAL, rmdir("d/s/."));
    CALL(-ENOTEMPTY, rmdir("d/s/.."));
    CALL(-ENOTDIR, rmdir("f"));
    CALL(-ENOENT, rmdir("none"));
    ok(getcwd(here, sizeof here) != NULL, "getcwd");
    CALL(0, chdir("d/s"));
    ok(getcwd(cwd, sizeof cwd) != NULL && strncmp(cwd, here, strlen(here)) == 0 &&
           strcmp(cwd + strlen(cwd) - 4, "/d/s") == 0,
       "getcwd after chdir");
    CALL(-ERANGE, syscall(SYS_getcwd, cwd, 2));
    CALL(0, rmdir("../s"));
    CALL(-ENOENT, syscall(SYS_getcwd, cwd, sizeof cwd));
    CALL(-ENOENT, open("x", O_CREAT | O_WRONLY, 0644));
    CALL(-ENOENT, mkdir("x", 0755));
    CALL(0, chdir(here));
    CALL(-ENOTDIR, chdir("f"));
    CALL(-ENOENT, chdir("none"));
    int fd = open("d", O_RDONLY);
    CALL(0, fchdir(fd));
    CALL(0, chdir(".."));
    close(fd);
    fd = open("f", O_RDONLY);
    CALL(-ENOTDIR, fchdir(fd));
    close(fd);
    CALL(-EBADF, fchdir(99));
}

/* Entries of a directory, through small buffers. */
static void
listing(void)
{
    char name[40], b[120];
    unsigned count = 0;
    long n;
    int fd;

    CALL(0, mkdir("many", 0755));
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "many/entry%d", i);
        put(name, "");
    }
    fd = open("many", O_RDONLY | O_DIRECTORY);
    while ((n = syscall(SYS_getdents64, fd, b, sizeof b)) > 0) {
        for (long at = 0; at < n; at += *(unsigned short *)(b + at + 16))
            count++;
    }
    CALL(302, count);
    CALL(0, n);
    CALL(0, lseek(fd, 0, SEEK_SET));
    CALL(-EINVAL, syscall(SYS_getdents64, fd, b, 10));
    CALL(-EFAULT, syscall(SYS_getdents64, fd, bad, 1000));
    CALL(-EBADF, syscall(SYS_getdents64, 99, b, sizeof b));
    close(fd);
    fd = open("f", O_RDONLY);
    CALL(-ENOTDIR, syscall(SYS_getdents64, fd, b, sizeof b));
    close(fd);

    /* Removal while reading: each remaining entry once. */
    DIR *d = opendir("many");
    struct dirent *e;

    while ((e = readdir(d)) != NULL) {
        if (e->d_name[0] != '.' && unlinkat(dirfd(d), e->d_name, 0) == 0)
            count--;
    }
    closedir(d);
    CALL(2, count);
    CALL(0, rmdir("many"));
}

static void
linking(void)
{
    struct stat st;
    int fd;

    CALL(0, link("f", "h"));
    CALL(2, links_of("f"));
    CALL(-EEXIST, link("f", "h"));
    CALL(-ENOENT, link("none", "h2"));
    CALL(-EPERM, link("d", "d2"));
    CALL(-ENOENT, link("f", "none/h"));
    CALL(0, symlink("f", "sl"));
    CALL(0, linkat(AT_FDCWD, "sl", AT_FDCWD, "slh", 0));
    CALL(S_IFLNK, mode_of("slh") & S_IFMT);
    CALL(0, linkat(AT_FDCWD, "sl", AT_FDCWD, "fh", AT_SYMLINK_FOLLOW));
    CALL(3, links_of("f"));
    CALL(-EINVAL, linkat(AT_FDCWD, "f", AT_FDCWD, "x", 0x100));
    unlink("sl");
    unlink("slh");
    unlink("fh");
    CALL(0, unlink("h"));
    CALL(1, links_of("f"));
    CALL(-ENOENT, unlink("h"));
    CALL(-EISDIR, unlink("d"));
    CALL(-ENOTDIR, unlink("f/"));
    CALL(-ENOTDIR, unlinkat(AT_FDCWD, "f", AT_REMOVEDIR));
    CALL(-EINVAL, unlinkat(AT_FDCWD, "f", 0x1000000));
    put("gone", "still here");
    fd = open("gone", O_RDONLY);
    CALL(0, unlink("gone"));
    CALL(0, fstat(fd, &st));
    ok(st.st_nlink == 0 && st.st_size == 10, "an unlinked file lives while it is open");
    close(fd);
}

static void
renaming(void)
{
    struct stat a, b;

    mkdir("d/sub", 0755);
    mkdir("e", 0755);
    mkdir("full", 0755);
    put("full/x", "x");
    put("g", "g");
    CALL(-ENOENT, rename("none", "x"));
    CALL(-ENOENT, rename("f", "none/x"));
    CALL(-EINVAL, rename("d", "d/sub/x"));
    CALL(-EINVAL, rename("d", "d/x"));
    CALL(-ENOTEMPTY, rename("d/sub", "d"));
    CALL(-EISDIR, rename("f", "d"));
    CALL(-ENOTDIR, rename("d", "f"));
    CALL(-ENOTEMPTY, rename("e", "full"));
    CALL(-ENOTDIR, rename("f/", "x"));
    CALL(-ENOTDIR, rename("f", "x/"));
    CALL(-EBUSY, rename("d/.", "x"));
    CALL(-EBUSY, rename("d/..", "x"));
    CALL(-EBUSY, rename("f", "."));
    CALL(0, rename("f", "f"));
    link("f", "f2");
    CALL(0, rename("f", "f2"));
    CALL(2, links_of("f"));
    unlink("f2");
    stat("f", &a);
    CALL(0, rename("f", "g"));
    stat("g", &b);
    ok(a.st_ino == b.st_ino && b.st_nlink == 1, "rename replaces a file");
    CALL(-ENOENT, open("f", O_RDONLY));
    CALL(0, rename("e", "d/sub"));
    CALL(3, links_of("d"));
    CALL(0, rename("d/sub", "moved/"));
    CALL(2, links_of("d"));
    CALL(-EEXIST, renameat2(AT_FDCWD, "g", AT_FDCWD, "moved", RENAME_NOREPLACE));
    CALL(0, renameat2(AT_FDCWD, "g", AT_FDCWD, "f", RENAME_NOREPLACE));
    CALL(-EINVAL, renameat2(AT_FDCWD, "f", AT_FDCWD, "g", 0x80));
    CALL(0, rename("moved", "full/moved"));
    CALL(0, mkdir("full/moved/deep", 0755));
    CALL(0, rename("full/moved/deep", "deep"));
    CALL(0, chdir("deep"));
    CALL(0, chdir(".."));
    ok(holds("f", "text"), "contents came along");
    rmdir("deep");
    rmdir("full/moved");
    unlink("full/x");
    rmdir("full");
}

/* As another user. */
static int
unprivileged(void)
{
    if (setgid(1000) < 0 || setuid(1000) < 0)
        return 100;
    return (open("priv/f", O_RDONLY) == -1 && errno == EACCES ? 0 : 1) |
           (open("readonly", O_WRONLY) == -1 && errno == EACCES ? 0 : 2) |
           (open("readonly", O_RDONLY) >= 0 ? 0 : 4) |
           (unlink("sticky/root") == -1 && errno == EPERM ? 0 : 8) |
           (chmod("readonly", 0777) == -1 && errno == EPERM ? 0 : 16) |
           (chown("readonly", 1000, 1000) == -1 && errno == EPERM ? 0 : 32) |
           (access("priv/f", F_OK) == -1 && errno == EACCES ? 0 : 64);
}

static int
unprivileged2(void)
{
    int fd;

    if (setgid(1000) < 0 || setuid(1000) < 0)
        return 100;
    fd = open("sticky/mine", O_CREAT | O_RDWR, 0666);
    return (fd >= 0 ? 0 : 1) | (fchmod(fd, 0600) == 0 ? 0 : 2) |
           (mknod("sticky/dev", S_IFCHR | 0600, makedev(1, 3)) == -1 && errno == EPERM ? 0 : 4) |
           (utime("readonly", NULL) == -1 && errno == EACCES ? 0 : 8) |
           (chroot(".") == -1 && errno == EPERM ? 0 : 16) | (unlink("sticky/mine") == 0 ? 0 : 32) |
           (access("readonly", W_OK) == -1 && errno == EACCES ? 0 : 64);
}

static int
in_child(int (*fn)(void))
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(fn());
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void
permissions(void)
{
    struct stat st;

    if (geteuid() != 0) {
        printf("# not root: permissions are not tested\n");
        return;
    }
    mkdir("priv", 0700);
    put("priv/f", "");
    put("readonly", "");
    chmod("readonly", 0444);
    mkdir("sticky", 0755);
    CALL(0, chmod("sticky", 01777));
    put("sticky/root", "");
    CALL(0, chmod(".", 0755));
    CALL(0, in_child(unprivileged));
    CALL(0, in_child(unprivileged2));
    CALL(0, chown("readonly", 12, 34));
    CALL(0, stat("readonly", &st));
    ok(st.st_uid == 12 && st.st_gid == 34, "chown");
    CALL(0, chown("readonly", (uid_t)-1, 35));
    CALL(0, stat("readonly", &st));
    ok(st.st_uid == 12 && st.st_gid == 35, "chown of the group only");
    chmod("readonly", 06755);
    CALL(0, chown("readonly", 0, 0));
    CALL(0755, mode_of("readonly") & 07777);
    CALL(-ENOENT, chown("none", 0, 0));
    CALL(-ENOENT, chmod("none", 0));
    CALL(0, access("readonly", W_OK));
    CALL(-EINVAL, access("readonly", 99));
    CALL(0, chmod("readonly", 0644));
    CALL(-EACCES, access("readonly", X_OK));
    unlink("priv/f");
    rmdir("priv");
    unlink("readonly");
    unlink("sticky/root");
    rmdir("sticky");
}

static void
attributes(void)
{
    struct timespec t[2] = { { 1000, 500 }, { 2000, 600 } };
    struct timeval v[2] = { { 3, 4 }, { 5, 6 } };
    struct stat st;
    struct statx sx;
    struct statfs sf;

    CALL(0, utimensat(AT_FDCWD, "f", t, 0));
    CALL(0, stat("f", &st));
    ok(st.st_atim.tv_sec == 1000 && st.st_mtim.tv_sec == 2000, "utimensat");
    t[0].tv_nsec = UTIME_OMIT;
    t[1] = (struct timespec){ 3000, 0 };
    CALL(0, utimensat(AT_FDCWD, "f", t, 0));
    CALL(0, stat("f", &st));
    ok(st.st_atim.tv_sec == 1000 && st.st_mtim.tv_sec == 3000, "UTIME_OMIT");
    t[1].tv_nsec = 2000000000;
    CALL(-EINVAL, utimensat(AT_FDCWD, "f", t, 0));
    CALL(-ENOENT, utimensat(AT_FDCWD, "none", NULL, 0));
    CALL(0, utimes("f", v));
    CALL(0, stat("f", &st));
    ok(st.st_mtim.tv_sec == 5, "utimes");
    CALL(0, utime("f", NULL));
    CALL(0, stat("f", &st));
    ok(st.st_mtim.tv_sec > 5, "utime: now");
    CALL(0, statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS, &sx));
    ok(sx.stx_size == 4 && sx.stx_mode == st.st_mode && sx.stx_ino == st.st_ino,
       "statx agrees with stat");
    CALL(-EINVAL, statx(AT_FDCWD, "f", 0x10000000, STATX_BASIC_STATS, &sx));
    CALL(-ENOENT, statx(AT_FDCWD, "", 0, STATX_BASIC_STATS, &sx));
    CALL(-EFAULT, syscall(SYS_stat, "f", bad));
    CALL(-ENOENT, stat("none", &st));
    CALL(-ENOTDIR, stat("f/x", &st));
    CALL(-EBADF, fstat(99, &st));
    CALL(0, fstatat(AT_FDCWD, ".", &st, AT_EMPTY_PATH));
    CALL(-EINVAL, syscall(SYS_newfstatat, AT_FDCWD, "f", &st, 0x10000000));
    CALL(0, statfs(".", &sf));
    ok(sf.f_bsize > 0 && sf.f_namelen == 255, "statfs");
    CALL(-ENOENT, statfs("none", &sf));
    CALL(0, mknod("fifo", S_IFIFO | 0600, 0));
    CALL(S_IFIFO | 0600, mode_of("fifo"));
    CALL(-EEXIST, mknod("fifo", S_IFREG | 0600, 0));
    CALL(-EPERM, mknod("x", S_IFDIR | 0600, 0));
    CALL(-EINVAL, mknod("x", S_IFLNK | 0600, 0));
    unlink("fifo");
    CALL(022, umask(077));
    CALL(077, umask(022));
}

int
main(int argc, char **argv)
{
    tap_begin(argc, argv, "path");
    umask(022);
    opening();
    symlinks();
    directories();
    listing();
    linking();
    renaming();
    permissions();
    attributes();
    unlink("f");
    rmdir("d");
    return tap_end();
}

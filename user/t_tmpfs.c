/* tmpfs: mounting, the size and inode limits, remounting read-only, unmounting in use.  Needs root. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>

#include "tap.h"

static char buf[65536];

static void
limits(void)
{
    struct statfs sf;
    struct stat st;
    int fd;

    CALL(0, statfs("m", &sf));
    ok(sf.f_type == 0x01021994 && sf.f_blocks == 16 && sf.f_bsize == 4096,
       "statfs: 16 pages of tmpfs");
    CALL(16, sf.f_bfree);
    fd = (int)GOOD(open("m/fill", O_CREAT | O_RDWR, 0600));
    CALL(40000, write(fd, buf, 40000));
    CALL(25536, write(fd, buf, 40000));
    CALL(-ENOSPC, write(fd, buf, 1));
    CALL(0, statfs("m", &sf));
    CALL(0, sf.f_bfree);
    CALL(0, fstat(fd, &st));
    ok(st.st_size == 65536 && st.st_blocks == 128, "size and blocks");
    CALL(0, ftruncate(fd, 4096));
    CALL(0, statfs("m", &sf));
    CALL(15, sf.f_bfree);
    CALL(0, ftruncate(fd, 100 << 20)); /* holes cost nothing */
    CALL(0, statfs("m", &sf));
    CALL(15, sf.f_bfree);
    CALL(1, pwrite(fd, "x", 1, 50 << 20));
    CALL(0, statfs("m", &sf));
    CALL(14, sf.f_bfree);
    CALL(0, unlink("m/fill"));
    CALL(0, statfs("m", &sf));
    CALL(14, sf.f_bfree);
    close(fd);
    CALL(0, statfs("m", &sf));
    CALL(16, sf.f_bfree);
}

static void
inodes(void)
{
    char name[32];
    int n = 0;

    for (; n < 100; n++) {
        snprintf(name, sizeof name, "m/i%d", n);
        if (mknod(name, S_IFREG | 0600, 0) < 0)
            break;
    }
    ok(errno == ENOSPC && n == 19, "nr_inodes=20: the root and 19 more (%d)", n);
    while (n-- > 0) {
        snprintf(name, sizeof name, "m/i%d", n);
        unlink(name);
    }
}

static void
tree(void)
{
    char b[16] = { 0 };
    struct stat st;
    int fd;
    char *m;

    CALL(0, mkdir("m/a", 0755));
    CALL(0, mkdir("m/a/b", 0755));
    CALL(0, stat("m/a", &st));
    CALL(3, st.st_nlink);
    fd = (int)GOOD(open("m/a/b/f", O_CREAT | O_RDWR, 0600));
    CALL(5, write(fd, "first", 5));
    m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ok(m != MAP_FAILED && memcmp(m, "first", 5) == 0, "mmap");
    if (m != MAP_FAILED) {
        m[0] = 'F';
        CALL(5, pread(fd, b, 5, 0));
        ok(strcmp(b, "First") == 0, "a store in a mapping is read");
        munmap(m, 4096);
    }
    close(fd);
    CALL(0, symlink("b/f", "m/a/l"));
    CALL(0, link("m/a/l", "m/l2"));
    CALL(0, rename("m/a/b", "m/b"));
    CALL(0, stat("m/b/..", &st));
    struct stat root;
    stat("m", &root);
    ok(st.st_ino == root.st_ino, "\"..\" follows a moved directory");
    CALL(-EXDEV, rename("m/b", "outside"));
    CALL(-EXDEV, link("m/b/f", "outside"));
    CALL(0, mknod("m/null", S_IFCHR | 0666, 0x103));
    fd = (int)GOOD(open("m/null", O_RDWR));
    CALL(0, read(fd, b, 1));
    close(fd);
    unlink("m/null");
    unlink("m/a/l");
    unlink("m/l2");
    unlink("m/b/f");
    CALL(0, rmdir("m/b"));
    CALL(0, rmdir("m/a"));
}

static void
mounting(void)
{
    int fd = open("m/held", O_CREAT | O_WRONLY, 0600);

    CALL(-EBUSY, rmdir("m"));
    CALL(-EBUSY, rename("m", "m2"));
    CALL(-EBUSY, umount("m"));
    CALL(-EBUSY, mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
    close(fd);
    CALL(0, mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
    CALL(-EROFS, open("m/held", O_WRONLY));
    CALL(-EROFS, open("m/new", O_CREAT | O_WRONLY, 0600));
    CALL(-EROFS, mkdir("m/d", 0700));
    CALL(-EROFS, unlink("m/held"));
    CALL(-EROFS, chmod("m/held", 0));
    CALL(-EROFS, truncate("m/held", 0));
    CALL(-EROFS, access("m/held", W_OK));
    CALL(0, mount(NULL, "m", NULL, MS_REMOUNT, NULL));
    CALL(0, unlink("m/held"));
    CALL(0, umount("m"));
    CALL(-EINVAL, umount("m"));
    CALL(-ENOENT, umount("none"));
    CALL(-ENODEV, mount("x", "m", "nosuchfs", 0, NULL));
    CALL(-ENOENT, mount("x", "none", "tmpfs", 0, NULL));
    CALL(-ENOTDIR, mount("x", "under", "tmpfs", 0, NULL));
    CALL(-EFAULT, mount("x", bad, "tmpfs", 0, NULL));
}

int
main(int argc, char **argv)
{
    tap_begin(argc, argv, "tmpfs");
    mkdir("m", 0755);
    close(open("under", O_CREAT | O_WRONLY, 0600));
    if (mount("tmp", "m", "tmpfs", MS_NOSUID, "size=64k,nr_inodes=20,mode=755") < 0) {
        printf("1..0 # SKIP mount: %s\n", strerror(errno));
    } else {
        limits();
        inodes();
        tree();
        mounting();
        tap_end();
    }
    rmdir("m");
    unlink("under");
    return tap_failed == 0 ? 0 : 1;
}

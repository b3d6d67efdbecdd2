/* t_fsrandom DIR SEED COUNT: COUNT random operations on a small tree in a fresh directory beneath DIR, each result (value or errno, and
 * what was read) printed with -v, and a checksum of all at the end: the same on every kernel that follows Linux's semantics. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMES = 5, DEPTH = 3, FDS = 6, BUFFER = 20000 };

static uint64_t state, sum = 14695981039346656037u;
static int verbose;
static char buf[BUFFER];
static int fds[FDS];

static unsigned
rnd(unsigned n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 11) % n;
}

static void
mix(const void *data, size_t n)
{
    const unsigned char *p = data;

    for (size_t i = 0; i < n; i++)
        sum = (sum ^ p[i]) * 1099511628211u;
}

__attribute__((format(printf, 2, 3))) static void
result(long rc, const char *fmt, ...)
{
    char line[400];
    va_list ap;
    int n, err = rc < 0 ? errno : 0;

    va_start(ap, fmt);
    n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    n += snprintf(line + n, sizeof line - (size_t)n, " = %ld %s", rc,
                  err != 0 ? strerrorname_np(err) : "");
    mix(line, (size_t)n);
    if (verbose)
        puts(line);
}

/* A path of up to DEPTH names, sometimes with what paths can have besides. */
static char *
path(char *out)
{
    static const char *const odd[] = { ".", "..", "", "/" };
    unsigned depth = 1 + rnd(DEPTH), at = 0;

    for (unsigned i = 0; i < depth; i++) {
        if (rnd(30) == 0)
            at += (unsigned)sprintf(out + at, "%s%s", i != 0 ? "/" : "", odd[rnd(3)]);
        else
            at += (unsigned)sprintf(out + at, "%s%c", i != 0 ? "/" : "", 'a' + (int)rnd(NAMES));
    }
    if (rnd(30) == 0)
        strcat(out, "/");
    if (out[0] == '/') /* stay in here */
        out[0] = 'a';
    return out;
}

static void
stat_result(const char *what, const char *p, int rc, const struct stat *st)
{
    if (rc < 0)
        result(rc, "%s %s", what, p);
    else
        result(rc, "%s %s: %o %lu %ld", what, p, st->st_mode, (unsigned long)st->st_nlink,
               S_ISDIR(st->st_mode) ? 0l : (long)st->st_size);
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
list(const char *p)
{
    char *names[100];
    int n = 0;
    DIR *d = opendir(p);
    struct dirent *e;

    if (d == NULL) {
        result(-1, "list %s", p);
        return;
    }
    while (n < 100 && (e = readdir(d)) != NULL)
        names[n++] = strdup(e->d_name);
    qsort(names, (size_t)n, sizeof names[0], by_name);
    for (int i = 0; i < n; i++) {
        result(0, "list %s: %s", p, names[i]);
        free(names[i]);
    }
    closedir(d);
}

static void
open_one(void)
{
    static const int flags[] = { O_RDONLY,
                                 O_WRONLY,
                                 O_RDWR,
                                 O_RDWR | O_CREAT,
                                 O_RDWR | O_CREAT | O_EXCL,
                                 O_RDWR | O_TRUNC | O_CREAT,
                                 O_RDONLY | O_DIRECTORY,
                                 O_WRONLY | O_APPEND,
                                 O_RDONLY | O_NOFOLLOW,
                                 O_RDONLY | O_CREAT };
    unsigned k = rnd(FDS), f = rnd(sizeof flags / sizeof flags[0]);
    char a[100];

    if (fds[k] >= 0)
        close(fds[k]);
    path(a);
    fds[k] = open(a, flags[f], 0644);
    result(fds[k] < 0 ? -1 : 0, "open %s %#x", a, (unsigned)flags[f]);
}

static void
on_names(void)
{
    char a[100], b[100];
    struct stat st;
    long n;

    switch (rnd(12)) {
    case 0:
    case 1:
        open_one();
        break;
    case 2:
        path(a);
        result(mkdir(a, 0755), "mkdir %s", a);
        break;
    case 3:
        path(a);
        result(unlink(a), "unlink %s", a);
        break;
    case 4:
        path(a);
        result(rmdir(a), "rmdir %s", a);
        break;
    case 5:
    case 6:
        path(a);
        path(b);
        result(rename(a, b), "rename %s %s", a, b);
        break;
    case 7:
        path(a);
        path(b);
        result(link(a, b), "link %s %s", a, b);
        break;
    case 8:
        path(a);
        path(b);
        result(symlink(a, b), "symlink %s %s", a, b);
        break;
    case 9:
        path(a);
        n = readlink(a, buf, 100);
        result(n, "readlink %s: %.*s", a, n > 0 ? (int)n : 0, buf);
        break;
    case 10:
        path(a);
        stat_result("stat", a, stat(a, &st), &st);
        path(a);
        stat_result("lstat", a, lstat(a, &st), &st);
        break;
    default:
        path(a);
        list(a);
        path(a);
        result(truncate(a, (long)rnd(30000)), "truncate %s", a);
        break;
    }
}

static void
on_files(void)
{
    int fd = fds[rnd(FDS)];
    unsigned n = rnd(BUFFER), at = rnd(60000);
    unsigned char fill = (unsigned char)rnd(256);
    struct stat st;
    long got;

    switch (rnd(7)) {
    case 0:
        memset(buf, fill, n);
        result(write(fd, buf, n), "write %u", n);
        break;
    case 1:
        memset(buf, fill, n);
        result(pwrite(fd, buf, n, at), "pwrite %u %u", n, at);
        break;
    case 2:
    case 3:
        got = pread(fd, buf, n, at);
        result(got, "pread %u %u", n, at);
        if (got > 0)
            mix(buf, (size_t)got);
        break;
    case 4:
        got = read(fd, buf, n);
        result(got, "read %u", n);
        if (got > 0)
            mix(buf, (size_t)got);
        break;
    case 5:
        result(ftruncate(fd, at), "ftruncate %u", at);
        break;
    default:
        result(lseek(fd, at, SEEK_SET) < 0 ? -1 : 0, "lseek %u", at);
        stat_result("fstat", "", fstat(fd, &st), &st);
        break;
    }
}

int
main(int argc, char **argv)
{
    unsigned long count;
    char dir[64];

    if (argc > 1 && strcmp(argv[1], "-v") == 0) {
        verbose = 1;
        argv++;
        argc--;
    }
    if (argc < 4) {
        fprintf(stderr, "usage: t_fsrandom [-v] DIR SEED COUNT\n");
        return 2;
    }
    state = strtoull(argv[2], NULL, 10) * 0x9e3779b97f4a7c15u + 1;
    count = strtoul(argv[3], NULL, 10);
    snprintf(dir, sizeof dir, "fsrandom.%s", argv[2]);
    if (chdir(argv[1]) < 0 || mkdir(dir, 0755) < 0 || chdir(dir) < 0) {
        perror(argv[1]);
        return 2;
    }
    if (geteuid() == 0 && chroot(".") < 0) /* ".." stays in here */
        perror("chroot");
    umask(022);
    for (int i = 0; i < FDS; i++)
        fds[i] = -1;
    for (unsigned long i = 0; i < count; i++) {
        if (rnd(2) != 0)
            on_names();
        else
            on_files();
    }
    printf("%016llx\n", (unsigned long long)sum);
    return 0;
}

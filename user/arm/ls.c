/* ls [-1ald] [PATH...]: names in order, one a line. */
#include <kernel/abi/dirent.h>
#include <user/arm/lib/heap.h>
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

enum { DIR_CHUNK = 256, PATH_SIZE = 128, GROW = 256 };
enum {
    S_IFMT = 0170000,
    S_IFLNK = 0120000,
    S_IFDIR = 0040000,
    S_IFCHR = 0020000,
    S_IFBLK = 0060000
};

static bool all, list, itself;

static void
mode_text(unsigned mode, char text[11])
{
    static const char kinds[] = "?pc?d?b?-?l?s???", bits[] = "rwxrwxrwx";

    text[0] = kinds[mode >> 12 & 15];
    for (unsigned i = 0; i < 9; i++)
        text[1 + i] = mode >> (8 - i) & 1 ? bits[i] : '-';
    if (mode & 04000)
        text[3] = mode & 0100 ? 's' : 'S';
    if (mode & 02000)
        text[6] = mode & 0010 ? 's' : 'S';
    if (mode & 01000)
        text[9] = mode & 0001 ? 't' : 'T';
    text[10] = '\0';
}

static int
show(const char *path, const char *name)
{
    struct abi_stat st;
    char text[11], target[PATH_SIZE];
    int error;

    if (!list)
        return print(1, "%s\n", name) < 0;
    error = sys_lstat64(path, &st);
    if (error < 0)
        return fail(path, error);
    mode_text(st.st_mode, text);
    print(1, "%s %2u %u %u ", text, st.st_nlink, st.st_uid, st.st_gid);
    if ((st.st_mode & S_IFMT) == S_IFCHR || (st.st_mode & S_IFMT) == S_IFBLK)
        print(1, "%3u,%4u", (unsigned)(st.st_rdev >> 8) & 0xfff,
              (unsigned)(st.st_rdev & 0xff) | ((unsigned)(st.st_rdev >> 12) & 0xfff00));
    else
        print(1, "%8u", (unsigned)st.st_size);
    print(1, " %s", name);
    if ((st.st_mode & S_IFMT) == S_IFLNK) {
        int n = sys_readlink(path, target, sizeof target - 1);

        target[n < 0 ? 0 : n] = '\0';
        print(1, " -> %s", target);
    }
    return print(1, "\n") < 0;
}

/* The names of a directory, one behind the other in the heap. */
struct names {
    char *text;
    size_t len, size;
};

static bool
add(struct names *n, const char *name)
{
    size_t len = strlen(name) + 1;

    while (n->len + len > n->size) {
        if (heap_more(GROW) == NULL)
            return false;
        n->size += GROW;
    }
    memcpy(n->text + n->len, name, len);
    n->len += len;
    return true;
}

/* The smallest name that is greater than `last`: no memory but for the names. */
static const char *
next_name(const struct names *n, const char *last)
{
    const char *best = NULL;

    for (const char *p = n->text; p < n->text + n->len; p += strlen(p) + 1) {
        if ((last == NULL || str_cmp(p, last) > 0) && (best == NULL || str_cmp(p, best) < 0))
            best = p;
    }
    return best;
}

static int
read_names(const char *path, struct names *n)
{
    union {
        struct abi_dirent64 align;
        char bytes[DIR_CHUNK];
    } buf;
    int fd = sys_open(path, O_RDONLY | O_DIRECTORY, 0), got = fd;

    while (fd >= 0 && (got = sys_getdents64(fd, buf.bytes, sizeof buf)) > 0) {
        for (int at = 0; at < got;) {
            const struct abi_dirent64 *d = (const struct abi_dirent64 *)(buf.bytes + at);

            if ((all || d->name[0] != '.') && !add(n, d->name))
                got = -ENOMEM;
            at += d->reclen;
        }
    }
    if (fd >= 0)
        sys_close(fd);
    return got;
}

static int
directory(const char *path)
{
    struct names n = { .text = heap_more(0) };
    char full[PATH_SIZE];
    int error = read_names(path, &n), status = 0;

    if (error < 0)
        status = fail(path, error); /* what there is is shown all the same */
    for (const char *name = NULL; (name = next_name(&n, name)) != NULL;) {
        if (!str_path(full, sizeof full, path, name))
            status = fail(name, -ENAMETOOLONG);
        else
            status |= show(full, name);
    }
    heap_less(n.size);
    return status;
}

static int
one(const char *path, bool heading)
{
    struct abi_stat st;
    int error = itself || list ? sys_lstat64(path, &st) : sys_stat64(path, &st);

    if (error == 0 && list && !itself && (st.st_mode & S_IFMT) == S_IFLNK)
        return show(path, path);
    if (error < 0)
        return fail(path, error);
    if (itself || (st.st_mode & S_IFMT) != S_IFDIR)
        return show(path, path);
    if (heading)
        print(1, "%s:\n", path);
    return directory(path);
}

int
main(int argc, char **argv)
{
    int status = 0, i;

    for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
        for (const char *p = argv[i] + 1; *p != '\0'; p++) {
            all |= *p == 'a';
            list |= *p == 'l';
            itself |= *p == 'd';
            if (str_find("a1ld", *p) == NULL)
                return usage("[-1ald] [PATH...]");
        }
    }
    if (i == argc)
        return one(".", false);
    for (bool several = i + 1 < argc; i < argc; i++)
        status |= one(argv[i], several);
    return status;
}

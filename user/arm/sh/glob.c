/* Names of files that match a pattern.  See glob.h. */
#include <kernel/abi/dirent.h>
#include <user/arm/lib/out.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>
#include <user/arm/sh/glob.h>
#include <user/arm/sh/sh.h>

enum { DIR_CHUNK = 300 };

/* Without recursion: after a mismatch the last * takes one character more. */
static bool
match(const char *p, const char *s)
{
    const char *star = NULL, *from = NULL;

    while (*s != '\0') {
        if (*p == GLOB_ANY) {
            star = ++p;
            from = s;
        } else if (*p == GLOB_ONE || *p == *s) {
            p++;
            s++;
        } else if (star != NULL) {
            p = star;
            s = ++from;
        } else {
            return false;
        }
    }
    while (*p == GLOB_ANY)
        p++;
    return *p == '\0';
}

void
glob_literal(char *s)
{
    for (; *s != '\0'; s++)
        *s = *s == GLOB_ANY ? '*' : *s == GLOB_ONE ? '?' : *s;
}

/* A word of its own, at its place among those from `first` on. */
static void
add(const char *dir, size_t dir_len, const char *name, unsigned first)
{
    size_t len = dir_len + strlen(name) + 1;
    char *word = arena + arena_used;
    unsigned i;

    if (len > sizeof arena - arena_used || word_count == WORDS_MAX) {
        complain("too many files");
        return;
    }
    memcpy(word, dir, dir_len);
    memcpy(word + dir_len, name, len - dir_len);
    arena_used += len;
    for (i = word_count++; i > first && str_cmp(words[i - 1], word) > 0; i--)
        words[i] = words[i - 1];
    words[i] = word;
}

static void
scan(int fd, const char *dir, size_t dir_len, const char *last)
{
    union {
        struct abi_dirent64 align;
        char bytes[DIR_CHUNK];
    } buf;
    unsigned first = word_count;
    int n;

    while ((n = sys_getdents64(fd, buf.bytes, sizeof buf)) > 0) {
        for (int at = 0; at < n && !failed;) {
            const struct abi_dirent64 *d = (const struct abi_dirent64 *)(buf.bytes + at);

            if ((d->name[0] != '.' || last[0] == '.') && match(last, d->name))
                add(dir, dir_len, d->name, first);
            at += d->reclen;
        }
    }
}

bool
glob(char *pattern)
{
    unsigned before = word_count;
    char path[PATH_SIZE], *last = pattern;
    size_t len;
    int fd;

    for (char *p = pattern; *p != '\0'; p++) {
        if (*p == '/')
            last = p + 1;
    }
    len = (size_t)(last - pattern);
    if (len + 2 > sizeof path)
        return false;
    memcpy(path, pattern, len);
    memcpy(path + len, ".", 2);
    fd = sys_open(path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return false;
    scan(fd, pattern, len, last);
    sys_close(fd);
    return word_count > before;
}

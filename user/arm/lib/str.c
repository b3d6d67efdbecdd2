/* Bytes and strings: small rather than fast. */
#include <user/arm/lib/str.h>

void *
memmove(void *to, const void *from, size_t n)
{
    char *t = to;
    const char *f = from;

    if (t <= f) {
        for (size_t i = 0; i < n; i++)
            t[i] = f[i];
    } else {
        while (n-- > 0)
            t[n] = f[n];
    }
    return to;
}

int
memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;

    for (size_t i = 0; i < n; i++) {
        if (x[i] != y[i])
            return x[i] - y[i];
    }
    return 0;
}

size_t
strlen(const char *s)
{
    size_t n = 0;

    while (s[n] != '\0')
        n++;
    return n;
}

int
str_cmp(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

bool
str_eq(const char *a, const char *b)
{
    return str_cmp(a, b) == 0;
}

bool
str_begins(const char *s, const char *prefix)
{
    while (*prefix != '\0') {
        if (*s++ != *prefix++)
            return false;
    }
    return true;
}

char *
str_find(const char *s, char c)
{
    for (; *s != c; s++) {
        if (*s == '\0')
            return NULL;
    }
    return (char *)s;
}

const char *
str_base(const char *path)
{
    const char *base = path;

    for (; *path != '\0'; path++) {
        if (*path == '/' && path[1] != '\0' && path[1] != '/')
            base = path + 1;
    }
    return base;
}

static unsigned
digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 99;
}

bool
str_number(const char *s, bool suffix, uint32_t *out)
{
    uint32_t base = 10, n = 0, unit = 1;

    if (s[0] == '0' && (s[1] | 0x20) == 'x') {
        base = 16;
        s += 2;
    } else if (s[0] == '0' && s[1] != '\0') {
        base = 8;
    }
    if (digit(*s) >= base)
        return false;
    for (; digit(*s) < base; s++) {
        if (n > (UINT32_MAX - digit(*s)) / base)
            return false;
        n = n * base + digit(*s);
    }
    if (suffix && (*s == 'k' || *s == 'K' || *s == 'M')) {
        unit = *s == 'M' ? 1 << 20 : 1 << 10;
        s++;
    }
    if (*s != '\0' || n > UINT32_MAX / unit)
        return false;
    *out = n * unit;
    return true;
}

bool
str_path(char *to, size_t size, const char *dir, const char *name)
{
    size_t d = strlen(dir), n = strlen(name);

    if (d + n + 2 > size)
        return false;
    memcpy(to, dir, d);
    if (d > 0 && to[d - 1] != '/')
        to[d++] = '/';
    memcpy(to + d, name, n + 1);
    return true;
}

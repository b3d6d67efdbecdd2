/* Strings.  Everything that trusts in a zero byte to be there is here. */
#include <kernel/trusted/bounds.h>
#include <kernel/trusted/str.h>

TRUSTED_BEGIN(cell)
size_t
str_len(const char *s)
{
    size_t n = 0;

    while (s[n] != '\0')
        n++;
    return n;
}

size_t
str_nlen(const char *s, size_t max)
{
    size_t n = 0;

    while (n < max && s[n] != '\0')
        n++;
    return n;
}

bool
str_eq(const char *a, const char *b)
{
    size_t i = 0;

    while (a[i] != '\0' && a[i] == b[i])
        i++;
    return a[i] == b[i];
}

bool
str_neq(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (a[i] != b[i])
            return false;
        if (a[i] == '\0')
            return true;
    }
    return true;
}

const char *
str_from(const char *s, size_t i)
{
    return s + str_nlen(s, i);
}

struct text
text_sub(struct text t, size_t from, size_t len)
{
    size_t left = from < t.len ? t.len - from : 0;

    return (struct text){ t.ptr + (t.len - left), len < left ? len : left };
}
TRUSTED_END

bool
str_starts(const char *s, const char *prefix)
{
    return str_neq(s, prefix, str_len(prefix));
}

const char *_Nullable
str_chr(const char *s, char c)
{
    struct text t = text_of(s);
    size_t i = text_find(t, 0, c);

    return i < t.len || c == '\0' ? str_from(s, i) : NULL;
}

size_t
str_copy(char *dst, size_t size, const char *src)
{
    return text_copy(dst, size, (struct text){ src, str_nlen(src, size) });
}

struct text
text_of(const char *s)
{
    return (struct text){ s, str_len(s) };
}

char
text_at(struct text t, size_t i)
{
    return i < t.len ? at(t.ptr, t.len, i) : '\0';
}

bool
text_starts(struct text t, const char *prefix)
{
    size_t n = str_len(prefix);

    return n <= t.len && str_neq(t.ptr, prefix, n);
}

size_t
text_find(struct text t, size_t from, char c)
{
    size_t i = from < t.len ? from : t.len;

    while (i < t.len && at(t.ptr, t.len, i) != c)
        i++;
    return i;
}

size_t
text_copy(char *dst, size_t size, struct text t)
{
    size_t n = 0;

    if (size == 0)
        return 0;
    for (; n < size - 1 && n < t.len; n++)
        at(dst, size, n) = at(t.ptr, t.len, n);
    at(dst, size, n) = '\0';
    return n;
}

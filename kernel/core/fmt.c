/* Strings and formatted text (the integer and string conversions of C17 7.21.6.1). */
#include <kernel/abi/errno.h>
#include <kernel/core/fmt.h>

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

bool
str_starts(const char *s, const char *prefix)
{
    return str_neq(s, prefix, str_len(prefix));
}

const char *
str_chr(const char *s, char c)
{
    size_t i = 0;

    while (s[i] != c && s[i] != '\0')
        i++;
    return s[i] == c ? &s[i] : NULL;
}

size_t
str_copy(char *dst, size_t size, const char *src)
{
    size_t n = 0;

    if (size == 0)
        return 0;
    while (n < size - 1 && src[n] != '\0') {
        dst[n] = src[n];
        n++;
    }
    dst[n] = '\0';
    return n;
}

static unsigned
digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a' + 10);
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A' + 10);
    return 99;
}

int
str_to_u64(const char *s, uint64_t *out)
{
    unsigned base = 10;
    size_t i = 0;
    uint64_t v = 0;

    if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
        base = 16;
        i = 2;
    }
    if (s[i] == '\0')
        return -EINVAL;
    for (; s[i] != '\0'; i++) {
        unsigned d = digit_value(s[i]);

        if (d >= base)
            return -EINVAL;
        if (v > (UINT64_MAX - d) / base)
            return -ERANGE;
        v = v * base + d;
    }
    *out = v;
    return 0;
}

struct out {
    char *buf;
    size_t size, len;
};

struct spec {
    bool left, zero, plus, alt, upper;
    size_t width;
    int precision; /* -1: none */
    unsigned base;
};

enum { WIDTH_MAX = 4096, DIGITS_MAX = 24 };

static void
emit(struct out *o, char c)
{
    if (o->len + 1 < o->size)
        o->buf[o->len] = c;
    o->len++;
}

static void
emit_n(struct out *o, char c, size_t n)
{
    while (n-- > 0)
        emit(o, c);
}

static void
emit_text(struct out *o, const struct spec *s, const char *text, size_t len)
{
    size_t pad = s->width > len ? s->width - len : 0;

    if (!s->left)
        emit_n(o, ' ', pad);
    for (size_t i = 0; i < len; i++)
        emit(o, text[i]);
    if (s->left)
        emit_n(o, ' ', pad);
}

static void
emit_number(struct out *o, const struct spec *s, uint64_t v, bool negative)
{
    const char *digits = s->upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[DIGITS_MAX];
    size_t n = 0;
    bool nonzero = v != 0;

    for (; v != 0; v /= s->base)
        text[n++] = digits[v % s->base];

    size_t least = s->precision >= 0 ? (size_t)s->precision : 1;
    size_t zeros = least > n ? least - n : 0;
    bool hex = s->alt && s->base == 16 && nonzero;

    if (s->alt && s->base == 8 && zeros == 0)
        zeros = 1;

    size_t sign = negative || s->plus ? 1 : 0;
    size_t total = sign + (hex ? 2 : 0) + zeros + n;
    size_t pad = s->width > total ? s->width - total : 0;

    if (s->zero && !s->left && s->precision < 0) {
        zeros += pad;
        pad = 0;
    }
    if (!s->left)
        emit_n(o, ' ', pad);
    if (sign != 0)
        emit(o, negative ? '-' : '+');
    if (hex) {
        emit(o, '0');
        emit(o, s->upper ? 'X' : 'x');
    }
    emit_n(o, '0', zeros);
    while (n > 0)
        emit(o, text[--n]);
    if (s->left)
        emit_n(o, ' ', pad);
}

/* The argument list in a structure, so that helpers can advance it. */
struct args {
    va_list ap;
};

enum length { LEN_HH, LEN_H, LEN_INT, LEN_L, LEN_LL, LEN_Z, LEN_J, LEN_T };

static uint64_t
arg_unsigned(struct args *a, enum length len)
{
    switch (len) {
    case LEN_HH:
        return (unsigned char)va_arg(a->ap, unsigned);
    case LEN_H:
        return (unsigned short)va_arg(a->ap, unsigned);
    case LEN_L:
        return va_arg(a->ap, unsigned long);
    case LEN_LL:
        return va_arg(a->ap, unsigned long long);
    case LEN_Z:
        return va_arg(a->ap, size_t);
    case LEN_J:
        return va_arg(a->ap, uintmax_t);
    case LEN_T:
        return (uint64_t)va_arg(a->ap, ptrdiff_t);
    default:
        return va_arg(a->ap, unsigned);
    }
}

static int64_t
arg_signed(struct args *a, enum length len)
{
    switch (len) {
    case LEN_HH:
        return (signed char)va_arg(a->ap, int);
    case LEN_H:
        return (short)va_arg(a->ap, int);
    case LEN_L:
        return va_arg(a->ap, long);
    case LEN_LL:
        return va_arg(a->ap, long long);
    case LEN_Z:
        return va_arg(a->ap, ptrdiff_t);
    case LEN_J:
        return va_arg(a->ap, intmax_t);
    case LEN_T:
        return va_arg(a->ap, ptrdiff_t);
    default:
        return va_arg(a->ap, int);
    }
}

/* A number or `*` at fmt[*i]. */
static size_t
parse_count(const char *fmt, size_t *i, struct args *a, bool *negative)
{
    size_t v = 0;

    *negative = false;
    if (fmt[*i] == '*') {
        int n = va_arg(a->ap, int);

        ++*i;
        *negative = n < 0;
        v = (size_t)(n < 0 ? -(int64_t)n : n);
    }
    for (; fmt[*i] >= '0' && fmt[*i] <= '9'; ++*i)
        v = v > WIDTH_MAX ? v : v * 10 + (size_t)(fmt[*i] - '0');
    return v > WIDTH_MAX ? WIDTH_MAX : v;
}

static struct spec
parse_spec(const char *fmt, size_t *i, struct args *a)
{
    struct spec s = { .precision = -1, .base = 10 };
    bool negative;

    for (bool more = true; more;) {
        switch (fmt[*i]) {
        case '-':
            s.left = true;
            break;
        case '0':
            s.zero = true;
            break;
        case '+':
            s.plus = true;
            break;
        case '#':
            s.alt = true;
            break;
        default:
            more = false;
            break;
        }
        if (more)
            ++*i;
    }
    s.width = parse_count(fmt, i, a, &negative);
    s.left |= negative;
    if (fmt[*i] == '.') {
        ++*i;
        s.precision = (int)parse_count(fmt, i, a, &negative);
        if (negative)
            s.precision = -1;
    }
    return s;
}

static enum length
parse_length(const char *fmt, size_t *i)
{
    char c = fmt[*i];

    if (c != 'h' && c != 'l' && c != 'z' && c != 'j' && c != 't')
        return LEN_INT;
    ++*i;
    if (c == 'z')
        return LEN_Z;
    if (c == 'j')
        return LEN_J;
    if (c == 't')
        return LEN_T;
    if (fmt[*i] != c)
        return c == 'h' ? LEN_H : LEN_L;
    ++*i;
    return c == 'h' ? LEN_HH : LEN_LL;
}

static void
convert(struct out *o, char conv, struct spec *s, enum length len, struct args *a)
{
    switch (conv) {
    case 'd':
    case 'i': {
        int64_t v = arg_signed(a, len);

        emit_number(o, s, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0);
        return;
    }
    case 'p':
        s->alt = true;
        s->base = 16;
        emit_number(o, s, (uintptr_t)va_arg(a->ap, void *), false);
        return;
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        s->base = conv == 'u' ? 10 : conv == 'o' ? 8 : 16;
        s->upper = conv == 'X';
        s->plus = false;
        emit_number(o, s, arg_unsigned(a, len), false);
        return;
    case 'c': {
        char c = (char)va_arg(a->ap, int);

        emit_text(o, s, &c, 1);
        return;
    }
    case 's': {
        const char *text = va_arg(a->ap, const char *);

        if (text == NULL)
            text = "(null)";
        emit_text(o, s, text,
                  s->precision >= 0 ? str_nlen(text, (size_t)s->precision) : str_len(text));
        return;
    }
    default: /* shown as it stands */
        emit(o, '%');
        if (conv != '%')
            emit(o, conv);
        return;
    }
}

size_t
fmt_vprint(char *buf, size_t size, const char *fmt, va_list ap)
{
    struct out o = { .buf = buf, .size = size };
    struct args a;

    va_copy(a.ap, ap);
    for (size_t i = 0; fmt[i] != '\0'; i++) {
        if (fmt[i] != '%') {
            emit(&o, fmt[i]);
            continue;
        }
        i++;

        struct spec s = parse_spec(fmt, &i, &a);
        enum length len = parse_length(fmt, &i);

        if (fmt[i] == '\0')
            break;
        convert(&o, fmt[i], &s, len, &a);
    }
    va_end(a.ap);
    if (size > 0)
        buf[o.len < size ? o.len : size - 1] = '\0';
    return o.len;
}

size_t
fmt_print(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);

    size_t len = fmt_vprint(buf, size, fmt, ap);

    va_end(ap);
    return len;
}

/* Formatted text (the integer and string conversions of C17 7.21.6.1). */
#include <kernel/abi/errno.h>
#include <kernel/core/fmt.h>
#include <kernel/trusted/bounds.h>

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
    struct text t = text_of(s);
    unsigned base = 10;
    size_t i = 0;
    uint64_t v = 0;

    if (text_at(t, 0) == '0' && (text_at(t, 1) == 'x' || text_at(t, 1) == 'X')) {
        base = 16;
        i = 2;
    }
    if (i >= t.len)
        return -EINVAL;
    for (; i < t.len; i++) {
        unsigned d = digit_value(text_at(t, i));

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
    size_t i = o->len++;

    if (i < o->size && i + 1 < o->size)
        at(o->buf, o->size, i) = c;
}

static void
emit_n(struct out *o, char c, size_t n)
{
    while (n-- > 0)
        emit(o, c);
}

static void
emit_text(struct out *o, const struct spec *s, struct text text)
{
    size_t pad = s->width > text.len ? s->width - text.len : 0;

    if (!s->left)
        emit_n(o, ' ', pad);
    for (size_t i = 0; i < text.len; i++)
        emit(o, text_at(text, i));
    if (s->left)
        emit_n(o, ' ', pad);
}

static void
emit_number(struct out *o, const struct spec *s, uint64_t v, bool negative)
{
    static const char digits[2][17] = { "0123456789abcdef", "0123456789ABCDEF" };
    char text[DIGITS_MAX];
    size_t n = 0;
    bool nonzero = v != 0;

    for (; v != 0; v /= s->base)
        text[n++] = digits[s->upper][v % s->base];

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

/* A number or `*` at byte `*i`. */
static size_t
parse_count(struct text fmt, size_t *i, struct args *a, bool *negative)
{
    size_t v = 0;

    *negative = false;
    if (text_at(fmt, *i) == '*') {
        int n = va_arg(a->ap, int);

        ++*i;
        *negative = n < 0;
        v = (size_t)(n < 0 ? -(int64_t)n : n);
    }
    for (; text_at(fmt, *i) >= '0' && text_at(fmt, *i) <= '9'; ++*i)
        v = v > WIDTH_MAX ? v : v * 10 + (size_t)(text_at(fmt, *i) - '0');
    return v > WIDTH_MAX ? WIDTH_MAX : v;
}

static struct spec
parse_spec(struct text fmt, size_t *i, struct args *a)
{
    struct spec s = { .precision = -1, .base = 10 };
    bool negative;

    for (bool more = true; more;) {
        switch (text_at(fmt, *i)) {
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
    if (text_at(fmt, *i) == '.') {
        ++*i;
        s.precision = (int)parse_count(fmt, i, a, &negative);
        if (negative)
            s.precision = -1;
    }
    return s;
}

static enum length
parse_length(struct text fmt, size_t *i)
{
    char c = text_at(fmt, *i);

    if (c != 'h' && c != 'l' && c != 'z' && c != 'j' && c != 't')
        return LEN_INT;
    ++*i;
    if (c == 'z')
        return LEN_Z;
    if (c == 'j')
        return LEN_J;
    if (c == 't')
        return LEN_T;
    if (text_at(fmt, *i) != c)
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

        emit_text(o, s, (struct text){ &c, 1 });
        return;
    }
    case 's': {
        const char *text = va_arg(a->ap, const char *);

        if (text == NULL)
            text = "(null)";
        emit_text(o, s,
                  (struct text){ text, s->precision >= 0 ? str_nlen(text, (size_t)s->precision)
                                                         : str_len(text) });
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
    struct text f = text_of(fmt);
    struct args a;

    va_copy(a.ap, ap);
    for (size_t i = 0; i < f.len; i++) {
        if (text_at(f, i) != '%') {
            emit(&o, text_at(f, i));
            continue;
        }
        i++;

        struct spec s = parse_spec(f, &i, &a);
        enum length len = parse_length(f, &i);

        if (i >= f.len)
            break;
        convert(&o, text_at(f, i), &s, len, &a);
    }
    va_end(a.ap);
    if (o.len < size)
        at(buf, size, o.len) = '\0';
    else if (size > 0)
        at(buf, size, size - 1) = '\0';
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

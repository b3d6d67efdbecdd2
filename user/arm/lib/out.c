/* Printing.  See out.h. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

int
write_all(int fd, const void *buf, unsigned len)
{
    const char *p = buf;

    while (len > 0) {
        int n = sys_write(fd, p, len);

        if (n == -EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? n : -EIO;
        p += n;
        len -= (unsigned)n;
    }
    return 0;
}

struct out {
    int fd, error;
    unsigned used;
    char buf[OUT_BUFFER];
};

static void
flush(struct out *o)
{
    if (o->error == 0)
        o->error = write_all(o->fd, o->buf, o->used);
    o->used = 0;
}

static void
put(struct out *o, char c)
{
    if (o->used == sizeof o->buf)
        flush(o);
    o->buf[o->used++] = c;
}

static void
put_field(struct out *o, const char *s, int len, int width, char pad)
{
    bool left = width < 0;

    if (left)
        width = -width;
    for (int i = len; i < width && !left; i++)
        put(o, pad);
    for (int i = 0; i < len; i++)
        put(o, s[i]);
    for (int i = len; i < width && left; i++)
        put(o, ' ');
}

enum { DIGITS_MAX = 12 };

/* The digits of a number at the end of `buf`; where they begin. */
static char *
digits(char buf[DIGITS_MAX], uint32_t n, uint32_t base, bool minus)
{
    char *p = buf + DIGITS_MAX;

    do {
        *--p = "0123456789abcdef"[n % base];
        n /= base;
    } while (n > 0);
    if (minus)
        *--p = '-';
    return p;
}

static void
put_number(struct out *o, char kind, uint32_t n, int width, char pad)
{
    char buf[DIGITS_MAX];
    bool minus = kind == 'd' && (int32_t)n < 0;
    const char *p = digits(buf, minus ? 0 - n : n, kind == 'x' ? 16 : kind == 'o' ? 8 : 10, minus);

    put_field(o, p, (int)(buf + DIGITS_MAX - p), width, pad);
}

static void
vprint(struct out *o, const char *fmt, va_list ap)
{
    for (; *fmt != '\0'; fmt++) {
        bool left = false;
        int width = 0;
        char pad = ' ', c;

        if (*fmt != '%') {
            put(o, *fmt);
            continue;
        }
        fmt++;
        if (*fmt == '-') {
            left = true;
            fmt++;
        }
        if (*fmt == '0')
            pad = '0';
        for (; *fmt >= '0' && *fmt <= '9'; fmt++)
            width = width * 10 + *fmt - '0';
        if (left)
            width = -width;
        switch (*fmt) {
        case 's': {
            const char *s = va_arg(ap, const char *);

            put_field(o, s, (int)strlen(s), width, ' ');
            break;
        }
        case 'c':
            c = (char)va_arg(ap, int);
            put_field(o, &c, 1, width, ' ');
            break;
        case '%':
            put(o, '%');
            break;
        default:
            put_number(o, *fmt, va_arg(ap, uint32_t), width, pad);
        }
    }
}

int
print(int fd, const char *fmt, ...)
{
    struct out o;
    va_list ap;

    o.fd = fd;
    o.error = 0;
    o.used = 0;
    va_start(ap, fmt);
    vprint(&o, fmt, ap);
    va_end(ap);
    flush(&o);
    return o.error;
}

int
fail(const char *what, int error)
{
    print(2, "%s: %s: %s\n", program_name, what, error_text(error));
    return 1;
}

int
usage(const char *arguments)
{
    print(2, "usage: %s %s\n", program_name, arguments);
    return 2;
}

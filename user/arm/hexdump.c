/* hexdump [-C] [-n LENGTH] [-s SKIP] [FILE]: bytes in hexadecimal and as text; lines that repeat are a '*', as hexdump -C has it. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

enum { LINE = 16 };

/* A whole line, unless the file ends. */
static int
read_line(int fd, uint8_t line[LINE], uint32_t max)
{
    uint32_t len = 0, want = max < LINE ? max : LINE;

    while (len < want) {
        int n = sys_read(fd, line + len, want - len);

        if (n < 0)
            return n;
        if (n == 0)
            break;
        len += (uint32_t)n;
    }
    return (int)len;
}

static void
show(uint32_t at, const uint8_t *line, int len)
{
    char text[80], *p = text;

    for (int i = 0; i < LINE; i++) {
        if (i == LINE / 2)
            *p++ = ' ';
        *p++ = i < len ? "0123456789abcdef"[line[i] >> 4] : ' ';
        *p++ = i < len ? "0123456789abcdef"[line[i] & 15] : ' ';
        *p++ = ' ';
    }
    *p++ = ' ';
    *p++ = '|';
    for (int i = 0; i < len; i++)
        *p++ = line[i] >= ' ' && line[i] < 127 ? (char)line[i] : '.';
    *p++ = '|';
    *p = '\0';
    print(1, "%08x  %s\n", at, text);
}

static int
dump(int fd, const char *name, uint32_t at, uint32_t max)
{
    uint8_t line[LINE], last[LINE];
    bool any = false, starred = false;
    int n;

    while ((n = read_line(fd, line, max)) > 0) {
        bool again = any && n == LINE && memcmp(line, last, LINE) == 0;

        if (again && !starred)
            print(1, "*\n");
        if (!again)
            show(at, line, n);
        starred = again;
        any = true;
        memcpy(last, line, LINE);
        at += (uint32_t)n;
        max -= (uint32_t)n;
    }
    if (any)
        print(1, "%08x\n", at);
    return n < 0 ? fail(name, n) : 0;
}

int
main(int argc, char **argv)
{
    uint32_t max = UINT32_MAX, skip = 0;
    const char *name = "-";
    int fd = 0, i, error;

    for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
        bool good = str_eq(argv[i], "-C");

        if (!good && i + 1 < argc && (str_eq(argv[i], "-n") || str_eq(argv[i], "-s"))) {
            good = str_number(argv[i + 1], true, argv[i][1] == 'n' ? &max : &skip);
            i++;
        }
        if (!good)
            return usage("[-C] [-n LENGTH] [-s SKIP] [FILE]");
    }
    if (i < argc) {
        name = argv[i];
        fd = sys_open(name, O_RDONLY, 0);
        if (fd < 0)
            return fail(name, fd);
    }
    error = skip > 0 ? sys_lseek(fd, (int)skip, SEEK_SET) : 0;
    return error < 0 ? fail(name, error) : dump(fd, name, skip, max);
}

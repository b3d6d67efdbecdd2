/* ps: the processes, from /proc/PID/stat. */
#include <kernel/abi/dirent.h>
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

/* Fields behind the command's name (proc(5)), from the third on. */
enum { STATE, PPID, UTIME = 11, STIME = 12, VSIZE = 20, FIELDS = 21 };
enum { DIR_CHUNK = 256, STAT_SIZE = 200, TICKS = 100 };

/* The `n`th word. */
static const char *
field(const char *s, unsigned n)
{
    for (; n > 0; n--) {
        const char *space = str_find(s, ' ');

        if (space == NULL)
            return "";
        s = space + 1;
    }
    return s;
}

static uint64_t
number(const char *s)
{
    uint64_t n = 0;

    for (; *s >= '0' && *s <= '9'; s++)
        n = n * 10 + (unsigned)(*s - '0');
    return n;
}

static void
show(const char *pid)
{
    char path[40], text[STAT_SIZE], *name, *end;
    unsigned ticks;
    int fd, n;

    if (!str_path(path, sizeof path, "/proc", pid) || !str_path(path, sizeof path, path, "stat"))
        return;
    fd = sys_open(path, O_RDONLY, 0);
    n = fd < 0 ? fd : sys_read(fd, text, sizeof text - 1);
    if (fd >= 0)
        sys_close(fd);
    if (n <= 0)
        return; /* gone meanwhile */
    text[n] = '\0';
    name = str_find(text, '(');
    end = name;
    for (char *p = name; p != NULL; p = str_find(p + 1, ')')) /* the name may hold one, too */
        end = p;
    if (end == name)
        return;
    *end = '\0';
    end += 2;
    ticks = (unsigned)(number(field(end, UTIME)) + number(field(end, STIME)));
    print(1, "%5s %5u %c %4u.%02u %6u %s\n", pid, (unsigned)number(field(end, PPID)),
          field(end, STATE)[0], ticks / TICKS, ticks % TICKS,
          (unsigned)(number(field(end, VSIZE)) >> 10), name + 1);
}

int
main(int argc __attribute__((unused)), char **argv __attribute__((unused)))
{
    union {
        struct abi_dirent64 align;
        char bytes[DIR_CHUNK];
    } buf;
    int fd = sys_open("/proc", O_RDONLY | O_DIRECTORY, 0), n;

    if (fd < 0)
        return fail("/proc", fd);
    print(1, "  PID  PPID S    TIME    KiB COMMAND\n");
    while ((n = sys_getdents64(fd, buf.bytes, sizeof buf)) > 0) {
        for (int at = 0; at < n;) {
            const struct abi_dirent64 *d = (const struct abi_dirent64 *)(buf.bytes + at);

            if (d->name[0] >= '0' && d->name[0] <= '9')
                show(d->name);
            at += d->reclen;
        }
    }
    return n < 0 ? fail("/proc", n) : 0;
}

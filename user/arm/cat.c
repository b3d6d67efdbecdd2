/* cat [FILE...]: files, or standard input, one behind the other. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

enum { CHUNK = 256 };

static int
copy(int fd, const char *name)
{
    char buf[CHUNK];
    int n;

    while ((n = sys_read(fd, buf, sizeof buf)) > 0) {
        int error = write_all(1, buf, (unsigned)n);

        if (error < 0)
            return fail("write error", error);
    }
    return n < 0 ? fail(name, n) : 0;
}

int
main(int argc, char **argv)
{
    int status = 0;

    if (argc < 2)
        return copy(0, "-");
    for (int i = 1; i < argc; i++) {
        int fd = str_eq(argv[i], "-") ? 0 : sys_open(argv[i], O_RDONLY, 0);

        if (fd < 0) {
            status = fail(argv[i], fd);
            continue;
        }
        status |= copy(fd, argv[i]);
        if (fd > 0)
            sys_close(fd);
    }
    return status;
}

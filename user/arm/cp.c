/* cp FROM TO, mv FROM TO: TO may be a directory. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

enum { CHUNK = 256, PATH_SIZE = 128, S_IFMT = 0170000, S_IFDIR = 0040000 };

static int
copy(const char *from, const char *to)
{
    char buf[CHUNK];
    struct abi_stat st;
    int in = sys_open(from, O_RDONLY, 0), out, n, error = 0;

    if (in < 0)
        return fail(from, in);
    n = sys_fstat64(in, &st);
    if (n == 0 && (st.st_mode & S_IFMT) == S_IFDIR)
        return fail(from, -EISDIR);
    out = sys_open(to, O_WRONLY | O_CREAT | O_TRUNC, st.st_mode & 0777);
    if (out < 0)
        return fail(to, out);
    while (error == 0 && (n = sys_read(in, buf, sizeof buf)) > 0)
        error = write_all(out, buf, (unsigned)n);
    if (error == 0)
        error = sys_close(out);
    return error < 0 ? fail(to, error) : n < 0 ? fail(from, n) : 0;
}

int
main(int argc, char **argv)
{
    char path[PATH_SIZE];
    struct abi_stat st;
    const char *to;
    int error;

    if (argc != 3)
        return usage("FROM TO");
    to = argv[2];
    if (sys_stat64(to, &st) == 0 && (st.st_mode & S_IFMT) == S_IFDIR) {
        if (!str_path(path, sizeof path, to, str_base(argv[1])))
            return fail(to, -ENAMETOOLONG);
        to = path;
    }
    if (!str_eq(program_name, "mv"))
        return copy(argv[1], to);
    error = sys_rename(argv[1], to);
    return error < 0 ? fail(argv[1], error) : 0;
}

/* rm [-rf] PATH..., rmdir DIRECTORY... */
#include <kernel/abi/dirent.h>
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

enum { PATH_SIZE = 128, DIR_CHUNK = 320 };

static char path[PATH_SIZE];

/* Append the first entry of the directory `path` that is not "." or ".."; 0: there is none. */
static int
first_entry(void)
{
    union {
        struct abi_dirent64 align;
        char bytes[DIR_CHUNK];
    } buf;
    int fd = sys_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0), n = fd, found = 0;

    while (fd >= 0 && found == 0 && (n = sys_getdents64(fd, buf.bytes, sizeof buf)) > 0) {
        for (int at = 0; at < n && found == 0;) {
            const struct abi_dirent64 *d = (const struct abi_dirent64 *)(buf.bytes + at);

            if (!str_eq(d->name, ".") && !str_eq(d->name, ".."))
                found = str_path(path, sizeof path, path, d->name) ? 1 : -ENAMETOOLONG;
            at += d->reclen;
        }
    }
    if (fd >= 0)
        sys_close(fd);
    return n < 0 ? n : found;
}

/* Remove what `path` names and all below, without recursion: always the first entry at the bottom. */
static int
remove_all(void)
{
    size_t top = strlen(path);

    for (;;) {
        int error = sys_unlink(path);

        if (error == -EISDIR || error == -EPERM) {
            error = sys_rmdir(path);
            if (error == -ENOTEMPTY || error == -EEXIST) {
                error = first_entry();
                if (error > 0)
                    continue;
                if (error == 0)
                    error = -ENOTEMPTY;
            }
        }
        if (error < 0 || strlen(path) <= top)
            return error;
        *(char *)(str_base(path) - 1) = '\0'; /* its directory again */
    }
}

int
main(int argc, char **argv)
{
    bool all = false, force = false, dirs = str_eq(program_name, "rmdir");
    int status = 0, i;

    for (i = 1; i < argc && argv[i][0] == '-' && !dirs; i++) {
        for (const char *p = argv[i] + 1; *p != '\0'; p++) {
            all |= *p == 'r';
            force |= *p == 'f';
            if (*p != 'r' && *p != 'f')
                return usage("[-rf] PATH...");
        }
    }
    if (i >= argc && !force)
        return usage(dirs ? "DIRECTORY..." : "[-rf] PATH...");
    for (; i < argc; i++) {
        int error = -ENAMETOOLONG;

        if (!all)
            error = dirs ? sys_rmdir(argv[i]) : sys_unlink(argv[i]);
        else if (strlen(argv[i]) < sizeof path) {
            memcpy(path, argv[i], strlen(argv[i]) + 1);
            error = remove_all();
        }
        if (error < 0 && !(force && error == -ENOENT))
            status = fail(argv[i], error);
    }
    return status;
}

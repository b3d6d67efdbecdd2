/* mount [-r] [-t TYPE] [-o OPTIONS] DEVICE DIRECTORY, umount DIRECTORY; mount alone: what is mounted. */
#include <kernel/abi/mount.h>
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

static int
show(void)
{
    char buf[128];
    int fd = sys_open("/proc/mounts", O_RDONLY, 0), n = fd;

    while (fd >= 0 && (n = sys_read(fd, buf, sizeof buf)) > 0)
        write_all(1, buf, (unsigned)n);
    return n < 0 ? fail("/proc/mounts", n) : 0;
}

int
main(int argc, char **argv)
{
    const char *type = "ext2", *options = NULL;
    unsigned flags = 0;
    int i = 1, error;

    if (str_eq(program_name, "umount")) {
        if (argc != 2)
            return usage("DIRECTORY");
        error = sys_umount(argv[1], 0);
        return error < 0 ? fail(argv[1], error) : 0;
    }
    if (argc == 1)
        return show();
    for (; i + 1 < argc && argv[i][0] == '-'; i++) {
        if (str_eq(argv[i], "-r"))
            flags |= MS_RDONLY;
        else if (str_eq(argv[i], "-t"))
            type = argv[++i];
        else if (str_eq(argv[i], "-o"))
            options = argv[++i];
    }
    if (argc - i != 2)
        return usage("[-r] [-t TYPE] [-o OPTIONS] DEVICE DIRECTORY");
    error = sys_mount(argv[i], argv[i + 1], type, flags, options);
    return error < 0 ? fail(argv[i + 1], error) : 0;
}

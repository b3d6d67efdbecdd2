/* mkdir [-p] DIRECTORY... */
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

/* With what is missing on the way. */
static int
make_all(char *path)
{
    int error = 0;

    for (char *p = path + 1;; p++) {
        char c = *p;

        if (c != '/' && c != '\0')
            continue;
        *p = '\0';
        error = sys_mkdir(path, 0777);
        *p = c;
        if (c == '\0')
            return error == -EEXIST ? 0 : error;
        if (error < 0 && error != -EEXIST)
            return error;
    }
}

int
main(int argc, char **argv)
{
    bool all = argc > 1 && str_eq(argv[1], "-p");
    int status = 0;

    if (argc < 2 + all)
        return usage("[-p] DIRECTORY...");
    for (int i = 1 + all; i < argc; i++) {
        int error = all && argv[i][0] != '\0' ? make_all(argv[i]) : sys_mkdir(argv[i], 0777);

        if (error < 0)
            status = fail(argv[i], error);
    }
    return status;
}

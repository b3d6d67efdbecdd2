/* echo [-n] [WORD...] */
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>

int
main(int argc, char **argv)
{
    bool newline = argc < 2 || !str_eq(argv[1], "-n");
    int error = 0;

    for (int i = newline ? 1 : 2; i < argc && error == 0; i++)
        error = print(1, i + 1 < argc ? "%s " : "%s", argv[i]);
    if (newline && error == 0)
        error = print(1, "\n");
    return error < 0 ? fail("write error", error) : 0;
}

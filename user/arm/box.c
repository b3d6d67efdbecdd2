/* box NAME [ARGUMENT...]: the small programs in one, for the flash; NAME may be the name it is called by.  The shell is not among them:
 * its data would be in the RAM of every `cat`. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>

/* clang-format off */
#define PROGRAMS(P) \
    P(blink) P(cat) P(clock) P(cp) P(dd) P(echo) P(flash_erase) P(hexdump) P(kill) P(ls) P(mkdir) P(mount) P(ps) P(rm) P(sleep) P(stress) P(sync) P(true) P(uptime)
/* clang-format on */

#define DECLARE(name) int name##_main(int argc, char **argv);
PROGRAMS(DECLARE)

/* Programs with two names. */
static const char others[] = "false\0true\0mv\0cp\0rmdir\0rm\0umount\0mount\0";

static int
run(const char *name, int argc, char **argv)
{
    for (const char *p = others; *p != '\0'; p += strlen(p) + 1) {
        const char *as = p + strlen(p) + 1;

        if (str_eq(p, name))
            name = as;
        p = as;
    }
#define RUN(program)                                                                               \
    if (str_eq(name, #program))                                                                    \
        return program##_main(argc, argv);
    PROGRAMS(RUN)
    return -1;
}

int
main(int argc, char **argv)
{
    int status;

    if (argc > 1 && str_eq(program_name, "box")) {
        argc--;
        argv++;
        program_name = str_base(argv[0]);
    }
    status = run(program_name, argc, argv);
    if (status >= 0)
        return status;
    program_name = "box";
    return usage("NAME [ARGUMENT...]");
}

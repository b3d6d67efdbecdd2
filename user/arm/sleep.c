/* sleep SECONDS[.FRACTION] */
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

static bool
parse(char *s, struct timespec_k *t)
{
    char *dot = str_find(s, '.');
    uint32_t seconds, scale = NS_PER_S;

    if (dot != NULL) {
        *dot = '\0';
        for (dot++; *dot >= '0' && *dot <= '9' && scale > 1; dot++) {
            scale /= 10;
            t->tv_nsec += (int32_t)(scale * (uint32_t)(*dot - '0'));
        }
        if (*dot != '\0')
            return false;
    }
    if (!str_number(s, false, &seconds))
        return false;
    t->tv_sec = seconds;
    return true;
}

int
main(int argc, char **argv)
{
    struct timespec_k t = { 0 };
    int error;

    if (argc != 2 || !parse(argv[1], &t))
        return usage("SECONDS[.FRACTION]");
    do
        error = sys_clock_nanosleep64(CLOCK_MONOTONIC, 0, &t, &t);
    while (error == -EINTR);
    return error < 0 ? fail("sleep", error) : 0;
}

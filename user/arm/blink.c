/* blink [-n TIMES] [-t MILLISECONDS] [LED]: switch a light on and off; for ever without -n. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

static int
set(int fd, char state, uint32_t ms)
{
    struct timespec_k t = { .tv_sec = ms / 1000, .tv_nsec = (int32_t)(ms % 1000 * 1000000) };
    int n = sys_write(fd, &state, 1);

    if (n < 0)
        return n;
    n = sys_clock_nanosleep64(CLOCK_MONOTONIC, 0, &t, NULL);
    return n == -EINTR ? 0 : n;
}

int
main(int argc, char **argv)
{
    uint32_t times = UINT32_MAX, ms = 500;
    const char *led = "/dev/led0";
    int fd, i, error = 0;

    for (i = 1; i + 1 < argc && argv[i][0] == '-'; i += 2) {
        if (!str_number(argv[i + 1], false, argv[i][1] == 'n' ? &times : &ms))
            break;
    }
    if (i < argc && argv[i][0] == '-')
        return usage("[-n TIMES] [-t MILLISECONDS] [LED]");
    if (i < argc)
        led = argv[i];
    fd = sys_open(led, O_WRONLY, 0);
    if (fd < 0)
        return fail(led, fd);
    for (; times > 0 && error == 0; times -= times != UINT32_MAX) {
        error = set(fd, '1', ms);
        if (error == 0)
            error = set(fd, '0', ms);
    }
    return error < 0 ? fail(led, error) : 0;
}

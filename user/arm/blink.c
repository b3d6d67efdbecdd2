/* blink [-n TIMES] [-t MILLISECONDS] [-d TIMER] [LED]: switch a light on and off; for ever without -n.  With -d, the beat is that of a hardware
 * timer (/dev/timer0), which does not go wrong by what happens between two beats. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

enum { US_PER_MS = 1000, DIGITS = 12 };

static int timer = -1;

static int
start_timer(const char *path, uint32_t ms)
{
    char text[DIGITS];
    char *p = text + sizeof text;

    timer = sys_open(path, O_RDWR, 0);
    if (timer < 0)
        return timer;
    *--p = '\n';
    for (uint32_t v = ms < UINT32_MAX / US_PER_MS ? ms * US_PER_MS : UINT32_MAX; v > 0; v /= 10)
        *--p = (char)('0' + v % 10);
    return sys_write(timer, p, (size_t)(text + sizeof text - p));
}

static int
pause_for(uint32_t ms)
{
    struct timespec_k t = { .tv_sec = ms / 1000, .tv_nsec = (int32_t)(ms % 1000 * 1000000) };
    char text[DIGITS];
    int n = timer >= 0 ? sys_read(timer, text, sizeof text)
                       : sys_clock_nanosleep64(CLOCK_MONOTONIC, 0, &t, NULL);

    return n == -EINTR || n > 0 ? 0 : n;
}

static int
set(int fd, char state, uint32_t ms)
{
    int n = sys_write(fd, &state, 1);

    return n < 0 ? n : pause_for(ms);
}

int
main(int argc, char **argv)
{
    uint32_t times = UINT32_MAX, ms = 500;
    const char *led = "/dev/led0", *beat = NULL;
    int fd, i, error = 0;

    for (i = 1; i + 1 < argc && argv[i][0] == '-'; i += 2) {
        if (argv[i][1] == 'd')
            beat = argv[i + 1];
        else if (!str_number(argv[i + 1], false, argv[i][1] == 'n' ? &times : &ms))
            break;
    }
    if (i < argc && argv[i][0] == '-')
        return usage("[-n TIMES] [-t MILLISECONDS] [-d TIMER] [LED]");
    if (i < argc)
        led = argv[i];
    fd = sys_open(led, O_WRONLY, 0);
    if (fd < 0)
        return fail(led, fd);
    if (beat != NULL) {
        error = start_timer(beat, ms);
        if (error < 0)
            return fail(beat, error);
        error = 0;
    }
    for (; times > 0 && error == 0; times -= times != UINT32_MAX) {
        error = set(fd, '1', ms);
        if (error == 0)
            error = set(fd, '0', ms);
    }
    if (timer >= 0)
        sys_write(timer, "0", 1);
    return error < 0 ? fail(led, error) : 0;
}

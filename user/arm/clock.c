/* clock [-n TIMES] [-u SECONDS] [DISPLAY]: the time in figures of seven segments, once a second; for ever without -n.  -u: the time to
 * show at first, since 1970, in place of the system's.
 *
 * DISPLAY is a file of 128 pixels a row, two a byte, the left one in the high half, row by row: docs/arm.md, "Devices".  It has as many
 * rows as its size says; an empty one, as a new file, gets 64. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

enum { WIDTH = 128, HEIGHT = 64, HEIGHT_MAX = 256, ROW = WIDTH / 2 };
enum { CELL = 16, TALL = 28, THICK = 3, LEFT = 2, RIGHT = 14 };
enum { FIGURES = 8, COLON = 10, LIT = 0xf, DARK = 0x1 };

/* Segments A to G of 0 to 9, in the usual order: bit 0 is the top one, on clockwise, bit 6 the middle. */
static const uint8_t segments[] = { 0x3f, 0x06, 0x5b, 0x4f, 0x66, 0x6d, 0x7d, 0x07, 0x7f, 0x6f };

/* Which segments cross the row `y` of a figure at the column `x`, as bits. */
static unsigned
segments_at(int x, int y)
{
    unsigned hit = 0;

    if (x < LEFT || x >= RIGHT)
        return 0;
    if (y < THICK)
        hit |= 1 << 0;
    if (y >= TALL - THICK)
        hit |= 1 << 3;
    if (y >= (TALL - THICK) / 2 && y < (TALL + THICK) / 2)
        hit |= 1 << 6;
    if (x >= RIGHT - THICK)
        hit |= y < TALL / 2 ? 1 << 1 : 1 << 2;
    if (x < LEFT + THICK)
        hit |= y < TALL / 2 ? 1 << 5 : 1 << 4;
    return hit;
}

static unsigned
pixel(const uint8_t figures[FIGURES], int x, int y)
{
    unsigned figure = figures[x / CELL], hit;

    if (y < 0 || y >= TALL)
        return 0;
    if (figure == COLON)
        return x % CELL / THICK == 2 && (y / THICK == 2 || y / THICK == 6) ? LIT : 0;
    hit = segments_at(x % CELL, y);
    return hit & segments[figure] ? LIT : hit ? DARK : 0;
}

static int
draw(int fd, int height, uint32_t t)
{
    uint8_t time[FIGURES], row[ROW];
    unsigned h = t / 3600 % 24, m = t / 60 % 60, s = t % 60;
    int error = sys_lseek(fd, 0, SEEK_SET), top = (height - TALL) / 2;

    time[0] = (uint8_t)(h / 10);
    time[1] = (uint8_t)(h % 10);
    time[2] = time[5] = COLON;
    time[3] = (uint8_t)(m / 10);
    time[4] = (uint8_t)(m % 10);
    time[6] = (uint8_t)(s / 10);
    time[7] = (uint8_t)(s % 10);
    for (int y = 0; y < height && error >= 0; y++) {
        for (int i = 0; i < ROW; i++)
            row[i] = (uint8_t)(pixel(time, 2 * i, y - top) << 4 | pixel(time, 2 * i + 1, y - top));
        error = write_all(fd, row, sizeof row);
    }
    return error;
}

static int
height_of(int fd)
{
    int height = sys_lseek(fd, 0, SEEK_END) / ROW;

    return height <= 0 ? HEIGHT : height > HEIGHT_MAX ? HEIGHT_MAX : height;
}

int
main(int argc, char **argv)
{
    uint32_t times = UINT32_MAX, start = 0;
    const char *display = "/dev/fb0";
    struct timespec_k now, wait = { 0 };
    bool given = false;
    int fd, i, height, error;

    for (i = 1; i + 1 < argc && argv[i][0] == '-'; i += 2) {
        given |= argv[i][1] == 'u';
        if (!str_number(argv[i + 1], false, argv[i][1] == 'n' ? &times : &start))
            break;
    }
    if (i < argc && argv[i][0] == '-')
        return usage("[-n TIMES] [-u SECONDS] [DISPLAY]");
    if (i < argc)
        display = argv[i];
    fd = sys_open(display, O_WRONLY, 0);
    if (fd < 0)
        return fail(display, fd);
    height = height_of(fd);
    for (;; times -= times != UINT32_MAX) {
        error = sys_clock_gettime64(CLOCK_REALTIME, &now);
        if (error == 0)
            error = draw(fd, height, given ? start++ : (uint32_t)now.tv_sec);
        if (error < 0 || times <= 1)
            break;
        wait.tv_nsec = NS_PER_S - now.tv_nsec; /* to the next second */
        sys_clock_nanosleep64(CLOCK_MONOTONIC, 0, &wait, NULL);
    }
    return error < 0 ? fail(display, error) : 0;
}

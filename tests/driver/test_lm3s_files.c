/* The lamp, the display, the temperature sensor, the timers and the watchdog of the LM3S6965 evaluation board as files, on the real VFS: docs/arm.md, "Devices". */
#include <kernel/abi/errno.h>
#include <kernel/abi/fcntl.h>
#include <kernel/core/wait.h>
#include <kernel/fs/file.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hal/time.h>

#include <devices/adc_lm3s.h>
#include <devices/gpio_panel.h>
#include <sim/display.h>
#include <tests/suite.h>

#include "lm3s.h"
#include "machine.h"

enum { ROW = 64, ROWS = 64, SIZE = ROW * ROWS, LIVED = 77 };

#define WDIOC_KEEPALIVE 0x80045705u

static void
start_up(void)
{
    lm3s_start_up(host.sim);
}

static void
run(void (*body)(void))
{
    machine_run(&(struct machine_config){ .board = &lm3s_board, .before_attach = start_up }, body);
}

static struct file *
open_file(const char *path, uint32_t flags)
{
    struct file *f = NULL;

    ck_assert_int_eq(vfs_open(NULL, path, flags, 0, &f), 0);
    return f;
}

static int64_t
put(struct file *f, const void *bytes, size_t n)
{
    struct iobuf b = { .kernel = (uint8_t *)(uintptr_t)bytes, .left = n };

    return file_write(f, &b);
}

static int64_t
put_at(struct file *f, uint64_t pos, const void *bytes, size_t n)
{
    struct iobuf b = { .kernel = (uint8_t *)(uintptr_t)bytes, .left = n };

    return file_pwrite(f, &b, pos);
}

static int64_t
take(struct file *f, void *bytes, size_t n)
{
    struct iobuf b = iobuf_kernel(bytes, n);

    return file_read(f, &b);
}

static void
start_files(void)
{
    vfs_init();
    ck_assert_int_eq(vfs_mount_root("tmpfs", false), 0);
}

static void
lamp_body(void)
{
    struct model *lamp = sim_model_find(host.sim, "led0");
    struct file *f, *r;
    char text[8] = { 0 };

    start_files();
    f = open_file("/dev/led0", O_RDWR);
    ck_assert(!gpio_led_lit(lamp));
    ck_assert_int_eq(put(f, "1", 1), 1);
    ck_assert(gpio_led_lit(lamp));
    r = open_file("/dev/led0", O_RDONLY);
    ck_assert_int_eq(take(r, text, 1), 1);
    ck_assert_int_eq(take(r, text + 1, sizeof text - 1), 1);
    ck_assert_str_eq(text, "1\n");
    ck_assert_int_eq(take(r, text, sizeof text), 0);
    ck_assert_int_eq(file_seek(r, 0, SEEK_SET), 0);
    ck_assert_int_eq(put(r, "0", 1), -EBADF);
    ck_assert_int_eq(put(f, "0\n", 2), 2);
    ck_assert(!gpio_led_lit(lamp));
    ck_assert_int_eq(take(r, text, sizeof text), 2);
    ck_assert_mem_eq(text, "0\n", 2);
    ck_assert_int_eq(put(f, "10101", 5), 5);
    ck_assert(gpio_led_lit(lamp));
    ck_assert_int_eq(put(f, "x", 1), -EINVAL);
    ck_assert_int_eq(put(f, "\n0x1", 4), 2); /* up to what is wrong */
    ck_assert(!gpio_led_lit(lamp));
    file_put(f);
    file_put(r);
}

START_TEST(lamp)
{
    run(lamp_body);
}
END_TEST

static uint8_t picture[SIZE], seen[2 * SIZE];

static void
check_glass(void)
{
    const struct sim_display *glass = sim_display_find(host.sim, "oled0");

    glass->render(glass->owner, seen);
    for (size_t i = 0; i < SIZE; i++) {
        ck_assert_uint_eq(seen[2 * i], picture[i] >> 4);
        ck_assert_uint_eq(seen[2 * i + 1], picture[i] & 15);
    }
}

/* Write n bytes at pos to both. */
static void
paint(struct file *f, size_t pos, size_t n, uint8_t seed)
{
    for (size_t i = 0; i < n; i++)
        picture[pos + i] = (uint8_t)(seed + i * 29 + i / 64);
    ck_assert_int_eq(put_at(f, pos, picture + pos, n), (int64_t)n);
    check_glass();
}

static void
display_body(void)
{
    struct file *f;
    uint8_t byte = 0;

    start_files();
    f = open_file("/dev/fb0", O_RDWR);
    ck_assert_int_eq(file_seek(f, 0, SEEK_END), SIZE);
    ck_assert_int_eq(put(f, "x", 1), -ENOSPC);
    ck_assert_int_eq(file_seek(f, -1, SEEK_CUR), SIZE - 1);
    ck_assert_int_eq(file_seek(f, -SIZE - 1, SEEK_END), -EINVAL);
    ck_assert_int_eq(take(f, &byte, 1), -EINVAL);
    check_glass(); /* black */
    paint(f, 0, SIZE, 1);
    paint(f, 5, 1, 100);              /* two pixels */
    paint(f, 63, 2, 7);               /* the end of a row and the start of the next */
    paint(f, 10 * ROW + 30, 200, 40); /* parts of rows around whole ones */
    paint(f, SIZE - 1, 1, 77);
    ck_assert_int_eq(put_at(f, SIZE - 2, picture, 10), 2); /* as far as it goes */
    memcpy(picture + SIZE - 2, picture, 2);
    check_glass();
    ck_assert_int_eq(put_at(f, SIZE, picture, 1), -ENOSPC);
    ck_assert_int_eq(put_at(f, UINT64_MAX / 2, picture, 1), -ENOSPC);

    ck_assert_int_eq(file_seek(f, 0, SEEK_SET), 0); /* as clock does it: row by row */
    for (unsigned y = 0; y < ROWS; y++) {
        memset(picture + y * ROW, (int)(y * 3), ROW);
        ck_assert_int_eq(put(f, picture + y * ROW, ROW), ROW);
    }
    ck_assert_int_eq(put(f, picture, ROW), -ENOSPC);
    check_glass();
    file_put(f);
}

START_TEST(display)
{
    run(display_body);
}
END_TEST

static void
temperature_body(void)
{
    struct model *adc = sim_model_find(host.sim, "adc0");
    static const int degrees[] = { 25000, -20000, 0, 85000 };
    struct file *f;
    char text[16];

    start_files();
    f = open_file("/dev/temp0", O_RDONLY);
    for (unsigned i = 0; i < sizeof degrees / sizeof degrees[0]; i++) {
        int64_t n = 0, got;

        adc_lm3s_set_temperature(adc, degrees[i]);
        ck_assert_int_eq(file_seek(f, 0, SEEK_SET), 0);
        memset(text, 0, sizeof text);
        while ((got = take(f, text + n, 1)) > 0) /* as a shell's read does */
            n += got;
        ck_assert_int_eq(got, 0);
        ck_assert_int_eq(text[n - 1], '\n');
        ck_assert_int_le(abs(atoi(text) - degrees[i]), 250); /* a step is 0.22 degrees */
    }
    file_put(f);
}

START_TEST(temperature)
{
    run(temperature_body);
}
END_TEST

/* --- timers --- */

static void
set_timer(struct file *f, const char *text, int64_t rc)
{
    ck_assert_int_eq(put(f, text, strlen(text)), rc > 0 ? (int64_t)strlen(text) : rc);
}

/* Reads one number, byte by byte as a shell does. */
static int
strikes(struct file *f)
{
    char text[16] = { 0 };

    for (size_t i = 0; i + 1 < sizeof text; i++) {
        ck_assert_int_eq(take(f, text + i, 1), 1);
        if (text[i] == '\n')
            return atoi(text);
    }
    ck_abort_msg("a number without an end");
}

static uint64_t
us_now(void)
{
    return hal_time_now_ns() / 1000;
}

static void
timer_body(void)
{
    static const char *const wrong[] = { "99", "85899346", "4294967296",    "x",
                                         "",   "-1",       "10000000000\n", "5 5" };
    struct file *f, *g, *n;
    uint64_t start;
    char c = 0;

    start_files();
    f = open_file("/dev/timer0", O_RDWR);
    g = open_file("/dev/timer1", O_RDWR);
    n = open_file("/dev/timer0", O_RDONLY | O_NONBLOCK);
    ck_assert_int_eq(vfs_open(NULL, "/dev/timer2", O_RDWR, 0, &(struct file *){ NULL }), -ENOENT);
    ck_assert_int_eq(take(f, &c, 1), 0); /* it stands still */
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        set_timer(f, wrong[i], -EINVAL);
    set_timer(f, "250000\n", 1);
    set_timer(f, "\n", 1);
    set_timer(g, "100000", 1);
    ck_assert_int_eq(take(n, &c, 1), -EAGAIN);
    ck_assert_uint_eq(file_poll(n, NULL), POLLOUT);
    start = us_now();
    for (unsigned i = 1; i <= 8; i++) { /* never later than it should be, whatever happens in between */
        ck_assert_int_eq(strikes(f), 1);
        ck_assert_uint_le(us_now() - start, i * 250000 + 100);
        ck_assert_uint_ge(us_now() - start + 100, i * 250000);
    }
    ck_assert_int_eq(strikes(g), 19); /* it was started a little later: the 20th is to come */
    ck_assert_int_eq(thread_sleep_until(hal_time_now_ns() + 1100000000, 0), 0);
    ck_assert_uint_ne(file_poll(n, NULL) & POLLIN, 0);
    ck_assert_int_eq(strikes(n), 4); /* they are one timer */
    ck_assert_int_eq(take(n, &c, 1), -EAGAIN);
    set_timer(f, "1000", 1); /* from now on */
    ck_assert_int_eq(strikes(f), 1);
    set_timer(f, "0", 1);
    ck_assert_int_eq(take(f, &c, 1), 0);
    file_put(f);
    file_put(n);
    ck_assert_int_ge(strikes(g), 9); /* the other one goes on */
    set_timer(g, "0", 1);
    start = us_now();
    ck_assert_int_eq(thread_sleep_until(hal_time_now_ns() + 1000000000, 0), 0);
    ck_assert_int_eq(take(g, &c, 1), 0);
    file_put(g);
}

START_TEST(timers)
{
    run(timer_body);
}
END_TEST

/* --- the watchdog --- */

static void
seconds(unsigned n)
{
    ck_assert_int_eq(thread_sleep_until(hal_time_now_ns() + n * 1000000000ull, 0), 0);
}

/* Programs that live, come and go; then the kernel in their place. */
static void
alive_body(void)
{
    struct file *f, *g;

    start_files();
    seconds(100); /* nothing has started it */
    f = open_file("/dev/watchdog", O_WRONLY);
    ck_assert_int_eq(vfs_open(NULL, "/dev/watchdog", O_WRONLY, 0, &g), -EBUSY);
    for (unsigned i = 0; i < 5; i++) {
        seconds(28);
        ck_assert_int_eq(i % 2 == 0 ? put(f, "x", 1) : file_ioctl(f, WDIOC_KEEPALIVE, 0), i % 2 == 0);
    }
    ck_assert_int_eq(file_ioctl(f, 0x12345678, 0), -ENOTTY);
    ck_assert_int_eq(put(f, "and Void", 8), 8);
    file_put(f);
    seconds(500); /* closed as it should be: the kernel is alive */
    f = open_file("/dev/watchdog", O_WRONLY);
    seconds(28);
    ck_assert_int_eq(put(f, "V", 1), 1);
    file_put(f);
    seconds(100);
    _exit(LIVED);
}

START_TEST(watchdog_of_the_living)
{
    run(alive_body);
}
END_TEST

static unsigned more; /* seconds */

static void
dies_body(void)
{
    struct file *f;

    start_files();
    f = open_file("/dev/watchdog", O_WRONLY);
    ck_assert_int_eq(put(f, "V", 1), 1);
    ck_assert_int_eq(put(f, "x", 1), 1); /* it has thought better of it */
    file_put(f);
    seconds(29);
    ck_assert(strstr(machine_log(), "reset in 30 s") != NULL);
    seconds(more);
    _exit(LIVED);
}

START_TEST(watchdog_of_the_dead)
{
    more = _i == 0 ? 2 : 0;
    run(dies_body);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("lm3s_files");
    TCase *tc = tcase_create("driver");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, lamp);
    tcase_add_test(tc, display);
    tcase_add_test(tc, temperature);
    tcase_add_test(tc, timers);
    tcase_add_exit_test(tc, watchdog_of_the_living, LIVED);
    tcase_add_loop_exit_test(tc, watchdog_of_the_dead, HOST_EXIT_OK, 0, 1); /* a reset */
    tcase_add_loop_exit_test(tc, watchdog_of_the_dead, LIVED, 1, 2);
    suite_add_tcase(s, tc);
    return run_suite(s);
}

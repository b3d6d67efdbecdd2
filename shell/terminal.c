/* See terminal.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <sim/chardev.h>
#include <sim/sim.h>

#include "terminal.h"

enum { INPUT_MAX = 4096, OUTPUT_MAX = 4096, KEY_ESCAPE = 0x01, KEY_EOF = 0x04 };
/* While the machine is busy the host is asked for input, and given output, at most this often, by the machine's clock. */
enum { POLL_EVERY_NS = 1000000 };

static struct {
    struct terminal_config config;
    struct sim_char *port;
    struct termios saved;
    bool raw;    /* the host's terminal is in raw mode */
    bool eof;    /* standard input is at its end */
    bool escape; /* the last key was Ctrl-A */
    bool console_wanted, commands_wanted;
    uint8_t last; /* last byte given to the guest */
    size_t head, count;
    uint8_t input[INPUT_MAX]; /* read, not yet taken by the guest */
    size_t held;
    uint8_t output[OUTPUT_MAX]; /* the guest's, not yet written */
    uint64_t polled_ns;         /* when terminal_poll() last did something */
} term;

static const char help[] = "\n"
                           "Ctrl-A h  this list\n"
                           "Ctrl-A x  end the simulator\n"
                           "Ctrl-A c  the simulator's console\n"
                           "Ctrl-A a  send Ctrl-A to the guest\n";

static void
write_all(int fd, const void *buf, size_t n)
{
    const uint8_t *p = buf;

    while (n > 0) {
        ssize_t w = write(fd, p, n);

        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0 && errno == EAGAIN) {
            struct pollfd pfd = { .fd = fd, .events = POLLOUT };

            (void)poll(&pfd, 1, -1);
            continue;
        }
        if (w <= 0)
            return;
        p += w;
        n -= (size_t)w;
    }
}

static void
flush_output(void)
{
    write_all(STDOUT_FILENO, term.output, term.held);
    term.held = 0;
}

void
terminal_message(const char *text, size_t len)
{
    flush_output();
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n' && term.raw)
            write_all(STDERR_FILENO, "\r", 1);
        write_all(STDERR_FILENO, text + i, 1);
    }
}

static int
guest_output(void *arg, const uint8_t *bytes, size_t n)
{
    (void)arg;
    for (size_t i = 0; i < n; i++) {
        if (term.held == OUTPUT_MAX)
            flush_output();
        term.output[term.held++] = bytes[i];
    }
    return (int)n;
}

/* Hand the guest what it takes of what was read. */
static void
feed(void)
{
    while (term.count > 0) {
        size_t run = INPUT_MAX - term.head < term.count ? INPUT_MAX - term.head : term.count;
        size_t taken = sim_char_input(term.port, term.input + term.head, run);

        if (taken == 0)
            return;
        term.head = (term.head + taken) % INPUT_MAX;
        term.count -= taken;
    }
}

static void
guest_ready(void *arg)
{
    (void)arg;
    feed();
}

static void
put(uint8_t byte)
{
    if (term.count == INPUT_MAX)
        return; /* cannot happen: reads are bounded by the room */
    term.input[(term.head + term.count++) % INPUT_MAX] = byte;
    term.last = byte;
}

static void
key(uint8_t byte)
{
    if (!term.config.interactive) {
        put(byte);
        return;
    }
    if (!term.escape) {
        if (byte == KEY_ESCAPE)
            term.escape = true;
        else
            put(byte);
        return;
    }
    term.escape = false;
    switch (byte) {
    case 'x':
    case 'X':
        term.config.quit(term.config.arg);
        break;
    case 'c':
    case 'C':
        term.console_wanted = true;
        break;
    case 'a':
    case KEY_ESCAPE:
        put(KEY_ESCAPE);
        break;
    default:
        terminal_message(help, sizeof help - 1);
    }
}

static void
end_of_input(void)
{
    term.eof = true;
    if (term.last != '\n' && term.last != 0)
        put(KEY_EOF); /* hands over the unfinished line */
    put(KEY_EOF);
}

/* Read what is there; the caller knows that read() does not block, or wants it to. */
static void
take_input(void)
{
    uint8_t buf[512];
    size_t room = INPUT_MAX - term.count;
    ssize_t n;

    if (room < 4)
        return;
    n = read(STDIN_FILENO, buf, room - 2 < sizeof buf ? room - 2 : sizeof buf);
    if (n < 0)
        n = errno == EINTR || errno == EAGAIN ? -1 : 0;
    if (n == 0)
        end_of_input();
    for (ssize_t i = 0; i < n; i++)
        key(buf[i]);
    feed();
}

static bool
wait_input(int64_t timeout_ns)
{
    struct pollfd pfd = { .fd = STDIN_FILENO, .events = POLLIN };
    struct timespec ts = { .tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000 };

    return ppoll(&pfd, 1, timeout_ns < 0 ? NULL : &ts, NULL) > 0;
}

void
terminal_want_console(void)
{
    term.console_wanted = true;
}

void
terminal_want_commands(void)
{
    term.commands_wanted = true;
}

static void
run_console(void)
{
    if (term.commands_wanted && term.config.commands != NULL) {
        term.commands_wanted = false;
        terminal_suspend();
        term.config.commands(term.config.arg);
        terminal_resume();
    }
    while (term.console_wanted) {
        term.console_wanted = false;
        if (term.config.console != NULL)
            term.config.console(term.config.arg);
    }
}

void
terminal_poll(void *arg)
{
    uint64_t now = sim_now(term.config.sim);

    (void)arg;
    if (now - term.polled_ns >= POLL_EVERY_NS) {
        term.polled_ns = now;
        flush_output();
        if (!term.eof && INPUT_MAX - term.count >= 4 && wait_input(0))
            take_input();
    }
    run_console();
}

bool
terminal_idle(void *arg, uint64_t until_ns)
{
    uint64_t now = sim_now(term.config.sim);
    bool was_open = !term.eof;
    int64_t wait_ns = 0;

    (void)arg;
    flush_output();
    if (until_ns == SIM_NEVER)
        wait_ns = term.eof ? 0 : -1;
    else if (term.config.follows_host_clock && until_ns > now)
        wait_ns = until_ns - now < INT64_MAX ? (int64_t)(until_ns - now) : INT64_MAX;

    if (term.eof || INPUT_MAX - term.count < 4) {
        struct timespec ts = { .tv_sec = wait_ns / 1000000000, .tv_nsec = wait_ns % 1000000000 };

        if (wait_ns > 0)
            (void)nanosleep(&ts, NULL);
    } else if (wait_input(wait_ns)) {
        take_input();
    }
    run_console();
    return was_open; /* the end of the input is itself news: ^D */
}

static void
raw_mode(void)
{
    struct termios t = term.saved;

    cfmakeraw(&t);
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &t);
    term.raw = true;
}

void
terminal_resume(void)
{
    if (term.config.interactive)
        raw_mode();
}

void
terminal_suspend(void)
{
    flush_output();
    if (term.raw)
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &term.saved);
    term.raw = false;
}

void
terminal_close(void)
{
    terminal_suspend();
    term.config.interactive = false;
}

int
terminal_open(const struct terminal_config *config)
{
    term.config = *config;
    term.port = sim_char_find(config->sim, config->uart);
    if (term.port == NULL)
        return -ENODEV;
    if (config->interactive && tcgetattr(STDIN_FILENO, &term.saved) != 0)
        term.config.interactive = false;
    terminal_resume();
    sim_char_connect(term.port, guest_output, guest_ready, NULL);
    return 0;
}

/* The line discipline: input bytes, changes of the termios, reads and writes in any order, on a line that takes what it likes. */
#include <kernel/abi/fcntl.h>
#include <kernel/fs/vfs.h>
#include <kernel/proc/proc.h>
#include <kernel/tty/tty_private.h>

#include <stdlib.h>

#include "hostile.h"

enum { STEPS_MAX = 300, BUFFER = 300 };

static struct fuzz_input in;
static struct tty tty;
static struct proc proc;
static struct session session;
static struct sighand sighand;

static size_t
line_write(struct tty *t unused_param, const uint8_t *bytes unused_param, size_t n)
{
    size_t room = fuzz_decision(&in);

    return room == 0 || room > n ? n : room - 1;
}

static bool
line_drained(struct tty *t unused_param)
{
    return true;
}

static const struct tty_port_ops line = { .write = line_write, .drained = line_drained };

/* Most of the time one flag or one character changes; now and then everything. */
static void
set_termios(void) no_tsa
{
    struct termios_k t = tty.termios;
    uint8_t d = fuzz_decision(&in);

    switch (d % 8) {
    case 0:
        fuzz_bytes(&in, &t, sizeof t);
        break;
    case 1:
        t.c_iflag ^= 1u << (d >> 3) % 32;
        break;
    case 2:
        t.c_oflag ^= 1u << (d >> 3) % 32;
        break;
    case 3:
        t.c_cc[(d >> 3) % sizeof t.c_cc] = (uint8_t)fuzz_value(&in, 1);
        break;
    default:
        t.c_lflag ^= 1u << (d >> 3) % 32;
        break;
    }
    irqlock_lock(&tty.lock);
    tty_ldisc_set(&tty, &t);
    irqlock_unlock(&tty.lock);
}

static void
feed(void)
{
    uint8_t bytes[BUFFER];
    size_t n = fuzz_bytes(&in, bytes, 1 + fuzz_decision(&in) % 32);

    if (n > 0 && fuzz_decision(&in) % 16 == 1) { /* the same over and over: fill the ring */
        memset(bytes, bytes[0], sizeof bytes);
        for (unsigned i = 0; i < 16; i++)
            tty_port_input(&tty, bytes, sizeof bytes);
    }
    tty_port_input(&tty, bytes, n);
}

static void
read_some(void)
{
    struct file file = { .flags = O_NONBLOCK, .data = &tty };
    size_t want = 1 + fuzz_decision(&in);
    uint8_t *buf = malloc(want);
    struct iobuf b = { .kernel = buf, .left = want };
    uint64_t pos = 0;
    int64_t n = tty_read(&file, &b, &pos);

    if (n > (int64_t)want || (n >= 0 && b.left != want - (size_t)n))
        abort();
    free(buf);
}

static void
put_some(void)
{
    uint8_t bytes[64];
    size_t n = fuzz_bytes(&in, bytes, 1 + fuzz_decision(&in) % sizeof bytes);

    irqlock_lock(&tty.lock);
    for (size_t i = 0; i < n; i++)
        (void)tty_put(&tty, bytes[i]);
    tty_start(&tty);
    irqlock_unlock(&tty.lock);
}

static void
flush(void)
{
    irqlock_lock(&tty.lock);
    if (fuzz_decision(&in) & 1)
        tty_flush_input(&tty);
    else
        tty_flush_output(&tty);
    irqlock_unlock(&tty.lock);
}

static void
step(void)
{
    switch (fuzz_decision(&in) % 10) {
    case 0:
        set_termios();
        break;
    case 1:
    case 2:
        read_some();
        break;
    case 3:
        put_some();
        break;
    case 4:
        flush();
        break;
    case 5:
        tty_port_break(&tty);
        break;
    case 6:
        tty_port_ready(&tty);
        break;
    default:
        feed();
        break;
    }
}

static void
check(void) no_tsa
{
    if (tty.head - tty.tail > TTY_INPUT_SIZE || tty.canon - tty.tail > tty.head - tty.tail ||
        tty.out_head - tty.out_tail > TTY_OUTPUT_SIZE || tty_input_count(&tty) > TTY_INPUT_SIZE)
        abort();
}

static void
use(void) no_tsa
{
    thread_current()->proc = &proc;
    for (unsigned i = 0; i < STEPS_MAX && in.left > 0; i++) {
        step();
        check();
    }
    thread_current()->proc = NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) no_tsa
{
    in = (struct fuzz_input){ data, size };
    hostile = (struct hostile){ 0 };
    memset(&tty, 0, sizeof tty);
    memset(&proc, 0, sizeof proc);
    memset(&session, 0, sizeof session);
    proc.session = &session;
    proc.sighand = &sighand;
    tty.name = "fuzz";
    tty.ops = &line;
    irqlock_init(&tty.lock, "tty");
    waitq_init(&tty.read_wait);
    waitq_init(&tty.write_wait);
    tty.termios = (struct termios_k){
        .c_iflag = ICRNL | IXON | IUTF8,
        .c_oflag = OPOST | ONLCR,
        .c_lflag = ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
        .c_cc = { [VINTR] = 3,
                  [VQUIT] = 28,
                  [VERASE] = 127,
                  [VKILL] = 21,
                  [VEOF] = 4,
                  [VMIN] = 1,
                  [VSTART] = 17,
                  [VSTOP] = 19,
                  [VSUSP] = 26,
                  [VREPRINT] = 18,
                  [VWERASE] = 23,
                  [VLNEXT] = 22 },
    };
    hostile_run(NULL, 0, use);
    return 0;
}

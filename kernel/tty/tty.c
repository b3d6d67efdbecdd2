/* Terminal devices: /dev/ttyS0 (4, 64), /dev/tty (5, 0), /dev/console (5, 1).  See tty.h. */
#include <kernel/abi/fcntl.h>
#include <kernel/abi/signal.h>
#include <kernel/core/log.h>
#include <kernel/core/fmt.h>
#include <kernel/core/cmdline.h>
#include <kernel/fs/vfs.h>
#include <kernel/proc/proc.h>
#include <kernel/trusted/bounds.h>
#include <kernel/tty/tty_private.h>

enum {
    MAKEDEV_TTYS0 = 4 << 8 | 64,
    MAKEDEV_TTY = 5 << 8 | 0,
    MAKEDEV_CONSOLE = 5 << 8 | 1,
    BOUNCE = PAGE_SIZE / 16
};

static struct tty console_tty;
static bool have_console;

static const struct termios_k default_termios = {
    .c_iflag = ICRNL | IXON | IUTF8,
    .c_oflag = OPOST | ONLCR,
    .c_cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL,
    .c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
    .c_cc = { [VINTR] = 003,
              [VQUIT] = 034,
              [VERASE] = 0177,
              [VKILL] = 025,
              [VEOF] = 004,
              [VMIN] = 1,
              [VSTART] = 021,
              [VSTOP] = 023,
              [VSUSP] = 032,
              [VREPRINT] = 022,
              [VDISCARD] = 017,
              [VWERASE] = 027,
              [VLNEXT] = 026 },
};

static int
open_tty(struct file *file, struct tty *t)
{
    if (t->exclusive && !capable())
        return -EBUSY;
    file->data = t;
    t->opens++;
    if (!(file->flags & O_NOCTTY) && file->inode->rdev != MAKEDEV_CONSOLE)
        tty_set_controlling(t);
    return 0;
}

static int
tty_open(struct file *file)
{
    if (file->inode->rdev == MAKEDEV_TTY) {
        struct tty *t = proc_current()->session->tty;

        if (t == NULL)
            return -ENXIO;
        file->data = t;
        t->opens++;
        return 0;
    }
    return have_console ? open_tty(file, &console_tty) : -ENODEV;
}

static void
tty_release(struct file *file)
{
    struct tty *t = file->data;

    if (t == NULL)
        return;
    if (--t->opens == 0)
        t->exclusive = false;
}

/* Queue bytes; waits for room.  How many went, or an error when none did. */
static int64_t
write_bytes(struct tty *t, const uint8_t *bytes, size_t n, bool nonblock)
{
    size_t done = 0;
    int rc = 0;

    irqlock_lock(&t->lock);
    while (done < n && rc == 0) {
        if (tty_put(t, at(bytes, n, done))) {
            done++;
            continue;
        }
        tty_start(t);
        if (tty_output_room(t) > 2)
            continue;
        rc = nonblock ? -EAGAIN : wait_on_irqlock(&t->write_wait, &t->lock, WAIT_INTR, WAIT_FOREVER);
    }
    tty_start(t);
    irqlock_unlock(&t->lock);
    return done > 0 ? (int64_t)done : rc;
}

static int64_t
tty_write(struct file *file, struct iobuf *buf, uint64_t *pos unused_param)
{
    struct tty *t = file->data;
    bool nonblock = (file->flags & O_NONBLOCK) != 0, tostop;
    int64_t total = 0;

    irqlock_lock(&t->lock);
    tostop = (t->termios.c_lflag & TOSTOP) != 0;
    irqlock_unlock(&t->lock);
    if (tostop) {
        int rc = tty_check_background(t, SIGTTOU);

        if (rc < 0)
            return rc;
    }
    while (buf->left > 0) {
        uint8_t bounce[BOUNCE];
        size_t n = buf->left < BOUNCE ? buf->left : BOUNCE;

        if (iobuf_get(buf, bounce, n) < 0)
            return total > 0 ? total : -EFAULT;
        int64_t w = write_bytes(t, bounce, n, nonblock);
        if (w < 0)
            return total > 0 ? total : w;
        total += w;
        if ((size_t)w < n)
            break;
    }
    return total;
}

static unsigned
tty_poll(struct file *file, struct poll_table *pt)
{
    struct tty *t = file->data;
    unsigned events = 0;

    poll_add(pt, &t->read_wait);
    poll_add(pt, &t->write_wait);
    irqlock_lock(&t->lock);
    if (tty_input_ready(t))
        events |= POLLIN | POLLRDNORM;
    if (tty_output_room(t) > TTY_OUTPUT_SIZE / 4)
        events |= POLLOUT | POLLWRNORM;
    irqlock_unlock(&t->lock);
    return events;
}

static const struct file_ops tty_ops = {
    .open = tty_open,
    .release = tty_release,
    .read = tty_read,
    .write = tty_write,
    .ioctl = tty_ioctl,
    .poll = tty_poll,
    .seek = file_no_seek,
};

/* "winsize=24x80": what the front end knows of its window. */
static void
window_from_cmdline(struct tty *t) requires_lock(t->lock)
{
    char word[16];
    size_t x = 0;
    uint64_t rows, cols;

    if (!cmdline_word("winsize", word, sizeof word))
        return;
    while (word[x] != '\0' && word[x] != 'x')
        x++;
    if (word[x] == '\0')
        return;
    word[x] = '\0';
    if (str_to_u64(word, &rows) == 0 && str_to_u64(&word[x + 1], &cols) == 0 &&
        rows <= UINT16_MAX && cols <= UINT16_MAX)
        t->winsize = (struct winsize_k){ .ws_row = (uint16_t)rows, .ws_col = (uint16_t)cols };
}

void
tty_init(void)
{
    struct tty *t = &console_tty;
    char mode[8];

    t->name = "ttyS0";
    t->rdev = MAKEDEV_TTYS0;
    irqlock_init(&t->lock, "tty");
    waitq_init(&t->read_wait);
    waitq_init(&t->write_wait);
    irqlock_lock(&t->lock);
    t->termios = default_termios;
    if (cmdline_word("console", mode, sizeof mode) && str_eq(mode, "raw")) {
        /* Nobody sits at it: bytes pass as they are. */
        t->termios.c_oflag &= ~(uint32_t)OPOST;
        t->termios.c_lflag &= ~(uint32_t)(ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE);
        t->termios.c_iflag &= ~(uint32_t)(ICRNL | IXON);
    }
    window_from_cmdline(t);
    irqlock_unlock(&t->lock);
    have_console = tty_uart_attach(t);
    if (!have_console)
        klog(LOG_WARN, "tty: no console UART");
    if (chrdev_add(MAKEDEV_TTYS0, 1, &tty_ops, "ttyS0") < 0 ||
        chrdev_add(MAKEDEV_TTY, 1, &tty_ops, "tty") < 0 ||
        chrdev_add(MAKEDEV_CONSOLE, 1, &tty_ops, "console") < 0)
        klog(LOG_ERR, "tty: the device numbers are taken");
}

struct tty *
tty_console(void)
{
    return have_console ? &console_tty : NULL;
}
